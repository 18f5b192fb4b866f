"""Sessions, flashed messages, and the keys that sign them: the same visitor at two replicas."""

import itertools
import json

import pytest

KEY = "a key for tests that is long enough"
VIEWS = """

from flask import flash, get_flashed_messages, redirect, session


@app.get("/count")
def count():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


@app.get("/fill")
def fill():
    session["basket"] = ["apple"] * 2000
    return ""


@app.get("/basket")
def basket():
    return str(len(session.get("basket", ())))


@app.post("/order")
def order():
    flash("Ordered.")
    return redirect("/orders", 303)


@app.get("/orders")
def orders():
    return get_flashed_messages()
"""


def start_visits(machines, program, environment):
    """Start two replicas; a function that returns a new visitor of both."""
    servers = machines.serve(program + VIEWS, [environment] * 2)
    return lambda: machines.visit(*servers)


@pytest.fixture(scope="module")
def visit_signed(machines_for_module, sample):
    program = sample("Sessions", "from_prefixed_env")
    return start_visits(machines_for_module, program, {"FLASK_SECRET_KEY": KEY})


@pytest.fixture(scope="module")
def visit_stored(machines_for_module, sample, redis_server):
    program = sample("Sessions", "Session(app)")
    return start_visits(machines_for_module, program, {"REDIS_URL": redis_server})


@pytest.mark.parametrize("visit", ["visit_signed", "visit_stored"])
def test_sessions_are_read_and_written_by_both_replicas(visit, request):
    visitor = request.getfixturevalue(visit)()

    assert [visitor.get("/count").text for _ in range(4)] == ["1", "2", "3", "4"]


def test_sessions_in_redis_may_be_large_and_are_ended_everywhere_at_once(visit_stored, store):
    visitor = visit_stored()
    visitor.get("/fill")
    assert [visitor.get("/basket").text for _ in range(2)] == ["2000", "2000"]
    (cookie,) = visitor.client.cookies.jar
    assert len(cookie.value) < 100

    assert store.delete(f"session:{cookie.value}") == 1
    assert [visitor.get("/basket").text for _ in range(2)] == ["0", "0"]


@pytest.mark.parametrize("visit", ["visit_signed", "visit_stored"])
def test_flashed_messages_are_shown_once_by_whichever_replica_is_next(visit, request):
    visitor = request.getfixturevalue(visit)()

    for _ in range(2):  # three requests, so the other replica begins the second time
        response = visitor.post("/order")
        assert visitor.get(response.headers["Location"]).json() == ["Ordered."]
        assert visitor.get("/orders").json() == []


def keys(key, *fallbacks):
    variables = {"FLASK_SECRET_KEY": key}
    if fallbacks:
        variables["FLASK_SECRET_KEY_FALLBACKS"] = json.dumps(fallbacks)
    return variables


OLD, NEW = f"old {KEY}", f"new {KEY}"
STEPS = {  # of the table on the page
    "before": keys(OLD),
    "all verify": keys(OLD, NEW),
    "all sign": keys(NEW, OLD),
    "after": keys(NEW),
}


@pytest.fixture(scope="module")
def visit_steps(machines_for_module, sample):
    """Start a replica for each step; a visitor of those that are named."""
    servers = machines_for_module.serve(sample("Secrets") + VIEWS, STEPS.values())
    by_step = dict(zip(STEPS, servers, strict=True))
    return lambda *steps: machines_for_module.visit(*(by_step[step] for step in steps))


def test_secrets_are_changed_in_three_steps_and_no_visitor_is_logged_out(visit_steps):
    """While a step is rolled out, one replica has made it and the other has not."""
    visitor = visit_steps("before")
    counts = [visitor.get("/count").text]
    for pair in itertools.pairwise(STEPS):
        visitor.addresses = visit_steps(*pair).addresses
        counts += [visitor.get("/count").text for _ in range(4)]

    assert counts == [str(number) for number in range(1, 14)]


def test_secrets_that_one_replica_signs_with_too_early_log_visitors_out(visit_steps):
    visitor = visit_steps("before", "all sign")

    assert [visitor.get("/count").text for _ in range(3)] == ["1", "2", "1"]


def test_secrets_are_removed_only_when_their_sessions_have_expired(visit_steps):
    visitor = visit_steps("all verify", "after")

    assert [visitor.get("/count").text for _ in range(2)] == ["1", "1"]
