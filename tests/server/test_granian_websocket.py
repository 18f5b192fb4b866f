"""WebSockets over TLS and Unix sockets, which are Granian's own."""

import asyncio
import http.client
import signal
import socket
import ssl
from pathlib import Path

import pytest
from websockets.asyncio.client import connect, unix_connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

CERT = str(Path(__file__).with_name("localhost.pem"))
ECHO = """
    import asyncio, concurrent.futures, sys, threading
    from retort.server.options import Settings
    from retort.server.process.serving import Worker, serve_here
    from retort.server.sockets.listen import open_listener
    from retort.server.sockets.tls import Tls
    from retort.server.sockets.unix_socket import open_unix_listener
    from retort.websockets.errors import TooManyWebSockets, WebSocketDisconnect
    from retort.websockets.limits import Limits

    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()
    limits = Limits(message_bytes=100_000, connections=3)

    async def echo(handshake, fields, answered):
        try:
            subprotocol = handshake.subprotocols[-1] if handshake.subprotocols else None
            connection = await handshake.accept(fields, subprotocol, limits)
        except (TooManyWebSockets, ValueError) as error:
            answered.set_result((503, f"{type(error).__name__}: {error}"))
            return
        answered.set_result((200, "dropped"))
        try:
            while True:
                message = await connection.receive()
                if message == "ping":
                    try:
                        await connection.ping()
                    except NotImplementedError as error:
                        message = str(error)
                if message == "close":
                    await connection.close(4001, "by the server")
                await connection.send(message)
        except WebSocketDisconnect as error:
            print(f"ended: {error}", flush=True)

    def respond(environ):
        handshake = environ.get("retort.websocket")
        path = environ["PATH_INFO"]
        if path == "/open":
            return 200, str(len(worker.adapter.websockets))
        if handshake is None:
            return 200, f"{environ.get('retort.websocket.error')} {environ['wsgi.url_scheme']}"
        if path == "/refused":
            return 403, "refused " * 20_000
        answered = concurrent.futures.Future()
        fields = [("Set-Cookie", "a=1")] if path == "/fields" else []
        asyncio.run_coroutine_threadsafe(echo(handshake, fields, answered), loop)
        return answered.result()

    def app(environ, start_response):
        status, text = respond(environ)
        fields = [("Content-Type", "text/plain"), ("X-Path", environ["PATH_INFO"])]
        start_response(f"{status} OK", fields)
        return [text.encode()]

    if "SOCKET":
        listener, settings = open_unix_listener("SOCKET"), Settings(threads=8)
        print("Ready", flush=True)
    else:
        listener = open_listener("127.0.0.1", 0)
        settings = Settings(threads=8, header_seconds=2, tls=Tls("CERT", "CERT"))
        print(f"Open https://127.0.0.1:{listener.getsockname()[1]} ", flush=True)
    worker = Worker(app, listener, settings)
    serve_here(worker)
    print("Stopped", flush=True)
"""


def trusting():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Server:
    def __init__(self, program, path):
        self.program = program
        self.path = path
        program.wait_for_output("Ready" if path else r"Open https")

    def connect(self, path="/", **options):
        options = {"compression": None, "open_timeout": 60, **options}
        if self.path:
            return unix_connect(self.path, f"ws://localhost{path}", **options)
        return connect(f"wss://127.0.0.1:{self.program.port}{path}", ssl=trusting(), **options)

    def get(self, path, **fields):
        if self.path:
            connection = http.client.HTTPConnection("localhost", timeout=60)
            connection.sock = socket.socket(socket.AF_UNIX)
            connection.sock.connect(self.path)
        else:
            connection = http.client.HTTPSConnection(
                "127.0.0.1", self.program.port, timeout=60, context=trusting()
            )
        connection.request("GET", path, headers=fields)
        response = connection.getresponse()
        text = response.read().decode()
        connection.close()
        return response.status, text


@pytest.fixture(params=["tls", "unix"])
def server(request, start, tmp_path):
    path = str(tmp_path / "socket") if request.param == "unix" else ""
    return Server(start(ECHO.replace("SOCKET", path).replace("CERT", CERT)), path)


