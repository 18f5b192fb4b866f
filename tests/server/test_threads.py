"""The number of concurrent views, and that all requests get responses."""

import concurrent.futures
import contextlib

import pytest

PROGRAM = """
    import threading
    import time
    from flask import Flask

    app = Flask(__name__)
    together = threading.Barrier(200)
    running = []
    go_on = threading.Event()

    @app.get("/together")
    def all_at_once():
        together.wait(50)
        return "met"

    @app.get("/block")
    def block():
        time.sleep(0.3)
        return "slept"

    @app.get("/count")
    def count():
        running.append(1)
        most = len(running)
        time.sleep(0.02)
        most = max(most, len(running))
        running.pop()
        return str(most)

    @app.get("/wait")
    def wait():
        go_on.wait(50)
        return "waited"

    @app.post("/go")
    def go():
        go_on.set()
        return "gone"
"""


def ask_at_once(program, path, number):
    with concurrent.futures.ThreadPoolExecutor(number) as clients:
        return list(clients.map(lambda _: program.get(path).text, range(number)))


def test_hundreds_of_views_run_at_once_by_default(run):
    program = run(PROGRAM, "--port=0")

    assert ask_at_once(program, "/together", 200) == ["met"] * 200


def test_more_blocking_requests_than_threads_are_all_answered(run):
    program = run(PROGRAM, "--port=0")

    assert ask_at_once(program, "/block", 300) == ["slept"] * 300
    assert program.end() == 0


@pytest.mark.parametrize("threads", [1, 2, 3, 20])
def test_the_number_of_concurrent_views_is_limited(run, threads):
    program = run(PROGRAM, "--port=0", f"--threads={threads}")

    counts = {int(count) for count in ask_at_once(program, "/count", 40)}
    assert max(counts) <= threads


@pytest.mark.parametrize("threads", [2, 5])
def test_who_waits_for_a_thread_is_answered_by_the_next_that_is_free(run, threads):
    """All but one thread wait; others go on through the one that is left."""
    program = run(PROGRAM, "--port=0", f"--threads={threads}")
    with concurrent.futures.ThreadPoolExecutor(40) as clients:
        waiting = [clients.submit(program.get, "/wait") for _ in range(threads - 1)]
        others = [clients.submit(program.get, "/count") for _ in range(30)]
        assert {other.result(60).status for other in others} == {200}
        assert program.ask("POST", "/go", b"x").text == "gone"

        assert [each.result(60).text for each in waiting] == ["waited"] * (threads - 1)


def test_requests_that_wait_for_a_thread_are_answered_before_the_server_ends(run):
    program = run(PROGRAM, "--port=0", "--threads=2", "--grace=60")
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(program.connect()) for _ in range(8)]
        for connection in connections:
            connection.sendall(b"GET /block HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        assert program.received(connections[0]).endswith(b"slept")
        program.end()

        for connection in connections[1:]:
            assert program.received(connection).endswith(b"slept")
