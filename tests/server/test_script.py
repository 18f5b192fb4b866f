"""`app.run()` inside a script: as in Flask's documentation, served by Granian."""

import functools
import signal
import socket
import socketserver
from unittest import mock

import pytest
import werkzeug.serving

from retort.server.script import note_ignored_run, run

HELLO = """
    import os, time
    from retort.server.script import run

    def app(environ, start_response):
        if environ["PATH_INFO"] == "/stop-here":
            answer = 6 * 7
            breakpoint()
        if environ["PATH_INFO"] == "/slow":
            print("slow view began", flush=True)
            time.sleep(1)
        if environ["PATH_INFO"] == "/stuck":
            print("stuck view began", flush=True)
            time.sleep(600)
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"hello"]

    run(app, "127.0.0.1", 0, {options})
    print("the line after run", flush=True)
"""


def hello(options=""):
    return HELLO.replace("{options}", options)


def test_the_start_lines_name_the_address_and_how_to_stop(start):
    program = start(hello())

    program.wait_for_output("Press Ctrl-C to stop")
    assert f"http://127.0.0.1:{program.port} (http://localhost:{program.port}" in program.output
    assert "'program.py'" in program.output
    assert "debug off" in program.output
    assert "Reloader" not in program.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("options", ["", "debug=True", "debug=True, use_reloader=False"])
def test_signals_end_the_server_with_status_0_and_all_processes(start, number, options):
    program = start(hello(options))
    program.wait_for_answer("hello")

    assert program.end(number) == 0
    assert program.family() == []
    assert "Traceback" not in program.output


def test_the_script_goes_on_after_the_server_was_stopped(start):
    program = start(hello())
    program.wait_for_answer("hello")

    program.end()

    assert program.output.endswith("the line after run\n")


def test_a_signal_right_at_the_start_is_not_missed(start):
    for _ in range(5):
        program = start(hello("debug=True"))
        program.wait_for_output("Press Ctrl-C")
        program.wait_for(lambda program=program: len(program.family()) == 2)

        assert program.end() == 0
        assert program.family() == []


def test_a_request_in_progress_is_answered_before_the_server_ends(start):
    program = start(hello())
    with program.connect() as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        program.wait_for_output("slow view began")
        program.process.send_signal(signal.SIGTERM)
        answer = program.received(connection)

    assert answer.endswith(b"hello")
    assert program.wait() == 0


def test_half_a_request_does_not_keep_the_server_from_ending(start):
    program = start(hello())
    with program.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHo")
        program.wait_for_answer("hello")

        assert program.end() == 0


def test_a_request_that_the_program_keeps_does_not_keep_the_server_from_ending(start):
    program = start(
        hello()
        .replace("    def app(", "    kept = []\n\n    def app(")
        .replace('start_response("200', 'kept.append(environ); start_response("200')
    )
    program.wait_for_answer("hello")

    assert program.end() == 0
    assert program.output.endswith("the line after run\n")


def test_a_view_that_never_ends_does_not_keep_the_server_from_ending(start):
    program = start(hello("debug=True, use_reloader=False"))
    with program.connect() as connection:
        connection.sendall(b"GET /stuck HTTP/1.1\r\nHost: localhost\r\n\r\n")
        program.wait_for_output("stuck view began")

        assert program.end(signal.SIGINT) == 0


