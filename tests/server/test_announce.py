"""The lines in the terminal."""

import pytest

from retort.server.announce import address_lines, log_request, start_lines


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


def test_a_script_is_told_that_it_runs_twice():
    text = lines(debug=True, reload=True, imports_twice=True)

    assert "\n   The module is imported twice: here, and in the process that serves\n" in text


def test_an_ipv6_address_is_put_in_brackets():
    assert address_lines("https", "::1", 443) == [" * Open https://[::1]:443"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])
def test_a_server_for_all_says_what_to_open_here(host):
    first = address_lines("http", host, 80)[0]

    assert first == " * Open http://127.0.0.1:80 on this machine"


def test_a_debugger_that_others_can_reach_has_no_console_and_says_why():
    assert "without a console, because others can reach 0.0.0.0" in lines(
        host="0.0.0.0", debugger=True
    )
    assert "console" not in lines(debugger=True)


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
    environ = {
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "PATH_INFO": path,
        "QUERY_STRING": query,
    }

    log_request(environ, 302)

    assert capsys.readouterr().err == f'127.0.0.1 "GET {shown}" 302\n'
