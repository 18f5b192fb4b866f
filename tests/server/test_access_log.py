"""`retort run --access-log`: a line for each request, which no client can forge."""

import json
import os
import re
import socket
import time
from types import SimpleNamespace

import pytest

from retort.server.operations.access_log import FORMATS, AccessLog, LogFile, clock_time, escape

PROGRAM = """
    from flask import Flask, Response, abort
    from werkzeug.exceptions import HTTPException

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "hello"

    @app.get("/user/<int:number>", endpoint="someone")
    def user(number):
        return str(number)

    @app.get("/stream")
    def stream():
        return Response("x" * 1000 for _ in range(7))

    @app.get("/cut")
    def cut():
        def pieces():
            yield "y" * 100
            raise ValueError("on purpose")
        return Response(pieces())

    @app.get("/crash")
    def crash():
        raise ValueError("on purpose")

    inner = app.wsgi_app

    def outermost(environ, start_response):
        if environ["PATH_INFO"] == "/write":
            write = start_response("201 Created", [("Content-Type", "text/plain")])
            write(b"1234")
            return [b"56"]
        if environ["PATH_INFO"] == "/raise":
            raise RuntimeError("not even an answer")
        return inner(environ, start_response)

    app.wsgi_app = outermost
"""

WAIT_SECONDS = 60  # far above what a line takes


class Log:
    """The lines of an access log; each read waits for the one that is meant."""

    def __init__(self, path):
        self.path = path

    @property
    def lines(self):
        return self.path.read_text().splitlines() if self.path.exists() else []

    def line_with(self, text):
        give_up_at = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < give_up_at:
            found = [line for line in self.lines if text in line]
            if found:
                return found[0]
            time.sleep(0.02)
        return pytest.fail(f"No line with {text!r} in {self.lines}")


@pytest.fixture(scope="module")
def logged(serve, program, tmp_path_factory):
    path = tmp_path_factory.mktemp("logs") / "access.json"
    options = ("--access-log", str(path), "--access-log-format", "json", "--workers", "2")
    with serve(program, *options) as site:
        site.access = Log(path)
        yield site


def entry(site, mark, **more):
    return json.loads(site.access.line_with(mark))


