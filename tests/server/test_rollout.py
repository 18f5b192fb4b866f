"""docs/deploy/rollout.conf: nginx divides visitors between a program on Flask and on Retort."""

import contextlib
import http.client
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

FILE = Path(__file__).parents[2] / "docs" / "deploy" / "rollout.conf"
ORACLE = Path(sys.prefix) / "flask-oracle"
LIMIT_SECONDS = 60
VISITORS = 1000

PROGRAM = """
    import flask
    from flask import Flask, request, session

    app = Flask(__name__)
    app.secret_key = "the same on both sides"

    @app.get("/")
    def index():
        side = "flask" if "flask-oracle" in flask.__file__ else "retort"
        return {"side": side, "name": session.get("name")}

    @app.post("/login")
    def login():
        session["name"] = request.form["name"]
        return "in"
"""


@pytest.fixture
def both(start, run):
    """The program on the real Flask and on Retort: their ports."""
    environ = {"PYTHONPATH": str(ORACLE), "RETORT_AS_FLASK": "0"}
    words = ["-m", "flask", "--app", "{file}", "run", "--port", "0"]
    on_flask = start(PROGRAM, words=words, env=environ)
    on_retort = run(PROGRAM, "--port=0", "--proxy", "1")
    return int(on_flask.wait_for_output(r"http://127\.0\.0\.1:(\d+)")[1]), on_retort.port


def configuration(ports, port, log):
    """The file, with the ports and the log of this test."""
    text = FILE.read_text(encoding="utf-8")
    for old, new in {
        "127.0.0.1:8000": f"127.0.0.1:{ports[0]}",
        "127.0.0.1:8001": f"127.0.0.1:{ports[1]}",
        "listen 80": f"listen 127.0.0.1:{port}",
        "/var/log/nginx/rollout.log": str(log),
    }.items():
        assert old in text, f"rollout.conf has no {old!r} any more"
        text = text.replace(old, new)
    return text


class Nginx:
    """nginx with the file, on one port of this machine."""

    def __init__(self, folder, ports, port):
        self.folder, self.port, self.log = folder, port, folder / "rollout.log"
        self.site = folder / "site.conf"
        self.site.write_text(configuration(ports, port, self.log))
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        places = " ".join(f"{kind}_temp_path {folder}/{kind};" for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""
        self.main = folder / "main.conf"
        self.main.write_text(
            f"{user} daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; {places} include {self.site}; }}\n"
        )

    def words(self, *more):
        path = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if path is None:
            pytest.skip("nginx is not installed: sudo apt-get install nginx-light")
        return [path, "-p", str(self.folder), "-e", "stderr", "-c", str(self.main), *more]

    def remove_the_share(self):
        """The way back, as the file describes it."""
        lines = self.site.read_text().splitlines()
        kept = [line for line in lines if not line.strip().startswith("10%")]
        assert len(kept) == len(lines) - 1
        self.site.write_text("\n".join(kept))
        subprocess.run(self.words("-s", "reload"), check=True, capture_output=True, timeout=60)

    def send(self, visitor, method="GET", path="/", body=None, cookie=""):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_SECONDS)
        fields = {"User-Agent": visitor, "Host": "hello.example", "Cookie": cookie}
        if body:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
        with contextlib.closing(connection):
            connection.request(method, path, body, fields)
            response = connection.getresponse()
            text = response.read().decode()
            assert response.status == 200, text
            return text, response.headers.get("Set-Cookie", "").partition(";")[0]

    def side_of(self, visitor, cookie=""):
        text, _ = self.send(visitor, cookie=cookie)
        return "retort" if '"retort"' in text else "flask"

    def answers(self):
        with contextlib.suppress(OSError, AssertionError):
            return bool(self.side_of("the first"))
        return False


@pytest.fixture
def nginx(both, tmp_path, choose_port):
    nginx = Nginx(tmp_path, both, choose_port())
    words = nginx.words()
    with (tmp_path / "nginx.log").open("wb") as output:
        process = subprocess.Popen(words, cwd=tmp_path, stdout=output, stderr=output)
        try:
            wait_for(nginx.answers)
            yield nginx
        finally:
            process.terminate()
            process.wait(LIMIT_SECONDS)


def wait_for(condition):
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while not condition():
        if time.monotonic() > give_up_at:
            pytest.fail("Waited in vain.")
        time.sleep(0.02)


def test_a_tenth_of_the_visitors_is_served_by_retort(nginx):
    sides = Counter(nginx.side_of(f"browser {number}") for number in range(VISITORS))

    assert sides["flask"] + sides["retort"] == VISITORS
    assert 0.075 <= sides["retort"] / VISITORS <= 0.125


def test_a_visitor_stays_on_one_side_and_a_cookie_chooses_it(nginx):
    for number in range(30):
        visitor = f"browser {number}"
        assert len({nginx.side_of(visitor) for _ in range(3)}) == 1
        assert nginx.side_of(visitor, "served_by=retort") == "retort"
        assert nginx.side_of(visitor, "served_by=flask") == "flask"


@pytest.mark.parametrize(("first", "second"), [("flask", "retort"), ("retort", "flask")])
def test_a_visitor_who_changes_the_side_stays_logged_in(nginx, first, second):
    _, session = nginx.send("ada", "POST", "/login", "name=Ada", f"served_by={first}")

    text, _ = nginx.send("ada", cookie=f"{session}; served_by={second}")

    assert f'"{second}"' in text
    assert '"Ada"' in text


def test_without_the_share_all_visitors_are_served_by_flask_again(nginx):
    visitors = [f"browser {number}" for number in range(100)]
    on_retort = [visitor for visitor in visitors if nginx.side_of(visitor) == "retort"]
    assert on_retort

    nginx.remove_the_share()

    wait_for(lambda: {nginx.side_of(visitor) for visitor in visitors} == {"flask"})


def test_the_log_names_the_side_of_each_request(nginx):
    for side in ("flask", "retort"):
        nginx.side_of("ada", f"served_by={side}")

    def sides():  # nginx writes a line after it has sent the response
        return {line.split()[-2] for line in nginx.log.read_text().splitlines()}

    wait_for(lambda: sides() == {"hello_flask", "hello_retort"})
