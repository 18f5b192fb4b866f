"""The program for Robyn: `python robyn_app.py PORT`."""

import json
import sys
from urllib.parse import parse_qs

from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city
from robyn import Robyn
from robyn.responses import Response
from robyn.templating import JinjaTemplate

templates = JinjaTemplate(TEMPLATES)
app = Robyn(__file__)
app.configure_sessions(SECRET, secure=False)
app.serve_directory("/static", STATIC)


def text(content):
    return Response(200, {"Content-Type": "text/plain; charset=utf-8"}, content)


# Robyn builds no URLs from a route's values: its users write the path.
def see_other(location):
    return Response(303, {"Location": location}, "")


@app.get("/hello")
async def hello(request):
    return HELLO


@app.get("/success/:name")
async def success(request):
    return f"welcome {request.path_params['name']}"


@app.get("/login")
async def login_by_query(request):
    return see_other(f"/success/{request.query_params.get('nm', None)}")


@app.post("/login")
async def login_by_form(request):
    form = parse_qs(request.body)  # `form_data` holds multipart forms only
    return see_other(f"/success/{form['nm'][0]}")


@app.get("/json")
async def json_out(request):
    return document()


@app.post("/json")
async def json_in_and_out(request):
    return with_total(json.loads(request.body))


@app.get("/table")
async def table(request):
    return templates.render_template("table.html", title=TITLE, rows=ROWS)


@app.get("/city/:number")
async def city(request):
    return find_city(int(request.path_params["number"]))


@app.get("/count")
async def count(request):
    request.session["count"] = request.session.get("count", 0) + 1
    return str(request.session["count"])


@app.post("/upload")
async def upload(request):
    (content,) = request.files.values()
    return str(len(content))


def add_section(section):
    @app.get(f"/section{section}/item/:item")
    async def show(request):
        return f"section {section} item {request.path_params['item']}"


for number in range(SECTIONS):
    add_section(number)

if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(sys.argv.pop()))
