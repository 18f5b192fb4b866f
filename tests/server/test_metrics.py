"""`retort run --metrics`: measurements for Prometheus, of one worker and of several."""

import os
import re
import socket
import subprocess
import sys

import pytest

PROGRAM = """
    import os
    import time

    from flask import Flask, Response

    app = Flask(__name__)

    @app.get("/")
    def index():
        return str(os.getpid())

    @app.route("/user/<name>", methods=["GET", "POST", "BREW"])
    def user(name):
        return name

    @app.get("/crash")
    def crash():
        raise ValueError("on purpose")

    @app.get("/slow")
    def slow():
        def pieces():
            yield b"begun"
            time.sleep(60)
        return Response(pieces())
"""


@pytest.fixture(scope="module", params=["1", "2"], ids=["one worker", "two workers"])
def site(request, serve, program):
    pytest.importorskip("prometheus_client")
    with serve(program, "--metrics", "--workers", request.param) as site:
        site.workers = int(request.param)
        yield site


def samples(site):
    from prometheus_client.parser import text_string_to_metric_families

    answer = site.ask("GET", "/-/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    return [
        sample
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    ]


def value(site, name, **labels):
    found = [
        sample.value
        for sample in samples(site)
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


def test_requests_are_counted_by_endpoint_method_and_status(site):
    for name in ("ada", "grace", "alan"):
        site.ask("GET", f"/user/{name}")
    site.ask("POST", "/user/ada")
    site.ask("GET", "/crash")

    counted = "retort_requests_total"
    assert value(site, counted, endpoint="user", method="GET", status="200") == 3
    assert value(site, counted, endpoint="user", method="POST", status="200") == 1
    assert value(site, counted, endpoint="crash", method="GET", status="500") == 1


def test_times_are_in_a_histogram(site):
    site.ask("GET", "/")

    timed = "retort_request_duration_seconds"
    count = value(site, f"{timed}_count", endpoint="index")
    assert count >= 1
    assert value(site, f"{timed}_bucket", endpoint="index", le="+Inf") == count
    assert value(site, f"{timed}_sum", endpoint="index") > 0


def test_no_client_can_make_new_labels(site):
    for number in range(20):
        site.ask("GET", f"/nowhere/{number}")
        site.ask(f"BREW{number}", "/")
    site.ask("BREW", "/user/ada")

    labels = [sample.labels for sample in samples(site) if sample.name == "retort_requests_total"]
    assert {label["method"] for label in labels} <= {"GET", "POST", "other"}
    assert {label["endpoint"] for label in labels} <= {"", "index", "user", "crash", "slow"}
    assert value(site, "retort_requests_total", endpoint="", method="GET", status="404") == 20


def test_what_is_being_answered_is_counted_until_the_client_has_it_all(site):
    with socket.create_connection(("127.0.0.1", site.port), 60) as connection:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: localhost\r\n\r\n")
        while b"begun" not in (piece := connection.recv(4096)):
            assert piece
        assert value(site, "retort_requests_in_flight") == 1


def test_workers_and_their_memory_are_there(site):
    site.wait_for(lambda: value(site, "retort_workers") == site.workers)
    memory = {
        sample.labels["pid"]: sample.value
        for sample in samples(site)
        if sample.name == "retort_worker_resident_memory_bytes"
    }
    assert len(memory) == site.workers
    assert min(memory.values()) > 10_000_000


def test_a_worker_that_died_leaves_its_counts_but_not_its_place(serve, program):
    pytest.importorskip("prometheus_client")
    with serve(program, "--metrics", "--workers", "2") as site:
        pid = int(site.ask("GET", "/").text)
        counted = value(site, "retort_requests_total", endpoint="index")
        os.kill(pid, 9)
        site.wait_for_log("starting another")

        assert value(site, "retort_requests_total", endpoint="index") == counted
        pids = {sample.labels.get("pid") for sample in samples(site)}
        assert str(pid) not in pids


def test_without_the_option_there_is_no_page(serve, program):
    with serve(program) as site:
        assert site.ask("GET", "/-/metrics").status == 404


def test_the_library_that_is_missing_is_named(tmp_path, program):
    # A folder that hides the library, whether it is installed or not.
    hiding = "import sys; sys.modules['prometheus_client'] = None"
    (tmp_path / "sitecustomize.py").write_text(hiding)

    done = subprocess.run(
        [sys.executable, "-m", "retort", "run", "--port", "0", "--metrics", program],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.returncode == 1
    assert re.search(r"pip install prometheus-client", done.stderr)
    assert "Traceback" not in done.stderr
