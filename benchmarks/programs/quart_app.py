"""The program for Quart."""

from material import HELLO, ROWS, SECRET, SECTIONS, TITLE, city, document, with_total
from quart import Quart, redirect, render_template, request, session, url_for

app = Quart(__name__)
app.secret_key = SECRET


@app.route("/hello")
async def hello():
    return HELLO


@app.route("/success/<name>")
async def success(name):
    return f"welcome {name}"


@app.route("/login", methods=["POST", "GET"])
async def login():
    values = await request.form if request.method == "POST" else request.args
    return redirect(url_for("success", name=values["nm"]))


@app.get("/json")
async def json_out():
    return document()


@app.post("/json")
async def json_in_and_out():
    return with_total(await request.get_json())


@app.get("/table")
async def table():
    return await render_template("table.html", title=TITLE, rows=ROWS)


@app.get("/city/<int:number>")
async def row(number):
    return city(number)


@app.get("/count")
async def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.post("/upload")
async def upload():
    files = await request.files
    return str(len(files["file"].read()))


def add_section(section):
    @app.get(f"/section{section}/item/<item>", endpoint=f"section{section}")
    async def show(item):
        return f"section {section} item {item}"


for number in range(SECTIONS):
    add_section(number)
