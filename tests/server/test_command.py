"""`serve`, as ``retort run`` calls it: workers in production, one process in debug."""

import os
import signal
import socket
import ssl
from pathlib import Path

import pytest

PROGRAM = """
    import os, sys, time
    from retort.server.command import serve

    def app(environ, start_response):
        path = environ["PATH_INFO"]
        if path == "/die":
            os._exit(int(environ["QUERY_STRING"]))
        if path == "/slow":
            print("slow view began", flush=True)
            time.sleep(1)
        if path == "/raise":
            raise ValueError("secret detail")
        start_response("200 OK", [("Content-Type", "text/plain")])
        text = f"{os.getpid()} {environ['wsgi.multiprocess']} {environ['wsgi.url_scheme']}"
        return [text.encode()]

    def load():
        print("loaded in", os.getpid(), flush=True)
        return app

    def about(app):
        yield "a line about " + app.__name__

    if __name__ == "__main__":
        print("main is", os.getpid(), flush=True)
        serve(load, port=0, {options})
"""


def program_with(options):
    return PROGRAM.replace("{options}", options)


def test_each_worker_loads_the_program_and_the_main_process_does_not(start):
    program = start(program_with("workers=2"))
    program.wait_for(lambda: program.output.count("loaded in") == 2)

    assert f"loaded in {program.process.pid}" not in program.output
    assert "2 workers" in program.output
    assert " True http" in program.get("/").text


def test_the_start_lines_and_notes_are_printed_when_the_program_is_loaded(start):
    program = start(program_with("name='shop.py', describe=about"))
    program.wait_for_output("a line about app")

    assert program.output.index("loaded in") < program.output.index("Open http")
    assert program.output.index("'shop.py'") < program.output.index("a line about app")


SIGNAL_WHILE_STARTING = (
    """
    import os, time
    from retort.server.process import worker_main

    os.environ.setdefault("MAIN_PID", str(os.getpid()))  # the main process is the first
    send = worker_main.WorkerMain.send
    stop = worker_main.WorkerMain.stop
    stop_in_thread = worker_main.WorkerMain.stop_after_requests_arrived

    def send_and_end(self, message):
        send(self, message)
        if isinstance(message, worker_main.Serving):
            os.kill(int(os.environ["MAIN_PID"]), {number})
            while not self.is_ending:
                time.sleep(0.01)

    def stop_and_wait(self, worker):
        stop(self, worker)
        time.sleep(0.5)

    def stop_late_in_thread(self, worker):
        time.sleep(0.2)
        stop_in_thread(self, worker)

    worker_main.WorkerMain.send = send_and_end
    worker_main.WorkerMain.stop = stop_and_wait
    worker_main.WorkerMain.stop_after_requests_arrived = stop_late_in_thread
"""
    + PROGRAM
)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("workers", [1, 3])
def test_signals_end_all_workers_with_status_0(start, number, workers):
    program = start(program_with(f"workers={workers}"))
    program.wait_for(lambda: len(program.workers) == workers)
    program.wait_for_answer("http")

    assert program.end(number) == 0
    assert program.family() == []
    assert "Traceback" not in program.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_while_a_worker_starts_ends_it_once(start, number):
    text = SIGNAL_WHILE_STARTING.replace("{options}", "workers=1")
    program = start(text.replace("{number}", str(int(number))))

    assert program.process.wait(30) == 0
    assert program.family() == []
    assert "Traceback" not in program.output


def test_ctrl_c_in_a_terminal_reaches_all_at_once_and_still_ends_well(start):
    program = start(program_with("workers=2"))
    program.wait_for(lambda: program.output.count("loaded in") == 2)
    program.wait_for_answer("http")

    os.killpg(program.process.pid, signal.SIGINT)

    assert program.wait() == 0
    assert "Traceback" not in program.output


def test_a_request_in_progress_is_answered_before_the_workers_end(start):
    program = start(program_with("workers=2"))
    with program.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        program.wait_for_output("slow view began")
        program.process.send_signal(signal.SIGTERM)
        answer = program.received(connection)

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert program.wait() == 0


def test_a_killed_worker_is_replaced_and_the_server_goes_on(start):
    program = start(program_with("workers=2"))
    program.wait_for(lambda: len(program.workers) == 2)
    victim = program.workers[0]

    os.kill(victim, signal.SIGKILL)

    program.wait_for_output(f"Worker {victim} was ended by signal 9: starting another")
    program.wait_for(lambda: len(program.workers) == 2)
    assert program.get("/").status == 200


