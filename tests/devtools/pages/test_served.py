"""Debug mode and production behind the real server: who gets which page, and what is loaded."""

import json

import pytest

PROGRAM = """
import sys

from retort import Flask, request

app = Flask(__name__)


@app.get("/")
def index():
    return "hello"


@app.post("/login")
def login():
    return "welcome " + request.form["nm"]


@app.get("/boom")
def boom():
    secret = "hunter2"
    raise ValueError("a mistake")


@app.get("/stream")
def stream():
    def pieces():
        yield "one "
        raise ValueError("half way")

    return pieces()


@app.get("/loaded")
def loaded():
    parts = ("retort.devtools", "werkzeug.debug")
    return " ".join(sorted(name for name in sys.modules if name.startswith(parts)))
"""
BROWSER = {"Accept": "text/html"}

pytestmark = pytest.mark.xdist_group("pages about errors, served")


@pytest.fixture(scope="module")
def program(tmp_path_factory):
    program = tmp_path_factory.mktemp("program") / "shop.py"
    program.write_text(PROGRAM)
    return program


@pytest.fixture(scope="module")
def production(serve, program):
    with serve(str(program)) as site:
        yield site


@pytest.fixture(scope="module")
def debug(serve, program):
    with serve(str(program), "--debug", "--no-reload") as site:
        yield site


def test_production_loads_nothing_of_debug_mode(production):
    production.ask("GET", "/", headers=BROWSER)
    production.ask("GET", "/nope", headers=BROWSER)
    production.ask("PUT", "/login", headers=BROWSER)
    production.ask("POST", "/login", headers=BROWSER)
    production.ask("GET", "/boom", headers=BROWSER)

    assert production.ask("GET", "/loaded").text == ""


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/json"])
@pytest.mark.parametrize(
    ("method", "path", "status", "title"),
    [
        ("GET", "/nope", 404, "404 Not Found"),
        ("GET", "/login", 405, "405 Method Not Allowed"),
        ("POST", "/login", 400, "400 Bad Request"),
        ("GET", "/boom", 500, "500 Internal Server Error"),
    ],
)
def test_production_answers_with_short_pages(production, accept, method, path, status, title):
    answer = production.ask(method, path, headers={"Accept": accept})

    assert answer.status == status
    assert answer.text.startswith(f"<!doctype html>\n<html lang=en>\n<title>{title}</title>\n")
    assert len(answer.body) < 400
    assert "hunter2" not in answer.text
    assert "shop.py" not in answer.text


def test_production_has_no_debugger_urls(production):
    query = "?__debugger__=yes&cmd=resource&f=debugger.js"

    assert production.ask("GET", f"/{query}").text == "hello"
    assert production.ask("GET", "/console").status == 404
    assert production.ask("GET", "/", headers={"Retort-Trial": "1"}).text == "hello"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nope", 404), ("GET", "/login", 405), ("POST", "/login", 400), ("GET", "/boom", 500)],
)
def test_debug_mode_explains_under_the_same_status(debug, method, path, status):
    page = debug.ask(method, path, headers=BROWSER)
    text = debug.ask(method, path, headers={"Accept": "*/*"})
    problem = debug.ask(method, path, headers={"Accept": "application/json"})

    assert {page.status, text.status, problem.status} == {status}
    assert "shop.py" in page.text
    assert text.text.startswith(f"{status} ")
    assert problem.headers["Content-Type"] == "application/problem+json"


def test_the_sentence_of_the_page_is_in_the_log(debug):
    asked = {"Accept": "application/json"}
    sentence = json.loads(debug.ask("GET", "/login", headers=asked).text)["detail"]

    debug.wait_for_log(sentence)


def test_a_response_that_fails_half_way_is_broken_off_and_logged_once(debug):
    raw = debug.send(b"GET /stream HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert not raw.endswith(b"0\r\n\r\n")

    debug.wait_for_log("ValueError: half way")
    log = debug.log.read_text()
    assert log.count("ValueError: half way") == 1
    assert "The response had started" in log


def test_without_the_debugger_debug_mode_answers_with_short_pages(serve, program):
    with serve(str(program), "--debug", "--no-reload", "--no-debugger") as site:
        answer = site.ask("GET", "/nope", headers=BROWSER)

    assert answer.status == 404
    assert len(answer.body) < 400
