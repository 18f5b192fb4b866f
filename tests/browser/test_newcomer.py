"""Mistakes in the tutorial's program: the browser's page in debug mode, and the fix.

The form is opened from disk, as in the tutorial. Each change is copied from the page.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

TUTORIAL = Path(__file__).parents[2] / "examples" / "login"

pytestmark = pytest.mark.xdist_group("newcomer in the browser")


class Desk:
    """A folder with the tutorial's files, the server that runs them, and the browser."""

    def __init__(self, folder, serve, browse, save, apply_diff):
        self.folder = folder
        self.serve, self.browse, self.save = serve, browse, save
        self.apply_diff = apply_diff
        self.site = self.page = None
        for name in ("login.py", "login.html"):
            (folder / name).write_text((TUTORIAL / name).read_text())

    def change(self, name, old, new):
        """Edit a file as its owner would."""
        text = (self.folder / name).read_text()
        assert old in text
        self.save(self.folder / name, text.replace(old, new))

    def submit(self, name="Bob"):
        """Open the form from disk, type a name, press the button."""
        self.page.goto((self.folder / "login.html").as_uri())
        self.page.fill("input", name)
        with self.page.expect_navigation(url="http://localhost:5000/**"):
            self.page.click("input[type=submit]")

    @property
    def body(self):
        return self.page.inner_text("body")

    @property
    def sentence(self):
        """The headline and the sentences below it."""
        return " ".join(self.page.locator("h1, .message").all_inner_texts())

    def apply_shown_diff(self, *, reloads=True):
        """Copy the change from the page, apply it, and wait until the program has it."""
        diff = self.page.text_content("#diff")
        self.page.goto("about:blank")  # the page would load itself again at some time
        before = len(self.site.log.read_text())
        self.apply_diff(self.folder, diff)
        if reloads:
            told = self.site.wait_for_log("loading the program again", before)
            self.site.wait_for_log("Loaded again, ready", told)


@pytest.fixture
def desk(tmp_path, serve, browse, save, apply_diff):
    return Desk(tmp_path, serve, browse, save, apply_diff)


@pytest.fixture
def sit_down(desk):
    """Serve the program in debug mode, and open the browser."""
    with contextlib.ExitStack() as stack:

        def sit_down():
            program = str(desk.folder / "login.py")
            desk.site = stack.enter_context(desk.serve(program, "--debug"))
            desk.page = stack.enter_context(desk.browse(desk.site))
            return desk

        yield sit_down


def test_the_tutorial_as_it_stands_welcomes_its_reader(sit_down):
    desk = sit_down()
    desk.submit()

    assert desk.body == "welcome Bob"


MISTAKES = {
    "wrong method": (
        ("login.py", ",methods = ['POST', 'GET']", ""),
        "POST /login arrived; login() (login.py:8) accepts GET only.",
        "+@app.route('/login', methods=['GET', 'POST'])",
    ),
    "wrong field name": (
        ("login.py", "request.form['nm']", "request.form['name']"),
        "No field 'name'. Received: nm. Did you mean 'nm'?",
        'The input needs name="name"; an id is not sent.',
    ),
    "input without a name": (
        ("login.html", 'name = "nm"', 'id = "nm"'),
        "No field 'nm': the input with this id (login.html:5) has no name, and an id is not sent.",
        'Write name="nm" in the input.',
    ),
    "wrong URL in the form": (
        ("login.html", "5000/login", "5000/logn"),
        "No route /logn. A form is sent there (login.html:3). Did you mean /login?",
        "Send the form to /login.",
    ),
    "exception": (
        ("login.py", "name = user", "name = usr"),
        "There is no 'usr' here. Did you mean 'user'?",
        "return redirect(url_for('success',name = usr))",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_named_and_its_diff_mends_it(desk, sit_down, mistake):
    edit, sentence, also_shown = MISTAKES[mistake]
    desk.change(*edit)
    sit_down()
    desk.submit()

    assert desk.sentence == sentence
    assert also_shown in desk.body

    desk.apply_shown_diff(reloads=edit[0].endswith(".py"))
    desk.submit()
    assert desk.body == "welcome Bob"


def test_a_view_for_post_that_is_opened_is_given_a_form(desk, sit_down):
    desk.change("login.py", "['POST', 'GET']", "['POST']")
    (desk.folder / "login.html").unlink()
    sit_down()
    desk.page.goto("http://localhost:5000/login")

    assert desk.sentence == ("You opened /login with GET; login() (login.py:8) accepts POST only.")

    desk.apply_shown_diff()
    desk.page.goto("http://localhost:5000/login")
    desk.page.fill("input[name=nm]", "Bob")
    with desk.page.expect_navigation(url="http://localhost:5000/success/**"):
        desk.page.click("button")
    assert desk.body == "welcome Bob"


def test_a_url_with_a_slash_too_many_is_added_to_the_route(desk, sit_down):
    sit_down()
    desk.page.goto("http://localhost:5000/login/?nm=Bob")

    assert desk.sentence == (
        "/login/ was not found, but /login exists, without the slash at the end."
    )

    desk.apply_shown_diff()
    desk.page.goto("http://localhost:5000/login/?nm=Bob")
    assert desk.body == "welcome Bob"


def test_a_form_opened_from_disk_works_with_a_warning_and_can_be_shown_by_the_program(
    desk, sit_down
):
    desk.change(
        "login.py",
        "Flask(__name__)",
        "Flask(__name__)\napp.config['CROSS_ORIGIN_PROTECTION'] = True",
    )
    sit_down()
    desk.submit()

    assert desk.body == "welcome Bob"
    desk.site.wait_for_log(
        "In production the response is 403. Serve the page from the program itself."
    )

    desk.page.goto("http://localhost:5000/login.html")
    assert desk.sentence == (
        "/login.html was not found: login.html is a file, and addresses are routes."
    )
    desk.apply_shown_diff()
    desk.page.goto("http://localhost:5000/login.html")
    desk.page.fill("input[name=nm]", "Eve")
    with desk.page.expect_navigation(url="http://localhost:5000/success/**"):
        desk.page.click("input[type=submit]")
    assert desk.body == "welcome Eve"
    assert desk.site.log.read_text().count("In production the response is 403") == 1


def test_a_syntax_error_while_reloading_is_shown_until_it_is_mended(desk, sit_down):
    sit_down()
    desk.submit()
    desk.change("login.py", "def login():", "def login()")
    desk.site.wait_for_log("The server waits until the file is corrected and saved")
    desk.page.goto("http://localhost:5000/success/Bob")

    assert "login.py" in desk.body
    assert "expected ':'" in desk.body

    desk.apply_shown_diff()
    desk.submit()
    assert desk.body == "welcome Bob"


def test_markup_in_a_name_is_warned_of(desk, sit_down):
    sit_down()
    desk.submit("<b>Bob")

    assert desk.body == "welcome Bob"
    desk.site.wait_for_log("Write escape(name), with 'from markupsafe import escape'.")
