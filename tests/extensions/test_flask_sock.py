"""flask-sock: text goes back and forth over a real WebSocket."""

from pathlib import Path

import pytest
from simple_websocket import Client

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
