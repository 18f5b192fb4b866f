"""Workers that are killed, crash, or do not start; and what is never lost."""

import contextlib
import http.client
import os
import re
import shutil
import signal
import sqlite3
import threading
import time
from pathlib import Path

import pytest

SERVING = """
    import os, time
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "here"

    @app.get("/pid")
    def pid():
        time.sleep(0.05)  # so that others get the other requests
        return str(os.getpid())
"""

CRASHING = """
    import ctypes

    @app.get("/exit")
    def leave():
        os._exit(3)

    @app.get("/segfault")
    def segfault():
        ctypes.string_at(0)
"""

PROGRAM = SERVING + CRASHING

# What each kind of fault looks like to the main process.
CRASHES = {"/exit": "ended with status 3", "/segfault": "was ended by signal 11"}


@pytest.mark.parametrize(("path", "how"), CRASHES.items())
@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_worker_that_its_program_ends_is_replaced_each_time(run, path, how, workers):
    program = run(PROGRAM, "--port=0", "--workers", workers)
    for count in range(1, 6):
        program.serving(1)
        with contextlib.suppress(OSError, http.client.HTTPException):
            program.get(path)
        program.wait_for(
            lambda count=count: program.output.count(f"{how}: starting another") == count
        )

    assert len(program.serving(int(workers))) == int(workers)
    assert program.end() == 0


def test_others_serve_while_a_killed_worker_is_replaced(run, load):
    program = run(PROGRAM, "--port=0", "--workers=2")
    program.serving(2)
    with load(program) as asking:
        asking.wait_for_more(50)
        for _ in range(3):
            victim = min(program.serving(2))
            killed_at = time.monotonic()
            os.kill(victim, signal.SIGKILL)
            program.wait_for_output(f"Worker {victim} was ended by signal 9")
            program.serving(2)
            asking.wait_for_more(50)
            # 100 ms are promised; busy cores may take longer to notice anything at all.
            assert asking.longest_pause_since(killed_at) < 20
    # Each kill can cost the requests that were with the victim, and no other.
    assert len(asking.failures) <= 3 * 8


def test_all_workers_killed_at_once_come_back(run, load):
    program = run(PROGRAM, "--port=0", "--workers=3")
    for _ in range(3):
        victims = program.serving(3)
        with load(program) as asking:
            asking.wait_for_more(20)
            killed_at = time.monotonic()
            for victim in victims:
                os.kill(victim, signal.SIGKILL)
            asking.wait_for_more(50)
        # Within 1 s on a quiet machine; who comes meanwhile waits in the queue.
        assert asking.longest_pause_since(killed_at) < 20
        refused = [text for text in asking.failures if "Refused" in text]
        assert refused == []
    assert program.end() == 0


BREAKING = """
    import os, pathlib, sys, time

    with open("starts.txt", "a") as file:
        file.write(f"{time.monotonic()}\\n")
    if pathlib.Path("broken").exists():
        how = pathlib.Path("broken").read_text()
        if how == "raise":
            raise RuntimeError("the database is not there")
        if how == "exit":
            sys.exit("no licence")
        if how == "die":
            os._exit(5)
"""

BREAKABLE = BREAKING + SERVING


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("raise", "RuntimeError: the database is not there"),
        ("exit", "no licence"),
        ("die", "A worker ended with status 5 while it was loading the program."),
    ],
)
def test_a_program_that_never_starts_ends_the_server_with_one_message(run, tmp_path, how, message):
    (tmp_path / "broken").write_text(how)
    program = run(BREAKABLE, "--port=0", "--workers=3")

    assert program.wait() == 1
    assert program.output.count(message) == 1
    assert len((tmp_path / "starts.txt").read_text().split()) == 1
    assert program.family() == []


