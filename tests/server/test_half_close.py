"""Clients that end their side of the connection (half-close) before they have the response.

A known limit: hyper takes such a client for one that has left, unless its option ``half_close`` is
set, which Granian does not do. If a release of Granian does, tests here fail: change the docs then.
"""

import socket

import pytest

PROGRAM = """
    import os, threading
    from flask import Flask

    app = Flask(__name__)
    go = threading.Event()

    def say(text):
        os.write(1, f"{text}\\n".encode())

    @app.route("/", methods=["GET", "POST"])
    def index():
        say("view ran")
        return "hello"

    @app.route("/waits", methods=["GET", "POST"])
    def waits():
        say("view began")
        go.wait()
        say("view ended")
        return "hello"

    @app.get("/go")
    def let_go():
        go.set()
        return "gone"
"""

REQUESTS = {
    "GET": b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
    "close": b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    "POST": b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
    "chunks": (
        b"POST %s HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
    ),
}


@pytest.fixture
def program(run):
    return run(PROGRAM, "--port=0")


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_request_followed_by_a_half_close_runs_its_view_at_most_once(program, kind):
    """Whether it is answered is a matter of who is first."""
    answers = [program.send(REQUESTS[kind] % b"/", half_close=True) for _ in range(30)]

    assert all(answer == b"" or answer.endswith(b"\r\n\r\nhello") for answer in answers)
    assert [program.get("/").text for _ in range(10)] == ["hello"] * 10
    assert program.output.count("view ran") <= 30 + 10
    assert "Traceback" not in program.output


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_view_that_is_slower_than_a_half_close_runs_to_its_end_unanswered(program, kind):
    with program.connect() as connection:
        connection.sendall(REQUESTS[kind] % b"/waits")
        program.wait_for_output("view began")
        connection.shutdown(socket.SHUT_WR)

        assert program.received(connection) == b""
        assert "view ended" not in program.output
    assert program.get("/go").text == "gone"
    program.wait_for_output("view ended")
    assert program.output.count("view began") == 1
    assert program.get("/").text == "hello"
    assert "Traceback" not in program.output


@pytest.mark.parametrize("kind", REQUESTS)
def test_a_client_that_sends_an_empty_line_before_it_half_closes_is_answered(program, kind):
    answers = [program.send(REQUESTS[kind] % b"/" + b"\r\n", half_close=True) for _ in range(30)]

    assert all(answer.endswith(b"\r\n\r\nhello") for answer in answers)
    assert program.output.count("view ran") == 30
