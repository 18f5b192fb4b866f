"""Sides of programs that are hard to start, to serve or to end."""

import contextlib
import http.client
import os
import signal
import socket
import threading
import time
import urllib.request

import pytest

from retort.compare.options import CompareError
from retort.compare.sides import SideSpec, start_all

FLASK = SideSpec("flask", "flask")
GIVE_UP_SECONDS = 30  # far above what anything here takes


def get(side, path="/"):
    url = f"http://127.0.0.1:{side.next_port()}{path}"
    with urllib.request.urlopen(url, timeout=GIVE_UP_SECONDS) as response:
        return response.read().decode()


def wait_until(condition):
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while not condition():
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def has_ended(pid):
    """Whether a process has ended; a zombie has."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", "rb") as stat:
        return stat.read().rpartition(b")")[2].split()[0] == b"Z"
    return False


def failure(side):
    with pytest.raises(CompareError) as caught:
        side.start()
    return str(caught.value)


@pytest.mark.parametrize("spec", [FLASK, SideSpec("retort", "retort")], ids=["flask", "retort"])
def test_a_program_is_served_on_its_framework(sides, spec):
    side = sides.start(spec)

    assert get(side) == "hello"
    assert side.info.label.lower().startswith(spec.framework)
    assert side.view_of("GET", "/") == "shop.py:6 (index)"
    assert side.endpoint_of("GET", "/missing") == ""
    assert side.rules == ["/"]


def test_a_program_that_raises_is_described_with_its_traceback(sides):
    sides.write("1 / 0\n")

    text = failure(sides.make(FLASK))

    assert text.startswith("flask (Flask): ")
    assert "ZeroDivisionError: division by zero" in text


def test_a_program_that_calls_sys_exit_is_described(sides):
    sides.write("import sys\nsys.exit(3)\n")

    text = failure(sides.make())

    assert "SystemExit: 3" in text
    assert text.endswith("It must not call sys.exit() when it is imported.")


def test_a_program_that_ends_its_process_is_described_with_its_output(sides):
    sides.write("import os\nprint('bye', flush=True)\nos._exit(4)\n")

    assert failure(sides.make()) == (
        "retort (Retort): The program ended while it was loaded. The process ended with status 4."
        " It printed:\n    bye\n"
        "It must not end its process, or go on in another one, when it is imported."
    )


def test_a_program_that_is_killed_is_described_with_the_signal(sides):
    sides.write("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")

    assert "The process was ended by SIGSEGV. It printed nothing." in failure(sides.make())


def test_a_program_that_loads_without_end_is_described_with_the_place(sides):
    sides.write("import time\ndef endless():\n    time.sleep(1000)\nendless()\n")

    text = failure(sides.make(load_seconds=2.0))

    assert "The program was not loaded after 2 seconds." in text
    assert 'shop.py", line 3 in endless' in text.splitlines()[1]


def test_a_side_can_be_stopped_while_its_program_loads(sides):
    sides.write("import time\nopen('loading', 'w').close()\ntime.sleep(1000)\n")
    side = sides.make()
    failures = []
    thread = threading.Thread(target=lambda: failures.append(failure(side)))
    thread.start()
    wait_until((side.root / "program" / "loading").exists)

    side.stop()
    thread.join(GIVE_UP_SECONDS)

    assert len(failures) == 1


def test_sides_that_still_load_are_stopped_when_one_fails(sides):
    sides.write("import os, time\nif 'SLOW' in os.environ:\n    time.sleep(1000)\n1 / 0\n")
    made = [sides.make(env=("SLOW=1",)), sides.make(FLASK)]

    with pytest.raises(CompareError, match="ZeroDivisionError"):
        start_all(made)

    assert [side.is_alive() for side in made] == [False, False]


def test_a_port_that_another_side_has_is_explained(sides):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        sides.write(f"""
            import socket
            listener = socket.create_server(("127.0.0.1", {taken.getsockname()[1]}))
            """)
        text = failure(sides.make(SideSpec("again", "flask")))

    assert text.startswith("again (Flask): The program cannot be loaded.")
    assert "Give each side another port by --env SIDE:NAME=VALUE" in text


@pytest.mark.parametrize("spec", [FLASK, SideSpec("retort", "retort")], ids=["flask", "retort"])
def test_app_run_on_import_does_nothing(sides, spec):
    sides.write((sides.folder / "shop.py").read_text() + "\napp.run(port=1)\n")

    assert get(sides.start(spec)) == "hello"


def test_a_child_that_is_forked_on_import_does_not_serve(sides):
    sides.write(
        (sides.folder / "shop.py").read_text()
        + "\nimport os\nCHILD = os.fork()\n"
        + "@app.get('/pid')\ndef pid():\n    return f'{CHILD}'\n"
    )

    side = sides.start()

    assert all(int(get(side, "/pid")) > 0 for _ in range(5))
    wait_until(lambda: has_ended(int(get(side, "/pid"))))


def test_a_program_that_goes_on_in_a_child_is_refused(sides):
    sides.write("import os, time\nif os.fork():\n    os._exit(0)\ntime.sleep(1000)\n")

    assert "or go on in another one, when it is imported." in failure(sides.make())


def test_processes_that_the_program_has_started_end_with_the_side(sides):
    sides.write(
        (sides.folder / "shop.py").read_text()
        + "\nimport subprocess, sys\n"
        + "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(1000)'])\n"
        + "@app.get('/child')\ndef child_id():\n    return str(child.pid)\n"
    )
    side = sides.start()
    child = int(get(side, "/child"))

    side.stop()

    wait_until(lambda: has_ended(child))


@pytest.mark.parametrize("is_daemon", [True, False])
def test_threads_that_never_end_do_not_keep_a_side(sides, is_daemon):
    sides.write(
        (sides.folder / "shop.py").read_text()
        + "\nimport threading, os\n"
        + f"threading.Thread(target=threading.Event().wait, daemon={is_daemon}).start()\n"
        + "@app.get('/pid')\ndef pid():\n    return str(os.getpid())\n"
    )
    side = sides.start()
    pid = int(get(side, "/pid"))

    side.stop()

    assert has_ended(pid)


def test_a_side_ends_when_the_command_is_killed_while_it_loads(sides, tmp_path):
    sides.write(
        "import os, time\nopen(os.environ['PID_FILE'], 'w').write(str(os.getpid()))\n"
        "time.sleep(1000)\n"
    )
    file = tmp_path / "pid"
    command = os.fork()
    if command == 0:
        with contextlib.suppress(BaseException):
            sides.start(env=(f"PID_FILE={file}",))
        os._exit(0)
    wait_until(lambda: file.exists() and file.read_text())
    os.kill(command, signal.SIGKILL)
    os.waitpid(command, 0)

    wait_until(lambda: has_ended(int(file.read_text())))


def test_a_flood_of_output_does_not_block_the_program(sides):
    sides.write(
        "import sys\n"
        + (sides.folder / "shop.py").read_text()
        + """