def test_workers_that_do_not_start_are_reported_once_and_retried_with_backoff(run, tmp_path):
    program = run(BREAKABLE, "--port=0", "--workers=3")
    living = program.serving(3)
    (tmp_path / "starts.txt").unlink()
    (tmp_path / "broken").write_text("raise")
    victim = living.pop()

    os.kill(victim, signal.SIGKILL)

    program.wait_for_output("as before: 4 times in a row")
    assert program.output.count("RuntimeError: the database is not there") == 1
    assert "2 of 3 serve; trying again in" in program.output
    assert program.serving(2) == living  # they serve meanwhile
    times = [float(line) for line in (tmp_path / "starts.txt").read_text().split()]
    assert times[3] - times[0] > 0.1 + 0.2 + 0.4  # no sooner: these are pauses, not limits
    (tmp_path / "broken").unlink()
    assert len(program.serving(3)) == 3
    assert program.process.poll() is None
    assert program.end() == 0


def test_the_server_lives_on_when_no_worker_starts_and_serves_when_one_does(run, tmp_path):
    program = run(BREAKABLE, "--port=0", "--workers=2")
    victims = program.serving(2)
    (tmp_path / "broken").write_text("die")

    for victim in victims:
        os.kill(victim, signal.SIGKILL)
    program.wait_for_output("0 of 2 serve; trying again")
    (tmp_path / "broken").unlink()

    assert len(program.serving(2)) == 2
    assert program.end() == 0


def test_workers_end_when_the_main_process_is_killed_and_the_port_is_free(run, choose_port):
    port = choose_port()
    program = run(PROGRAM, "--port", str(port), "--workers=3")
    program.serving(3)

    program.process.kill()
    program.wait()

    program.wait_for(lambda: program.family() == [])
    again = run(PROGRAM, "--port", str(port))
    again.wait_for_answer("here")
    assert again.end() == 0


def test_workers_that_are_loading_end_with_a_killed_main_process(run):
    program = run("import time; print('loading', flush=True); time.sleep(600)", "--port=0")
    program.wait_for_output("loading")

    program.process.kill()
    program.wait()

    program.wait_for(lambda: program.family() == [])


GUESTBOOK = Path(__file__).parents[2] / "examples" / "guestbook"


def test_every_acknowledged_entry_of_the_guestbook_survives_killed_workers(run, tmp_path, is_long):
    shutil.copytree(GUESTBOOK, tmp_path / "guestbook")
    database = tmp_path / "entries.sqlite3"
    program = run(
        (GUESTBOOK / "guestbook.py").read_text(),
        "--port=0",
        "--workers=2",
        name="guestbook/guestbook.py",
        env={"GUESTBOOK_DATABASE": str(database)},
    )
    program.wait_for_answer("<form")
    acknowledged, sent = [], set()
    is_over = threading.Event()

    def write(writer):
        for number in range(1_000_000):
            if is_over.is_set():
                return
            text = f"entry {writer}-{number}"
            sent.add(text)
            body = f'{{"name": "Ada", "message": "{text}"}}'
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = program.ask("POST", "/entries", body, {"Content-Type": "application/json"})
                if answer.status == 201:
                    acknowledged.append(text)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(6)]
    for thread in threads:
        thread.start()
    try:
        for count in range(1, 31 if is_long else 7):
            goal = len(acknowledged) + 20
            program.wait_for(lambda goal=goal: len(acknowledged) >= goal)
            # The one that serves, not one that has only begun to start.
            os.kill(max(program.workers) if count % 2 else min(program.workers), 9)
            program.wait_for(
                lambda count=count: len(re.findall(r"signal 9", program.output)) >= count
            )
    finally:
        is_over.set()
        for thread in threads:
            thread.join()

    with contextlib.closing(sqlite3.connect(database)) as connection:
        kept = [text for (text,) in connection.execute("SELECT message FROM entry")]
    assert set(acknowledged) - set(kept) == set()
    assert len(kept) == len(set(kept))
    assert set(kept) <= sent
    assert len(acknowledged) >= 120
