"""SIGHUP and `retort reload`: a new program, and no request lost; workers that are renewed."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import textwrap
import time

import pytest

PROGRAM = """
    import os, time
    from flask import Flask

    app = Flask(__name__)
    kept = []

    @app.get("/")
    def index():
        return "version 1"

    @app.get("/pid")
    def pid():
        time.sleep(0.05)  # so that others get the other requests
        return str(os.getpid())

    @app.get("/grow")
    def grow():
        kept.append(bytearray(os.urandom(1)) * 40_000_000)
        return "grown"

    @app.get("/slow")
    def slow():
        print("slow view began", flush=True)
        time.sleep(2)
        return "version 1, slowly"
"""

BROKEN = """
from pathlib import Path
from time import sleep

Path("is read").touch()
while not Path("go on").exists():
    sleep(0.01)
raise RuntimeError("half written")
"""

DONE = "All workers serve the program as it is now"


def retort(program, *words, **more):
    return subprocess.run(
        [sys.executable, "-m", "retort", *words],
        cwd=program.file.parent,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **more,
    )


def write_version(program, old, new):
    """Change the source; its size too, since a compiled file is dated to the second."""
    program.rewrite(f"version {old}", f"version {new}" + " " * new)


def versions(program):
    """What each of several requests is answered."""
    return {program.get("/").text.strip() for _ in range(20)}


def reload(program):
    count = program.output.count(DONE)
    done = retort(program, "reload", "--pid-file=pid")
    assert done.returncode == 0, done.stderr
    program.wait_for(lambda: program.output.count(DONE) == count + 1)
    return done


@pytest.mark.parametrize("workers", ["1", "3"])
def test_no_request_fails_while_the_program_is_loaded_again_and_again(run, load, workers, is_long):
    program = run(PROGRAM, "--port=0", "--workers", workers, "--pid-file=pid")
    with load(program) as asking:
        asking.wait_for_more(100)
        reloads = 10 if is_long else 3
        for version in range(1, reloads + 1):
            before = program.answering()
            write_version(program, version, version + 1)
            reload(program)
            asking.wait_for_more(100)
            program.serving(1, instead_of=before)
        asking.wait_for_more(max(0, (20_000 if is_long else 2_000) - asking.count))

    assert asking.failures == []
    answered = {text.strip() for text in asking.answers}
    assert answered == {f"version {number}" for number in range(1, reloads + 2)}
    assert versions(program) == {f"version {reloads + 1}"}
    assert program.end() == 0


def test_sighup_loads_the_program_again(run):
    program = run(PROGRAM, "--port=0")
    program.wait_for_answer("version 1")
    write_version(program, 1, 2)

    program.process.send_signal(signal.SIGHUP)

    program.wait_for_answer("version 2")


def test_a_request_of_an_old_worker_is_answered_to_its_end(run):
    program = run(PROGRAM, "--port=0", "--pid-file=pid")
    with program.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        program.wait_for_output("slow view began")
        write_version(program, 1, 2)
        reload(program)
        program.wait_for_answer("version 2")
        answer = program.received(connection)

    assert answer.endswith(b"version 1, slowly")


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("raise RuntimeError('no such table')", "RuntimeError: no such table"),
        ("this is no Python", "SyntaxError"),
        ("os._exit(7)", "A worker ended with status 7 while it was loading the program."),
    ],
)
def test_a_new_program_that_does_not_start_leaves_the_old_workers_serving(
    run, load, damage, message
):
    program = run(PROGRAM, "--port=0", "--workers=2", "--pid-file=pid")
    workers = program.serving(2)
    program.rewrite("kept = []", damage)
    with load(program) as asking:
        assert retort(program, "reload", "--pid-file=pid").returncode == 0
        program.wait_for_output("does not start as it is now. The old workers go on serving")
        asking.wait_for_more(200)

    assert asking.failures == []
    assert message in program.output
    assert program.serving(2) == workers
    program.rewrite(damage, "kept = []  # correct again")
    reload(program)
    program.serving(2, instead_of=workers)


def test_a_reload_during_another_ends_with_the_newest_program(run):
    program = run(PROGRAM, "--port=0", "--workers=3")
    workers = program.serving(3)
    for version in range(1, 6):
        write_version(program, version, version + 1)
        program.process.send_signal(signal.SIGHUP)
        time.sleep(0.1)  # so that some come before the last one is done with, and some after

    program.wait_for(lambda: versions(program) == {"version 6"})
    program.serving(3, instead_of=workers)
    assert program.end() == 0


def test_a_program_that_is_mended_while_it_fails_to_start_is_loaded(run, save, tmp_path):
    program = run(PROGRAM, "--port=0", "--workers=2")
    program.serving(2)
    good = program.file.read_text()
    save(program.file, BROKEN)
    program.process.send_signal(signal.SIGHUP)
    program.wait_for((tmp_path / "is read").exists)

    save(program.file, good.replace("version 1", "version 2, mended"))
    program.process.send_signal(signal.SIGHUP)
    program.wait_for(lambda: program.output.count("Loading the program again") == 2)
    (tmp_path / "go on").touch()

    program.wait_for_output(DONE)
    program.wait_for(lambda: versions(program) == {"version 2, mended"})


HOLDS_THE_INTERPRETER = "__import__('re').match(r'(\\w+\\s?)+$', 'a' * 60 + '!')"


@pytest.mark.parametrize("hang", ["sleep(600)", HOLDS_THE_INTERPRETER])
def test_a_second_sighup_ends_a_worker_that_hangs_while_it_loads(run, save, tmp_path, hang):
    program = run(PROGRAM, "--port=0", "--workers=2")
    workers = program.serving(2)
    good = program.file.read_text()
    save(
        program.file,
        f"from pathlib import Path\nfrom time import sleep\nPath('is read').touch()\n{hang}\n",
    )
    program.process.send_signal(signal.SIGHUP)
    program.wait_for((tmp_path / "is read").exists)
    (hanging,) = set(program.workers) - workers

    save(program.file, good.replace("version 1", "version 2"))
    program.process.send_signal(signal.SIGHUP)

    program.wait_for_output(DONE)
    program.wait_for(lambda: hanging not in program.workers)
    assert versions(program) == {"version 2"}
    program.serving(2, instead_of=workers)
    assert "did not start" not in program.output
    assert program.end() == 0


def test_a_first_program_that_hangs_while_it_loads_can_be_corrected(run, save, tmp_path):
    program = run("import time; print('loading', flush=True); time.sleep(600)", "--port=0")
    program.wait_for_output("loading")

    save(program.file, textwrap.dedent(PROGRAM))
    program.process.send_signal(signal.SIGHUP)

    program.wait_for_answer("version 1")
    assert len(program.workers) == 1
    assert program.end() == 0


def test_a_server_can_be_stopped_during_a_reload(run):
    program = run(PROGRAM, "--port=0", "--workers=3")
    program.serving(3)
    program.process.send_signal(signal.SIGHUP)
    program.wait_for_output("Loading the program again")

    assert program.end() == 0
    assert program.family() == []


# `retort reload` and the file by which it finds the server.


def test_the_file_has_the_process_id_and_is_gone_afterwards(run, tmp_path):
    program = run(PROGRAM, "--port=0", env={"FLASK_RUN_PID_FILE": "pid"})
    program.wait_for_answer("version 1")

    assert (tmp_path / "pid").read_text() == f"{program.process.pid}\n"
    done = retort(program, "reload", env={**os.environ, "FLASK_RUN_PID_FILE": "pid"})
    assert done.stdout.startswith(f"Process {program.process.pid} reloads its program")
    program.wait_for_output(DONE)
    assert program.end() == 0
    assert not (tmp_path / "pid").exists()


def test_a_second_server_does_not_take_the_file_of_a_first(run):
    first = run(PROGRAM, "--port=0", "--pid-file=pid")
    first.wait_for_answer("version 1")

    second = run(PROGRAM, "--port=0", "--pid-file=pid")

    assert second.wait() == 1
    assert f"is already running: process {first.process.pid}" in second.output
    assert first.file.with_name("pid").read_text() == f"{first.process.pid}\n"


def test_the_file_of_a_killed_server_is_taken_over(run, tmp_path):
    (tmp_path / "pid").write_text("1\n")

    program = run(PROGRAM, "--port=0", "--pid-file=pid")

    program.wait_for_answer("version 1")
    assert (tmp_path / "pid").read_text() == f"{program.process.pid}\n"


def test_a_file_with_something_else_in_it_is_left_as_it_is(run):
    program = run(PROGRAM, "--port=0", "--pid-file=program.py")

    assert program.wait() == 1
    assert "contains something other than a process id" in program.output
    assert "version 1" in program.file.read_text()


def test_a_file_that_cannot_be_written_is_reported(run):
    program = run(PROGRAM, "--port=0", "--pid-file=nowhere/pid")

    assert program.wait() == 1
    assert "No such file or directory" in program.output
    assert "Name another one with --pid-file" in program.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--pid-file=missing"], "There is no file 'missing'"),
        (["--pid-file=stale"], "No server runs that uses 'stale'"),
        ([], "Which server? Pass --pid-file PATH"),
    ],
)
def test_reload_without_a_server_is_reported(start, tmp_path, words, message):
    program = start("")
    (tmp_path / "stale").write_text(f"{os.getpid()}\n")  # of a process that is not a server

    done = retort(program, "reload", *words)

    assert done.returncode > 0
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_programs_own_command_reload_is_the_one_that_runs(start):
    program = start(
        """
        from flask import Flask
        app = Flask(__name__)

        @app.cli.command()
        def reload():
            print("my own")
        """,
        name="app.py",
    )

    assert retort(program, "reload").stdout == "my own\n"


def test_in_debug_mode_no_file_is_written_and_a_line_is_printed(run, tmp_path):
    program = run(PROGRAM, "--port=0", "--debug", "--pid-file=pid")
    program.wait_for_answer("version 1")

    assert "No process id is written" in program.output
    assert not (tmp_path / "pid").exists()


# Workers that have served for long enough.


def ask_until(program, path, pattern):
    def is_printed():
        with contextlib.suppress(OSError, http.client.HTTPException):
            program.get(path)
        return pattern in program.output

    program.wait_for(is_printed)


def test_workers_are_renewed_after_so_many_requests_and_none_fails(run, load):
    program = run(PROGRAM, "--port=0", "--workers=2", "--recycle-requests=300")
    first = program.serving(2)
    with load(program) as asking:
        program.wait_for(lambda: program.output.count("takes its place") >= 4)
        program.wait_for(lambda: first.isdisjoint(program.workers))

    assert asking.failures == []
    assert "handled 2" in program.output or "handled 300 requests" in program.output
    assert program.end() == 0


def test_workers_are_renewed_after_so_long(run):
    program = run(PROGRAM, "--port=0", "--workers=2", "--recycle-seconds=1")
    first = program.serving(2)

    program.wait_for(lambda: program.output.count("served 1 seconds") >= 2)
    program.wait_for(lambda: first.isdisjoint(program.workers))

    assert program.end() == 0


def test_a_worker_that_holds_too_much_memory_is_renewed(run):
    program = run(PROGRAM, "--port=0", "--recycle-rss=200")
    (first,) = program.serving(1)
    for _ in range(6):
        program.get("/grow")

    program.wait_for_output(rf"Worker {first} holds \d+ MiB: worker \d+ takes its place")
    program.wait_for(lambda: first not in program.workers)

    assert program.get("/").text == "version 1"


def test_a_limit_that_every_worker_is_over_renews_none(run):
    program = run(PROGRAM, "--port=0", "--recycle-rss=10")
    program.wait_for_output("--recycle-rss 10 has no effect")
    workers = program.serving(1)
    time.sleep(6)  # longer than between two looks

    assert program.serving(1) == workers
    assert program.output.count("has no effect") == 1


def test_a_worker_that_cannot_be_replaced_goes_on(run):
    program = run(PROGRAM, "--port=0", "--recycle-requests=60")
    workers = program.serving(1)  # takes some of them
    program.rewrite("kept = []", "raise RuntimeError('not now')")

    ask_until(program, "/", "RuntimeError: not now")

    assert program.serving(1) == workers
    program.rewrite("raise RuntimeError('not now')", "kept = []  # now")
    program.wait_for_output("takes its place")


@pytest.mark.parametrize(
    "option",
    ["--recycle-requests=0", "--recycle-seconds=0", "--recycle-rss=-5", "--recycle-rss=many"],
)
def test_limits_that_are_none_are_refused(run, option):
    program = run(PROGRAM, "--port=0", option)

    assert program.wait() == 2
    assert option.partition("=")[0] in program.output