@app.get("/flood")
def flood():
    for _ in range(200):
        print("x" * 50_000)
    print("last", file=sys.stderr)
    return "done"
"""
    )
    side = sides.start()
    mark = side.mark()

    assert get(side, "/flood") == "done"
    assert len(side.output_since(mark)) > 9_000_000
    mark = side.mark()
    assert side.output_since(mark) == ""


def test_the_description_of_an_end_has_the_last_lines_alone(sides):
    sides.write(
        (sides.folder / "shop.py").read_text()
        + """
import os, sys
@app.get("/end")
def end():
    for number in range(100_000):
        print("line", number)
    sys.stdout.flush()
    os._exit(5)
"""
    )
    side = sides.start()
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        get(side, "/end")
    wait_until(lambda: not side.is_alive())

    text = side.describe_end()

    assert text.startswith("The process ended with status 5. It printed:\n")
    assert text.endswith("line 99999")
    assert len(text.splitlines()) < 20


# After the end of a process.


def test_a_restarted_side_keeps_its_data(sides):
    sides.write("""
        import os
        from pathlib import Path
        from flask import Flask

        app = Flask(__name__)

        @app.get("/")
        def index():
            with open("visits", "a") as file:
                file.write("x")
            return Path("visits").read_text()

        @app.get("/end")
        def end():
            os._exit(1)
        """)
    side = sides.start(reset="echo -n r >> visits")
    assert get(side) == "rx"
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        get(side, "/end")
    wait_until(lambda: not side.is_alive())

    side.restart()

    assert get(side) == "rxx"


def test_a_side_that_cannot_be_started_again_is_not_running(sides):
    side = sides.start()
    (side.root / "program" / "shop.py").write_text("1 / 0\n")

    with pytest.raises(CompareError, match="ZeroDivisionError"):
        side.restart()

    assert not side.is_alive()
    assert side.ports == []
    assert side.mark() == ()
    assert (side.describe_end(), side.output_since(())) == ("", "")
    assert (side.view_of("GET", "/"), side.endpoint_of("GET", "/")) == ("", "")
    assert side.usage().cpu_seconds == 0
    assert side.observed().refused == []
    with pytest.raises(CompareError, match="is not running"):
        side.next_port()
    with pytest.raises(CompareError, match="is not running"):
        side.send({}, 1)


def test_two_processes_of_a_side_answer_in_turn_from_one_folder(sides):
    sides.write(
        (sides.folder / "shop.py").read_text()
        + """
