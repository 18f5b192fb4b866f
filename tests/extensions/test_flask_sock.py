"""flask-sock: text goes back and forth over a real WebSocket."""

import contextlib
import json
import socket
import time
from pathlib import Path

import pytest
from simple_websocket import Client
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

SOCKETS = Path(__file__).with_name("sockets.py")


@pytest.fixture(params=["sock", "sock on werkzeug", "the command line", "in debug mode"])
def address(request, start, launch, write, framework):
    """The program, served by its own ``run()``, by Werkzeug's server and by the command line."""
    if request.param not in ("the command line", "in debug mode"):
        return start(SOCKETS, request.param, "{port}")
    write("sockets.py", SOCKETS.read_text(encoding="utf-8"))
    write("echo.py", "from sockets import app, echoes\n\nechoes()\n")
    options = ["--debug"] if request.param == "in debug mode" else []
    return launch(framework, "--app", "echo", "run", *options, "--port", "{port}").address


def test_what_is_sent_comes_back(address):
    ws = Client.connect(f"ws://{address}/echo/ada")

    for text, back in [("drawer", "reward"), ("über", "rebü")]:
        ws.send(text)
        assert ws.receive(20) == f"ada at /echo/ada: {back}"
    ws.send("stop")


def test_ordinary_pages_are_served_beside(address):
    import urllib.request

    with urllib.request.urlopen(f"http://{address}/", timeout=20) as page:
        assert page.read() == b"page"


def test_an_ordinary_request_finds_no_websocket_route(app):
    from flask_sock import Sock

    Sock(app).route("/echo")(lambda ws: None)

    assert app.test_client().get("/echo").status_code == 400


PROGRAM = """
from flask import Flask
from flask_sock import Sock
from simple_websocket import ConnectionClosed

app = Flask(__name__)
sock = Sock(app)
ended = []


@app.get("/")
def index():
    return {"ended": ended}


@sock.route("/echo")
def echo(ws):
    try:
        while (data := ws.receive()) != "close":
            ws.send(data)
        ws.close(4001, "see you")
    except ConnectionClosed as error:
        ended.append(int(error.reason))
        raise
"""


@pytest.fixture
def server(launch, write, framework):
    write("echo.py", PROGRAM)
    return launch(framework, "--app", "echo", "run", "--port", "{port}")


def test_text_and_binary_data_of_any_length_come_back(server):
    with connect(f"ws://{server.address}/echo", compression=None, max_size=None) as client:
        for data in ("Grüße ✓", b"\0\x80\xff", "x" * 70_000, bytes(500_000), [b"a", b"b", b""]):
            client.send(data)
            assert client.recv(20) == (b"ab" if isinstance(data, list) else data)


def test_the_view_closes_with_its_code(server):
    with connect(f"ws://{server.address}/echo") as client:
        client.send("close")
        with pytest.raises(ConnectionClosed) as end:
            client.recv(20)
    assert (end.value.rcvd.code, end.value.rcvd.reason) == (4001, "see you")


def test_clients_that_leave_end_their_views(server):
    def ended():
        return json.loads(server.ask("/").text)["ended"]

    with connect(f"ws://{server.address}/echo") as client:
        client.close(4002)
    wait_for(lambda: ended() == [4002])
    with connect(f"ws://{server.address}/echo") as client:
        client.socket.shutdown(socket.SHUT_RDWR)  # without a close frame
    wait_for(lambda: len(ended()) == 2)

    assert "Traceback" not in server.output()


def test_many_are_open_at_once_and_pages_are_served_beside(server):
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(connect(f"ws://{server.address}/echo")) for _ in range(50)]
        for number, client in enumerate(clients):
            client.send(f"number {number}")
        assert [client.recv(20) for client in clients] == [f"number {n}" for n in range(50)]
        assert server.ask("/").status == 200


def test_a_stop_closes_the_websocket_and_ends_its_view(server, framework):
    with connect(f"ws://{server.address}/echo") as client:
        client.send("hello")
        assert client.recv(20) == "hello"

        server.process.terminate()

        with pytest.raises(ConnectionClosed) as end:
            client.recv(60)
        if framework == "retort":
            assert end.value.rcvd.code == 1001
        assert server.process.wait(60) is not None


def wait_for(condition):
    give_up_at = time.monotonic() + 60
    while not condition():
        if time.monotonic() > give_up_at:
            pytest.fail("Waited in vain.")
        time.sleep(0.02)