def test_a_line_has_client_request_and_response(logged):
    headers = {
        "Referer": "http://localhost/from",
        "User-Agent": "a test",
        "Authorization": "Basic QWRhOnNlY3JldA==",  # Ada:secret
    }
    logged.ask("GET", "/user/7?q=first", headers=headers)

    line = entry(logged, "q=first")

    assert line["client"] == "127.0.0.1"
    assert line["user"] == "Ada"
    assert (line["method"], line["target"]) == ("GET", "/user/7?q=first")
    assert line["protocol"] == "HTTP/1.1"
    assert (line["status"], line["bytes"]) == (200, 1)
    assert line["referer"] == "http://localhost/from"
    assert line["agent"] == "a test"
    assert line["endpoint"] == "someone"
    assert line["duration_ms"] > 0
    assert re.fullmatch(r"[0-9a-f]{32}", line["request_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line["time"])
    assert "secret" not in logged.access.line_with("q=first")


@pytest.mark.parametrize(
    ("path", "status", "size"),
    [
        ("/stream", 200, 7000),
        ("/cut", 200, 100),
        ("/write", 201, 6),
        ("/raise", 500, 0),
        ("/none", 404, 207),
    ],
)
def test_bytes_are_those_that_were_sent(logged, path, status, size):
    logged.send(f"GET {path}?bytes HTTP/1.0\r\n\r\n".encode())

    line = entry(logged, f"{path}?bytes")

    assert (line["status"], line["bytes"]) == (status, size)


def test_the_endpoint_is_that_of_the_route_and_none_if_there_is_none(logged):
    logged.ask("GET", "/none?endpoint")
    logged.ask("GET", "/crash?endpoint")

    assert entry(logged, "/none?endpoint")["endpoint"] is None
    assert entry(logged, "/crash?endpoint")["endpoint"] == "crash"


def test_a_head_request_sends_no_bytes(logged):
    logged.ask("HEAD", "/?head")

    assert entry(logged, "/?head")["bytes"] == 0


def test_requests_rejected_before_the_program_are_logged(logged):
    answer = logged.send(b"GET /?no-host HTTP/1.1\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 400")
    assert entry(logged, "no-host")["status"] == 400


def test_requests_at_once_in_several_workers_are_whole_lines(logged):
    count = 300
    connections = [socket.create_connection(("127.0.0.1", logged.port)) for _ in range(20)]
    agent = "a" * 400
    for connection in connections:
        request = f"GET /?burst HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {agent}\r\n\r\n"
        connection.sendall(request.encode() * (count // 20))
    for connection in connections:
        connection.settimeout(WAIT_SECONDS)
        answer = b""
        while answer.count(b"hello") < count // 20:
            piece = connection.recv(65536)
            assert piece, answer
            answer += piece
        connection.close()

    logged.wait_for(lambda: sum("burst" in line for line in logged.access.lines) >= count)
    burst = [json.loads(line) for line in logged.access.lines if "burst" in line]
    assert len(burst) == count
    assert len({line["request_id"] for line in burst}) == count


def test_a_file_that_logrotate_moved_away_is_made_again(logged):
    logged.ask("GET", "/?before")
    logged.access.line_with("/?before")
    old = logged.access.path.rename(logged.access.path.with_suffix(".1"))

    for number in range(20):  # both workers
        logged.ask("GET", f"/?after-{number}")
        logged.access.line_with(f"/?after-{number}")

    assert "after" not in old.read_text()


def test_standard_output_and_the_combined_format(serve, program):
    with serve(program, "--access-log", "-") as site:
        site.ask("GET", "/?combined", headers={"User-Agent": 'a "quoted" agent'})
        line = Log(site.log).line_with("/?combined")

    assert re.fullmatch(
        r"127\.0\.0\.1 - - \[\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d [+-]\d{4}\]"
        r' "GET /\?combined HTTP/1\.1" 200 5 "-" "a \\"quoted\\" agent"',
        line,
    )


def test_without_the_option_nothing_is_logged(serve, program):
    with serve(program) as site:
        site.ask("GET", "/?silent")
        output = site.log.read_text()

    assert "silent" not in output


def test_a_log_that_cannot_be_written_ends_the_start(start, tmp_path):
    program = start(
        "from flask import Flask\napp = Flask(__name__)",
        words=(
            "-m",
            "retort",
            "run",
            "--port",
            "0",
            "--access-log",
            f"{tmp_path}/none/log",
            "{file}",
        ),
    )

    assert program.wait() == 1
    assert "cannot write the access log" in program.output
    assert "No such file or directory" in program.output


# What a line looks like, without a server.


def exchange(**environ):
    return SimpleNamespace(
        environ={"REMOTE_ADDR": "192.0.2.7", **environ},
        method="GET",
        path="/",
        query="",
        protocol="HTTP/1.1",
        arrived_at=1_800_000_000.5,
        status=200,
        size=0,
        seconds=0.0125,
        endpoint=None,
        request_id="abc",
    )


def test_the_common_format_is_apaches():
    line = FORMATS["common"](exchange(REMOTE_USER="Ada L"))

    assert line == (f'192.0.2.7 - Ada\\x20L [{clock_time(1_800_000_000)}] "GET / HTTP/1.1" 200 -')


@pytest.mark.parametrize("format_name", FORMATS)
def test_no_field_of_a_client_can_begin_a_line_or_steer_a_terminal(format_name):
    evil = 'x"\r\n127.0.0.1 forged \x1b[2J \x00 \x7f \x85 \xe2\x80\xa8 \\'
    wicked = exchange(HTTP_REFERER=evil, HTTP_USER_AGENT=evil, REMOTE_USER=evil, REMOTE_ADDR=evil)
    wicked.method = wicked.path = wicked.query = wicked.endpoint = evil

    line = FORMATS[format_name](wicked)

    assert line.isascii()
    assert line.isprintable()


@pytest.mark.parametrize("format_name", FORMATS)
@pytest.mark.parametrize("character", ["a", "\xff", '"', "\x00", "\\"])
def test_no_line_is_longer_than_what_a_pipe_takes_at_once(format_name, character):
    text = character * 60_000
    long = exchange(HTTP_REFERER=text, HTTP_USER_AGENT=text, REMOTE_USER=text)
    long.method = long.path = long.query = long.endpoint = text

    assert len(FORMATS[format_name](long)) < 4096


def test_a_cut_field_in_json_is_still_json():
    long = exchange(HTTP_USER_AGENT='"' * 60_000, HTTP_REFERER="\xc3\xa9")

    line = json.loads(FORMATS["json"](long))

    assert set(line["agent"]) == {'"'}
    assert line["referer"] == "é"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('a "b"', 'a \\"b\\"'),
        ("back\\slash", "back\\\\slash"),
        ("\r\n\t", "\\x0d\\x0a\\x09"),
        ("\xc3\xa9", "\\xc3\\xa9"),
        ("~ !", "~ !"),
    ],
)
def test_text_is_escaped_as_apache_does(text, shown):
    assert escape(text) == shown


@pytest.mark.parametrize("token", ["%%%", "QWRh", "w6k6eA==", "", "QWRhOg"])
def test_a_broken_user_name_breaks_nothing(token):
    for make in FORMATS.values():
        assert "192.0.2.7" in make(exchange(HTTP_AUTHORIZATION=f"Basic {token}"))


def test_a_full_disk_is_reported_once_and_fails_no_request(capsys):
    if not os.path.exists("/dev/full"):
        pytest.fail("These tests run on Linux, which has /dev/full.")
    log = AccessLog("/dev/full", "common")

    log(exchange())
    log(exchange())

    assert capsys.readouterr().err.count("cannot write the access log") == 1


def test_a_removed_file_is_made_again(tmp_path):
    file = LogFile(str(tmp_path / "log"))
    file.write_line("first")
    (tmp_path / "log").unlink()

    file.write_line("second")

    assert (tmp_path / "log").read_text() == "second\n"
    file.close()
