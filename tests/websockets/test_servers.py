"""One program with WebSockets on each server: `retort run` in its kinds, and ASGI servers."""

import contextlib
import json
import os
import socket
import ssl
import time
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidMessage, InvalidStatus
from websockets.sync.client import connect

HERE = Path(__file__).parent
CERT = str(HERE.parent / "server" / "localhost.pem")
PROGRAM = str(HERE / "chat_program.py")
LIMIT_SECONDS = 60
TRIES = 5

COMMANDS = {
    "retort": ["retort", "run", "--port", "{port}", PROGRAM],
    "retort debug": ["retort", "run", "--port", "{port}", "--debug", "--no-reload", PROGRAM],
    "retort tls": [
        *("retort", "run", "--port", "{port}", "--cert", CERT, "--key", CERT),
        PROGRAM,
    ],
    "uvicorn": ["uvicorn", "--port", "{port}", "chat_program:app.asgi"],
    "hypercorn": ["hypercorn", "--bind", "127.0.0.1:{port}", "chat_program:app.asgi"],
    "granian": [
        *("granian", "--interface", "asgi", "--no-reload", "--port", "{port}"),
        "chat_program:app.asgi",
    ],
}
# Servers that send no header fields with an accepted handshake.
WITHOUT_FIELDS = {"retort tls", "granian"}


class Server:
    def __init__(self, name, port, log):
        self.name = name
        self.port = port
        self.log = log

    @property
    def is_secure(self):
        return self.name == "retort tls"

    @property
    def is_ours(self):
        return self.name.startswith("retort")

    def connect(self, path, **options):
        context = None
        if self.is_secure:
            context = ssl.create_default_context()
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        scheme = "wss" if self.is_secure else "ws"
        url = f"{scheme}://127.0.0.1:{self.port}{path}"
        if context is None:
            return connect(url, compression=None, open_timeout=LIMIT_SECONDS, **options)
        # This client reads and writes a TLS connection in two threads. Under load, one handshake in
        # a hundred does not leave it.
        for _ in range(TRIES):
            with contextlib.suppress(InvalidMessage, TimeoutError):
                return connect(url, ssl=context, compression=None, open_timeout=5, **options)
        raise TimeoutError

    def get(self, path="/", headers=None, status=200):
        """The head and the body of a response."""
        fields = "".join(f"{name}: {value}\r\n" for name, value in (headers or {}).items())
        with contextlib.ExitStack() as stack:
            client = stack.enter_context(
                socket.create_connection(("127.0.0.1", self.port), LIMIT_SECONDS)
            )
            if self.is_secure:
                context = ssl.create_default_context()
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                client = stack.enter_context(context.wrap_socket(client))
            client.sendall(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
                f"{fields}\r\n".encode()
            )
            received = b""
            while piece := client.recv(65536):
                received += piece
        head, _, body = received.decode().partition("\r\n\r\n")
        assert f" {status} " in head.partition("\r\n")[0]
        return head, body

    def wait_for(self, condition):
        give_up_at = time.monotonic() + LIMIT_SECONDS
        while not (value := condition()):
            if time.monotonic() > give_up_at:
                pytest.fail(f"Waited in vain. {self.name} printed:\n{self.log.read_text()}")
            time.sleep(0.05)
        return value

    def ended(self):
        return json.loads(self.get()[1])["ended"]


@pytest.fixture(scope="module", params=COMMANDS)
def server(request, choose_port, tmp_path_factory, served_by):
    port, log = choose_port(), tmp_path_factory.mktemp("server") / "log.txt"
    words = ["-m", *COMMANDS[request.param]]
    with served_by(words, port, log, HERE, {**os.environ, "PYTHONPATH": str(HERE)}):
        yield Server(request.param, port, log)


@pytest.mark.parametrize("path", ["/echo/Ada", "/sync/Ada"])
def test_messages_go_both_ways(server, path):
    with server.connect(path) as ws:
        for text in ["hello", "grün €", ""]:
            ws.send(text)
            assert ws.recv(LIMIT_SECONDS) == f"Ada: {text}"


def test_bytes_stay_bytes(server):
    with server.connect("/echo/Ada") as ws:
        ws.send(b"\x00\xff")
        assert ws.recv(LIMIT_SECONDS) == b"\x00\xff"


def test_the_view_sees_the_handshake(server):
    options = {"subprotocols": ["v1", "v2"], "additional_headers": {"X-Name": "Ada"}}
    with server.connect("/describe?a=1", **options) as ws:
        assert ws.subprotocol == "v2"
        ws.send(json.dumps([1, {"a": None}]))
        scheme = "wss" if server.is_secure else "ws"
        assert json.loads(ws.recv(LIMIT_SECONDS)) == {
            "value": [1, {"a": None}],
            "url": f"{scheme}://127.0.0.1:{server.port}/describe?a=1",
            "addr": "127.0.0.1",
            "header": "Ada",
            "subprotocol": "v2",
        }