def converse(server, talk, path="/", **options):
    async def run():
        async with server.connect(path, **options) as client:
            return await talk(client)

    return asyncio.run(run())


def test_messages_go_both_ways_and_the_end_is_reported(server):
    async def talk(client):
        assert client.subprotocol == "b"
        for message in ("hello", b"\xff" * 90_000, "ü" * 40_000, ""):
            await client.send(message)
            assert await client.recv() == message
        await (await client.ping())  # Granian answers
        await client.close(4000)

    converse(server, talk, subprotocols=["a", "b"])

    server.program.wait_for_output("ended: The WebSocket is closed: code 4000")
    server.program.wait_for(lambda: server.get("/open") == (200, "0"))
    assert "Traceback" not in server.program.output
    assert "failure" not in server.program.output


def test_the_server_closes_with_a_code_and_a_reason(server):
    async def talk(client):
        await client.send("close")
        with pytest.raises(ConnectionClosed):
            await client.recv()
        return client.close_code, client.close_reason

    assert converse(server, talk) == (4001, "by the server")
    server.program.wait_for(lambda: server.get("/open") == (200, "0"))


def test_a_message_over_the_limit_is_1009(server):
    async def talk(client):
        await client.send(b"*" * 100_001)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        return client.close_code

    assert converse(server, talk) == 1009
    server.program.wait_for_output("ended: The WebSocket is closed: code 1009")


def test_a_client_that_vanishes_ends_the_websocket(server):
    async def talk(client):
        await client.send("x")
        assert await client.recv() == "x"
        client.transport.abort()

    converse(server, talk)

    server.program.wait_for_output("ended: The WebSocket is closed: code")
    server.program.wait_for(lambda: server.get("/open") == (200, "0"))


def test_an_idle_websocket_stays_open_longer_than_an_idle_connection(server):
    async def talk(client):
        if not server.path:
            with server.program.connect() as idle:
                await asyncio.to_thread(idle.recv, 1)  # the idle connection was closed
            with server.program.connect() as idle:
                await asyncio.to_thread(idle.recv, 1)
        await client.send("still open")
        return await client.recv()

    assert converse(server, talk, ping_interval=None) == "still open"


def test_pings_of_the_server_are_an_error_that_says_why(server):
    async def talk(client):
        await client.send("ping")
        return await client.recv()

    assert "over TLS or a Unix socket" in converse(server, talk)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/refused", 403, "refused " * 20_000),
        ("/fields", 503, "ValueError: The header field 'Set-Cookie' cannot be sent"),
    ],
)
def test_a_refused_handshake_gets_the_response_of_the_application(server, path, status, text):
    with pytest.raises(InvalidStatus) as caught:
        converse(server, None, path)

    response = caught.value.response
    assert response.status_code == status
    assert response.headers["X-Path"] == path
    assert response.body.decode().startswith(text)
    server.program.wait_for(lambda: server.get("/open") == (200, "0"))
    assert "failure" not in server.program.output


def test_more_websockets_than_the_limit_are_503(server):
    async def talk():
        clients = [await server.connect() for _ in range(3)]
        with pytest.raises(InvalidStatus) as caught:
            await server.connect()
        for client in clients:
            await client.close()
        return caught.value.response

    response = asyncio.run(talk())
    assert response.status_code == 503
    assert b"TooManyWebSockets" in response.body


def test_other_requests_are_as_ever(server):
    scheme = "http" if server.path else "https"

    assert server.get("/plain") == (200, f"None {scheme}")
    status, text = server.get("/plain", Upgrade="websocket")
    assert status == 200
    assert "no WebSocket handshake" in text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_server_ends_although_a_websocket_is_open(server, number):
    async def talk(client):
        await client.send("x")
        assert await client.recv() == "x"
        status = await asyncio.to_thread(server.program.end, number)
        with pytest.raises(ConnectionClosed):
            await client.recv()
        return status

    assert converse(server, talk) in (0, -number)
    server.program.wait_for_output("Stopped")
    assert "panicked" not in server.program.output
