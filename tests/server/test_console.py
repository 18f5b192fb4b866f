"""Console output of the server."""

import logging
import re
import time

import pytest

from retort.logging import UNLOGGED
from retort.server.console import (
    ARRIVED_AT,
    REQUEST_LOGGER,
    address_lines,
    echo_failure,
    log_request,
    request_logger,
    shown_duration,
    start_lines,
)


def lines(**changes):
    wish = {"name": "login.py", "scheme": "http", "host": "127.0.0.1", "port": 5000}
    return "\n".join(start_lines(**{**wish, "debug": False, **changes}))


def test_the_first_lines_of_a_program_in_debug():
    assert lines(debug=True, reload=True, debugger=True).splitlines() == [
        " * Serving 'login.py' with Retort, debug on",
        " * Open http://127.0.0.1:5000 (http://localhost:5000 works too)",
        " * Reloader on: the program is imported again after each change",
        " * Press Ctrl-C to stop",
    ]


def test_a_failure_is_its_traceback_or_its_summary_then_the_explanation(capsys):
    echo_failure("No application found.")
    echo_failure("KeyError: 'k'", "Traceback ...\nKeyError: 'k'\n", "The key is missing.")

    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        "Error: No application found.\nTraceback ...\nKeyError: 'k'\nThe key is missing.\n"
    )


def test_a_note_is_printed_for_a_script_that_runs_twice():
    text = lines(debug=True, reload=True, imports_twice=True)

    assert "\n   The module is imported twice: here, and in the process that serves\n" in text


