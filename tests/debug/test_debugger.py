"""The debugger around an application."""

import pytest
from werkzeug.test import Client

from retort.debug import with_debugger


def broken(environ, start_response):
    raise ValueError("a mistake in the program")


def sound(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"fine"]


@pytest.fixture
def quiet(capsys):
    yield
    capsys.readouterr()  # the debugger also prints the traceback


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("console", [True, False])
def test_an_error_is_a_page_with_status_500_and_a_console_only_if_wanted(console):
    answer = Client(with_debugger(broken, console=console)).get("/")

    assert answer.status_code == 500
    assert "a mistake in the program" in answer.text
    assert f"EVALEX = {str(console).lower()}," in answer.text


@pytest.mark.usefixtures("quiet")
def test_the_console_runs_nothing_before_the_pin_is_given():
    debugger = with_debugger(broken, console=True)
    page = Client(debugger).get("/").text
    secret = page.partition('SECRET = "')[2].partition('"')[0]
    frame = page.partition('id="frame-')[2].partition('"')[0]

    answer = Client(debugger).get(f"/?__debugger__=yes&cmd=12345679*63&frm={frame}&s={secret}")

    assert secret
    assert frame
    assert "777777777" not in answer.text
    assert debugger.pin


def test_other_answers_pass_unchanged():
    answer = Client(with_debugger(sound, console=True)).get("/")

    assert (answer.status_code, answer.text) == (200, "fine")
