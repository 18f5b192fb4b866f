"""The features in Quart, as its documentation writes them."""

import asyncio
import time
from pathlib import Path

from quart import Quart, make_response, render_template, request, session, websocket

app = Quart(__name__)
app.config["SECRET_KEY"] = "only for this comparison"
VERSION = Path("version.txt").read_text()


@app.get("/hello")
async def hello():
    return "hello"


@app.get("/version")
async def version():
    return VERSION


@app.get("/pair")
async def read_pair():
    return "read"


@app.post("/pair")
async def write_pair():
    return "written"


@app.post("/order")
async def order():
    return "ordered"


@app.route("/form", methods=["POST", "PUT"])
async def form():
    return (await request.form).get("nm", "missing")


@app.post("/upload")
async def upload():
    return ",".join(sorted([*(await request.form), *(await request.files)]))


@app.delete("/overridden")
async def delete():
    return "deleted"


@app.post("/overridden")
async def post():
    return "posted"


@app.route("/note", methods=["GET", "PUT"])
async def note():
    response = await make_response("text")
    response.set_etag("v2")
    return await response.make_conditional(request)


@app.post("/large")
async def large():
    return str(len(await request.get_data()))


@app.get("/count")
async def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.get("/page")
async def page():
    return await render_template("page.html", text="<script>")


@app.get("/wait")
async def wait():
    await asyncio.sleep(1)
    return "waited"


@app.get("/block")
def block():
    time.sleep(1)
    return "waited"


@app.get("/events")
async def events():
    async def stream():
        yield b"data: first\n\n"
        await asyncio.sleep(1)
        yield b"data: last\n\n"

    response = await make_response(stream(), {"Content-Type": "text/event-stream"})
    response.timeout = None
    return response


@app.websocket("/echo")
async def echo():
    while True:
        await websocket.send(await websocket.receive())


@app.get("/fail")
async def fail():
    return int("this is no number")