@pytest.mark.parametrize("options", ["", "debug=True", "debug=True, use_debugger=False"])
def test_breakpoint_in_a_view_talks_to_the_terminal(start, options):
    program = start(hello(options))
    with program.connect() as connection:
        connection.sendall(
            b"GET /stop-here HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        )
        program.wait_for_output(r"\(Pdb\)")
        program.type("print('the answer is', answer)")
        program.wait_for_output("the answer is 42")
        program.type("continue")
        answer = program.received(connection)

    assert b"hello" in answer


def test_debug_prints_a_line_for_each_request_without_what_could_steer_a_terminal(start):
    program = start(hello("debug=True, use_reloader=False"))
    program.send(b"GET /%1b[31mred?q=%20x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    program.wait_for_output(r'127\.0\.0\.1 "GET /%1B%5B31mred\?q=%20x" 200 [\d.]+ m?s\n')
    assert "\x1b" not in program.output


def test_without_debug_requests_are_not_printed(start):
    program = start(hello())
    program.wait_for_answer("hello")
    program.end()

    assert "GET" not in program.output


def test_a_port_in_use_is_reported_in_one_line_with_its_process_and_the_fix(start):
    first = start(hello(), name="first.py")
    port = first.port

    second = start(hello().replace('"127.0.0.1", 0', f'"127.0.0.1", {port}'), name="second.py")

    assert second.wait() == 1
    assert second.output.count("\n") == 1
    assert f"Port {port} on 127.0.0.1 is in use" in second.output
    assert f"process {first.process.pid} (" in second.output
    assert "first.py" in second.output
    assert "app.run(port=" in second.output


def test_a_port_in_use_is_noticed_before_the_reloader_starts(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        program = start(hello("debug=True").replace('"127.0.0.1", 0', f'"127.0.0.1", {port}'))

        assert program.wait() == 1
        assert program.output.count("\n") == 1


def test_a_program_without_main_thread_is_served_too(start):
    program = start(
        """
        import threading, time
        from retort.server.script import run

        def app(environ, start_response):
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"from a thread"]

        thread = threading.Thread(
            target=run, args=(app, "127.0.0.1", 0), kwargs={"debug": True}, daemon=True
        )
        thread.start()
        time.sleep(600)
        """
    )

    assert program.get("/").text == "from a thread"
    assert "Reloader off: it needs the main thread" in program.output


def test_a_frozen_program_is_served_without_the_reloader(start):
    program = start("    import sys; sys.frozen = True\n" + hello("debug=True"))

    program.wait_for_answer("hello")
    assert "Reloader off: this program is frozen" in program.output
    assert "Reloader on" not in program.output


def test_two_servers_in_two_threads(start):
    program = start(
        """
        import threading
        from retort.server.script import run

        def make(text):
            def app(environ, start_response):
                start_response("200 OK", [("Content-Type", "text/plain")])
                return [text]
            return app

        second = threading.Thread(target=run, args=(make(b"two"), "127.0.0.1", 0), daemon=True)
        second.start()
        run(make(b"one"), "127.0.0.1", 0)
        """
    )

    program.wait_for(lambda: program.output.count("Open http") == 2)
    program.wait_for_answer("o")
    assert program.end() == 0


def test_threaded_off_allows_one_view_at_a_time(start):
    program = start(
        """
        import threading, time
        from retort.server.script import run

        inside = []

        def app(environ, start_response):
            inside.append(1)
            most = len(inside)
            time.sleep(0.1)
            inside.pop()
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [str(most).encode()]

        run(app, "127.0.0.1", 0, threaded=False)
        """
    )
    connections = [program.connect() for _ in range(5)]
    for connection in connections:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answers = [program.received(connection) for connection in connections]
    for connection in connections:
        connection.close()

    assert all(answer.endswith(b"1") for answer in answers)


def test_views_run_side_by_side_as_a_rule(start):
    program = start(
        """
        import threading
        from retort.server.script import run

        all_here = threading.Barrier(8, timeout=30)

        def app(environ, start_response):
            all_here.wait()
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [b"met"]

        run(app, "127.0.0.1", 0)
        """
    )
    connections = [program.connect() for _ in range(8)]
    for connection in connections:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    answers = [program.received(connection) for connection in connections]
    for connection in connections:
        connection.close()

    assert all(answer.endswith(b"met") for answer in answers)


def test_static_files_of_werkzeugs_options_are_served(start, tmp_path):
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "hello.txt").write_text("from a file")
    program = start(hello("static_files={'/files': 'files'}"))

    assert program.get("/files/hello.txt").text == "from a file"
    assert program.get("/").text == "hello"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("passthrough_errors=True", "passthrough_errors"),
        ("threaded=False, processes=2", "processes=2"),
        ("request_handler=__import__('werkzeug').serving.WSGIRequestHandler", "request_handler"),
    ],
)
def test_what_only_werkzeugs_server_can_do_is_done_by_it(start, options, reason):
    program = start(hello(options))

    program.wait_for_output(f"Served by Werkzeug's development server: .*{reason}")
    port = int(program.wait_for_output(r"Running on http://127\.0\.0\.1:(\d+)")[1])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
        connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
        answer = program.received(connection)
    assert b"hello" in answer


