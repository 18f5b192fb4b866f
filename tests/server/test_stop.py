"""SIGTERM and SIGINT: what is under way is finished, the rest let go, and all is over in time."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time

import pytest

PROGRAM = """
    import os, subprocess, sys, time
    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "here"

    @app.get("/slow")
    def slow():
        print("slow view began", flush=True)
        time.sleep(float(request.args["seconds"]))
        return "done"

    @app.get("/held")
    def held():
        print("held view began", flush=True)
        while not os.path.exists("go on"):
            time.sleep(0.02)
        return "done"

    @app.get("/held-stream")
    def held_stream():
        def pieces():
            yield "do"
            held()
            yield "ne"
        return pieces()

    @app.get("/stream")
    def stream():
        def lines():
            print("stream began", flush=True)
            for number in range(15):
                yield f"{number}\\n"
                time.sleep(0.1)
        return lines()

    @app.get("/large")
    def large():
        return b"x" * 30_000_000

    @app.post("/upload")
    def upload():
        return str(len(request.get_data()))

    @app.get("/orphan")
    def orphan():
        # Its parent ends at once, so it is given to process 1 when it ends itself.
        code = "import subprocess; subprocess.Popen(['sleep', '0.2'])"
        subprocess.run([sys.executable, "-c", code], check=True)
        return "left alone"

    @app.get("/zombies")
    def zombies():
        states = []
        for name in os.listdir("/proc"):
            if name.isdigit():
                with open(f"/proc/{name}/stat") as file:
                    states.append(file.read().rpartition(")")[2].split()[0])
        return str(states.count("Z"))
