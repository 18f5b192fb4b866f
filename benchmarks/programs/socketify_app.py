"""The program for socketify, a C++ server that calls back: `python socketify_app.py PORT`."""

import sys

from itsdangerous import BadSignature, URLSafeTimedSerializer
from jinja2 import Environment, FileSystemLoader
from material import HELLO, ROWS, SECRET, SECTIONS, STATIC, TEMPLATES, TITLE, document, with_total
from material import city as find_city
from socketify import App, AppListenOptions

templates = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True)
signer = URLSafeTimedSerializer(SECRET)
app = App()


def hello(res, req):
    res.end(HELLO)


def success(res, req):
    res.end(f"welcome {req.get_parameter(0)}")


def login_by_query(res, req):
    res.redirect(f"/success/{req.get_query('nm')}")


async def login_by_form(res, req):
    values = await res.get_form_urlencoded()
    res.redirect(f"/success/{values['nm']}")


def json_out(res, req):
    res.end(document())


async def json_in_and_out(res, req):
    res.cork_end(with_total(await res.get_json()))


def table(res, req):
    res.write_header("Content-Type", "text/html; charset=utf-8")
    res.end(templates.get_template("table.html").render(title=TITLE, rows=ROWS))


def city(res, req):
    res.end(find_city(int(req.get_parameter(0))))


def count(res, req):
    seen = counted(req.get_cookie("session")) + 1
    res.set_cookie("session", signer.dumps({"count": seen}), {"path": "/", "httponly": True})
    res.end(str(seen))


def counted(cookie):
    try:
        return signer.loads(cookie)["count"] if cookie else 0
    except BadSignature:
        return 0


def add_section(section):
    def show(res, req):
        res.end(f"section {section} item {req.get_parameter(0)}")

    app.get(f"/section{section}/item/:item", show)


app.get("/hello", hello)
app.get("/success/:name", success)
app.get("/login", login_by_query)
app.post("/login", login_by_form)
app.get("/json", json_out)
app.post("/json", json_in_and_out)
app.get("/table", table)
app.get("/city/:number", city)
app.get("/count", count)
app.static("/static", STATIC)
for number in range(SECTIONS):
    add_section(number)

if __name__ == "__main__":
    app.listen(AppListenOptions(port=int(sys.argv[1]), host="127.0.0.1"))
    app.run()
