"""The features in Flask, as its documentation writes them."""

import asyncio
import time
from pathlib import Path

from flask import Flask, Response, make_response, render_template, request, session

app = Flask(__name__)
app.config["SECRET_KEY"] = "only for this comparison"
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
def note():
    response = make_response("text")
    response.set_etag("v2")
    return response.make_conditional(request)


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
def events():
    def stream():
        yield "data: first\n\n"
        time.sleep(1)
        yield "data: last\n\n"

    return Response(stream(), mimetype="text/event-stream")


@app.get("/fail")
def fail():
    return int("this is no number")
