"""Debug mode over a real server: its log, what programs do to it, and clients that disconnect."""

import re

import pytest

PROGRAM = """
    import logging, sys, time
    from flask import Flask, Response, request

    app = Flask(__name__)
    {set_up}

    class Rows:
        def __iter__(self):
            for _ in range(100):
                time.sleep(0.02)
                yield b"z" * 500

        def close(self):
            print("rows closed", flush=True)

    @app.get("/")
    def index():
        return "served"

    @app.get("/rows")
    def rows():
        response = Response(Rows())
        response.call_on_close(lambda: print("response closed", flush=True))
        return response

    @app.get("/log")
    def log():
        app.logger.warning(f"looked for {request.args['q']}")
        return "logged"

    @app.before_request
    def fail():
        if "boom" in request.path:
            raise ValueError(f"no page {request.path}")

    if __name__ == "__main__":
        app.run(port=0, debug=True, use_reloader=False)
"""
FORGED = "[2026-11-30 12:00:00,000] ERROR in app: forged"
IN_PATH = "%0A[2026-11-30%2012:00:00,000]%20ERROR%20in%20app:%20forged%1B[2J"
SCRIPT = ("-m", "retort", "{file}")
PRODUCTION = ("-m", "retort", "run", "--port", "0", "{file}")
PRODUCTION_TEXT = ("-m", "retort", "run", "--port", "0", "--log-format", "text", "{file}")


def program_with(set_up=""):
    return PROGRAM.replace("{set_up}", set_up)


@pytest.mark.parametrize("words", [SCRIPT, PRODUCTION], ids=["debug", "production"])
def test_a_body_is_closed_once_when_the_client_disconnects(start, words):
    program = start(program_with(), words=words)
    with program.connect() as connection:
        connection.sendall(b"GET /rows HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert connection.recv(100)

    program.wait_for_output("response closed")
    program.wait_for_answer("served")
    program.end()

    assert program.output.count("rows closed") == 1
    assert program.output.count("response closed") == 1


@pytest.mark.parametrize(
    "words", [SCRIPT, PRODUCTION, PRODUCTION_TEXT], ids=["debug", "production", "text log"]
)
@pytest.mark.parametrize("path", [f"/boom{IN_PATH}", f"/log?q={IN_PATH}", f"/nowhere{IN_PATH}"])
def test_a_path_forges_no_line_of_the_log_and_steers_no_terminal(start, words, path):
    program = start(program_with(), words=words)
    program.get(path)
    program.wait_for_answer("served")
    program.end()

    assert "\x1b" not in program.output
    assert not [line for line in program.output.splitlines() if line.startswith(FORGED)]
    if "nowhere" not in path:
        assert FORGED + "\\x1b[2J" in program.output


def test_the_level_of_the_logger_werkzeug_silences_request_lines_of_debug_mode(start):
    program = start(
        program_with('logging.getLogger("werkzeug").setLevel(logging.ERROR)'), words=SCRIPT
    )
    program.get("/log?q=x")
    program.wait_for_output("looked for x")
    program.end()

    assert "GET /" not in program.output


def test_request_lines_go_through_the_handlers_that_a_program_configures(start):
    program = start(
        program_with('logging.basicConfig(format="%(name)s %(levelname)s: %(message)s")'),
        words=SCRIPT,
    )
    program.get("/?x=1")
    program.wait_for_output(r'werkzeug INFO: 127\.0\.0\.1 "GET /\?x=1" 200 [\d.]+ m?s\n')

    assert program.output.count('"GET /?x=1"') == 1


def test_request_lines_of_debug_mode_are_printed_where_a_program_configures_nothing(start):
    program = start(program_with(), words=SCRIPT)
    program.get("/?x=1")

    program.wait_for_output(r'\n\d\d:\d\d:\d\d 127\.0\.0\.1 "GET /\?x=1" 200 [\d.]+ m?s\n')


DEBUG = ("--debug", "--no-reload", "--port", "0")
SOCKETS = "from werkzeug.routing import Rule; app.url_map.add(Rule('/ws', websocket=True))"


@pytest.mark.parametrize("set_up", ["", SOCKETS], ids=["granian", "werkzeug"])
def test_with_an_access_log_on_the_terminal_each_request_has_one_line(run, set_up):
    program = run(program_with(set_up), *DEBUG, "--access-log", "-")
    program.get("/?x=1")
    program.wait_for_output(r'"GET /\?x=1 HTTP/1.1" 200')
    program.end()

    assert program.output.count('"GET /?x=1') == 1


def test_with_an_access_log_in_a_file_the_terminal_has_a_line_of_its_own(run, tmp_path):
    file = tmp_path / "access.log"
    program = run(program_with(), *DEBUG, "--access-log", str(file))
    program.get("/?x=1")
    program.wait_for_output(r'"GET /\?x=1" 200')
    program.end()

    assert file.read_text().count('"GET /?x=1 HTTP/1.1" 200') == 1


@pytest.mark.parametrize("set_up", ["", SOCKETS], ids=["granian", "werkzeug"])
def test_polls_of_error_pages_are_in_no_log(run, tmp_path, set_up):
    file = tmp_path / "access.log"
    program = run(program_with(set_up), *DEBUG, "--access-log", str(file))
    polled = program.ask("OPTIONS", "/", headers={"Retort-Poll": "1"})
    program.ask("OPTIONS", "/?x=1")
    program.wait_for_output(r'"OPTIONS /\?x=1.*" 200')
    program.end()

    assert (polled.status, polled.text) == (204, "")
    for log in (program.output, file.read_text()):
        assert log.count('"OPTIONS /') == 1


def test_an_error_outside_of_the_application_has_a_traceback_that_begins_with_the_program(run):
    set_up = """def fail(environ, start_response): raise LookupError('outside')
    app.wsgi_app = fail"""
    program = run(program_with(set_up), "--port", "0")
    program.get("/")
    program.wait_for_output("LookupError: outside")
    program.end()

    first = program.output.partition("Traceback (most recent call last):\n")[2].splitlines()[0]
    assert first.endswith(", in fail")


INVALID = """def respond(environ, start_response): start_response("no status", []); return []
    app.wsgi_app = respond"""


def test_a_record_of_the_server_has_time_level_and_its_loggers_name(run):
    program = run(program_with(INVALID), "--port", "0")
    program.get("/a%0A[2026")
    program.wait_for_output("500 was sent instead")
    program.end()

    assert re.search(
        r"^\[20[-\d]+ [:,\d]+\] ERROR in retort\.server: GET /a$", program.output, re.M
    )
    assert not re.search(r"^\[2026: ", program.output, re.M)


def test_a_record_of_the_server_goes_to_the_handlers_of_the_program_alone(run):
    set_up = 'logging.basicConfig(format="OWN %(name)s: %(message)s")\n    ' + INVALID
    program = run(program_with(set_up), "--port", "0")
    program.get("/")
    program.wait_for_output("OWN retort.server: GET /: .* 500 was sent instead")
    program.end()

    assert program.output.count("500 was sent instead") == 1


def test_an_http_error_of_a_coroutine_function_has_its_page(run):
    program = run(
        """
        from retort import Flask, abort

        app = Flask(__name__)

        @app.get("/")
        async def index():
            abort(403)
        """,
        "--port=0",
        "--debug",
        "--no-reload",
    )

    page = program.get("/")
    assert page.status == 403
    assert "Forbidden" in page.text
