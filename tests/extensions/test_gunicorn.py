"""Gunicorn: it is started under the alias, and its workers serve a program that imports flask."""

import http.client
import json
from pathlib import Path
from urllib.parse import urlencode

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

PROGRAM = """
import os
import sys

import flask
from flask import Flask, request

app = Flask(__name__)


@app.post("/told")
def told():
    return {
        "framework": "retort" if "/retort/__init__" in flask.__file__ else "flask",
        "process": os.getpid(),
        "parent": os.getppid(),
        "form": request.form.to_dict(),
        "length": len(request.get_data()),
        "address": request.url,
    }


@app.get("/stream")
def stream():
    return (f"line {n}\\n" for n in range(3))


def create_app(greeting="hello"):
    made = Flask("made")
    made.add_url_rule("/", "index", lambda: greeting)
    return made
"""


@pytest.fixture
def gunicorn(start):
    def gunicorn(*words):
        return start("-m", "gunicorn", "--bind", "127.0.0.1:{port}", *words)

    return gunicorn


def ask(address, method, path, body=None, headers=None):
    connection = http.client.HTTPConnection(address, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response, response.read().decode()
    finally:
        connection.close()


def send_form(address, path, form):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask(address, "POST", path, urlencode(form), headers)


def test_the_tutorial_s_program_is_served(gunicorn):
    address = gunicorn("--chdir", EXAMPLES / "login", "login:app")

    response, _ = send_form(address, "/login", {"nm": "Åsa Ek"})
    assert response.status == 302
    assert response.getheader("Location") == "/success/%C3%85sa%20Ek"
    assert ask(address, "GET", response.getheader("Location"))[1] == "welcome Åsa Ek"

    response, _ = ask(address, "GET", "/login?nm=ada")
    assert response.getheader("Location") == "/success/ada"
    assert ask(address, "GET", "/nowhere")[0].status == 404


@pytest.mark.parametrize("kind", ["sync", "gthread", "gevent"])
def test_each_kind_of_worker_serves(gunicorn, write, framework, kind):
    write("program.py", PROGRAM)
    address = gunicorn("--worker-class", kind, "program:app")

    told = json.loads(send_form(address, "/told", {"name": "ada"})[1])
    assert told["form"] == {"name": "ada"}
    assert told["address"] == f"http://{address}/told"
    assert told["framework"] == framework

    headers = {"Content-Type": "application/octet-stream"}  # of no known length: sent in chunks
    told = json.loads(ask(address, "POST", "/told", iter([b"a" * 70_000] * 3), headers)[1])
    assert told["length"] == 210_000
    assert ask(address, "GET", "/stream")[1] == "line 0\nline 1\nline 2\n"


@pytest.mark.parametrize("preload", [["--preload"], []])
def test_it_serves_from_processes_of_its_own(gunicorn, write, preload):
    write("program.py", PROGRAM)
    address = gunicorn("--workers", 2, *preload, "program:app")

    told = json.loads(send_form(address, "/told", {})[1])

    assert told["framework"] in {"retort", "flask"}
    assert told["process"] != told["parent"]


def test_it_calls_a_factory(gunicorn, write):
    write("program.py", PROGRAM)
    address = gunicorn("program:create_app('good day')")

    assert ask(address, "GET", "/")[1] == "good day"
