"""The program for BlackSheep."""

from blacksheep import Application, FromForm, FromJSON, Request, json, redirect, text
from blacksheep.server.rendering.jinja2 import JinjaRenderer
from blacksheep.server.responses import view
from blacksheep.settings.html import html_settings
from jinja2 import FileSystemLoader
from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city

html_settings.use(JinjaRenderer(loader=FileSystemLoader(TEMPLATES)))
app = Application()
app.use_sessions(SECRET)
app.serve_files(STATIC, root_path="static", extensions={".txt"})
get, post = app.router.get, app.router.post


class Login:
    def __init__(self, nm: str):
        self.nm = nm


@get("/hello")
async def hello():
    return text(HELLO)


@get("/success/{name}")
async def success(name: str):
    return text(f"welcome {name}")


# BlackSheep builds no URLs from a route's values: its users write the path.
@get("/login")
async def login_by_query(nm: str):
    return redirect(f"/success/{nm}")


@post("/login")
async def login_by_form(data: FromForm[Login]):
    return redirect(f"/success/{data.value.nm}")


@get("/json")
async def json_out():
    return json(document())


@post("/json")
async def json_in_and_out(data: FromJSON[dict]):
    return json(with_total(data.value))


@get("/table")
async def table():
    return view("table.html", {"title": TITLE, "rows": ROWS})


@get("/city/{number}")
async def city(number: int):
    return json(find_city(number))


@get("/count")
async def count(request: Request):
    request.session["count"] = request.session.get("count", 0) + 1
    return text(str(request.session["count"]))


@post("/upload")
async def upload(request: Request):
    (part,) = await request.files("file")
    return text(str(len(part.data)))


def add_section(section):
    @get(f"/section{section}/item/{{item}}")
    async def show(item: str):
        return text(f"section {section} item {item}")


for number in range(SECTIONS):
    add_section(number)