def test_an_ipv6_address_is_put_in_brackets():
    assert address_lines("https", "::1", 443) == [" * Open https://[::1]:443"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_server_on_all_addresses_prints_a_local_url(host):
    first = address_lines("http", host, 80)[0]

    assert first == " * Open http://127.0.0.1:80 on this machine"


def test_a_debugger_on_a_public_address_has_no_console_and_prints_the_reason():
    assert "without a console, because others can reach 0.0.0.0" in lines(
        host="0.0.0.0", debugger=True
    )
    assert "console" not in lines(debugger=True)


# Request lines


@pytest.fixture
def root():
    """A root logger as in a fresh program; pytest has put handlers on the real one."""
    return logging.RootLogger(logging.WARNING)


@pytest.fixture
def logger(root):
    """The logger of request lines, below ``root`` and with nothing set; it is left so."""
    logger = logging.getLogger(REQUEST_LOGGER)
    before = logger.parent, logger.level, logger.handlers[:]
    logger.parent, logger.handlers[:] = root, []
    logger.setLevel(logging.NOTSET)
    request_logger.cache_clear()
    yield logger
    logger.parent, level, logger.handlers[:] = before
    logger.setLevel(level)
    logger.filters.clear()
    logger.disabled = False
    request_logger.cache_clear()


def printed(capsys):
    """What is on the terminal, without the time at the start of each line."""
    return re.sub(r"^(\x1b\[\d+m)?\d\d:\d\d:\d\d ", r"\1", capsys.readouterr().err, flags=re.M)


def request_of(path="/", query="", client="127.0.0.1", method="GET"):
    return {
        "REMOTE_ADDR": client,
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
    }


@pytest.mark.usefixtures("logger")
@pytest.mark.parametrize(
    ("path", "query", "shown"),
    [
        ("/login", "", "/login"),
        ("/login", "nm=Ada%20L&x=1", "/login?nm=Ada%20L&x=1"),
        ("/welcome \xc3\xa9", "", "/welcome%20%C3%A9"),
        ("/a\r\n127.0.0.1 forged", "\x1b[2J", "/a%0D%0A127.0.0.1%20forged?%1B[2J"),
    ],
)
def test_a_request_is_one_line(capsys, path, query, shown):
    log_request(request_of(path, query), 302)

    assert printed(capsys) == f'127.0.0.1 "GET {shown}" 302\n'


@pytest.mark.usefixtures("logger")
def test_an_address_that_a_proxy_gives_cannot_forge_a_line_or_steer_the_terminal(capsys):
    log_request(request_of(client="10.0.0.1%eth0\n127.0.0.1 \x9b2J", method="GET\x1b"), 200)

    assert printed(capsys) == '10.0.0.1%eth0\\n127.0.0.1 \\x9b2J "GET\\x1b /" 200\n'


def test_the_level_of_the_logger_werkzeug_silences_request_lines(capsys, logger):
    logger.setLevel(logging.ERROR)

    log_request(request_of(), 200)

    assert capsys.readouterr().err == ""


def test_a_level_that_is_set_after_the_first_request_counts(capsys, logger):
    log_request(request_of("/first"), 200)
    logger.setLevel(logging.ERROR)
    log_request(request_of("/second"), 200)

    assert printed(capsys) == '127.0.0.1 "GET /first" 200\n'


def test_a_disabled_logger_werkzeug_silences_request_lines(capsys, logger):
    logger.disabled = True

    log_request(request_of(), 200)

    assert capsys.readouterr().err == ""


def test_a_filter_of_the_program_chooses_among_request_lines(capsys, logger):
    logger.addFilter(lambda record: "/health" not in record.getMessage())

    log_request(request_of("/health"), 200)
    log_request(request_of("/"), 200)

    assert printed(capsys) == '127.0.0.1 "GET /" 200\n'


def test_a_record_has_the_request_and_the_status_as_arguments(capsys, logger):
    records = []
    logger.addFilter(lambda record: records.append(record) or True)

    log_request(request_of("/login", method="POST"), 302)

    (record,) = records
    assert (record.levelname, record.args, record.status) == ("INFO", ("POST /login", "302"), 302)


def test_handlers_of_the_program_take_the_place_of_the_terminal(capsys, root, logger):
    lines = []
    own = logging.Handler()
    own.emit = lambda record: lines.append(f"mine: {record.getMessage()}")
    root.addHandler(own)

    log_request(request_of(), 200)

    assert lines == ['mine: 127.0.0.1 "GET /" 200']
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("logger")
def test_request_lines_have_the_colour_of_their_status_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setattr("click.utils.should_strip_ansi", lambda *args: False)

    for status in (200, 302, 404, 500):
        log_request(request_of(), status)

    green, plain, yellow, red = printed(capsys).splitlines()
    assert [green[:5], yellow[:5], red[:5]] == ["\x1b[32m", "\x1b[33m", "\x1b[31m"]
    assert plain.startswith("127.0.0.1")


@pytest.mark.usefixtures("logger")
def test_a_line_on_the_terminal_has_the_time_and_the_duration(capsys):
    environ = {**request_of("/slow"), ARRIVED_AT: time.perf_counter() - 90}

    log_request(environ, 200)

    line = capsys.readouterr().err
    assert re.fullmatch(r'\d\d:\d\d:\d\d 127\.0\.0\.1 "GET /slow" 200 9\d\.\d s\n', line)


def test_the_record_of_a_request_has_its_duration_as_a_number(logger):
    records = []
    logger.addFilter(lambda record: records.append(record) or False)

    log_request({**request_of(), ARRIVED_AT: time.perf_counter() - 90}, 200)

    assert records[0].duration_ms >= 90_000
    assert records[0].args == ("GET /", "200")


@pytest.mark.parametrize(
    ("milliseconds", "shown"),
    [(0.04, "0.0 ms"), (0.44, "0.4 ms"), (1, "1 ms"), (999, "999 ms"), (61_000, "61.0 s")],
)
def test_a_duration_has_the_unit_that_needs_the_fewest_digits(milliseconds, shown):
    assert shown_duration(milliseconds) == shown


@pytest.mark.usefixtures("logger")
def test_a_request_that_is_marked_as_unlogged_has_no_line(capsys):
    log_request({**request_of(), UNLOGGED: True}, 204)

    assert capsys.readouterr().err == ""
