"""The guestbook as a visitor uses it."""

import pytest

HOME = "http://localhost:5000/"

pytestmark = pytest.mark.xdist_group("guestbook in the browser")


@pytest.fixture(scope="module")
def guestbook(serve, browse, tmp_path_factory):
    database = tmp_path_factory.mktemp("guestbook") / "entries.sqlite3"
    env = {"GUESTBOOK_DATABASE": str(database)}
    with serve("examples/guestbook/guestbook.py", env=env) as site, browse(site) as page:
        yield page


@pytest.fixture
def page(guestbook):
    guestbook.goto(HOME)
    return guestbook


def sign(page, name, message):
    page.get_by_label("Name").fill(name)
    page.get_by_label("Message").fill(message)
    page.get_by_role("button", name="Sign").click()


def test_a_visitor_signs_and_is_thanked_once(page):
    sign(page, "Ada Lovelace", "first line\nsecond line")

    assert page.url == HOME
    assert page.get_by_role("status").inner_text() == "Thank you, Ada Lovelace."
    assert page.locator("article h2").first.inner_text() == "Ada Lovelace"
    assert page.locator("article p").first.inner_text() == "first line\nsecond line"

    page.reload()
    assert page.get_by_role("status").count() == 0


def test_a_reload_does_not_sign_again(page):
    sign(page, "Grace", "once")
    signed = page.locator("article").count()

    page.reload()

    assert page.locator("article").count() == signed


def test_markup_is_shown_as_it_was_typed_and_runs_nothing(page):
    script = "<script>document.title = 'taken over'</script>"
    sign(page, "<b>Zoë</b>", script)

    assert page.locator("article h2").first.inner_text() == "<b>Zoë</b>"
    assert page.locator("article p").first.inner_text() == script
    assert page.title() == "Guestbook"


def test_the_text_of_an_empty_message_is_computed_and_the_name_is_kept(page):
    before = page.locator("article").count()
    sign(page, 'O\'Brien "the great"', "   ")

    assert page.get_by_role("alert").inner_text() == "Please fill in the message."
    assert page.get_by_label("Name").input_value() == 'O\'Brien "the great"'
    assert page.locator("article").count() == before


def test_the_corrected_form_is_taken(page):
    sign(page, "", "hello from nobody")
    assert page.get_by_role("alert").inner_text() == "Please fill in the name."

    page.get_by_label("Name").fill("somebody")
    page.get_by_role("button", name="Sign").click()

    assert page.locator("article h2").first.inner_text() == "somebody"
    assert page.locator("article p").first.inner_text() == "hello from nobody"
