"""Unix sockets, sockets handed over by systemd or another program, and talking to systemd."""

import contextlib
import http.client
import os
import signal
import socket
import stat
import subprocess
import sys
import textwrap
import time

import pytest

from retort.server.process.systemd import Notifier
from retort.server.sockets.listen import CannotListen
from retort.server.sockets.socket_activation import adopt_inherited, fd_from_systemd
from retort.server.sockets.unix_socket import SocketFile, open_unix_listener

LIMIT_SECONDS = 60

PROGRAM = """
    import os
    from flask import Flask, request

    app = Flask(__name__)

    @app.get("/")
    def index():
        kept = [name for name in os.environ if name.startswith(("LISTEN_", "NOTIFY_", "WATCHDOG_"))]
        return f"here {request.host_url} {kept}"
"""


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, host):
        super().__init__(host, timeout=60)
        self.path = str(path)

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def ask(path, host="site.test"):
    with contextlib.closing(UnixConnection(path, host)) as connection:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_unix_socket_serves_and_is_gone_afterwards(run, tmp_path, workers):
    program = run(PROGRAM, "--unix=shop.sock", "--unix-mode=660", "--workers", workers)
    program.wait_for_output(r"Listening on the socket .*/shop\.sock")

    assert [ask(tmp_path / "shop.sock") for _ in range(3)] == ["here http://site.test/ []"] * 3
    mode = (tmp_path / "shop.sock").stat().st_mode
    assert (stat.S_ISSOCK(mode), stat.S_IMODE(mode)) == (True, 0o660)
    assert program.end() == 0
    assert not (tmp_path / "shop.sock").exists()


def test_a_unix_socket_serves_in_debug_mode_and_through_a_reload(run, tmp_path):
    program = run(PROGRAM, "--unix=shop.sock", "--debug")
    program.wait_for_output("Listening on the socket")
    assert ask(tmp_path / "shop.sock", "localhost").startswith("here")

    program.rewrite('f"here', 'f"changed')

    def is_changed():
        # A connection that the old process had accepted may end.
        with contextlib.suppress(OSError, http.client.HTTPException):
            return ask(tmp_path / "shop.sock", "localhost").startswith("changed")

    program.wait_for(is_changed)

    assert program.end() == 0
    assert not (tmp_path / "shop.sock").exists()


def test_a_unix_socket_refuses_a_foreign_host_in_debug_mode(run, tmp_path):
    program = run(PROGRAM, "--unix=shop.sock", "--debug", "--no-reload")
    program.wait_for_output("Listening on the socket")

    assert ask(tmp_path / "shop.sock").startswith("400 Bad Request")
    assert ask(tmp_path / "shop.sock", "shop.localhost").startswith("here")


def test_the_option_can_come_from_the_environment(run, tmp_path):
    program = run(PROGRAM, env={"FLASK_RUN_UNIX": "shop.sock"})
    program.wait_for_output("Listening on the socket")

    assert ask(tmp_path / "shop.sock").startswith("here")


def test_a_socket_that_a_killed_server_left_behind_is_replaced(run, tmp_path):
    first = run(PROGRAM, "--unix=shop.sock")
    first.wait_for_output("Listening on the socket")
    os.killpg(first.process.pid, signal.SIGKILL)
    first.process.wait()
    assert (tmp_path / "shop.sock").exists()

    second = run(PROGRAM, "--unix=shop.sock")
    second.wait_for_output("Listening on the socket")

    assert ask(tmp_path / "shop.sock").startswith("here")


def test_a_socket_in_use_a_file_and_a_missing_folder_are_reported(tmp_path):
    path = str(tmp_path / "a.sock")
    with open_unix_listener(path), pytest.raises(CannotListen, match="Another server listens"):
        open_unix_listener(path)
    (tmp_path / "data").write_text("precious")
    with pytest.raises(CannotListen, match="is not a socket, so it is left as it is"):
        open_unix_listener(str(tmp_path / "data"))
    assert (tmp_path / "data").read_text() == "precious"
    with pytest.raises(CannotListen, match="mkdir -p "):
        open_unix_listener(str(tmp_path / "missing" / "a.sock"))
    with pytest.raises(CannotListen, match="too long for a socket: at most 107 bytes"):
        open_unix_listener(str(tmp_path / ("a" * 110)))


def test_the_file_of_another_server_is_not_removed(tmp_path):
    path = tmp_path / "a.sock"
    with open_unix_listener(str(path)) as first:
        file = SocketFile(first)
        path.unlink()
        with open_unix_listener(str(path)):
            file.remove()
            assert path.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--unix=a.sock", "--port=80"], "--unix and --port are two listening addresses"),
        (["--fd=3", "--unix=a.sock"], "are two listening addresses"),
        (["--unix=a.sock", "--unix-mode=999"], "'999' is not a file mode"),
        (["--unix=a.sock", "--unix-mode=rw"], "as for chmod: 660"),
    ],
)
def test_options_that_make_no_sense_are_refused(run, options, message):
    program = run(PROGRAM, *options)

    assert program.wait() == 2
    assert message in program.output


