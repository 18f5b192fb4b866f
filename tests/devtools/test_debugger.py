"""The debugger around an application."""

import subprocess
import sys

import pytest
import werkzeug.debug
from werkzeug.test import Client, create_environ

from retort.devtools import with_debugger


def broken(environ, start_response):
    raise ValueError("a mistake in the program")


class Rows:
    """A body of three pieces that counts how often it is closed."""

    def __init__(self):
        self.closed = 0

    def __call__(self, environ, start_response):
        start_response("200 OK", [("Content-Type", "text/plain")])
        return self

    def __iter__(self):
        yield from (b"one", b"two", b"three")

    def close(self):
        self.closed += 1


class OneByOne(Rows):
    """The same, as its own iterator: what Werkzeug's `ClosingIterator` is."""

    def __init__(self):
        super().__init__()
        self.pieces = iter((b"one", b"two", b"three"))

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.pieces)


def sound(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"fine"]


@pytest.fixture
def quiet(capsys):
    yield
    capsys.readouterr()  # the debugger also prints the traceback


CONSOLE = '<template id="console"'
HERE = {"environ_overrides": {"REMOTE_ADDR": "127.0.0.1"}, "headers": {"Accept": "text/html"}}


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize("console", [True, False])
def test_an_error_is_a_page_with_status_500_and_an_optional_console(console):
    answer = Client(with_debugger(broken, console=console)).get("/", **HERE)

    assert answer.status_code == 500
    assert "a mistake in the program" in answer.text
    assert (CONSOLE in answer.text) == console


def console_of(page):
    """The secret and the number of a frame, as the page has them for its script."""
    secret = page.partition('data-secret="')[2].partition('"')[0]
    return secret, page.partition('data-console="')[2].partition('"')[0]


@pytest.mark.usefixtures("quiet")
def test_the_console_runs_nothing_before_the_pin_is_given():
    client = Client(with_debugger(broken, console=True))
    secret, frame = console_of(client.get("/", **HERE).text)
    command = f"/?__debugger__=yes&cmd=12345679*63&frm={frame}&s={secret}"

    answer = client.get(command, **HERE)

    assert secret
    assert frame
    assert "777777777" not in answer.text
    assert "a mistake in the program" in answer.text  # the program was called as usual


@pytest.mark.usefixtures("quiet")
def test_the_console_runs_code_in_a_frame_after_the_pin_was_given():
    debugger = with_debugger(broken, console=True)
    client = Client(debugger)
    secret, frame = console_of(client.get("/", **HERE).text)

    pin = client.get(f"/?__debugger__=yes&cmd=pinauth&pin={debugger.pin}&s={secret}", **HERE)
    answer = client.get(
        f"/?__debugger__=yes&cmd=environ['REQUEST_METHOD']&frm={frame}&s={secret}", **HERE
    )

    assert pin.json == {"auth": True, "exhausted": False}
    assert "GET" in answer.text
    assert 'data-trusted="yes"' in client.get("/", **HERE).text


@pytest.mark.usefixtures("quiet")
@pytest.mark.parametrize(
    ("address", "host"),
    [("192.0.2.7", "localhost"), ("127.0.0.1", "rebound.example"), ("", "localhost")],
)
def test_a_reader_elsewhere_gets_neither_console_nor_secret(address, host):
    answer = Client(with_debugger(broken, console=True)).get(
        "/",
        headers={"Accept": "text/html", "Host": host},
        environ_overrides={"REMOTE_ADDR": address},
    )

    assert answer.status_code == 500
    assert "a mistake in the program" in answer.text
    assert CONSOLE not in answer.text
    assert "data-secret" not in answer.text


@pytest.mark.usefixtures("quiet")
def test_the_frames_of_old_errors_are_let_go():
    debugger = with_debugger(broken, console=True)
    client = Client(debugger)
    for _ in range(60):
        client.get("/", **HERE)

    assert len(debugger.frames) <= 60
    assert len(debugger.frames) == len(debugger.frame_contexts)


def test_other_responses_pass_unchanged():
    answer = Client(with_debugger(sound, console=True)).get("/")

    assert (answer.status_code, answer.text) == (200, "fine")


def test_after_ten_wrong_pins_no_other_is_accepted(monkeypatch):
    monkeypatch.setattr(werkzeug.debug.time, "sleep", lambda seconds: None)
    debugger = with_debugger(broken, console=True)
    client = Client(debugger)
    asked = f"/?__debugger__=yes&cmd=pinauth&s={debugger.secret}&pin="

    answers = [client.get(f"{asked}wrong", **HERE).json for _ in range(10)]
    last = client.get(f"{asked}{debugger.pin}", **HERE)

    assert answers == [{"auth": False, "exhausted": False}] * 10
    assert last.json == {"auth": False, "exhausted": True}


def test_a_right_pin_ends_the_count_of_wrong_ones(monkeypatch):
    monkeypatch.setattr(werkzeug.debug.time, "sleep", lambda seconds: None)
    debugger = with_debugger(broken, console=True)
    asked = f"/?__debugger__=yes&cmd=pinauth&s={debugger.secret}&pin="

    for pin in (*["wrong"] * 9, debugger.pin, *["wrong"] * 9):
        Client(debugger).get(f"{asked}{pin}", **HERE)
    last = Client(debugger).get(f"{asked}{debugger.pin}", **HERE)

    assert last.json == {"auth": True, "exhausted": False}


def test_the_debugger_needs_no_memory_that_processes_share():
    code = """
import sys
from retort.devtools import with_debugger

with_debugger(print, console=True)
print([name for name in ("heap", "synchronize") if f"multiprocessing.{name}" in sys.modules])
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout == "[]\n"


@pytest.mark.parametrize("rows", [Rows, OneByOne])
@pytest.mark.parametrize("taken", [1, 3], ids=["client gone after a piece", "all taken"])
def test_a_body_is_closed_once_even_if_the_client_disconnects(rows, taken):
    app = rows()
    body = with_debugger(app, console=False)(create_environ(), lambda *args: None)

    pieces = [piece for _, piece in zip(range(taken), body, strict=False)]
    body.close()

    assert pieces == [b"one", b"two", b"three"][:taken]
    assert app.closed == 1


def test_a_body_that_raises_is_closed_once(quiet):
    class Failing(OneByOne):
        def __next__(self):
            raise ValueError("the rows cannot be read")

    app = Failing()

    with pytest.raises(ValueError, match="the rows cannot be read"):  # the server breaks it off
        Client(with_debugger(app, console=False)).get("/")

    assert app.closed == 1