"""


def asking(program, path):
    """Send a request in a thread; the list gets status and size of the response, or the error."""
    results = []

    def ask():
        try:
            answer = program.get(path)
            results.append((answer.status, len(answer.text)))
        except (OSError, http.client.HTTPException) as error:
            results.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread, results


def is_refused(program):
    try:
        program.connect().close()
    except OSError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("workers", ["1", "2"])
def test_no_request_in_progress_is_cut_and_idle_connections_are_dropped(
    run, number, workers, is_long, tmp_path
):
    for _ in range(10 if is_long else 2):
        stop_in_the_middle(run, number, workers, tmp_path / "go on")


def stop_in_the_middle(run, number, workers, go_on):
    go_on.unlink(missing_ok=True)
    program = run(PROGRAM, "--port=0", "--grace=60", "--workers", workers)
    program.wait_for_answer("here")
    port = program.port
    idle = [http.client.HTTPConnection("127.0.0.1", port, timeout=60) for _ in range(20)]
    for connection in idle:
        connection.request("GET", "/")
        assert connection.getresponse().read() == b"here"
    silent = [program.connect() for _ in range(20)]
    under_way = [asking(program, "/held") for _ in range(6)]
    under_way += [asking(program, "/stream") for _ in range(2)]
    program.wait_for(lambda: program.output.count("held view began") == 6)
    program.wait_for(lambda: program.output.count("stream began") == 2)

    program.process.send_signal(number)

    for connection in idle:
        assert connection.sock.recv(1) == b""
        connection.close()
    program.wait_for(lambda: is_refused(program))
    assert program.process.poll() is None  # all this while some are held
    go_on.touch()
    for thread, _ in under_way:
        thread.join()
    assert [results for _, results in under_way] == [[(200, 4)]] * 6 + [[(200, 35)]] * 2
    assert program.wait() == 0
    assert program.family() == []
    for connection in silent:
        connection.close()


def test_a_large_response_reaches_a_slow_client_whole(run):
    program = run(PROGRAM, "--port=0", "--grace=60")
    with program.connect() as connection:
        connection.sendall(b"GET /large HTTP/1.1\r\nHost: localhost\r\n\r\n")
        size = len(connection.recv(1000))
        program.process.send_signal(signal.SIGTERM)
        time.sleep(3)  # longer than a connection without a request may linger
        while piece := connection.recv(1_000_000):
            size += len(piece)

    assert size > 30_000_000
    assert program.wait() == 0


def test_an_upload_that_has_begun_is_taken_to_its_end(run):
    program = run(PROGRAM, "--port=0", "--grace=60")
    with program.connect() as connection:
        connection.sendall(
            b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000\r\n\r\n"
        )
        connection.sendall(b"x" * 10_000)
        program.wait_for_answer("here")
        program.process.send_signal(signal.SIGTERM)
        for _ in range(3):
            time.sleep(1)
            connection.sendall(b"x" * 10_000)
        answer = program.received(connection)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"40000")
    assert program.wait() == 0


def test_a_connection_without_a_request_does_not_delay_the_shutdown(run):
    program = run(PROGRAM, "--port=0", "--grace=60")
    with program.connect() as silent:
        program.wait_for_answer("here")

        assert program.end() == 0
        assert silent.recv(1) == b""


def test_requests_beyond_the_grace_time_are_aborted_and_reported(run):
    program = run(PROGRAM, "--port=0", "--grace=1")
    thread, results = asking(program, "/slow?seconds=50")
    program.wait_for_output("slow view began")

    assert program.end() == 0

    thread.join()
    assert isinstance(results[0], (OSError, http.client.HTTPException))
    # By the worker itself, or by the main process if that was quicker.
    assert re.search(r"(open request unfinished|open requests) after 1 s", program.output)
    assert program.family() == []


@pytest.mark.parametrize("path", ["/held", "/held-stream"])
def test_stopping_prints_the_number_of_open_requests_and_the_time_limit(run, tmp_path, path):
    program = run(PROGRAM, "--port=0", "--grace=60")
    program.wait_for_answer("here")
    under_way = [asking(program, path) for _ in range(3)]
    program.wait_for(lambda: program.output.count("held view began") == 3)

    program.process.send_signal(signal.SIGTERM)

    line = program.wait_for_output(
        r"Worker (\d+) is stopping: waiting for 3 open requests, for (\d+) s at most \(--grace\)"
    )
    assert int(line[1]) in program.workers
    assert int(line[2]) <= 60
    (tmp_path / "go on").touch()
    for thread, results in under_way:
        thread.join()
        assert results[0][0] == 200
    assert program.wait() == 0


def test_a_stopped_script_prints_the_number_of_open_requests_too(start, tmp_path):
    program = start(PROGRAM + "\n    app.run(port=0)\n", words=["-m", "retort", "{file}"])
    program.wait_for_answer("here")
    thread, results = asking(program, "/held-stream")
    program.wait_for_output("held view began")

    program.process.send_signal(signal.SIGTERM)

    program.wait_for_output(r"The server is stopping: waiting for 1 open request, for \d+ s")
    (tmp_path / "go on").touch()
    thread.join()
    assert results == [(200, 4)]
    assert program.wait() == 0


def test_a_fast_stop_prints_nothing(run):
    program = run(PROGRAM, "--port=0", "--workers=2")
    program.wait_for_answer("here")

    assert program.end() == 0
    assert "stopping" not in program.output


def test_a_request_may_take_as_long_as_the_grace_time(run):
    program = run(PROGRAM, "--port=0", env={"FLASK_RUN_GRACE": "60"})
    thread, results = asking(program, "/slow?seconds=12")  # more than without the option
    program.wait_for_output("slow view began")

    assert program.end() == 0

    thread.join()
    assert results == [(200, 4)]


def test_a_second_signal_ends_at_once(run):
    program = run(PROGRAM, "--port=0", "--workers=2", "--grace=600")
    asking(program, "/slow?seconds=500")
    program.wait_for_output("slow view began")
    program.process.send_signal(signal.SIGTERM)
    program.wait_for(lambda: is_refused(program))
    time.sleep(0.2)

    program.process.send_signal(signal.SIGTERM)

    assert program.wait() == 1
    program.wait_for(lambda: program.family() == [])


LONG_MOMENT = """
    from retort.cli import main
    from retort.server.process import supervisor

    supervisor._SAME_STOP_SECONDS = 60  # else a busy machine could take too long between the two
    main(["run", "--port=0", "shop.py"])