def test_the_handshake_sends_fields_and_the_cookie_of_the_session(server):
    if server.name in WITHOUT_FIELDS:
        with pytest.raises(InvalidStatus) as error, server.connect("/login"):
            pass
        assert error.value.response.status_code == 500
        server.wait_for(lambda: "sends no header fields" in server.log.read_text())
        return
    with server.connect("/login") as ws:
        assert ws.response.headers["X-Accepted"] == "yes"
        cookie = ws.response.headers["Set-Cookie"].partition(";")[0]
    assert json.loads(server.get(headers={"Cookie": cookie})[1])["user"] == "Ada"


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/refused", 403, b"Forbidden"),
        ("/slow-refusal", 409, b"not today"),
        ("/", 400, b"takes HTTP requests"),
        ("/nowhere", 404, b"Not Found"),
    ],
)
def test_a_refused_handshake_gets_the_http_response(server, path, status, text):
    with pytest.raises(InvalidStatus) as error, server.connect(path):
        pass
    assert error.value.response.status_code == status
    assert text in error.value.response.body


def test_a_page_of_another_site_is_refused(server):
    with (
        pytest.raises(InvalidStatus) as error,
        server.connect("/echo/Ada", origin="https://evil.example"),
    ):
        pass
    assert error.value.response.status_code == 403
    server.wait_for(lambda: "CROSS_ORIGIN_TRUSTED_ORIGINS" in server.log.read_text())


def test_a_plain_request_gets_426(server):
    head, body = server.get("/echo/Ada", status=426)

    assert "upgrade: websocket" in head.lower()
    assert "sec-websocket-version: 13" in head.lower()
    assert "takes WebSocket connections only" in body


def test_a_view_may_take_its_time_to_accept(server):
    with server.connect("/slow") as ws:
        assert ws.recv(LIMIT_SECONDS) == "slow, but there"


def test_the_end_of_a_websocket_leaves_no_error_in_the_log(server):
    with server.connect("/echo/Ada") as ws:
        ws.send("hello")
        assert ws.recv(LIMIT_SECONDS)
    with server.connect("/closing") as ws, pytest.raises(ConnectionClosed):
        ws.recv(LIMIT_SECONDS)
    server.get()

    assert "cannot be sent" not in server.log.read_text()


def test_an_error_closes_with_1011_and_is_logged(server):
    with server.connect("/failing") as ws, pytest.raises(ConnectionClosed) as end:
        ws.recv(LIMIT_SECONDS)
    assert end.value.rcvd.code == 1011
    server.wait_for(lambda: "Exception on /failing [GET]" in server.log.read_text())


def test_the_view_closes_with_a_code_of_its_own(server):
    with server.connect("/closing") as ws, pytest.raises(ConnectionClosed) as end:
        ws.recv(LIMIT_SECONDS)
    assert (end.value.rcvd.code, end.value.rcvd.reason) == (4001, "done")


def test_a_message_above_the_limit_closes_with_1009(server):
    with server.connect("/echo/Ada") as ws:
        ws.send("x" * 100_001)
        with pytest.raises(ConnectionClosed) as end:
            ws.recv(LIMIT_SECONDS)
    assert end.value.rcvd.code == 1009


def test_a_view_that_does_not_receive_ends_after_the_client_has_left(server):
    before = len([end for end in server.ended() if end.startswith("/push")])
    with server.connect("/push") as ws:
        assert ws.recv(LIMIT_SECONDS) == "here"
    server.wait_for(
        lambda: len([end for end in server.ended() if end.startswith("/push")]) == before + 1
    )


@pytest.mark.parametrize("options", [(), ("--cert", CERT, "--key", CERT)], ids=["tcp", "tls"])
def test_the_access_log_has_one_line_with_the_status_101(serve, options):
    with serve(PROGRAM, "--access-log", "-", *options) as site:
        server = Server("retort tls" if options else "retort", site.port, site.log)
        with server.connect("/echo/logged") as ws:
            ws.send("x")
            ws.recv(LIMIT_SECONDS)
        site.wait_for_log('"GET /echo/logged HTTP/1.1" 101')
        assert site.log.read_text().count("/echo/logged") == 1


def test_a_shutdown_closes_all_websockets_with_1001(serve):
    with serve(PROGRAM) as site, contextlib.ExitStack() as stack:
        server = Server("retort", site.port, site.log)
        clients = [stack.enter_context(server.connect("/echo/Ada")) for _ in range(20)]
        clients.append(stack.enter_context(server.connect("/sync/Ada")))
        for ws in clients:
            ws.send("x")
            assert ws.recv(LIMIT_SECONDS) == "Ada: x"

        site.process.terminate()
        for ws in clients:
            with pytest.raises(ConnectionClosed) as end:
                ws.recv(LIMIT_SECONDS)
            assert end.value.rcvd.code == 1001
        assert site.process.wait(LIMIT_SECONDS) == 0
        assert "Traceback" not in site.log.read_text()
