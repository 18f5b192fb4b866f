"""Gunicorn: it is started under the alias, and its workers serve a program that imports flask."""

import http.client
import json
import re
import sys
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


# The functions before and after serving, which gunicorn does not know

HOOKS = """
import asyncio, os, time
from retort import Flask

app = Flask(__name__)


def log(text):
    os.write(1, f"{text}\\n".encode())


@app.before_serving
async def open_pool():
    log("pool opened")


@app.after_serving
async def close_pool():
    log("pool closed")


async def work():
    await asyncio.sleep(0.2)
    log("task done")


@app.get("/")
async def index():
    app.add_background_task(work)
    return "here"
"""

CONFIGURATION = """
def post_worker_init(worker):
    worker.wsgi.async_to_sync(worker.wsgi.startup)()


def worker_exit(server, worker):
    worker.wsgi.async_to_sync(worker.wsgi.shutdown)()
"""


@pytest.fixture
def launch_gunicorn(launch, framework):
    if framework != "retort":
        pytest.skip("Flask has no functions before serving")

    def launch_gunicorn():
        command = [sys.executable, "-m", "retort", "-m", "gunicorn"]
        return launch(*command, "--bind", "127.0.0.1:{port}", "program:app")

    return launch_gunicorn


def test_its_hooks_start_and_stop_the_program(launch_gunicorn, write):
    write("program.py", HOOKS)
    write("gunicorn.conf.py", CONFIGURATION)
    server = launch_gunicorn()
    assert server.ask("/").text == "here"

    server.process.terminate()

    assert server.process.wait(60) == 0
    seen = re.findall("pool opened|task done|pool closed", server.output())
    assert seen == ["pool opened", "task done", "pool closed"]


def test_without_hooks_the_program_warns_at_its_first_request(launch_gunicorn, write):
    write("program.py", HOOKS)
    server = launch_gunicorn()

    assert [server.ask("/").text for _ in range(2)] == ["here"] * 2

    assert server.output().count("have not been called") == 1
    assert "pool opened" not in server.output()