import os
@app.get("/who")
def who():
    return f"{os.getpid()} {os.getcwd()}"
"""
    )
    together = sides.start(SideSpec("retort", "retort", 2))
    found = [get(together, "/who").split() for _ in range(4)]

    assert found[:2] == found[2:]
    assert len({pid for pid, _ in found}) == 2
    assert len({folder for _, folder in found}) == 1


def test_processes_apart_have_a_folder_each(sides):
    sides.write(
        (sides.folder / "shop.py").read_text()
        + """
import os
@app.get("/where")
def where():
    return os.getcwd()
"""
    )
    apart = sides.start(SideSpec("retort", "retort", 2, is_apart=True))

    assert len({get(apart, "/where") for _ in range(4)}) == 2


# The test client in the process.


def test_an_exception_of_the_test_client_is_returned(sides):
    sides.write(
        (sides.folder / "shop.py").read_text()
        + """
app.testing = True
@app.get("/fail")
def fail():
    raise LookupError("no such shop")
"""
    )
    side = sides.start(in_process=True)
    request = {"method": "GET", "target": "/fail", "fields": [], "body": ""}

    assert side.send(request, GIVE_UP_SECONDS) == {"raised": "LookupError: no such shop"}
    assert side.send({**request, "target": "/"}, GIVE_UP_SECONDS)["body"] == "hello"


def test_a_late_reply_is_not_taken_for_the_next_one(sides):
    sides.write(
        (sides.folder / "shop.py").read_text()
        + """
import os, time
@app.get("/slow")
def slow():
    while not os.path.exists("go"):
        time.sleep(0.01)
    return "slow"
"""
    )
    side = sides.start(in_process=True)
    request = {"method": "GET", "target": "/slow", "fields": [], "body": ""}

    assert side.send(request, 0.3) is None
    (side.root / "program" / "go").touch()
    assert side.send({**request, "target": "/"}, GIVE_UP_SECONDS)["body"] == "hello"


def test_the_side_works_with_safe_paths_of_python(sides, monkeypatch):
    monkeypatch.setenv("PYTHONSAFEPATH", "1")

    assert get(sides.start(FLASK)) == "hello"
