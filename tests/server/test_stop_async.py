"""SIGTERM and reload of a program with coroutine functions, background tasks and serving hooks."""

import contextlib
import http.client
import os
import re
import signal
import threading

import pytest

PROGRAM = """
    import asyncio, os, time
    from flask import Flask

    app = Flask(__name__)

    def log(*words):
        os.write(1, (" ".join(map(str, words)) + "\\n").encode())  # not mixed with others

    @app.before_serving
    async def open_pool():
        log("pool opened in", os.getpid())

    @app.after_serving
    async def close_pool():
        log("pool closed in", os.getpid())

    @app.teardown_request
    def teardown(error):
        log("teardown with", type(error).__name__)

    @app.get("/")
    async def index():
        return "here"

    @app.get("/pid")
    async def pid():
        await asyncio.sleep(0.05)  # so that others get the other requests
        return str(os.getpid())

    @app.get("/held")
    async def held():
        log("held view began")
        while not os.path.exists("go on"):
            await asyncio.sleep(0.02)
        return "done"

    @app.get("/stream")
    async def stream():
        async def pieces():
            try:
                while True:
                    yield "x"
                    await asyncio.sleep(0.02)
            finally:
                log("stream closed")
        return pieces()

    async def poll(path):
        log("task began")
        try:
            while not os.path.exists(path):
                await asyncio.sleep(0.02)
            log("task done")
        except asyncio.CancelledError:
            log("task cancelled")
            raise

    def block(path):
        log("thread began")
        while not os.path.exists(path):
            time.sleep(0.02)
        log("thread done")

    @app.post("/poll")
    async def start_poll():
        app.add_background_task(poll, "go on")
        return "", 202

    @app.post("/block")
    def start_block():
        app.add_background_task(block, "go on")
        return "", 202
"""


def asking(program, path):
    """Send a request in a thread; the list gets the status and text, or the error."""
    results = []

    def ask():
        try:
            answer = program.get(path)
            results.append((answer.status, answer.text))
        except (OSError, http.client.HTTPException) as error:
            results.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, results


def places(program, *texts):
    """The positions of texts in the output, which all are there."""
    return [program.wait_for_output(re.escape(text)).start() for text in texts]


def is_clean(output):
    """Whether nothing crashed: neither Python nor Granian."""
    return not re.search(r"panicked|Traceback|never retrieved|was destroyed|never awaited", output)


def test_open_requests_on_the_loop_are_finished_before_the_pool_is_closed(run, tmp_path):
    program = run(PROGRAM, "--port=0", "--grace=60")
    program.wait_for_answer("here")
    thread, results = asking(program, "/held")
    program.wait_for_output("held view began")

    program.process.send_signal(signal.SIGTERM)
    program.wait_for_output(r"is stopping: waiting for 1 open request, for \d+ s at most")
    (tmp_path / "go on").touch()
    thread.join()

    assert results == [(200, "done")]
    assert program.wait() == 0
    assert is_clean(program.output)
    assert program.output.count("pool opened in") == program.output.count("pool closed in") == 1
    assert program.output.rindex("teardown with") < program.output.index("pool closed in")


def test_requests_on_the_loop_are_cancelled_within_the_grace_time(run):
    program = run(PROGRAM, "--port=0", "--grace=2")
    program.wait_for_answer("here")
    requests = [asking(program, "/held") for _ in range(20)]
    program.wait_for(lambda: program.output.count("held view began") == 20)

    assert program.end() == 0
    for thread, _ in requests:
        thread.join()

    assert {results[0][0] for _, results in requests} == {503}
    assert "is being stopped" in requests[0][1][0][1]
    assert program.output.count("teardown with CancelledError") == 20
    assert program.output.rindex("teardown with") < program.output.index("pool closed in")
    assert "cancelled 20 open requests before the end of the 2 s of --grace" in program.output
    assert is_clean(program.output)
    assert "were ended" not in program.output  # by the main process


