"""A blocked event loop: reported with its stack, measured for Prometheus."""

import re

import pytest

PROGRAM = """
    import asyncio, os, re, time
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    async def index():
        return "here"

    @app.get("/pid")
    def pid():
        return str(os.getpid())

    @app.get("/block")
    async def block():
        while not os.path.exists("go on"):
            time.sleep(0.02)
        return "done"

    @app.get("/wait")
    async def wait():
        print("wait began", flush=True)
        while not os.path.exists("go on"):
            await asyncio.sleep(0.02)
        return "done"

    @app.get("/search")
    async def search():
        print("search began", flush=True)
        return str(re.match(r"(\\w+\\s?)+$", "a" * 60 + "!"))

    @app.post("/tasks")
    async def start_tasks():
        app.add_background_task(wait)
        app.add_background_task(wait)
        return "", 202
"""


def begin(program, path):
    """Send a request without reading the response."""
    connection = program.connect()
    connection.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
    return connection


def test_a_blocked_loop_is_reported_with_the_line_that_blocks_it(run, tmp_path):
    program = run(PROGRAM, "--port=0", "--worker-timeout=2")
    program.wait_for_answer("here")
    (worker,) = program.workers

    with begin(program, "/block"):
        report = program.wait_for_output(
            r"WARNING in retort.server: The event loop has not run for \d+ s[^\n]*\n"
            r'\s+File "[^"]*program.py", line \d+, in block\n\s+time.sleep'
        )
        assert program.get("/pid").text == str(worker)  # threads go on
        (tmp_path / "go on").touch()
        program.wait_for_output(r"The event loop runs again, after \d+ s")

    assert program.output.count("has not run") == 1
    assert "asyncio.to_thread" in report[0]
    assert program.end() == 0


def test_a_loop_that_waits_is_not_reported(run, tmp_path):
    program = run(PROGRAM, "--port=0")
    program.wait_for_answer("here")

    with begin(program, "/wait"):
        program.wait_for_output("wait began")
        (tmp_path / "go on").touch()

    assert program.end() == 0
    assert "has not run" not in program.output


def test_the_stacks_of_a_worker_without_heartbeats_have_the_thread_of_the_loop(run):
    program = run(PROGRAM, "--port=0", "--worker-timeout=3")
    program.wait_for_answer("here")
    (worker,) = program.workers

    with begin(program, "/search"):
        program.wait_for_output(rf"Worker {worker} sent no heartbeat for 3 s")

    log, _, _ = program.output.partition("sent no heartbeat")
    assert re.search(r'program.py", line \d+ in search', log.partition("search began")[2])
    program.serving(1, instead_of={worker})
    assert program.end() == 0


@pytest.fixture(params=["1", "2"], ids=["one worker", "two workers"])
def measured(request, run):
    pytest.importorskip("prometheus_client")
    program = run(PROGRAM, "--port=0", "--metrics", "--workers", request.param, "--grace=2")
    program.wait_for_answer("here")
    return program


def value(program, name):
    found = re.search(rf"^{name} (\S+)$", program.get("/-/metrics").text, re.M)
    return float(found[1]) if found else None


def test_requests_on_the_loop_and_background_tasks_are_counted(measured, tmp_path):
    program = measured
    assert value(program, "retort_background_tasks") == 0

    with begin(program, "/wait"), begin(program, "/wait"):
        program.ask("POST", "/tasks")
        program.wait_for(lambda: value(program, "retort_loop_requests") == 2)
        program.wait_for(lambda: value(program, "retort_background_tasks") == 2)
        (tmp_path / "go on").touch()
        program.wait_for(lambda: value(program, "retort_loop_requests") == 0)
        program.wait_for(lambda: value(program, "retort_background_tasks") == 0)

    assert program.end() == 0


def test_the_delay_of_the_loop_is_in_a_histogram(measured):
    program = measured

    program.wait_for(lambda: (value(program, "retort_event_loop_lag_seconds_count") or 0) >= 2)

    assert value(program, "retort_event_loop_lag_seconds_sum") >= 0
    assert program.end() == 0
