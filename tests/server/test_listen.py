"""Opening the socket: each way it can fail has its own words."""

import os
import socket
import subprocess
import sys

import pytest

from retort.server.sockets.listen import CannotListen, open_listener, process_listening_on


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def why_not(*args, **options):
    with pytest.raises(CannotListen) as caught:
        open_listener(*args, **options)
    return str(caught.value)


def test_port_0_lets_the_system_choose():
    with open_listener("127.0.0.1", 0) as listener:
        assert listener.getsockname()[1] > 0


def test_a_taken_port_names_its_holder_and_the_next_one_to_try(taken):
    text = why_not("127.0.0.1", taken)

    assert f"Port {taken} on 127.0.0.1 is in use by process {os.getpid()} (" in text
    assert f"kill {os.getpid()}" in text
    assert "or choose another port: --port " in text
    assert "\n" not in text


def test_the_port_it_suggests_is_free(taken):
    suggested = int(why_not("127.0.0.1", taken).rpartition(" ")[2].rstrip("."))

    open_listener("127.0.0.1", suggested).close()


def test_the_words_for_another_port_are_the_callers(taken):
    assert "app.run(port=" in why_not("127.0.0.1", taken, change_port="app.run(port={port})")


def test_a_second_server_cannot_share_the_port_of_a_first():
    with open_listener("127.0.0.1", 0) as first:
        assert "in use" in why_not("127.0.0.1", first.getsockname()[1])


def test_a_port_is_free_again_at_once():
    with open_listener("127.0.0.1", 0) as first:
        port = first.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)), first.accept()[0]:
            pass

    open_listener("127.0.0.1", port).close()


@pytest.mark.parametrize("port", [65536, -1, 10**9])
def test_a_port_that_does_not_exist(port):
    assert "ports go from 0 to 65535" in why_not("127.0.0.1", port)


def test_an_address_of_another_machine():
    assert "'192.0.2.1' is not an address of this machine" in why_not("192.0.2.1", 0)


def test_an_unresolvable_host_name():
    reason = why_not("no such host.invalid", 0)
    assert "The host name 'no such host.invalid' cannot be resolved" in reason


def test_a_free_port_has_no_holder(taken):
    with open_listener("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]

    assert process_listening_on(port) is None


def test_the_holder_in_another_process_is_found():
    code = "import socket; s = socket.create_server(('127.0.0.1', 0));"
    code += "print(s.getsockname()[1], flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        port = int(other.stdout.readline())

        pid, command = process_listening_on(port)
        other.communicate(b"\n")

    assert pid == other.pid
    assert command.startswith(os.path.basename(sys.executable))


OWN_SOCKET = """
    import socket
    from flask import Flask, request
    from retort.server.sockets.connections import Connections

    app = Flask(__name__)

    @app.get("/<option>")
    def value(option):
        environ = request.environ
        with Connections().find(f"{environ['REMOTE_ADDR']}:{environ['REMOTE_PORT']}") as own:
            return str(own.getsockopt(socket.IPPROTO_TCP, getattr(socket, option)))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux lists open files")
def test_connections_have_the_options_of_the_listening_socket(run):
    program = run(OWN_SOCKET, "--port", "0", "--send-timeout", "7")

    assert program.get("/TCP_NODELAY").text == "1"  # or short pieces are held back for 40 ms
    assert program.get("/TCP_USER_TIMEOUT").text == "7000"
