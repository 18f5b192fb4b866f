"""The program for Litestar. Its sessions in cookies are encrypted, not only signed."""

from dataclasses import dataclass
from typing import Annotated

from litestar import Litestar, MediaType, Request, get, post
from litestar.contrib.jinja import JinjaTemplateEngine
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.params import Body
from litestar.response import Redirect, Template
from litestar.static_files import create_static_files_router
from litestar.template.config import TemplateConfig
from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city

session_config = CookieBackendConfig(secret=SECRET.encode()[:32])
ENCODED = RequestEncodingType.URL_ENCODED
MULTI_PART = RequestEncodingType.MULTI_PART


@dataclass
class Login:
    nm: str


@get("/hello", media_type=MediaType.TEXT)
async def hello() -> str:
    return HELLO


# Not `name`: that is what `route_reverse` calls the route.
@get("/success/{user:str}", name="success", media_type=MediaType.TEXT)
async def success(user: str) -> str:
    return f"welcome {user}"


@get("/login", status_code=303)
async def login_by_query(request: Request, nm: str) -> Redirect:
    return Redirect(request.app.route_reverse("success", user=nm), status_code=303)


@post("/login", status_code=303)
async def login_by_form(
    request: Request, data: Annotated[Login, Body(media_type=ENCODED)]
) -> Redirect:
    return Redirect(request.app.route_reverse("success", user=data.nm), status_code=303)


@get("/json")
async def json_out() -> dict:
    return document()


@post("/json")
async def json_in_and_out(data: dict) -> dict:
    return with_total(data)


@get("/table")
async def table() -> Template:
    return Template("table.html", context={"title": TITLE, "rows": ROWS})


@get("/city/{number:int}")
async def city(number: int) -> dict:
    return find_city(number)


@get("/count", media_type=MediaType.TEXT, middleware=[session_config.middleware])
async def count(request: Request) -> str:
    request.session["count"] = request.session.get("count", 0) + 1
    return str(request.session["count"])


@post("/upload", media_type=MediaType.TEXT)
async def upload(data: Annotated[dict[str, UploadFile], Body(media_type=MULTI_PART)]) -> str:
    return str(len(await data["file"].read()))


def section(number):
    @get(f"/section{number}/item/{{item:str}}", media_type=MediaType.TEXT)
    async def show(item: str) -> str:
        return f"section {number} item {item}"

    return show


app = Litestar(
    [
        hello,
        success,
        login_by_query,
        login_by_form,
        json_out,
        json_in_and_out,
        table,
        city,
        count,
        upload,
        create_static_files_router("/static", [STATIC]),
        *(section(number) for number in range(SECTIONS)),
    ],
    template_config=TemplateConfig(directory=TEMPLATES, engine=JinjaTemplateEngine),
    openapi_config=None,
)
