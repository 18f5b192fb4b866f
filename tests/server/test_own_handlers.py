"""Handlers of SIGTERM and SIGINT that the program itself has installed."""

import faulthandler
import signal
import threading

import pytest

from retort.server.process.signals import StopSignals, WakeupPipe

HANDLER = """
    import os, signal, sys, time
    from flask import Flask

    app = Flask(__name__)

    def clean_up(number, frame):
        print("cleaned up after", signal.Signals(number).name, flush=True)
        {action}

    signal.signal(signal.SIGTERM, clean_up)
    signal.signal(signal.SIGINT, clean_up)

    @app.get("/")
    def index():
        return "here"

    @app.get("/held")
    def held():
        print("held began", flush=True)
        while not os.path.exists("go on"):
            time.sleep(0.02)
        return "done"
"""

# What the handler does at its end, and the exit status of the server.
ACTIONS = [
    ("sys.exit(3)", 3),
    ("sys.exit()", 0),
    ("sys.exit('with a message')", 1),
    ("raise KeyboardInterrupt", 0),
    ("raise OSError('no such lock')", 1),
    ("pass", 0),
]


def script(action, options=""):
    return HANDLER.replace("{action}", action) + f"\n    app.run(port=0{options})\n"


@pytest.mark.parametrize(("action", "status"), ACTIONS)
def test_a_handler_from_before_app_run_runs_once_and_its_exit_status_is_returned(
    start, action, status
):
    program = start(script(action), words=["-m", "retort", "{file}"])
    program.wait_for_answer("here")

    assert program.end() == status

    assert program.output.count("cleaned up after SIGTERM") == 1
    assert ("with a message" in program.output) == ("message" in action)
    assert ("OSError: no such lock" in program.output) == ("OSError" in action)


@pytest.mark.parametrize(("action", "status"), ACTIONS)
def test_a_handler_of_the_program_runs_in_the_worker_and_its_exit_status_is_returned(
    run, action, status
):
    program = run(HANDLER.replace("{action}", action), "--port=0")
    program.wait_for_answer("here")

    assert program.end() == status

    assert program.output.count("cleaned up after SIGTERM") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_request_in_progress_is_answered_after_the_handler_has_exited(run, tmp_path, number):
    program = run(HANDLER.replace("{action}", "sys.exit(3)"), "--port=0", "--grace=60")
    program.wait_for_answer("here")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(program.get("/held").text))
    thread.start()
    program.wait_for_output("held began")

    program.process.send_signal(number)
    program.wait_for_output("cleaned up after SIGTERM")  # the main process passes on that one
    (tmp_path / "go on").touch()

    thread.join()
    assert answers == ["done"]
    assert program.wait() == 3


def test_a_request_in_progress_is_answered_by_app_run_after_the_handler_has_exited(start, tmp_path):
    program = start(script("sys.exit(3)"), words=["-m", "retort", "{file}"])
    program.wait_for_answer("here")
    answers = []
    thread = threading.Thread(target=lambda: answers.append(program.get("/held").text))
    thread.start()
    program.wait_for_output("held began")

    program.process.send_signal(signal.SIGTERM)
    program.wait_for_output("cleaned up")
    (tmp_path / "go on").touch()

    thread.join()
    assert answers == ["done"]
    assert program.wait() == 3


def test_a_handler_runs_in_the_process_that_serves_and_not_in_the_reloaders(start):
    program = start(script("sys.exit()", ", use_reloader=True"), words=["-m", "retort", "{file}"])
    program.wait_for_answer("here")

    assert program.end() == 0
    assert program.output.count("cleaned up") == 1


def test_the_status_of_one_worker_is_the_status_of_the_server(run):
    source = HANDLER.replace("{action}", "sys.exit(3 if os.path.exists('first') else 0)")
    source += "\n    open('first', 'w').close()\n"
    program = run(source, "--port=0", "--workers=2")
    program.wait_for(lambda: len(program.workers) == 2)
    program.wait_for_answer("here")

    assert program.end() == 3


@pytest.fixture
def bell():
    bell = WakeupPipe()
    yield bell
    bell.close()


@pytest.fixture
def handler():
    """Install a handler for SIGTERM; afterwards there is the one from before."""
    before = signal.getsignal(signal.SIGTERM)
    yield lambda function: signal.signal(signal.SIGTERM, function)
    signal.signal(signal.SIGTERM, before)


def test_two_signals_in_a_row_call_the_programs_handler_once_and_the_server_twice(bell, handler):
    calls = []
    handler(lambda *_: calls.append("program"))
    with StopSignals(bell, lambda: calls.append("server"), program_first=True):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)

    assert calls == ["program", "server", "server"]


def test_no_handler_is_called_where_the_program_does_not_run(bell, handler):
    calls = []
    handler(lambda *_: calls.append("program"))
    with StopSignals(bell, lambda: calls.append("server")):
        signal.raise_signal(signal.SIGTERM)

    assert calls == ["server"]


@pytest.mark.parametrize("disposition", [signal.SIG_DFL, signal.SIG_IGN])
def test_what_is_no_function_is_not_called(bell, handler, disposition):
    handler(disposition)
    with StopSignals(bell, lambda: None, program_first=True) as signals:
        signal.raise_signal(signal.SIGTERM)

    assert signals.exit_status() is None


def test_a_handler_that_installs_another_does_not_take_the_next_signal_from_the_server(
    bell, handler
):
    stops = []
    handler(lambda *_: signal.signal(signal.SIGTERM, signal.SIG_IGN))
    with StopSignals(bell, lambda: stops.append(1), program_first=True):
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)

    assert len(stops) == 2


def test_a_handler_in_c_is_no_obstacle(bell, handler):
    faulthandler.register(signal.SIGTERM)
    stops = []
    try:
        with StopSignals(bell, lambda: stops.append(1), program_first=True):
            signal.raise_signal(signal.SIGTERM)
    finally:
        faulthandler.unregister(signal.SIGTERM)

    assert stops == [1]
