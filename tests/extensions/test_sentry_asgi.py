"""Sentry's ASGI layer around a program: errors of all kinds of views are reported."""

import gzip
import json
import sys

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PROGRAM = """
import os

import sentry_sdk
from retort import Retort, websocket
from sentry_sdk.integrations.asgi import SentryAsgiMiddleware

sentry_sdk.init(
    dsn=os.environ["DSN"],
    traces_sample_rate=1.0,
    # Otherwise it is brotli, if another package has brought that.
    _experiments={"transport_compression_algo": "gzip"},
)
app = Retort(__name__)
if os.environ["PLACE"] == "inside":
    # It takes methods for ASGI 2, unless it knows better.
    app.asgi_app = SentryAsgiMiddleware(app.asgi_app, asgi_version=3)
    asgi = app.asgi
else:
    asgi = SentryAsgiMiddleware(app.asgi)


@app.get("/hello")
async def hello():
    return "hello"


@app.get("/async")
async def fail_async():
    raise LookupError("in an async view")


@app.get("/sync")
def fail_sync():
    raise LookupError("in a sync view")


@app.websocket("/echo")
async def echo():
    async for message in websocket:
        if message == "fail":
            raise LookupError("in a websocket")
        await websocket.send(message)
"""


@pytest.fixture(params=["inside", "outside"])
def server(request, launch, write, collector):
    write("watched.py", PROGRAM)
    uvicorn = (sys.executable, "-m", "retort", "-m", "uvicorn", "--port", "{port}")
    env = {"DSN": f"http://key@{collector.address}/1", "PLACE": request.param}
    return launch(*uvicorn, "watched:asgi", env=env)


def reports(collector):
    """What was sent: the objects in all envelopes."""
    for _, body in list(collector.bodies):
        text = gzip.decompress(body) if body.startswith(b"\x1f\x8b") else body
        for line in text.split(b"\n"):
            try:
                value = json.loads(line)
            except ValueError:
                continue
            if isinstance(value, dict):
                yield value


def errors(collector):
    return {
        report["exception"]["values"][-1]["value"]
        for report in reports(collector)
        if "exception" in report
    }


def transactions(collector):
    return {report.get("transaction") for report in reports(collector)}


def test_errors_and_transactions_are_reported_and_the_answers_are_the_same(server, collector):
    assert server.ask("/hello").text == "hello"
    assert server.ask("/async").status == 500
    assert server.ask("/sync").status == 500
    with connect(f"ws://{server.address}/echo") as client:
        client.send("hello")
        assert client.recv(60) == "hello"
        client.send("fail")
        with pytest.raises(ConnectionClosed) as end:
            client.recv(60)
        assert end.value.rcvd.code == 1011

    expected = {"in an async view", "in a sync view", "in a websocket"}
    collector.wait_for(lambda: expected <= errors(collector))
    collector.wait_for(lambda: any("hello" in str(name) for name in transactions(collector)))
