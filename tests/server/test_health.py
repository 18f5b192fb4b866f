"""Pages for the machines that watch a server: health and ready, on the site's port or their own."""

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import threading

import pytest

PROGRAM = """
    import time

    from flask import Flask, current_app

    app = Flask(__name__)
    state = {"broken": False}

    @app.get("/")
    def index():
        return "hello"

    @app.get("/break/<int:how>")
    def break_it(how):
        state["broken"] = how
        return "broken"

    @app.get("/sleep")
    def sleep():
        time.sleep(60)

    def database():
        assert current_app.name == "shop"
        if state["broken"] == 1:
            raise ConnectionError("password=secret")

    def cache():
        return state["broken"] != 2

    app.config["READY_CHECKS"] = [database, cache]
"""


@pytest.fixture(scope="module")
def site(serve, program):
    with serve(program, "--health", "--access-log", "-") as site:
        yield site


def test_health_reports_that_the_process_responds(site):
    answer = site.ask("GET", "/-/health")

    assert (answer.status, json.loads(answer.body)) == (200, {"status": "ok"})
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"


def test_ready_runs_every_check_of_the_program(site):
    good = site.ask("GET", "/-/ready")
    site.ask("GET", "/break/1")
    bad = site.ask("GET", "/-/ready")
    site.ask("GET", "/break/2")
    false = site.ask("GET", "/-/ready")
    site.ask("GET", "/break/0")

    assert (good.status, json.loads(good.body)["checks"]) == (
        200,
        {"database": "ok", "cache": "ok"},
    )
    assert bad.status == 503
    assert bad.headers["Content-Type"] == "application/problem+json"
    problem = json.loads(bad.body)
    assert (problem["status"], problem["title"]) == (503, "Service Unavailable")
    assert problem["checks"] == {"database": "failed", "cache": "ok"}
    assert b"secret" not in bad.body  # in the log only
    site.wait_for_log("password=secret")
    assert json.loads(false.body)["checks"] == {"database": "ok", "cache": "failed"}
    assert site.ask("GET", "/-/ready").status == 200


def test_a_head_request_has_no_body_and_others_are_refused(site):
    head = site.ask("HEAD", "/-/health")
    post = site.ask("POST", "/-/health", body=b"x=1")

    assert (head.status, head.body) == (200, b"")
    assert head.headers["Content-Length"] == "17"
    assert (post.status, post.headers["Allow"]) == (405, "GET, HEAD")


def test_they_are_in_no_access_log(site):
    site.ask("GET", "/-/health?now")
    site.ask("GET", "/?then")

    site.wait_for_log("/?then")
    assert "/-/health" not in site.log.read_text()


def test_without_the_option_there_are_no_such_pages(serve, program):
    with serve(program) as site:
        assert site.ask("GET", "/-/health").status == 404
        assert site.ask("GET", "/-/ready").status == 404


def test_they_can_be_elsewhere(serve, program):
    with serve(program, "--health", "--ops-path", "/internal/") as site:
        assert site.ask("GET", "/internal/health").status == 200
        assert site.ask("GET", "/-/health").status == 404


def ask(port, path):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, body


@pytest.fixture(scope="module")
def apart(serve, program):
    """A site whose pages have their own port, and where one view at a time can run."""
    options = ("--health", "--ops-port", "0", "--threads", "1", "--workers", "2")
    with serve(program, *options) as site:
        address = r"http://127\.0\.0\.1:(\d+)/-/health"
        site.ops_port = int(site.wait_for(lambda: re.search(address, site.log.read_text()))[1])
        yield site


def test_a_port_of_their_own_has_the_pages_and_nothing_else(apart):
    assert ask(apart.ops_port, "/-/health")[0] == 200
    assert ask(apart.ops_port, "/-/ready")[0] == 200
    assert ask(apart.ops_port, "/")[0] == 404
    assert apart.ask("GET", "/-/health").status == 404
    assert apart.ask("GET", "/").text == "hello"


def test_it_answers_while_every_view_is_busy(apart):
    busy = [socket.create_connection(("127.0.0.1", apart.port)) for _ in range(4)]
    for connection in busy:
        connection.sendall(b"GET /sleep HTTP/1.1\r\nHost: localhost\r\n\r\n")

    assert [ask(apart.ops_port, "/-/health")[0] for _ in range(5)] == [200] * 5
    for connection in busy:
        connection.close()


def test_it_handles_concurrent_and_silent_clients(apart):
    silent = [socket.create_connection(("127.0.0.1", apart.ops_port)) for _ in range(20)]
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(ask(apart.ops_port, "/-/ready")[0]))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for connection in silent:
        connection.close()

    assert statuses == [200] * 20


@pytest.mark.parametrize("payload", [b"\0\xff\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n"])
def test_nonsense_does_not_end_it(apart, payload):
    with (
        socket.create_connection(("127.0.0.1", apart.ops_port), 60) as connection,
        contextlib.suppress(ConnectionError),  # it need not read it to its end
    ):
        connection.sendall(payload)
        connection.recv(4096)

    assert ask(apart.ops_port, "/-/health")[0] == 200


def test_a_killed_worker_takes_no_page_away(start, program):
    with open(program) as source:
        running = start(
            source.read(),
            name="shop.py",
            words=(
                *("-m", "retort", "run", "--port", "0", "--workers", "2"),
                *("--health", "--ops-port", "0", "{file}"),
            ),
        )
    port = int(running.wait_for_output(r"http://127\.0\.0\.1:(\d+)/-/health")[1])
    running.wait_for(lambda: len(running.workers) == 2)
    running.wait_for_answer("hello")
    os.kill(running.workers[0], signal.SIGKILL)

    running.wait_for_output("starting another")
    assert ask(port, "/-/health")[0] == 200
    assert running.end() == 0


def test_a_port_without_pages_is_a_mistake(start):
    running = start("app = None", words=("-m", "retort", "run", "--ops-port", "9000", "{file}"))

    assert running.wait() == 2
    assert "--ops-port serves monitoring pages" in running.output


def test_a_port_in_use_is_reported(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        running = start(
            "from flask import Flask\napp = Flask(__name__)",
            words=("-m", "retort", "run", "--port", "0", "--health", "--ops-port", port, "{file}"),
        )

        assert running.wait() == 1
        assert f"Port {port} on 127.0.0.1 is in use" in running.output
        assert "--ops-port" in running.output
