"""The features in Litestar, as its documentation writes them."""

import asyncio
import os
import time
from dataclasses import dataclass
from pathlib import Path

from litestar import Litestar, Request, Response, WebSocket, delete, get, post, route, websocket
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.di import Provide
from litestar.dto import DataclassDTO, DTOConfig
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.openapi import OpenAPIConfig
from litestar.response import ServerSentEvent, Template
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig

VERSION = Path("version.txt").read_text()


@get("/hello", sync_to_thread=False)
def hello() -> str:
    return "hello"


@get("/version", sync_to_thread=False)
def version() -> str:
    return VERSION


@get("/pair", sync_to_thread=False)
def read_pair() -> str:
    return "read"


@post("/pair", sync_to_thread=False)
def write_pair() -> str:
    return "written"


@post("/order", sync_to_thread=False)
def order() -> str:
    return "ordered"


@route("/form", http_method=["POST", "PUT"])
async def form(request: Request) -> str:
    return (await request.form()).get("nm", "missing")


@post("/upload")
async def upload(request: Request) -> str:
    return ",".join(sorted(await request.form()))


@delete("/overridden", status_code=200, sync_to_thread=False)
def delete_it() -> str:
    return "deleted"


@post("/overridden", sync_to_thread=False)
def post_it() -> str:
    return "posted"


@route("/note", http_method=["GET", "PUT"], status_code=200, sync_to_thread=False)
def note() -> Response[str]:
    return Response("text", headers={"ETag": '"v2"'})


@post("/large")
async def large(request: Request) -> str:
    return str(len(await request.body()))


@get("/count", sync_to_thread=False)
def count(request: Request) -> str:
    number = request.session.get("count", 0) + 1
    request.set_session({"count": number})
    return str(number)


@get("/page", sync_to_thread=False)
def page() -> Template:
    return Template("page.html", context={"text": "<script>"})


@get("/wait")
async def wait() -> str:
    await asyncio.sleep(1)
    return "waited"


@get("/block", sync_to_thread=True)
def block() -> str:
    time.sleep(1)
    return "waited"


@get("/events")
async def events() -> ServerSentEvent:
    async def stream():
        yield "first"
        await asyncio.sleep(1)
        yield "last"

    return ServerSentEvent(stream())


@websocket("/echo")
async def echo(socket: WebSocket) -> None:
    await socket.accept()
    async for message in socket.iter_data():
        await socket.send_data(message)


@get("/typed", sync_to_thread=False)
def typed(number: int) -> dict[str, int]:
    return {"number": number}


async def database() -> str:
    return "a database"


@get("/injected", dependencies={"found": Provide(database)})
async def injected(found: str) -> str:
    return found


@dataclass
class User:
    name: str
    password: str


class PublicUser(DataclassDTO[User]):
    config = DTOConfig(exclude={"password"})


@get("/filtered", return_dto=PublicUser, sync_to_thread=False)
def filtered() -> User:
    return User("ada", "secret")


@get("/limited", middleware=[RateLimitConfig(("minute", 3)).middleware], sync_to_thread=False)
def limited() -> str:
    return "served"


@get("/fail", sync_to_thread=False)
def fail() -> str:
    return str(int("this is no number"))


views = [
    hello,
    version,
    read_pair,
    write_pair,
    order,
    form,
    upload,
    delete_it,
    post_it,
    note,
    large,
]
views += [count, page, wait, block, events, echo, typed, injected, filtered, limited, fail]
app = Litestar(
    [*views, create_static_files_router(path="/static", directories=["static"])],
    debug=bool(os.environ.get("DEBUG")),
    cors_config=CORSConfig(allow_origins=["https://friend.example"]),
    compression_config=CompressionConfig(backend="gzip", minimum_size=500),
    middleware=[CookieBackendConfig(secret=b"32 bytes, for this comparison...").middleware],
    template_config=TemplateConfig(directory=Path("templates"), engine=JinjaTemplateEngine),
    openapi_config=OpenAPIConfig(title="Features", version="1", path="/schema"),
)
