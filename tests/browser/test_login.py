"""The tutorial as its reader tries it: the form is opened from disk, the program answers."""

from pathlib import Path

import pytest

LOGIN = Path(__file__).parents[2] / "examples" / "login"

pytestmark = pytest.mark.xdist_group("login in the browser")


@pytest.fixture(scope="module", params=["production", "debug"])
def page(request, serve, browse):
    options = ["--debug"] if request.param == "debug" else []
    with serve("examples/login/login.py", *options) as site, browse(site) as page:
        yield page


@pytest.fixture(params=["post", "get"])
def form(request, tmp_path):
    """The form as it stands, and a copy whose method is GET, as the tutorial goes on to do."""
    if request.param == "post":
        return LOGIN / "login.html"
    changed = (LOGIN / "login.html").read_text().replace('"post"', '"get"')
    assert 'method = "get"' in changed
    copy = tmp_path / "login.html"
    copy.write_text(changed)
    return copy


def submit(page, form, name):
    """Open the form from disk, type the name, press the button; the statuses on the way."""
    answers = []

    def note(answer):
        answers.append(answer)

    page.goto(form.as_uri())
    page.fill("input[name=nm]", name)
    page.on("response", note)
    with page.expect_navigation(url="http://localhost:5000/success/**"):
        page.click("input[type=submit]")
    page.remove_listener("response", note)
    sent = answers[0].request
    assert sent.method == ("GET" if "?" in sent.url else "POST")
    return [answer.status for answer in answers if "favicon" not in answer.url]


@pytest.mark.parametrize(
    "name", ["Ada", "Ada Lovelace", "O'Brien", '"Ada"', "a+b & c=d", "50%", "?#", "日本", "..."]
)
def test_a_name_typed_into_the_form_is_welcomed(page, form, name):
    statuses = submit(page, form, name)

    assert statuses == [302, 200]
    assert page.inner_text("body") == f"welcome {name}"


def test_post_sends_the_name_in_the_body_and_get_in_the_address(page, form, tmp_path):
    with page.expect_request("http://localhost:5000/login*") as sent:
        submit(page, form, "Ada")

    if form.parent == tmp_path:
        assert sent.value.method == "GET"
        assert sent.value.url.endswith("/login?nm=Ada")
    else:
        assert sent.value.method == "POST"
        assert sent.value.post_data == "nm=Ada"


def test_markup_in_a_name_reaches_the_page_as_the_program_wrote_it(page, form):
    """The program puts the name into HTML without escaping; running it is not changing it."""
    statuses = submit(page, form, "<b>Ada")

    assert statuses == [302, 200]
    assert page.inner_text("body") == "welcome Ada"
    assert page.inner_text("b") == "Ada"


@pytest.mark.parametrize("name", ["", "Ada/Grace", "<b>Ada</b>"])
def test_a_name_that_is_no_single_segment_has_no_page(page, form, name):
    """`<name>` holds one segment that is not empty, in Flask too."""
    statuses = submit(page, form, name)

    assert statuses == [302, 404]
    assert "Not Found" in page.title()


def test_a_slash_before_the_name_is_merged_with_the_one_in_the_route(page, form):
    statuses = submit(page, form, "/Ada")

    assert statuses == [302, 308, 200]
    assert page.inner_text("body") == "welcome Ada"


def test_a_letter_outside_ascii_is_never_left_escaped_or_lost_in_the_form(page):
    """The form names no charset, so Chromium sends Zoë as Latin-1, which UTF-8 cannot read."""
    submit(page, LOGIN / "login.html", "Zoë")

    assert page.inner_text("body") == "welcome Zo\N{REPLACEMENT CHARACTER}"


def test_a_form_that_names_its_charset_keeps_every_letter(page, form, tmp_path):
    head = "<head><meta charset=utf-8></head><body>"
    copy = tmp_path / "charset.html"
    copy.write_text(form.read_text().replace("<body>", head))

    for name in ("Zoë", "日本", "Ψυχή", "🙂"):
        assert submit(page, copy, name) == [302, 200]
        assert page.inner_text("body") == f"welcome {name}"


def test_reloading_the_welcome_does_not_send_the_form_again(page, form):
    submit(page, form, "Ada")
    with page.expect_request("http://localhost:5000/**") as sent:
        page.reload()

    assert sent.value.method == "GET"
    assert sent.value.url == "http://localhost:5000/success/Ada"
    assert page.inner_text("body") == "welcome Ada"
