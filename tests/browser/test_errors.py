"""The pages of debug mode in a real browser: what works in them, by mouse and by keyboard."""

import contextlib
import itertools
import json
import re

import pytest
from playwright.sync_api import Error, expect

SITE = "http://localhost:5000"
PROGRAM = """
from retort import Flask, redirect, request, url_for

app = Flask(__name__)


@app.get("/success/<name>")
def success(name):
    return f"welcome {name}"


@app.route("/login", methods=["POST"])
def login():
    user = request.form["nm"]
    return redirect(url_for("success", name=user))


@app.post("/photo")
def photo():
    return f"{len(request.files['photo'].read())} bytes"


@app.get("/boom")
def boom():
    colour = "green"
    password = "hunter2"
    return colour + 1
"""

pytestmark = pytest.mark.xdist_group("errors in the browser")


@pytest.fixture(scope="module")
def site(serve, tmp_path_factory):
    program = tmp_path_factory.mktemp("program") / "shop.py"
    program.write_text(PROGRAM)
    with serve(str(program), "--debug") as site:
        site.program = program
        yield site


@pytest.fixture(scope="module")
def browser_page(site, browse):
    with browse(site) as page:
        yield page


@pytest.fixture
def page(browser_page):
    """The page, which must not do what its policy forbids, nor raise an error of a script."""
    complaints = []

    def hear(message):
        if "Failed to load resource" not in message.text:  # that is the error's own status
            complaints.append(message.text)

    def fail(error):
        complaints.append(str(error))

    browser_page.on("console", hear)
    browser_page.on("pageerror", fail)
    yield browser_page
    browser_page.remove_listener("console", hear)
    browser_page.remove_listener("pageerror", fail)
    browser_page.emulate_media(color_scheme="light")
    browser_page.set_viewport_size({"width": 1280, "height": 720})
    assert complaints == []


def focused(page, expression="element.textContent"):
    return page.evaluate(f"(element => {expression})(document.activeElement)")


# Trying methods


def test_the_methods_of_the_tutorial_are_tried_from_the_405_page(page):
    assert page.goto(f"{SITE}/login").status == 405
    assert page.inner_text("#try-rule") == "/login"
    page.fill("label:text-is('nm') + input", "Ada")

    answers = {}
    for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"):
        page.click(f"button[value={method}]")
        expect(page.locator("#try-status")).to_contain_text(f"{method} /login was answered")
        answers[method] = page.inner_text(f"[data-method={method}] output")
        assert page.inner_text("#sent").startswith(f"{method} /login")
        assert page.inner_text("#received").startswith(f"HTTP/1.1 {answers[method][:3]}")

    assert {method: answer[:3] for method, answer in answers.items()} == {
        "GET": "405",
        "HEAD": "405",
        "POST": "302",
        "PUT": "405",
        "DELETE": "405",
        "OPTIONS": "200",
    }
    assert answers["POST"].endswith("→ /success/Ada")
    assert page.evaluate("document.querySelectorAll('.not-taken').length") == 4


def test_the_raw_exchange_is_shown_and_its_redirect_can_be_followed(page):
    page.goto(f"{SITE}/login")
    page.fill("label:text-is('nm') + input", "Ada & Grace")
    page.click("button[value=POST]")
    page.wait_for_selector("#exchange:not([hidden])")

    sent, received = page.inner_text("#sent"), page.inner_text("#received")
    assert "Content-Type: application/x-www-form-urlencoded" in sent
    assert sent.endswith("\n\nnm=Ada+%26+Grace")
    assert "\nlocation: /success/" in received.lower()

    page.click("#follow")
    expect(page.locator("#received")).to_contain_text("welcome")
    assert page.inner_text("#received").endswith("welcome Ada & Grace")


def test_a_missing_field_is_explained_in_the_form_as_well(page):
    page.goto(f"{SITE}/login")
    page.evaluate("document.getElementById('try-fields').replaceChildren()")
    page.click("#add-field")
    page.keyboard.type("name")
    page.keyboard.press("Tab")
    page.keyboard.type("Ada")
    page.click("button[value=POST]")
    page.wait_for_selector("#exchange:not([hidden])")

    assert page.inner_text("[data-method=POST] output").startswith("400")
    assert "nm" in page.inner_text("#received")


def test_another_route_is_chosen_in_the_table(page):
    page.goto(f"{SITE}/nope")
    page.click("button[aria-label='Try /success/<name>']")

    assert page.inner_text("#try-rule") == "/success/<name>"
    assert focused(page, "element.id") == "try-heading"
    page.fill("#try-path", "/success/Grace")
    page.click("button[value=GET]")
    page.wait_for_selector("#exchange:not([hidden])")
    assert page.inner_text("#received").endswith("welcome Grace")