def test_websocket_rules_of_an_extension_get_the_socket(start):
    program = start(
        """
        from retort import Flask, request
        from werkzeug.routing import Rule

        app = Flask(__name__)
        app.url_map.add(Rule("/echo", endpoint="echo", websocket=True))

        @app.endpoint("echo")
        def echo():
            request.environ["werkzeug.socket"].sendall(b"HTTP/1.1 101 Switching\\r\\n\\r\\n")
            raise ConnectionError("done")

        app.run("127.0.0.1", 0)
        """
    )
    with program.connect() as connection:
        connection.sendall(
            b"GET /echo HTTP/1.1\r\nHost: localhost\r\n"
            b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 101 ")


def application(environ, start_response):
    raise AssertionError("never asked")


def test_an_unknown_option_is_a_type_error():
    with pytest.raises(TypeError, match="unexpected keyword argument 'usereloader'"):
        run(application, "127.0.0.1", 0, usereloader=True)


@pytest.fixture
def recorded_run_simple(monkeypatch):
    calls = []
    monkeypatch.setattr(werkzeug.serving, "run_simple", lambda *a, **k: calls.append((a, k)))
    return calls


@pytest.mark.parametrize("debug", [True, False])
def test_a_replaced_run_simple_is_called_as_flask_calls_it(recorded_run_simple, debug):
    run(application, "127.0.0.1", 5000, debug=debug)

    assert recorded_run_simple == [
        (
            ("127.0.0.1", 5000, application),
            {"use_reloader": debug, "use_debugger": debug, "threaded": True},
        )
    ]


def test_options_given_reach_a_replaced_run_simple_unchanged(recorded_run_simple):
    run(application, "0.0.0.0", 80, debug=True, use_reloader=False, anything="else")

    assert recorded_run_simple[0][1] == {
        "use_reloader": False,
        "use_debugger": True,
        "threaded": True,
        "anything": "else",
    }


def wrapped(original):
    """As decorators make it: with the names of the original, and its ``__wrapped__``."""

    @functools.wraps(original)
    def wrapper(*args, **kwargs):
        raise Enough

    return wrapper


class Enough(Exception):
    pass


class Transparent:
    """As libraries for decorators make it: it has whatever the original has."""

    def __init__(self, original):
        self.__wrapped__ = original

    def __getattr__(self, name):
        return getattr(self.__wrapped__, name)

    @property
    def __class__(self):
        return type(self.__wrapped__)

    def __call__(self, *args, **kwargs):
        raise Enough


def mocked(original):
    return mock.create_autospec(original, side_effect=Enough)


@pytest.mark.parametrize(
    "replacement",
    [
        wrapped,
        Transparent,
        mocked,
        lambda original: mock.Mock(wraps=original, side_effect=Enough),
        lambda original: functools.partial(wrapped(original)),
    ],
    ids=["functools.wraps", "a proxy", "autospec", "Mock", "partial"],
)
@pytest.mark.parametrize("part", ["run_simple", "make_server"])
def test_any_kind_of_replacement_is_called_and_a_line_is_printed(
    monkeypatch, capsys, part, replacement
):
    original = getattr(werkzeug.serving, part)
    monkeypatch.setattr(werkzeug.serving, part, replacement(original))

    with pytest.raises(Enough):
        run(application, "127.0.0.1", 0)

    assert capsys.readouterr().err == (
        " * Served by Werkzeug's development server: something has replaced"
        f" werkzeug.serving.{part}.\n"
    )


def test_a_server_class_with_a_server_bind_of_its_own_is_used(monkeypatch):
    class Server(werkzeug.serving.ThreadedWSGIServer):
        def server_bind(self):
            raise Enough

    monkeypatch.setattr(werkzeug.serving, "ThreadedWSGIServer", Server)

    with pytest.raises(Enough):
        run(application, "127.0.0.1", 0)


def test_what_a_tool_put_back_is_not_a_replacement(start):
    patches = """
    from unittest import mock

    with mock.patch("werkzeug.serving.run_simple"):
        pass
    with mock.patch("socketserver.TCPServer.server_bind"):
        pass
    """
    program = start(patches + hello())

    program.wait_for_answer("hello")
    assert "Werkzeug" not in program.output


def test_a_tool_that_patches_server_bind_gets_the_port(monkeypatch):
    ports = []
    bind = socketserver.TCPServer.server_bind

    def tell(server):
        bind(server)
        ports.append(server.socket.getsockname()[1])
        raise Enough

    monkeypatch.setattr(socketserver.TCPServer, "server_bind", tell)

    with pytest.raises(Enough):
        run(application, "127.0.0.1", 0)
    assert ports != [0]
    assert len(ports) == 1


def test_inside_the_command_line_the_call_is_ignored_with_a_word(
    recorded_run_simple, monkeypatch, capsys
):
    monkeypatch.setenv("FLASK_RUN_FROM_CLI", "true")

    run(application, "127.0.0.1", 5000)

    assert recorded_run_simple == []
    assert 'if __name__ == "__main__"' in capsys.readouterr().err


def test_the_word_about_an_ignored_call_is_for_others_too(capsys):
    note_ignored_run()

    assert "app.run() does nothing here" in capsys.readouterr().err


def test_importing_retort_or_its_server_does_not_import_granian(start):
    program = start(
        """
        import sys
        import retort, retort.server
        heavy = {"granian", "watchfiles"}
        print([name for name in sys.modules if name in heavy])
        """
    )

    assert program.wait() == 0
    assert program.output == "[]\n"
