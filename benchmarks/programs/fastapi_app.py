"""The program for FastAPI: typed parameters, models and dependencies as its guide has them."""

from typing import Annotated

from fastapi import FastAPI, Form, Request, UploadFile
from fastapi.responses import PlainTextResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city
from pydantic import BaseModel
from starlette.middleware.sessions import SessionMiddleware

app = FastAPI()
app.add_middleware(SessionMiddleware, secret_key=SECRET)
templates = Jinja2Templates(TEMPLATES)


class Item(BaseModel):
    sku: str
    price: int
    count: int


class Order(BaseModel):
    id: int
    customer: str
    items: list[Item]


@app.get("/hello", response_class=PlainTextResponse)
async def hello():
    return HELLO


@app.get("/success/{name}", response_class=PlainTextResponse)
async def success(name: str):
    return f"welcome {name}"


@app.get("/login")
async def login_by_query(request: Request, nm: str):
    return RedirectResponse(request.url_for("success", name=nm), 303)


@app.post("/login")
async def login_by_form(request: Request, nm: Annotated[str, Form()]):
    return RedirectResponse(request.url_for("success", name=nm), 303)


@app.get("/json")
async def json_out():
    return document()


@app.post("/json")
async def json_in_and_out(order: Order):
    return with_total(order.model_dump())


@app.get("/table")
async def table(request: Request):
    return templates.TemplateResponse(request, "table.html", {"title": TITLE, "rows": ROWS})


@app.get("/city/{number}")
async def city(number: int):
    return find_city(number)


@app.get("/count", response_class=PlainTextResponse)
async def count(request: Request):
    request.session["count"] = request.session.get("count", 0) + 1
    return str(request.session["count"])


@app.post("/upload", response_class=PlainTextResponse)
async def upload(file: UploadFile):
    return str(len(await file.read()))


app.mount("/static", StaticFiles(directory=STATIC))


def add_section(section):
    @app.get(f"/section{section}/item/{{item}}", response_class=PlainTextResponse)
    async def show(item: str):
        return f"section {section} item {item}"


for number in range(SECTIONS):
    add_section(number)
