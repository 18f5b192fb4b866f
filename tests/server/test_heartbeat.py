"""Workers that hang: found by the main process, their stacks in the log, and replaced."""

import contextlib
import os
import signal
import socket
import threading
import time

import pytest

from retort.server.process.heartbeat import stack_dump_delay
from retort.server.process.supervisor import beat_interval

PROGRAM = """
    import os, re, time
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "here"

    @app.get("/pid")
    def pid():
        time.sleep(0.05)  # so that others get the other requests
        return str(os.getpid())

    @app.get("/search")
    def search():
        print("search began", flush=True)
        return str(re.match(r"(\\w+\\s?)+$", "a" * 60 + "!"))

    @app.get("/busy")
    def busy():
        print("busy began", flush=True)
        while not os.path.exists("go on"):
            pass
        return "done"
"""

LOADS_SLOWLY = (
    """
    import os, pathlib, time

    def wait_to_be_let_in():
        pathlib.Path("is loading").touch()
        print("loading slowly", flush=True)
        while not os.path.exists("go on"):
            time.sleep(0.02)

    if os.path.exists("slow"):
        wait_to_be_let_in()
"""
    + PROGRAM
)


@pytest.fixture
def hang():
    """Send a request without reading the response."""
    with contextlib.ExitStack() as connections:

        def hang(program, path):
            connection = connections.enter_context(program.connect())
            connection.sendall(b"GET %s HTTP/1.1\r\nHost: a\r\n\r\n" % path.encode())
            return connection

        yield hang


def test_a_worker_whose_interpreter_is_held_is_replaced_and_its_stacks_are_in_the_log(run, hang):
    program = run(PROGRAM, "--port=0", "--worker-timeout=3")
    (worker,) = program.serving(1)

    hang(program, "/search")

    program.wait_for_output(rf"Worker {worker} sent no heartbeat for 3 s")
    log, _, _ = program.output.partition(f"Worker {worker} sent no heartbeat")
    assert "in search" in log.partition("search began")[2]
    program.serving(1, instead_of={worker})
    assert program.get("/").text == "here"
    assert program.end() == 0


def test_a_stopped_worker_is_replaced_and_its_stacks_are_in_the_log(run):
    program = run(PROGRAM, "--port=0", "--workers=2", "--worker-timeout=3")
    victim, other = program.serving(2)

    os.kill(victim, signal.SIGSTOP)

    program.wait_for_output(rf"Worker {victim} sent no heartbeat for 3 s")
    program.wait_for_output("most recent call first")
    program.wait_for(lambda: victim not in program.workers)
    assert other in program.serving(2, instead_of={victim})


def test_a_view_that_is_busy_in_python_is_a_sign_of_life(run, hang, tmp_path):
    program = run(PROGRAM, "--port=0", "--worker-timeout=3")
    (worker,) = program.serving(1)

    hang(program, "/busy")
    program.wait_for_output("busy began")
    time.sleep(6)  # twice the time after which silence ends a worker
    (tmp_path / "go on").touch()

    assert program.serving(1) == {worker}
    assert "no heartbeat" not in program.output
    assert "most recent call first" not in program.output


def test_a_server_that_was_stopped_as_a_whole_goes_on_with_its_workers(run):
    """Ctrl-Z, and `fg` later."""
    program = run(PROGRAM, "--port=0", "--workers=2", "--worker-timeout=4")
    workers = program.serving(2)

    os.killpg(program.process.pid, signal.SIGSTOP)
    time.sleep(8)
    os.killpg(program.process.pid, signal.SIGCONT)
    time.sleep(2)

    assert program.serving(2) == workers
    assert "it is ended and replaced" not in program.output


def test_without_a_timeout_a_hanging_worker_stays(run, hang):
    program = run(PROGRAM, "--port=0", "--worker-timeout=0")
    (worker,) = program.serving(1)

    connection = hang(program, "/search")
    connection.settimeout(4)

    with pytest.raises(TimeoutError):
        connection.recv(1)
    assert program.workers == [worker]
    assert program.process.poll() is None


def test_a_program_that_does_not_load_in_time_ends_the_server_and_shows_where_it_hangs(
    run, tmp_path
):
    (tmp_path / "slow").touch()
    program = run(LOADS_SLOWLY, "--port=0", "--load-timeout=2")

    assert program.wait() == 1
    assert "in wait_to_be_let_in" in program.output
    assert "did not load the program within 2 s" in program.output
    assert "--load-timeout" in program.output
    assert program.family() == []


