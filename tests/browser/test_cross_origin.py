"""Cross-origin protection as a real browser meets it: R47, R51, R64."""

from pathlib import Path

import pytest

LOGIN = Path(__file__).parents[2] / "examples" / "login" / "login.html"
SITE = "http://localhost:5000"

# The tutorial's program with `Retort` for `Flask`, the form's page, and a list of the names.
PROGRAM = """
from retort import Retort, redirect, request, session, url_for
from markupsafe import escape

app = Retort(__name__)
app.config["SECRET_KEY"] = "test key"
app.config["TRUSTED_HOSTS"] = ["localhost", "127.0.0.1", "shop.test"]
names = []


@app.get("/")
def form():
    return '<form action="/login" method="post"><input name="nm"><input type="submit"></form>'


@app.route("/success/<name>")
def success(name):
    return f"welcome {escape(name)}, known: {session.get('known', 'no')}"


@app.route("/login", methods=["POST", "GET"])
def login():
    name = request.values["nm"]
    names.append(name)
    session["known"] = "yes"
    return redirect(url_for("success", name=name))


@app.get("/names")
def all_names():
    return " ".join(names)
"""

pytestmark = pytest.mark.xdist_group("cross-origin in the browser")


@pytest.fixture(scope="module", params=["production", "debug"])
def mode(request):
    return request.param


@pytest.fixture(scope="module")
def site(serve, mode, tmp_path_factory):
    program = tmp_path_factory.mktemp("program") / "shop.py"
    program.write_text(PROGRAM)
    with serve(str(program), *(["--debug"] if mode == "debug" else [])) as site:
        yield site


@pytest.fixture(scope="module")
def page(site, browse):
    with browse(site) as page:
        yield page


def submit(page, name="Ada"):
    """Press the button of the page that is shown; the status of the page that comes of it."""
    page.fill("input[name=nm]", name)
    with page.expect_navigation() as shown:
        page.click("input[type=submit]")
    return shown.value.status


def names(site):
    return site.ask("GET", "/names").text.split()


def show(page, origin, html, policy=""):
    """Let the browser find this page at another origin."""
    headers = {"Content-Type": "text/html", "Content-Security-Policy": policy}
    page.route(f"{origin}/", lambda route: route.fulfill(body=html, headers=headers))
    page.goto(f"{origin}/")


def test_the_form_opened_from_disk_works_in_debug_mode_only(site, page, mode):
    """R64: how the tutorial is tried."""
    page.goto(LOGIN.as_uri())
    before = names(site)

    status = submit(page, "FromDisk")

    log = site.log.read_text()
    if mode == "debug":
        assert status == 200
        assert page.inner_text("body").startswith("welcome FromDisk")
        assert "Accepted POST '/login' from a page of another origin on this machine" in log
        assert "In production the response is 403" in log
    else:
        assert status == 403
        assert "opened from disk" in page.inner_text("body")
        assert "Open the page on this site, by its address" in page.inner_text("body")
        assert names(site) == before
        assert "Was the page opened from disk?" in log
        assert "Serve it from the program, at 'http://localhost:5000/'" in log


def test_a_get_form_from_disk_works(site, page, tmp_path):
    """R64."""
    copy = tmp_path / "login.html"
    copy.write_text(LOGIN.read_text().replace('"post"', '"get"'))
    page.goto(copy.as_uri())

    assert submit(page, "ByGet") == 200
    assert page.inner_text("body").startswith("welcome ByGet")
    assert "ByGet" in names(site)


def test_a_form_of_the_site_itself_works_and_redirects_with_303(page):
    """R27, R47, R52."""
    page.goto(f"{SITE}/")
    answers = []
    page.on("response", lambda answer: answers.append(answer.status))

    assert submit(page, "Own") == 200
    assert page.inner_text("body") == "welcome Own, known: yes"
    assert answers[0] == 303


@pytest.mark.parametrize("origin", ["http://localhost:8000", "http://127.0.0.1:5500"])
def test_a_form_of_another_port_works_in_debug_mode_only(site, page, mode, origin):
    """R49, R64: `same-site` from the first, `cross-site` from the second."""
    show(page, origin, LOGIN.read_text())
    before = names(site)

    assert submit(page, "OtherPort") == (200 if mode == "debug" else 403)
    assert (names(site) == before) == (mode == "production")


def test_a_form_of_another_site_never_works(site, page):
    """R47."""
    show(page, "http://evil.test", LOGIN.read_text())
    before = names(site)

    assert submit(page, "Evil") == 403
    assert "sent by a page of" in page.inner_text("body")
    assert names(site) == before


def test_a_page_that_hides_its_origin_works_in_debug_mode_only(site, page, mode):
    """R49, R64: what `null` also is, and why production does not take it."""
    show(page, "http://evil.test", LOGIN.read_text(), "sandbox allow-forms")
    before = names(site)

    with page.expect_request(f"{SITE}/login") as sent:
        status = submit(page, "Hidden")

    assert sent.value.all_headers()["origin"] == "null"
    assert status == (200 if mode == "debug" else 403)
    assert (names(site) == before) == (mode == "production")


def test_at_a_plain_http_name_the_browser_sends_origin_alone_and_that_is_enough(site, browse):
    """R51: no Sec-Fetch-Site there, as in a local network."""
    with browse(site, "shop.test:80") as page:
        page.goto("http://shop.test/")
        with page.expect_request("http://shop.test/login") as sent:
            assert submit(page, "Local") == 200
        assert "sec-fetch-site" not in sent.value.headers
        assert names(site)[-1] == "Local"

        to_shop = LOGIN.read_text().replace(SITE, "http://shop.test")
        show(page, "http://evil.test", to_shop)
        assert submit(page, "Evil") == 403
        assert names(site)[-1] == "Local"
