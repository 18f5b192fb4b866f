"""The program for Emmett55. It has no templates: its users add Jinja."""

from emmett55 import App, redirect, request, session, url
from emmett55.sessions import SessionManager
from emmett55.tools import service
from jinja2 import Environment, FileSystemLoader
from material import HELLO, ROWS, SECRET, SECTIONS, TEMPLATES, TITLE, document, with_total
from material import city as find_city

templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
app = App(__name__)  # serves the folder `static` beside this file


@app.route("/hello", methods="get", output="str")
async def hello():
    return HELLO


@app.route("/success/<str:name>", methods="get", output="str")
async def success(name):
    return f"welcome {name}"


@app.route("/login", methods="get", name="login_by_query")
async def login_by_query():
    redirect(url("success", request.query_params.nm))


@app.route("/login", methods="post", name="login_by_form")
async def login_by_form():
    values = await request.body_params
    redirect(url("success", values.nm))


@app.route("/json", methods="get")
@service.json
async def json_out():
    return document()


@app.route("/json", methods="post")
@service.json
async def json_in_and_out():
    return with_total(await request.body_params)


@app.route("/table", methods="get", output="str")
async def table():
    return templates.get_template("table.html").render(title=TITLE, rows=ROWS)


@app.route("/city/<int:number>", methods="get")
@service.json
async def city(number):
    return find_city(number)


# Only the route that wants a session pays for it.
@app.route("/count", methods="get", output="str", pipeline=[SessionManager.cookies(SECRET)])
async def count():
    session.count = (session.count or 0) + 1
    return str(session.count)


@app.route("/upload", methods="post", output="str")
async def upload():
    files = await request.files
    return str(len(files.file.read()))


def add_section(section):
    @app.route(
        f"/section{section}/item/<str:item>", methods="get", name=f"section{section}", output="str"
    )
    async def show(item):
        return f"section {section} item {item}"


for number in range(SECTIONS):
    add_section(number)
