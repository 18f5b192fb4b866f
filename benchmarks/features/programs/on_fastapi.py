"""The features in FastAPI, as its documentation writes them."""

import asyncio
import os
import time
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse, PlainTextResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from pydantic import BaseModel
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI(debug=bool(os.environ.get("DEBUG")), default_response_class=PlainTextResponse)
app.add_middleware(SessionMiddleware, secret_key="only for this comparison")
app.add_middleware(GZipMiddleware)
app.add_middleware(CORSMiddleware, allow_origins=["https://friend.example"])
app.mount("/static", StaticFiles(directory="static"))
templates = Jinja2Templates(directory="templates")
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


@app.api_route("/form", methods=["POST", "PUT"])
async def form(request: Request):
    async with request.form() as fields:
        return fields.get("nm", "missing")


@app.post("/upload")
async def upload(request: Request):
    async with request.form() as fields:
        return ",".join(sorted(fields))


@app.delete("/overridden")
def delete():
    return "deleted"


@app.post("/overridden")
def post():
    return "posted"


@app.api_route("/note", methods=["GET", "PUT"])
def note():
    return PlainTextResponse("text", headers={"ETag": '"v2"'})


@app.post("/large")
async def large(request: Request):
    return str(len(await request.body()))


@app.get("/count")
def count(request: Request):
    request.session["count"] = request.session.get("count", 0) + 1
    return str(request.session["count"])


@app.get("/page")
def page(request: Request):
    return templates.TemplateResponse(request, "page.html", {"text": "<script>"})


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
        yield "data: first\n\n"
        await asyncio.sleep(1)
        yield "data: last\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


@app.websocket("/echo")
async def echo(websocket: WebSocket):
    await websocket.accept()
    async for message in websocket.iter_text():
        await websocket.send_text(message)


@app.get("/typed")
def typed(number: int):
    return str(number)


def database():
    return "a database"


@app.get("/injected")
def injected(found: Annotated[str, Depends(database)]):
    return found


class PublicUser(BaseModel):
    name: str


class User(PublicUser):
    password: str


@app.get("/filtered", response_class=JSONResponse)
def filtered() -> PublicUser:
    return User(name="ada", password="secret")


@app.get("/fail")
def fail():
    return int("this is no number")
