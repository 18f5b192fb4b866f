"""pytest-flask: its fixtures, in a test run of its own, a live server included."""

import subprocess
import sys

CONFTEST = """
import pytest
from flask import Flask, jsonify, session, url_for

@pytest.fixture(scope="session")
def app():
    app = Flask("program")
    app.config["SECRET_KEY"] = "key"

    @app.get("/ping")
    def ping():
        return jsonify(ping="pong")

    return app
"""

TESTS = """
import urllib.request
import pytest
from flask import request, url_for, current_app

def test_client(client):
    response = client.get(url_for("ping"))
    assert response.json == {"ping": "pong"}
    assert response == 200
    assert client.get("/missing") == 404

@pytest.mark.options(debug=True, A_KEY=1)
def test_options(app, config):
    assert app.debug
    assert config["A_KEY"] == 1

def test_context(app):
    assert request.path == "/"
    assert current_app.name == "program"

class TestClass:
    @pytest.mark.usefixtures("client_class")
    def test_class(self):
        assert self.client.get("/ping").json["ping"] == "pong"

def test_accept(client, accept_json):
    assert client.get("/ping", headers=accept_json).status_code == 200

@pytest.mark.usefixtures("live_server")
class TestLive:
    def test_server(self, live_server):
        with urllib.request.urlopen(live_server.url("/ping")) as response:
            assert response.status == 200
            assert b"pong" in response.read()
        port = live_server.url("").rpartition(":")[2]
        assert url_for("ping", _external=True).endswith(f":{port}/ping")
"""


def test_its_fixtures_work_in_a_run_of_its_own(write, tmp_path, framework):
    write("conftest.py", CONFTEST)
    write("test_program.py", TESTS)
    write("pytest.ini", "[pytest]\n")

    command = [sys.executable, *(["-m", "retort"] if framework == "retort" else [])]
    result = subprocess.run(
        [*command, "-m", "pytest", "-p", "no:cacheprovider", str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )

    assert " 6 passed" in result.stdout, result.stdout + result.stderr