def test_a_new_program_that_does_not_load_in_time_leaves_the_old_workers_serving(run, tmp_path):
    program = run(LOADS_SLOWLY, "--port=0", "--workers=2", "--load-timeout=3")
    workers = program.serving(2)
    (tmp_path / "slow").touch()

    program.process.send_signal(signal.SIGHUP)

    program.wait_for_output("does not start as it is now. The old workers go on serving")
    assert "did not load the program within 3 s" in program.output
    assert program.serving(2) == workers


def test_a_program_may_load_for_longer_than_a_worker_may_be_silent(run, tmp_path):
    (tmp_path / "slow").touch()
    program = run(LOADS_SLOWLY, "--port=0", "--worker-timeout=1")
    program.wait_for((tmp_path / "is loading").exists)
    time.sleep(2.5)
    (tmp_path / "go on").touch()

    program.wait_for_answer("here")
    assert "no heartbeat" not in program.output


def test_a_worker_that_dies_is_replaced_while_another_is_loading_a_new_program(run, tmp_path):
    program = run(LOADS_SLOWLY, "--port=0", "--workers=2")
    other, victim = sorted(program.serving(2))  # the reload replaces the older worker first
    (tmp_path / "slow").touch()
    program.process.send_signal(signal.SIGHUP)
    program.wait_for((tmp_path / "is loading").exists)
    (tmp_path / "slow").unlink()

    os.kill(victim, signal.SIGKILL)

    program.wait_for(lambda: program.answering() - {victim, other})


def test_a_worker_that_dies_while_its_replacement_is_loading_gets_no_second_one(run, tmp_path):
    program = run(LOADS_SLOWLY, "--port=0")
    (victim,) = program.serving(1)
    (tmp_path / "slow").touch()
    program.process.send_signal(signal.SIGHUP)
    program.wait_for_output("loading slowly")

    os.kill(victim, signal.SIGKILL)
    program.wait_for_output(f"Worker {victim} was ended by signal 9")
    time.sleep(2)  # so that a second one could begin to load
    (tmp_path / "go on").touch()

    program.wait_for_output("All workers serve the program as it is now")
    assert program.output.count("loading slowly") == 1
    assert len(program.workers) == 1


def test_the_watchdog_is_fed_only_while_workers_give_signs_of_life(run, hang, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(60)
        variables = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"}
        program = run(PROGRAM, "--port=0", "--worker-timeout=0", env=variables)
        while manager.recv(4096) != b"WATCHDOG=1":
            pass

        hang(program, "/search")
        program.wait_for_output("search began")
        manager.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                manager.recv(4096)
        manager.settimeout(3)  # what was on its way arrives, and no more

        received = []
        with contextlib.suppress(TimeoutError):
            while len(received) < 4:
                received.append(manager.recv(4096))
        assert len(received) < 4


@pytest.mark.parametrize("whom", ["the main process", "the worker"])
def test_a_worker_that_finishes_its_requests_is_not_taken_for_one_that_hangs(run, tmp_path, whom):
    source = PROGRAM.replace("pass\n", "time.sleep(0.02)\n")
    program = run(source, "--port=0", "--worker-timeout=2", "--grace=60")
    (worker,) = program.serving(1)
    answers = []
    thread = threading.Thread(target=lambda: answers.append(program.get("/busy").text))
    thread.start()
    program.wait_for_output("busy began")

    os.kill(worker if whom == "the worker" else program.process.pid, signal.SIGTERM)
    program.wait_for_output(f"Worker {worker} is stopping: waiting for 1 open request")
    time.sleep(4)  # twice the time after which silence ends a worker
    (tmp_path / "go on").touch()

    thread.join()
    assert answers == ["done"]
    program.wait_for(lambda: worker not in program.workers)
    assert "no heartbeat" not in program.output
    assert "most recent call first" not in program.output


@pytest.mark.parametrize("option", ["--worker-timeout", "--load-timeout"])
@pytest.mark.parametrize("value", ["-1", "soon", "inf", "100000"])
def test_a_timeout_that_is_none_is_refused(run, option, value):
    program = run(PROGRAM, "--port=0", option, value)

    assert program.wait() == 2
    assert option in program.output


# Parts of it.


@pytest.mark.parametrize("limit", [0.1, 1, 3, 30, 86_400])
def test_the_stacks_are_written_before_the_main_process_acts(limit):
    assert 0 < stack_dump_delay(limit) < limit


@pytest.mark.parametrize(
    ("timeout", "watchdog", "interval"),
    [(0, None, None), (30, None, 1), (1, None, 0.2), (0, 60, 1), (30, 0.6, 0.1)],
)
def test_workers_give_signs_as_often_as_those_who_wait_for_them_need(timeout, watchdog, interval):
    assert beat_interval(timeout, watchdog) == pytest.approx(interval)