@pytest.fixture
def handed_over():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def answered(listener):
    connection = http.client.HTTPConnection(*listener.getsockname(), timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        return connection.getresponse().read().decode()


def test_a_socket_that_was_left_open_is_served_and_stays_open(run, handed_over):
    fd = handed_over.fileno()
    port = handed_over.getsockname()[1]

    program = run(PROGRAM, "--fd", str(fd), pass_fds=[fd])

    assert answered(handed_over).startswith(f"here http://127.0.0.1:{port}/")
    assert program.port == port
    assert program.end() == 0
    with socket.create_connection(("127.0.0.1", port)):
        pass  # waits for the next server


# What systemd does: the socket as number 3, and the process id known before the program runs.
ACTIVATE = """
    import os, sys
    os.dup2({fd}, 3)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS={count!r}, LISTEN_FDNAMES="web")
    os.execv(sys.executable, [sys.executable, "-m", "retort", "run", {path!r}])
"""


def activated(start, tmp_path, handed_over, count):
    (tmp_path / "shop.py").write_text(textwrap.dedent(PROGRAM))
    fd = handed_over.fileno()
    source = ACTIVATE.format(fd=fd, count=count, path=str(tmp_path / "shop.py"))
    return start(source, pass_fds=[fd])


def test_a_socket_that_systemd_hands_over_is_served(start, tmp_path, handed_over):
    program = activated(start, tmp_path, handed_over, "1")

    assert answered(handed_over).endswith(" []")
    assert program.port == handed_over.getsockname()[1]
    assert program.end() == 0


def test_several_sockets_of_systemd_are_refused(start, tmp_path, handed_over):
    program = activated(start, tmp_path, handed_over, "2")

    assert program.wait() == 1
    assert "systemd has handed over 2 sockets, and Retort listens on one" in program.output


def test_systemd_variables_for_another_process_are_ignored(monkeypatch):
    monkeypatch.setenv("LISTEN_PID", "1")
    monkeypatch.setenv("LISTEN_FDS", "1")

    assert fd_from_systemd() is None
    assert "LISTEN_FDS" not in os.environ


def test_a_file_that_is_not_a_listening_socket_is_reported(tmp_path):
    with open(tmp_path / "file", "w") as file, pytest.raises(CannotListen, match="is not a socket"):
        adopt_inherited(file.fileno())
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other,
        pytest.raises(CannotListen, match="is none for connections"),
    ):
        adopt_inherited(other.fileno())
    a, b = socket.socketpair()
    with a, b, pytest.raises(CannotListen, match="cannot listen"):
        adopt_inherited(a.fileno())


@pytest.fixture
def manager(tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(tmp_path / "notify"))
        listener.settimeout(LIMIT_SECONDS)
        yield listener


def heard(manager, wanted):
    """The first message that begins with this."""
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while time.monotonic() < give_up_at:  # messages of the watchdog have no end
        message = manager.recv(4096).decode()
        if message.startswith(wanted):
            return message
    pytest.fail(f"There was no message {wanted}.")


def test_systemd_is_notified_of_readiness_watchdog_reload_and_stop(run, manager, tmp_path):
    variables = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "300000"}
    program = run(PROGRAM, "--port=0", env=variables)

    assert manager.recv(4096).decode() == "READY=1\nSTATUS=Serving with 1 workers"
    assert program.get("/").text.endswith(" []")
    for _ in range(3):
        assert heard(manager, "WATCHDOG") == "WATCHDOG=1"
    program.process.send_signal(signal.SIGHUP)
    assert heard(manager, "RELOADING").startswith("RELOADING=1\nMONOTONIC_USEC=")
    heard(manager, "READY=1")
    program.process.send_signal(signal.SIGTERM)
    heard(manager, "STOPPING=1")
    assert program.wait() == 0


def test_a_name_without_a_file_and_a_manager_that_is_gone(monkeypatch, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(f"\0retort test {os.getpid()}")
        monkeypatch.setenv("NOTIFY_SOCKET", f"@retort test {os.getpid()}")
        Notifier().ready("here")
        assert listener.recv(4096) == b"READY=1\nSTATUS=here"
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody"))
    Notifier().stopping()  # no error
    Notifier().stopping()


@pytest.mark.parametrize("microseconds", ["", "0", "soon"])
def test_without_a_watchdog_no_watchdog_message_is_sent(monkeypatch, microseconds):
    monkeypatch.setenv("WATCHDOG_USEC", microseconds)

    assert Notifier().next_beat() is None


def test_a_watchdog_of_another_process_gets_no_message():
    code = "from retort.server.process.systemd import Notifier; print(Notifier().next_beat())"
    env = {**os.environ, "WATCHDOG_USEC": "1000000", "WATCHDOG_PID": "1"}

    done = subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True
    )

    assert done.stdout == "None\n"