def test_a_file_is_sent_to_a_view_that_reads_one(page):
    page.goto(f"{SITE}/photo")
    page.set_input_files(
        "input[type=file]", {"name": "a.txt", "mimeType": "text/plain", "buffer": b"12345"}
    )
    page.click("button[value=POST]")
    page.wait_for_selector("#exchange:not([hidden])")

    assert page.inner_text("#received").endswith("5 bytes")
    assert 'filename="a.txt"' in page.inner_text("#sent")


def test_the_suggested_change_is_copied_as_it_is_to_be_applied(page, site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=SITE)
    page.goto(f"{SITE}/login")
    page.click("[data-copy=diff]")
    page.wait_for_selector("text=Copied.")

    problem = site.ask("GET", "/login", headers={"Accept": "application/json"})
    assert page.evaluate("navigator.clipboard.readText()") == json.loads(problem.text)["diff"]


# Keyboard, sizes, colours


def test_the_page_is_used_by_keyboard_alone(page):
    page.goto(f"{SITE}/login")
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to the explanation"
    assert page.evaluate("document.activeElement.getBoundingClientRect().width") > 100
    page.keyboard.press("Enter")
    assert focused(page, "element.id") == "main"

    page.focus("#try-path")
    page.keyboard.press("Tab")
    page.keyboard.type("Ada")
    for _ in range(4):  # past "Add a field", GET and HEAD
        page.keyboard.press("Tab")
    assert focused(page) == "POST"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    page.wait_for_selector("#exchange:not([hidden])")
    assert page.inner_text("[data-method=POST] output").startswith("302")


@pytest.mark.parametrize("path", ["/login", "/nope", "/boom"])
def test_the_page_has_landmarks_headings_in_order_and_names(page, path):
    page.goto(f"{SITE}{path}")

    assert page.locator("header").count() == page.locator("main").count() == 1
    assert page.locator("h1").count() == 1
    levels = page.evaluate(
        "[...document.querySelectorAll('h1,h2,h3')].map(heading => +heading.tagName[1])"
    )
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    unnamed = page.evaluate(
        """[...document.querySelectorAll('input, button')].filter(control =>
            control.checkVisibility() && !control.textContent.trim()
            && !control.getAttribute('aria-label')
            && !(control.labels && control.labels.length)).length"""
    )
    assert unnamed == 0
    assert page.evaluate("document.documentElement.lang") == "en"


@pytest.mark.parametrize("path", ["/login", "/nope", "/boom"])
def test_the_page_fits_a_narrow_screen(page, path):
    page.set_viewport_size({"width": 360, "height": 740})
    page.goto(f"{SITE}{path}")

    assert page.evaluate("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/login", "/boom"])
def test_every_text_can_be_read_in_light_and_in_dark(page, path, scheme, low_contrasts):
    """WCAG 2.2, 1.4.3: a contrast of 4.5 to 1."""
    page.emulate_media(color_scheme=scheme)
    page.goto(f"{SITE}{path}")

    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert low_contrasts(page) == []


# Tracebacks


def test_an_exception_shows_the_programs_line_first_and_its_values_on_demand(page):
    assert page.goto(f"{SITE}/boom").status == 500

    assert page.inner_text("h1").startswith("TypeError: ")
    assert page.inner_text(".line.current").strip().endswith("return colour + 1")
    variables = page.locator(".variables").first
    assert not variables.locator("dl").is_visible()
    variables.locator("summary").click()
    assert "'green'" in variables.inner_text()
    assert "hunter2" not in variables.inner_text()
    assert not page.locator(".library .frames").first.is_visible()


def test_the_traceback_is_copied_as_text(page):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=SITE)
    page.goto(f"{SITE}/boom")
    page.click("[data-copy=traceback]")
    page.wait_for_selector("text=Copied.")

    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("Traceback (most recent call last):\n")
    assert "TypeError: " in copied


def test_the_console_runs_code_in_a_frame_after_the_pin(page, site):
    pin = re.search(r"PIN ([\d-]+)", site.log.read_text())[1]
    page.goto(f"{SITE}/boom")
    page.click("button:has-text('Console in boom')")
    assert not page.locator(".console .code").is_visible()

    page.keyboard.type("000-000-000")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=This is not the PIN.")

    page.fill(".console [name=pin]", pin)
    page.keyboard.press("Enter")
    page.wait_for_selector(".console .code:not([hidden])")
    page.keyboard.type("colour * 2 + '<b>&'")
    page.keyboard.press("Enter")
    expect(page.locator(".console .output")).to_contain_text("greengreen<b>&")
    assert page.locator(".console .output b").count() == 0


# The program that cannot be loaded


