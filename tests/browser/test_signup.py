"""The example with a form that comes back, as a visitor uses it."""

import datetime as dt

import pytest

HOME = "http://localhost:5000/"

pytestmark = pytest.mark.xdist_group("signup in the browser")


@pytest.fixture(scope="module")
def signup(serve, browse):
    with serve("examples/signup/signup.py") as site, browse(site) as page:
        page.requested = []
        page.on("request", lambda request: page.requested.append(request))
        yield page


@pytest.fixture
def page(signup):
    signup.goto(HOME + "signup")
    return signup


def fill(page, email, age="30", password="long enough"):
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_label("Age").fill(age)


def send(page):
    page.locator("form button").click()


def send_unchecked(page):
    """Send the form as a browser that checks nothing."""
    page.locator("form").evaluate("form => form.noValidate = true")
    send(page)


def test_a_visitor_signs_up(page):
    fill(page, "ada@example.org")
    page.get_by_label("Birthday").fill("2000-02-29")
    page.get_by_label("Newsletter").check()
    page.get_by_label("Photo").set_input_files(
        {"name": "ada.png", "mimeType": "image/png", "buffer": b"12345"}
    )
    page.get_by_label("About you").fill("one\ntwo")
    send(page)

    assert page.url == HOME
    assert page.get_by_role("status").inner_text() == "Welcome, ada@example.org!"
    member = page.get_by_role("listitem").filter(has_text="ada@").inner_text()
    assert "30, born 2000-02-29, photo of 5 bytes, with newsletter" in member
    assert "one\ntwo" in member


def test_fields_that_are_left_blank_are_not_wrong(page):
    fill(page, "bob@example.org")
    send(page)

    member = page.get_by_role("listitem").filter(has_text="bob@").inner_text()
    assert "born at an unknown date, photo of 0 bytes, without newsletter" in member


def test_the_browser_refuses_what_the_server_would(page):
    fill(page, "eve@example.org", age="17")
    sent = len(page.requested)

    send(page)

    assert len(page.requested) == sent
    assert page.get_by_label("Age").evaluate("field => field.validity.rangeUnderflow")


def test_the_form_comes_back_with_what_was_typed_and_what_is_wrong(page):
    fill(page, "no address", age="17", password="s3cret!")
    page.get_by_label("Birthday").fill("1999-12-31")
    page.get_by_label("Newsletter").check()
    page.get_by_label("About you").fill('\nx < "y" &amp;\n')
    with page.expect_navigation() as navigation:
        send_unchecked(page)

    assert navigation.value.status == 422
    assert page.get_by_label("E-mail").input_value() == "no address"
    assert page.get_by_label("Age").input_value() == "17"
    assert page.get_by_label("Birthday").input_value() == "1999-12-31"
    assert page.get_by_label("Newsletter").is_checked()
    assert page.get_by_label("About you").input_value() == '\nx < "y" &amp;\n'
    assert page.get_by_label("Password").input_value() == ""
    assert "s3cret!" not in page.content()
    assert page.locator("#email-errors").inner_text() == "Must have the required format."
    assert page.locator("#password-errors").inner_text() == "Must have at least 8 characters."
    assert page.locator("#age-errors").inner_text() == "Must be 18 or more."
    assert page.locator("ul.errors").count() == 3
    describedby = page.get_by_label("Age").get_attribute("aria-describedby")
    assert page.locator(f"#{describedby}").is_visible()


def test_the_corrected_form_is_taken(page):
    fill(page, "grace@example.org", age="1.5")
    send_unchecked(page)
    assert page.locator("#age-errors").inner_text() == "Must be a whole number."

    page.get_by_label("Password").fill("long enough")
    page.get_by_label("Age").fill("36")
    send(page)

    assert page.get_by_role("status").inner_text() == "Welcome, grace@example.org!"


def test_a_file_of_another_type_and_one_that_is_too_large(page):
    fill(page, "file@example.org")
    photo = page.get_by_label("Photo")
    photo.set_input_files({"name": "a.exe", "mimeType": "text/plain", "buffer": b"x"})
    send(page)
    assert page.locator("#photo-errors").inner_text() == "Must be a file of the type image/*."

    page.get_by_label("Password").fill("long enough")
    photo.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"x" * 1_000_001})
    send(page)
    assert page.locator("#photo-errors").inner_text() == "Must have at most 1000000 bytes."
    assert page.get_by_label("E-mail").input_value() == "file@example.org"


def test_an_error_that_the_program_has_found(page):
    for _ in range(2):
        page.goto(HOME + "signup")
        fill(page, "twice@example.org")
        send(page)

    assert page.locator("#email-errors").inner_text() == "Is in use."
    assert page.get_by_label("E-mail").input_value() == "twice@example.org"


def test_a_member_is_edited(page):
    fill(page, "edit@example.org")
    page.get_by_label("Newsletter").check()
    page.get_by_label("Birthday").fill("2001-01-01")
    send(page)
    page.get_by_role("link", name="edit@example.org").click()

    assert page.get_by_label("Birthday").input_value() == str(dt.date(2001, 1, 1))
    assert page.get_by_label("Newsletter").is_checked()
    page.get_by_label("Newsletter").uncheck()
    page.get_by_label("Birthday").fill("")
    send(page)

    member = page.get_by_role("listitem").filter(has_text="edit@").inner_text()
    assert "born at an unknown date" in member
    assert "without newsletter" in member
