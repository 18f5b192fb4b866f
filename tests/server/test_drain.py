"""`--drain`: while a server is being stopped, it serves and its page `ready` is 503."""

import http.client
import json
import os
import re
import signal
import socket
import threading
import time
from pathlib import Path

import pytest

PROGRAM = """
    import os, time
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "here"

    @app.get("/pid")
    def pid():
        return str(os.getpid())

    @app.get("/held")
    def held():
        print("held by", os.getpid(), flush=True)
        while not os.path.exists("go"):
            time.sleep(0.02)
        return "done"

    def checked():
        print("checked", flush=True)

    app.config["READY_CHECKS"] = [checked]
"""


def is_refused(port):
    try:
        socket.create_connection(("127.0.0.1", port), 60).close()
    except OSError:
        return True
    return False


@pytest.fixture
def held(tmp_path):
    """Send a request in a thread that is completed when `let_go` is called."""

    class Held:
        def begin(self, program):
            self.answers = []
            self.thread = threading.Thread(
                target=lambda: self.answers.append(program.get("/held").text)
            )
            self.thread.start()
            return int(program.wait_for_output(r"held by (\d+)")[1])

        def let_go(self):
            (tmp_path / "go").touch()
            self.thread.join()
            return self.answers

    return Held()


def ops_port_of(program):
    return int(program.wait_for_output(r"http://127\.0\.0\.1:(\d+)/-/ready")[1])


OPS = ("--port=0", "--health", "--ops-port=0", "--grace=600")


def test_a_stopped_server_is_not_ready_while_it_finishes_requests(run, held):
    program = run(PROGRAM, *OPS)
    program.wait_for_answer("here")
    port, ops_port = program.port, ops_port_of(program)
    held.begin(program)
    assert program.ask("GET", "/-/ready", port=ops_port).status == 200

    program.process.send_signal(signal.SIGTERM)

    program.wait_for(lambda: is_refused(port))
    checks = program.output.count("checked")
    ready = program.ask("GET", "/-/ready", port=ops_port)
    assert (ready.status, json.loads(ready.text)["detail"]) == (503, "The server is being stopped.")
    assert program.output.count("checked") == checks  # no load balancer needs it any more
    assert program.ask("GET", "/-/health", port=ops_port).status == 200
    assert held.let_go() == ["done"]
    assert program.process.wait(60) == 0


def test_a_server_whose_workers_are_replaced_is_ready_all_the_time(run, held):
    """The pages are those of the server: the one worker that goes has left its place."""
    program = run(PROGRAM, *OPS)
    program.wait_for_answer("here")
    ops_port = ops_port_of(program)
    old = held.begin(program)

    program.process.send_signal(signal.SIGHUP)

    program.wait_for_output("All workers serve the program as it is now")
    assert old in program.workers
    assert {program.ask("GET", "/-/ready", port=ops_port).status for _ in range(20)} == {200}
    assert held.let_go() == ["done"]
    program.wait_for(lambda: old not in program.workers)
    assert program.ask("GET", "/-/ready", port=ops_port).status == 200
    assert program.end() == 0


@pytest.fixture
def draining(run):
    """A server with two workers that was stopped, and drains for longer than any test."""

    def draining(send, *options):
        program = run(PROGRAM, "--port=0", "--workers=2", "--health", "--drain=600", *options)
        program.serving(2)
        send(program)
        return program

    return draining


def stop_first(program):
    program.process.send_signal(signal.SIGTERM)


def stop_all(program):
    """As systemd and Ctrl-C do."""
    os.killpg(program.process.pid, signal.SIGTERM)


def stop_again(program):
    time.sleep(0.2)  # sooner, it would count as a duplicate of the same signal
    program.process.send_signal(signal.SIGTERM)


def is_told(program):
    """Whether all workers report that they are not ready."""
    return {program.get("/-/ready").status for _ in range(20)} == {503}


@pytest.mark.parametrize("send", [stop_first, stop_all])
def test_with_drain_all_requests_are_served_and_ready_is_503(draining, send):
    program = draining(send)

    program.wait_for(lambda: is_told(program))
    program.wait_for_output(r"Stopping: serving for 600 s more \(--drain\)")
    assert program.get("/-/health").status == 200
    assert len(program.serving(2)) == 2
    answer = program.get("/")
    assert (answer.text, answer.headers["Connection"]) == ("here", None)


def test_with_drain_a_kept_alive_connection_gets_connection_close(run):
    program = run(PROGRAM, "--port=0", "--health", "--drain=600", "--header-timeout=600")
    program.wait_for_answer("here")
    balancer = http.client.HTTPConnection("127.0.0.1", program.port, timeout=60)

    def ready():
        balancer.request("GET", "/-/ready")
        answer = balancer.getresponse()
        answer.read()
        return answer.status

    assert ready() == 200
    address = balancer.sock.getsockname()
    stop_first(program)

    program.wait_for(lambda: ready() == 503)
    assert balancer.sock.getsockname() == address  # all on one connection
    balancer.close()


def test_with_drain_requests_in_progress_have_the_grace_time_besides(run, held):
    program = run(PROGRAM, *OPS, "--drain=0.5")
    program.wait_for_answer("here")
    port = program.port
    held.begin(program)

    program.process.send_signal(signal.SIGTERM)

    program.wait_for(lambda: is_refused(port))
    assert program.process.poll() is None
    assert held.let_go() == ["done"]
    assert program.process.wait(60) == 0


def test_a_second_signal_ends_the_drain(draining):
    program = draining(stop_first)
    program.wait_for(lambda: is_told(program))

    stop_again(program)

    assert program.process.wait(60) == 1
    program.wait_for(lambda: program.family() == [])


def test_a_drain_without_workers_is_over(draining):
    program = draining(stop_first)
    program.wait_for(lambda: is_told(program))

    for pid in program.workers:
        os.kill(pid, signal.SIGKILL)

    assert program.process.wait(60) == 0
    assert "starting another" not in program.output


def test_the_file_of_a_unix_socket_is_there_until_the_drain_is_over(run, tmp_path):
    path = tmp_path / "shop.sock"
    program = run(PROGRAM, "--unix", str(path), "--health", "--drain=600")
    program.wait_for_output("Press Ctrl-C")

    def answer(target):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect(str(path))
            connection.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % target)
            return b"".join(iter(lambda: connection.recv(4096), b""))

    program.wait_for(lambda: b" 200 " in answer(b"/-/ready"))
    stop_first(program)

    program.wait_for(lambda: b" 503 " in answer(b"/-/ready"))
    assert answer(b"/").endswith(b"here")
    stop_again(program)
    assert program.process.wait(60) == 1
    assert not Path(path).exists()


@pytest.mark.parametrize("seconds", ["-1", "soon", "nan"])
def test_a_drain_time_that_is_none_is_refused(run, seconds):
    program = run(PROGRAM, "--port=0", "--drain", seconds)

    assert program.process.wait(60) == 2
    assert re.search(r"'--drain'.*is not a number of seconds", program.output)