def test_a_stream_that_does_not_end_is_closed_and_its_client_notices(run):
    program = run(PROGRAM, "--port=0", "--grace=1")
    program.wait_for_answer("here")
    connection = http.client.HTTPConnection("127.0.0.1", program.port, timeout=60)
    connection.request("GET", "/stream")
    response = connection.getresponse()
    assert response.read(1) == b"x"

    assert program.end() == 0

    with contextlib.closing(connection), pytest.raises((OSError, http.client.IncompleteRead)):
        response.read()
    stream, pool = places(program, "stream closed", "pool closed in")
    assert stream < pool
    assert is_clean(program.output)


@pytest.mark.parametrize(("path", "kind"), [("/poll", "task"), ("/block", "thread")])
def test_background_tasks_are_finished_before_the_pool_is_closed(run, tmp_path, path, kind):
    program = run(PROGRAM, "--port=0", "--grace=60")
    program.wait_for_answer("here")
    assert program.ask("POST", path).status == 202
    program.wait_for_output(f"{kind} began")

    program.process.send_signal(signal.SIGTERM)
    program.wait_for_output(r"is stopping: waiting for 1 background task \((poll|block)\), for")
    (tmp_path / "go on").touch()

    assert program.wait() == 0
    done, pool = places(program, f"{kind} done", "pool closed in")
    assert done < pool
    assert is_clean(program.output)


def test_background_tasks_are_cancelled_within_the_grace_time(run):
    program = run(PROGRAM, "--port=0", "--grace=1")
    program.wait_for_answer("here")
    program.ask("POST", "/poll")
    program.wait_for_output("task began")

    assert program.end() == 0

    cancelled, pool = places(program, "task cancelled", "pool closed in")
    assert cancelled < pool
    assert "cancelled 1 background task (poll) before the end of the 1 s" in program.output
    assert is_clean(program.output)


def test_a_thread_that_does_not_end_is_left_behind_and_named(run):
    program = run(PROGRAM, "--port=0", "--grace=1")
    program.wait_for_answer("here")
    program.ask("POST", "/block")
    program.wait_for_output("thread began")

    assert program.end() == 0

    assert "pool closed in" in program.output
    assert "ended with 1 background task (block) unfinished after 1 s" in program.output
    assert "thread done" not in program.output
    assert is_clean(program.output)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_reload_stops_and_starts_the_program_in_each_worker(run, workers, tmp_path):
    program = run(PROGRAM, "--port=0", "--workers", workers, "--grace=60")
    old = program.serving(int(workers))
    program.ask("POST", "/poll")
    program.wait_for_output("task began")

    program.process.send_signal(signal.SIGHUP)
    program.wait_for_output("All workers serve the program as it is now")
    (tmp_path / "go on").touch()
    program.wait_for(lambda: old.isdisjoint(program.workers))

    closed = [int(pid) for pid in re.findall(r"pool closed in (\d+)", program.output)]
    assert sorted(closed) == sorted(old)
    assert "task done" in program.output
    new = program.serving(int(workers), instead_of=old)
    assert program.end() == 0
    opened = {int(pid) for pid in re.findall(r"pool opened in (\d+)", program.output)}
    assert opened == old | new
    assert is_clean(program.output)


FAILING = """
    from flask import Flask

    app = Flask(__name__)

    @app.before_serving
    {prefix}def open_pool():
        raise ConnectionRefusedError("no database")
"""


@pytest.mark.parametrize("prefix", ["", "async "])
@pytest.mark.parametrize("options", [(), ("--debug", "--no-reload")])
def test_a_program_whose_pool_does_not_open_does_not_start(run, prefix, options):
    program = run(FAILING.format(prefix=prefix), "--port=0", *options)

    assert program.wait() == 1
    assert re.search(
        r"The before_serving function open_pool\(\) \(program.py:\d+\) raised"
        r" ConnectionRefusedError: no database",
        program.output,
    )
    assert 'raise ConnectionRefusedError("no database")' in program.output
    assert "src/retort" not in program.output  # no frames of Retort
    assert "Press Ctrl-C" not in program.output


