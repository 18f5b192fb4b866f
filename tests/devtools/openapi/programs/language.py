"""Preferences in cookies and header fields."""

from retort import Flask, g, make_response, request

app = Flask(__name__)


@app.before_request
def choose_language():
    g.language = request.args.get("lang") or request.cookies.get("lang", "en")


@app.get("/")
def index():
    theme = request.cookies.get("theme")
    is_htmx = "HX-Request" in request.headers
    return f"{g.language} {theme} {is_htmx}"


@app.post("/theme")
def theme():
    response = make_response("saved")
    response.set_cookie("theme", request.form["theme"])
    response.status_code = 202
    return response


LABELS = {
    "GET /": "query:lang cookie:lang cookie:theme header:HX-Request",
    "POST /theme": "query:lang cookie:lang form:theme!",
}
