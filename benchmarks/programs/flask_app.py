"""The program, as one writes it for Flask. Retort runs this very file."""

from flask import Flask, redirect, render_template, request, session, url_for
from material import HELLO, ROWS, SECRET, SECTIONS, TITLE, city, document, with_total

app = Flask(__name__)
app.secret_key = SECRET


@app.route("/hello")
def hello():
    return HELLO


@app.route("/success/<name>")
def success(name):
    return f"welcome {name}"


@app.route("/login", methods=["POST", "GET"])
def login():
    user = request.form["nm"] if request.method == "POST" else request.args.get("nm")
    return redirect(url_for("success", name=user))


@app.get("/json")
def json_out():
    return document()


@app.post("/json")
def json_in_and_out():
    return with_total(request.get_json())


@app.get("/table")
def table():
    return render_template("table.html", title=TITLE, rows=ROWS)


@app.get("/city/<int:number>")
def row(number):
    return city(number)


@app.get("/count")
def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.post("/upload")
def upload():
    return str(len(request.files["file"].read()))


def add_section(section):
    @app.get(f"/section{section}/item/<item>", endpoint=f"section{section}")
    def show(item):
        return f"section {section} item {item}"


for number in range(SECTIONS):
    add_section(number)
