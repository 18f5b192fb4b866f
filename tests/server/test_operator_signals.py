"""What the main process does at signals that operators of other servers send: USR1 to TTOU."""

import os
import signal
import time

import pytest

PROGRAM = """
    import atexit, logging, os, time
    from flask import Flask

    atexit.register(print, "tidied up", flush=True)
    app = Flask(__name__)
    handler = logging.FileHandler("program.log")
    app.logger.addHandler(handler)
    app.logger.setLevel("INFO")

    @app.get("/")
    def index():
        app.logger.info("index was asked for")
        return "here"

    @app.get("/pid")
    def pid():
        time.sleep(0.05)  # so that others get the other requests
        return str(os.getpid())

    @app.get("/slow")
    def slow():
        print("slow began", flush=True)
        time.sleep(600)
"""

REOPENED = "log files are opened again"


def send(program, number, count=1):
    for _ in range(count):
        program.process.send_signal(number)
        time.sleep(0.2)  # two of a kind that come at once are one


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigusr1_has_all_workers_open_their_log_files_again(run, tmp_path, workers):
    program = run(PROGRAM, "--port=0", "--workers", workers, "--access-log=access.log")
    serving = program.serving(int(workers))
    program.get("/")
    for name in ("access.log", "program.log"):
        os.rename(tmp_path / name, tmp_path / f"{name}.1")

    send(program, signal.SIGUSR1)

    program.wait_for_output(REOPENED)
    program.wait_for((tmp_path / "program.log").exists)
    program.wait_for((tmp_path / "access.log").exists)  # before any request
    for pid in serving:
        opened = [f"/proc/{pid}/fd/{fd}" for fd in os.listdir(f"/proc/{pid}/fd")]
        program.wait_for(
            lambda opened=opened: (
                not any(
                    os.path.exists(fd) and os.path.realpath(fd).endswith(".log.1") for fd in opened
                )
            )
        )
    program.get("/")
    assert "index was asked for" in (tmp_path / "program.log").read_text()
    assert 'GET / HTTP/1.1" 200' in (tmp_path / "access.log").read_text()
    assert program.serving(int(workers)) == serving
    assert program.end() == 0


def test_sigusr1_of_systemctl_kill_reaches_workers_too_and_ends_none(run):
    program = run(PROGRAM, "--port=0", "--workers=2")
    workers = program.serving(2)

    os.killpg(program.process.pid, signal.SIGUSR1)
    os.killpg(program.process.pid, signal.SIGUSR2)

    program.wait_for_output(REOPENED)
    program.wait_for_output("SIGUSR2 is ignored")
    assert program.serving(2) == workers


def test_sigusr1_while_the_program_is_loading_ends_nothing(run, tmp_path):
    source = """
        import os, time
        print("loading", flush=True)
        while not os.path.exists("go on"):
            time.sleep(0.02)
    """ + PROGRAM.replace("\n    ", "\n        ")
    program = run(source, "--port=0")
    program.wait_for_output("loading")

    os.killpg(program.process.pid, signal.SIGUSR1)
    program.wait_for_output(REOPENED)
    (tmp_path / "go on").touch()

    program.wait_for_answer("here")
    assert program.output.count("loading") == 1


def test_sigusr2_is_ignored_and_a_line_names_the_alternatives(run):
    program = run(PROGRAM, "--port=0")
    workers = program.serving(1)

    send(program, signal.SIGUSR2)

    program.wait_for_output("SIGUSR2 is ignored. To load the program again: SIGHUP")
    assert program.serving(1) == workers


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigquit_ends_at_once_although_requests_are_under_way(run, workers):
    program = run(PROGRAM, "--port=0", "--workers", workers, "--grace=600", "--drain=600")
    program.serving(int(workers))
    with program.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        program.wait_for_output("slow began")

        assert program.end(signal.SIGQUIT) == 0

    assert program.family() == []
    assert program.output.count("tidied up") == int(workers)


def test_sigquit_ends_the_grace_time_of_an_earlier_sigterm(run):
    program = run(PROGRAM, "--port=0", "--grace=600")
    program.serving(1)
    with program.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        program.wait_for_output("slow began")
        send(program, signal.SIGTERM)

        assert program.end(signal.SIGQUIT) == 0

    assert program.family() == []


def test_sigquit_ends_workers_that_are_loading(run):
    program = run("import time; print('loading', flush=True); time.sleep(600)", "--port=0")
    program.wait_for_output("loading")

    assert program.end(signal.SIGQUIT) == 0
    assert program.family() == []


def test_sigttin_adds_a_worker_and_sigttou_removes_one_and_no_request_fails(run, load):
    program = run(PROGRAM, "--port=0")
    first = program.serving(1)
    with load(program) as asking:
        asking.wait_for_more(20)
        send(program, signal.SIGTTIN, 2)
        program.wait_for_output("SIGTTIN: 3 workers from now on")
        assert first < program.serving(3)
        send(program, signal.SIGTTOU)
        program.wait_for_output("SIGTTOU: 2 workers from now on")
        program.wait_for(lambda: len(program.workers) == 2)
        asking.wait_for_more(20)
        program.process.send_signal(signal.SIGHUP)
        program.wait_for_output("All workers serve the program as it is now")
        program.wait_for(lambda: len(program.workers) == 2)

    assert asking.failures == []
    assert program.end() == 0


def test_the_last_worker_is_not_removed(run):
    program = run(PROGRAM, "--port=0", "--workers=2")
    program.serving(2)

    send(program, signal.SIGTTOU, 3)

    program.wait_for_output("SIGTTOU is ignored: there is only one worker")
    program.wait_for(lambda: len(program.workers) == 1)
    assert program.get("/").text == "here"


def test_a_worker_that_is_loading_is_the_first_to_be_removed(run, save, tmp_path):
    program = run(PROGRAM, "--port=0")
    workers = program.serving(1)
    hangs = "import pathlib, time; pathlib.Path('is loading').touch(); time.sleep(600)"
    save(program.file, hangs)
    send(program, signal.SIGTTIN)
    program.wait_for((tmp_path / "is loading").exists)

    send(program, signal.SIGTTOU)

    program.wait_for(lambda: set(program.workers) == workers)
    assert program.get("/").text == "here"


def test_one_worker_with_metrics_stays_alone(run):
    program = run(PROGRAM, "--port=0", "--metrics")
    workers = program.serving(1)

    send(program, signal.SIGTTIN)

    program.wait_for_output("SIGTTIN is ignored: one worker was started, and --metrics")
    assert program.serving(1) == workers


def test_an_ignored_signal_stays_ignored(start):
    program = start(
        "import signal, sys\n"
        "from retort.cli import main\n"
        "signal.signal(signal.SIGUSR2, signal.SIG_IGN)\n"
        "main(['run', '--port=0', 'shop.py'])\n",
    )
    program.file.with_name("shop.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    program.wait_for_output("Press Ctrl-C")

    send(program, signal.SIGUSR2)

    assert program.end() == 0
    assert "SIGUSR2" not in program.output