def test_a_syntax_error_has_a_page_and_saving_the_correction_ends_it(
    page, site, save, low_contrasts
):
    good = site.program.read_text()
    save(site.program, good + "\nnames = ['a', 'b'\n")
    told = site.wait_for_log("The server waits until the file is corrected and saved")
    site.wait_for(lambda: shows(page, "/login", "The program does not start"))

    assert page.inner_text(".line.current").strip().endswith("names = ['a', 'b'")
    assert "The server waits" in page.inner_text(".note")
    assert low_contrasts(page) == []

    save(site.program, good)
    site.wait_for_log("Loaded again, ready", told)
    site.wait_for(lambda: shows(page, "/success/Ada", "welcome Ada"))


def shows(page, path, text):
    """Whether the page has this text; a connection may end while the program is loaded again."""
    with contextlib.suppress(Error):
        page.goto(f"{SITE}{path}")
        return text in page.inner_text("body")
    return False


# Loading again by itself


@pytest.fixture
def changed(site, save):
    """Change the program: ``changed(old, new)``; afterwards it is as before."""
    good = site.program.read_text()

    def change(text):
        position = site.log.stat().st_size
        save(site.program, text)
        site.wait_for(lambda: "Loaded again, ready" in site.log.read_text()[position:])

    yield lambda old, new: change(good.replace(old, new))
    change(good)


def test_the_page_of_an_error_loads_itself_again_after_a_save(page, changed):
    page.goto(f"{SITE}/boom")
    changed("return colour + 1", "return colour + ' again'")

    expect(page.locator("body")).to_have_text("green again", timeout=60_000)


def test_the_page_of_a_post_offers_to_send_it_again_and_does_not_send_it(page, site, changed):
    page.goto(f"{SITE}/success/Ada")
    page.evaluate(
        """document.body.innerHTML =
        '<form action="/login" method="post"><input name="name" value="Ada"></form>'"""
    )
    before = len(site.log.read_text())
    with page.expect_navigation():
        page.evaluate("document.forms[0].submit()")
    expect(page.locator("h1")).to_contain_text("nm")
    logged = site.wait_for_log('"POST /login" 400', before)

    changed('request.form["nm"]', 'request.form["name"]')
    button = page.get_by_role("button", name="Send the request again")
    expect(button).to_be_visible(timeout=60_000)
    assert '"POST /login"' not in site.log.read_text()[logged + 1 :]
    # The browser asks before it sends a form again; without a window there is no such question.


def test_a_page_on_which_something_was_typed_offers_to_load_it_again(page, changed):
    page.goto(f"{SITE}/login")
    page.fill("label:text-is('nm') + input", "Ada")

    changed("welcome {name}", "hello {name}")

    expect(page.get_by_role("button", name="Load this page again")).to_be_visible(timeout=60_000)
    assert page.input_value("label:text-is('nm') + input") == "Ada"


def test_polls_have_no_line_in_the_log(page, site):
    position = site.log.stat().st_size
    with page.expect_response(lambda response: response.request.method == "OPTIONS") as polled:
        page.goto(f"{SITE}/boom")

    assert polled.value.status == 204
    assert '"GET /success/Ada" 200' not in site.log.read_text()[position:]
    site.ask("GET", "/success/Ada")
    site.wait_for(lambda: '"GET /success/Ada" 200' in site.log.read_text()[position:])
    assert "OPTIONS" not in site.log.read_text()[position:]


def test_a_page_stops_asking_after_a_time_and_says_so(page):
    page.goto(f"{SITE}/boom")
    assert page.evaluate("waiting !== null || polls > 0")
    page.evaluate("polls = MAX_POLLS")

    expect(page.locator("#changed")).to_contain_text("no longer checks")

    assert page.evaluate("waiting") is None
    with page.expect_navigation():
        page.get_by_role("button", name="Load this page again").click()
    assert page.evaluate("polls < MAX_POLLS")


# Print


@pytest.mark.parametrize("path", ["/login", "/boom"])
def test_a_print_is_dark_on_white_and_has_no_controls(page, path, low_contrasts):
    page.emulate_media(media="print", color_scheme="dark")
    page.goto(f"{SITE}{path}")
    try:
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == (
            "rgb(255, 255, 255)"
        )
        assert page.locator("button:visible, input:visible").count() == 0
        assert page.locator("h1").is_visible()
        assert low_contrasts(page) == []
    finally:
        page.emulate_media(media="screen")


# Source in colours


def test_source_is_in_colours_and_its_lines_are_beside_their_numbers(page):
    page.goto(f"{SITE}/boom")

    lines = page.locator(".own .source .line")
    for line, number in zip(lines.all(), lines.locator(".number").all(), strict=True):
        box, beside = line.bounding_box(), number.bounding_box()
        assert abs(box["y"] + box["height"] / 2 - beside["y"] - beside["height"] / 2) <= 4
        assert "\n" not in line.inner_text().rstrip("\n")
    word = page.locator(".own .token-keyword", has_text="return").first
    plain = page.locator(".own .line.current").first
    colour = "element => getComputedStyle(element).color"
    assert word.evaluate(colour) != plain.evaluate(colour)
