"""The program for Bottle. Its signed cookies pickle; it has no sessions besides."""

from bottle import Bottle, redirect, request, response, static_file
from jinja2 import Environment, FileSystemLoader
from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city

# Bottle's own helper for Jinja would compile the layout anew for each request.
templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
app = Bottle()


@app.get("/hello")
def hello():
    return HELLO


@app.get("/success/<name>", name="success")
def success(name):
    return f"welcome {name}"


@app.get("/login")
def login_by_query():
    redirect(app.get_url("success", name=request.query.nm))


@app.post("/login")
def login_by_form():
    redirect(app.get_url("success", name=request.forms.nm))


@app.get("/json")
def json_out():
    return document()


@app.post("/json")
def json_in_and_out():
    return with_total(request.json)


@app.get("/table")
def table():
    return templates.get_template("table.html").render(title=TITLE, rows=ROWS)


@app.get("/city/<number:int>")
def city(number):
    return find_city(number)


@app.get("/count")
def count():
    seen = (request.get_cookie("count", secret=SECRET) or 0) + 1
    response.set_cookie("count", seen, secret=SECRET, path="/", httponly=True)
    return str(seen)


@app.post("/upload")
def upload():
    return str(len(request.files["file"].file.read()))


@app.get("/static/<path:path>")
def static(path):
    return static_file(path, root=STATIC)


def add_section(section):
    @app.get(f"/section{section}/item/<item>")
    def show(item):
        return f"section {section} item {item}"


for number in range(SECTIONS):
    add_section(number)