@pytest.mark.parametrize("status", [0, 1, 3, 4])
def test_a_view_that_ends_its_process_again_and_again_does_not_end_the_server(start, status):
    program = start(program_with("workers=1"))
    for count in range(1, 5):
        program.send(f"GET /die?{status} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        program.wait_for(lambda count=count: program.output.count("starting another") == count)

    assert program.get("/").status == 200  # waits in the queue while no process serves
    assert program.end() == 0


def test_a_killed_main_process_leaves_no_worker_behind(start):
    program = start(program_with("workers=3"))
    program.wait_for(lambda: len(program.workers) == 3)

    program.process.send_signal(signal.SIGKILL)
    program.wait()

    program.wait_for(lambda: program.family() == [])


def test_a_program_that_does_not_load_ends_the_server_with_status_1(start):
    source = program_with("workers=2").replace('print("loaded', "import nowhere_to_be_found  #")
    program = start(source)

    assert program.wait() == 1
    assert program.output.count("No module named 'nowhere_to_be_found'") == 1
    assert "Open http" not in program.output


def test_an_error_made_for_people_is_shown_without_traceback(start):
    source = program_with("").replace(
        'print("loaded', "import click; raise click.ClickException('no application here') #"
    )
    program = start(source)

    assert program.wait() == 1
    assert program.output.endswith("Error: no application here\n")
    assert "Traceback" not in program.output


def test_a_port_in_use_is_reported_before_the_program_is_loaded(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        program = start(program_with("").replace("port=0", f"port={port}"))

        assert program.wait() == 1
    assert f"Port {port} on 127.0.0.1 is in use" in program.output
    assert "--port" in program.output
    assert "loaded in" not in program.output
    assert "Traceback" not in program.output


def test_errors_of_views_show_no_details_to_clients(start):
    program = start(program_with(""))

    answer = program.get("/raise", Accept="text/html")

    assert (answer.status, answer.text) == (500, "Internal Server Error\n")
    program.wait_for_output("ValueError: secret detail")


def test_debug_serves_from_one_child_with_debugger_and_reloader(start):
    program = start(program_with("debug=True, workers=4, describe=about"))

    answer = program.get("/raise", Accept="text/html")

    assert answer.status == 500
    assert '<template id="console"' in answer.text
    assert len(program.workers) == 1
    assert "a line about app" in program.output
    assert program.output.count("4 workers are for production; here, one process serves") == 1
    assert " False http" in program.get("/").text
    program.rewrite("secret detail", "another detail")
    program.wait_for_answer("another detail", "/raise")
    assert program.output.count("a line about app") == 1


def test_a_program_that_does_not_load_in_debug_is_a_page_until_corrected(start):
    good = program_with("debug=True")
    program = start(good.replace('print("loaded', "import nowhere_to_be_found  #"))
    program.wait_for_answer("No module named 'nowhere_to_be_found'")
    assert program.get("/").status == 500

    program.rewrite("import nowhere_to_be_found", "#")

    program.wait_for_answer("http")


def test_debug_without_reloader_serves_from_the_first_process(start):
    program = start(program_with("debug=True, reload=False"))

    assert program.get("/").text.split()[0] == str(program.process.pid)
    assert program.family() == [program.process.pid]


def test_the_console_of_the_debugger_is_off_when_others_can_reach_it(start):
    program = start(program_with("debug=True, reload=False, host='0.0.0.0'"))

    answer = program.get("/raise", Accept="text/html")

    assert answer.status == 500
    assert '<template id="console"' not in answer.text
    assert "without a console" in program.output
    assert "PIN" not in program.output


CERTIFICATE = str(Path(__file__).with_name("localhost.pem"))


def encrypted(connection):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context.wrap_socket(connection)


def test_https_with_a_certificate(start):
    program = start(program_with(f"cert={CERTIFICATE!r}"))

    with program.connect() as plain, encrypted(plain) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = program.received(connection)

    assert answer.endswith(b" https")
    assert f"Open https://127.0.0.1:{program.port}" in program.output


def test_an_invalid_certificate_is_reported_in_one_line(start, tmp_path):
    (tmp_path / "cert.pem").write_text("not a certificate")
    program = start(program_with("cert='cert.pem', key='cert.pem'"))

    assert program.wait() == 1
    assert "cannot use 'cert.pem'" in program.output
    assert "Traceback" not in program.output


def test_an_attached_debugger_disables_the_reloader_with_a_note(start):
    program = start(f"    import sys; sys.modules['pydevd'] = sys\n{program_with('debug=True')}")

    assert program.get("/").text.startswith(f"{program.process.pid} ")
    assert "Reloader off: a debugger is attached" in program.output