def test_a_new_program_whose_pool_does_not_open_leaves_the_old_workers_serving(run):
    program = run(PROGRAM, "--port=0")
    old = program.serving(1)
    program.rewrite('log("pool opened in", os.getpid())', "raise ValueError('no pool')")

    program.process.send_signal(signal.SIGHUP)

    program.wait_for_output("does not start as it is now. The old workers go on serving")
    assert "open_pool() (program.py:" in program.output
    assert program.serving(1) == old


HANGING = """
    import time
    from flask import Flask

    app = Flask(__name__)

    @app.after_serving
    def hang():
        print("hanging", flush=True)
        time.sleep(600)

    @app.get("/")
    def index():
        return "here"
"""


@pytest.mark.parametrize("options", [("--grace=1",), ("--debug", "--no-reload")])
def test_a_function_that_hangs_after_serving_ends_with_the_grace_time(run, options):
    program = run(HANGING, "--port=0", *options)
    program.wait_for_answer("here")

    assert program.end() == 0
    assert re.search(
        r"the after_serving function hang\(\) \(program.py:\d+\) is still running", program.output
    )


SCRIPT = """
    import asyncio, os, time
    from flask import Flask

    app = Flask(__name__)

    @app.while_serving
    async def around():
        print("opened", flush=True)
        yield
        print("closed", flush=True)

    @app.get("/")
    def index():
        app.add_background_task(work)
        return "here"

    async def work():
        await asyncio.sleep(0.05)
        print("work done", flush=True)

    if __name__ == "__main__":
        app.run(RUN)
        print("after run", flush=True)
"""


def test_app_run_starts_and_stops_the_program_and_returns(start):
    program = start(SCRIPT.replace("RUN", "port=0"), words=["-m", "retort", "{file}"])
    program.wait_for_answer("here")

    assert program.end() == 0
    opened, work, closed, after = places(program, "opened", "work done", "closed", "after run")
    assert opened < work < closed < after
    assert is_clean(program.output)


def test_the_reloader_starts_and_stops_the_program_for_each_change(start):
    source = SCRIPT.replace("RUN", "port=0, debug=True")
    program = start(source, words=["-m", "retort", "{file}"])
    program.wait_for_answer("here")

    program.rewrite('return "here"', 'return "there"')
    program.wait_for_answer("there")
    program.rewrite('print("opened", flush=True)', "raise ValueError('no pool')")
    program.wait_for_answer("no pool")

    assert program.output.count("closed") == 2
    answer = program.get("/")
    assert answer.status == 500
    assert "The while_serving function around()" in answer.text
    program.end()


def test_a_second_stop_signal_does_not_wait_for_background_tasks(run):
    program = run(PROGRAM, "--port=0", "--grace=600")
    program.wait_for_answer("here")
    program.ask("POST", "/poll")
    program.wait_for_output("task began")

    program.process.send_signal(signal.SIGTERM)
    program.wait_for_output("waiting for 1 background task")
    program.process.send_signal(signal.SIGTERM)

    assert program.wait() == 1
    program.wait_for(lambda: program.family() == [])


def test_a_client_that_leaves_while_the_server_stops_does_not_delay_it(run):
    program = run(PROGRAM, "--port=0", "--grace=600")
    program.wait_for_answer("here")
    connection = program.connect()
    connection.sendall(b"GET /held HTTP/1.1\r\nHost: a\r\n\r\n")
    program.wait_for_output("held view began")

    program.process.send_signal(signal.SIGTERM)
    program.wait_for_output("waiting for 1 open request")
    connection.close()

    assert program.wait() == 0
    assert "teardown with CancelledError" in program.output
    assert is_clean(program.output)


def test_a_killed_worker_is_replaced_by_one_that_is_started(run):
    program = run(PROGRAM, "--port=0")
    (worker,) = program.serving(1)

    os.kill(worker, signal.SIGKILL)
    (new,) = program.serving(1, instead_of={worker})

    assert f"pool opened in {new}" in program.output
    assert program.end() == 0
    assert f"pool closed in {new}" in program.output