"""


def test_the_same_signal_twice_in_a_moment_is_one(start, tmp_path):
    """As `timeout` and some launchers send it."""
    (tmp_path / "shop.py").write_text(textwrap.dedent(PROGRAM))
    program = start(LONG_MOMENT)
    thread, results = asking(program, "/held")
    program.wait_for_output("held view began")

    program.process.send_signal(signal.SIGTERM)
    program.wait_for(lambda: is_refused(program))  # it has handled the first one
    program.process.send_signal(signal.SIGTERM)
    (tmp_path / "go on").touch()

    assert program.wait() == 0
    thread.join()
    assert results == [(200, 4)]


@pytest.mark.parametrize("grace", ["-1", "soon", "nan", "inf"])
def test_a_grace_time_that_is_none_is_refused(run, grace):
    program = run(PROGRAM, "--port=0", "--grace", grace)

    assert program.wait() == 2
    assert "'--grace'" in program.output


def test_an_atexit_function_of_the_program_runs_in_the_worker(run):
    source = PROGRAM + "\n    import atexit; atexit.register(print, 'tidied up', flush=True)\n"
    program = run(source, "--port=0")
    program.wait_for_answer("here")

    assert program.end() == 0
    assert program.output.count("tidied up") == 1


def test_an_atexit_function_of_the_environment_runs_in_the_worker_too(run, tmp_path):
    """Agents that ``sitecustomize`` starts send what is left from there.

    From CPython 3.13 on, multiprocessing forgets these functions in a new process.
    """
    code = "import atexit, os; atexit.register(lambda: print('left:', os.getpid(), flush=True))"
    (tmp_path / "sitecustomize.py").write_text(code)
    program = run(PROGRAM, "--port=0", env={"PYTHONPATH": str(tmp_path)})
    program.wait_for_answer("here")
    (worker,) = program.workers

    assert program.end() == 0
    assert (f"left: {worker}\n" in program.output) == (sys.version_info < (3, 13))


@pytest.fixture
def namespace():
    """The words by which a command becomes process 1 of a namespace, as in a container."""
    words = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]
    words += ["--kill-child"]
    try:
        works = subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0
    except OSError:
        works = False
    if not works:
        pytest.skip("no process namespaces here")
    return words


def test_as_process_1_of_a_container_it_buries_orphans_and_heeds_signals(
    start, namespace, tmp_path
):
    code = f"""
        import os
        os.execvp("unshare", {namespace!r} + [{sys.executable!r}, "-m", "retort", "run",
                  "--port=0", "--workers=2", {str(tmp_path / "shop.py")!r}])
    """
    (tmp_path / "shop.py").write_text(textwrap.dedent(PROGRAM))
    program = start(code)
    assert [program.get("/orphan").text for _ in range(3)] == ["left alone"] * 3

    program.wait_for(lambda: program.get("/zombies").text == "0")
    time.sleep(0.5)  # by now, all three have ended
    program.wait_for(lambda: program.get("/zombies").text == "0")
    thread, results = asking(program, "/slow?seconds=1")
    program.wait_for_output("slow view began")
    # Process 1, seen from outside.
    (first,) = [pid for pid in program.workers if parent_of(pid) == program.process.pid]
    os.kill(first, signal.SIGTERM)

    assert program.wait() == 0
    thread.join()
    assert results == [(200, 4)]


def parent_of(pid):
    """Its parent; ``None``: it has ended."""
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat") as file:
        return int(file.read().rpartition(")")[2].split()[1])
    return None


BURIAL = """
    import ctypes, os, subprocess, sys, time
    from retort.server.process.supervisor import reap_children

    PR_SET_CHILD_SUBREAPER = 36
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    code = "import subprocess; print(subprocess.Popen(['sleep', '0.1']).pid)"
    stranger = int(subprocess.run([sys.executable, "-c", code], capture_output=True).stdout)
    own = subprocess.Popen(["true"])
    while os.path.exists(f"/proc/{stranger}"):
        reap_children({own.pid})
        if own.poll() is not None:
            reap_children(set())
        time.sleep(0.01)
    assert own.wait() == 0
    print("buried")
"""


def test_an_orphan_given_to_us_is_buried_and_our_own_children_are_not(start):
    program = start(BURIAL)

    assert program.wait() == 0
    assert "buried" in program.output


def test_a_closed_terminal_ends_the_server_and_a_sent_sighup_does_not(start, tmp_path):
    import pty

    parent, terminal = pty.openpty()
    log = tmp_path / "log.txt"
    (tmp_path / "shop.py").write_text("from flask import Flask\napp = Flask(__name__)\n")
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["setsid", "--ctty", sys.executable, "-m", "retort", "run", "--port=0", "shop.py"],
            cwd=tmp_path,
            stdin=terminal,
            stdout=output,
            stderr=output,
        )
    os.close(terminal)
    try:
        wait_for_text(log, "Press Ctrl-C")
        process.send_signal(signal.SIGHUP)
        wait_for_text(log, "All workers serve the program as it is now")

        os.close(parent)

        assert process.wait(60) == 0
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        process.wait()


def wait_for_text(log, text):
    give_up_at = time.monotonic() + 60
    while text not in log.read_text():
        assert time.monotonic() < give_up_at, log.read_text()
        time.sleep(0.05)


def test_nothing_is_left_of_sockets_when_the_server_has_ended(run, choose_port):
    port = choose_port()
    program = run(PROGRAM, "--port", str(port))
    program.wait_for_answer("here")
    assert program.end() == 0

    with socket.create_server(("127.0.0.1", port)):
        pass
