"""Locust's web UI: a load test is started, watched and stopped in it."""

import json
import time
import urllib.parse
import urllib.request

import pytest

LOCUSTFILE = """
from locust import HttpUser, constant, events, task

class Visitor(HttpUser):
    wait_time = constant(0.1)

    @task
    def visit(self):
        self.client.get("/page")

@events.init.add_listener
def add_a_page(environment, **kwargs):
    @environment.web_ui.app.get("/own-page")
    def own_page():
        return {"users": environment.runner.user_count}
"""


@pytest.fixture
def ask(write, start, serve_with_werkzeug, app):
    app.add_url_rule("/page", "page", lambda: "page")
    visited = serve_with_werkzeug(app)
    file = write("locustfile.py", LOCUSTFILE)
    address = start(
        "-m", "locust", "-f", file, "--web-host", "127.0.0.1", "--web-port", "{port}",
        "--host", f"http://{visited}",
    )  # fmt: skip

    def ask(path, **form):
        data = urllib.parse.urlencode(form).encode() if form else None
        with urllib.request.urlopen(f"http://{address}{path}", data, timeout=60) as answer:
            return answer.read().decode()

    return ask


def test_a_load_test_is_run_from_the_page(ask):
    assert "<title>Locust</title>" in ask("/")
    assert json.loads(ask("/swarm", user_count=2, spawn_rate=2))["success"] is True
    give_up_at = time.monotonic() + 60
    total = {}
    while total.get("num_requests", 0) < 3 and time.monotonic() < give_up_at:
        time.sleep(0.2)
        stats = json.loads(ask("/stats/requests"))
        total = stats["stats"][-1]

    assert total["num_requests"] >= 3
    assert total["num_failures"] == 0
    assert json.loads(ask("/own-page")) == {"users": 2}
    assert ask("/stats/requests/csv").startswith("Type,Name,Request Count")
    assert json.loads(ask("/stop", now=1))["success"] is True
    assert json.loads(ask("/exceptions")) == {"exceptions": []}
