"""A program with WebSockets, which `test_servers.py` serves in several ways."""

import asyncio

from retort import Retort, abort, request, session, websocket

app = Retort(__name__)
app.config.update(SECRET_KEY="for tests", WEBSOCKET_MAX_MESSAGE=100_000)
ended = []


@app.get("/")
def index():
    return {"ended": ended, "user": session.get("user")}


@app.websocket("/echo/<name>")
async def echo(name):
    async for message in websocket:
        await websocket.send(message if isinstance(message, bytes) else f"{name}: {message}")


@app.websocket("/sync/<name>")
def sync(name):
    for message in websocket:
        websocket.send(f"{name}: {message}")


@app.websocket("/describe", subprotocols=["v2", "v1"])
async def describe():
    await websocket.accept()
    value = await websocket.receive_json()
    await websocket.send_json(
        value=value,
        url=websocket.url,
        addr=request.remote_addr,
        header=websocket.headers["X-Name"],
        subprotocol=websocket.subprotocol,
    )


@app.websocket("/login")
async def login():
    session["user"] = "Ada"
    await websocket.accept(headers={"X-Accepted": "yes"})


@app.websocket("/refused")
async def refused():
    abort(403)


@app.websocket("/slow-refusal")
async def slow_refusal():
    await asyncio.sleep(0.5)  # the server watches for the client's disconnect by then
    return {"why": "not today"}, 409


@app.websocket("/slow")
async def slow():
    await asyncio.sleep(0.5)
    await websocket.send("slow, but there")
    await websocket.receive()


@app.websocket("/failing")
async def failing():
    await websocket.accept()
    raise ZeroDivisionError


@app.websocket("/closing")
async def closing():
    await websocket.accept()
    await websocket.close(4001, "done")


@app.websocket("/push")
async def push():
    await websocket.send("here")
    await asyncio.sleep(60)


@app.teardown_websocket
def note_end(error):
    ended.append(f"{websocket.path} {error!r}")
