"""The program for Sanic. It has no sessions: its users sign with itsdangerous."""

from itsdangerous import BadSignature, URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader
from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city
from sanic import Sanic, html, json, redirect, text

templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
signer = URLSafeTimedSerializer(SECRET)
app = Sanic("benchmark")
app.static("/static", STATIC)


@app.get("/hello")
async def hello(request):
    return text(HELLO)


@app.get("/success/<name>")
async def success(request, name):
    return text(f"welcome {name}")


@app.get("/login")
async def login_by_query(request):
    return redirect(app.url_for("success", name=request.args.get("nm")))


@app.post("/login")
async def login_by_form(request):
    return redirect(app.url_for("success", name=request.form.get("nm")))


@app.get("/json")
async def json_out(request):
    return json(document())


@app.post("/json")
async def json_in_and_out(request):
    return json(with_total(request.json))


@app.get("/table")
async def table(request):
    return html(templates.get_template("table.html").render(title=TITLE, rows=ROWS))


@app.get("/city/<number:int>")
async def city(request, number):
    return json(find_city(number))


@app.get("/count")
async def count(request):
    seen = counted(request.cookies.get("session")) + 1
    response = text(str(seen))
    cookie = signer.dumps({"count": seen})
    response.add_cookie("session", cookie, httponly=True, secure=False)
    return response


def counted(cookie):
    try:
        return signer.loads(cookie)["count"] if cookie else 0
    except BadSignature:
        return 0


@app.post("/upload")
async def upload(request):
    return text(str(len(request.files.get("file").body)))


def add_section(section):
    @app.get(f"/section{section}/item/<item>", name=f"section{section}")
    async def show(request, item):
        return text(f"section {section} item {item}")


for number in range(SECTIONS):
    add_section(number)
