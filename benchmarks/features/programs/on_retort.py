"""The features in Retort: a new program, with the defaults of the class `Retort`."""

import asyncio
import time
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from retort import (
    Draft,
    Query,
    Retort,
    condition,
    event_stream,
    render_template,
    render_template_string,
    request,
    session,
    websocket,
)

app = Retort(__name__)
app.config.update(
    SECRET_KEY="only for this comparison",
    SESSION_COOKIE_SECURE=False,  # served over plain HTTP here
    METHOD_OVERRIDE=True,
    OPENAPI_URL="/openapi.json",
    OPENAPI_DOCS_URL="/docs",
)
VERSION = Path("version.txt").read_text()


@app.get("/hello")
def hello():
    return "hello"


@app.get("/version")
def version():
    return VERSION


@app.get("/pair")
def read_pair():
    return "read"


@app.post("/pair")
def write_pair():
    return "written"


@app.post("/order")
def order():
    return "ordered"


@app.route("/form", methods=["POST", "PUT"])
def form():
    return request.form.get("nm", "missing")


@app.post("/upload")
def upload():
    return ",".join(sorted([*request.form, *request.files]))


@app.delete("/overridden")
def delete():
    return "deleted"


@app.post("/overridden")
def post():
    return "posted"


@app.route("/note", methods=["GET", "PUT"])
@condition(etag="v2")
def note():
    return "text"


@app.post("/large")
def large():
    return str(len(request.get_data()))


@app.get("/count")
def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.get("/page")
def page():
    return render_template("page.html", text="<script>")


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
        yield "first"
        await asyncio.sleep(1)
        yield "last"

    return event_stream(stream())


@app.websocket("/echo")
async def echo():
    async for message in websocket:
        await websocket.send(message)


@app.get("/typed")
def typed(number: Query[int]):
    return {"number": number}


class Signup(msgspec.Struct):
    email: str
    age: Annotated[int, Meta(ge=18)]


FORM = """<form method="post"><input {{ form.email.attrs }}> {{ form.email.errors }}
<input {{ form.age.attrs }}> {{ form.age.errors }}<button>Send</button></form>"""


@app.route("/signup", methods=["GET", "POST"])
def signup(form: Draft[Signup]):
    if form.is_valid:
        return "welcome"
    return render_template_string(FORM, form=form), form.status


@app.get("/fail")
def fail():
    return int("this is no number")
