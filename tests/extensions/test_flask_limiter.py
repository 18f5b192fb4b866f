"""Flask-Limiter: a limit that is reached gives 429."""

import pytest
from flask import Blueprint, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address


@pytest.fixture
def limiter(app):
    return Limiter(
        get_remote_address,
        app=app,
        default_limits=["100 per hour"],
        storage_uri="memory://",
        headers_enabled=True,
    )


def statuses(client, path, times=3):
    return [client.get(path).status_code for _ in range(times)]


def test_the_request_over_the_limit_is_refused(app, limiter, client):
    @app.get("/few")
    @limiter.limit("2 per hour")
    def few():
        return "few"

    assert statuses(client, "/few") == [200, 200, 429]
    response = client.get("/few")
    assert "2 per 1 hour" in response.text
    assert response.headers["X-RateLimit-Limit"] == "2"
    assert response.headers["X-RateLimit-Remaining"] == "0"
    assert int(response.headers["Retry-After"]) > 0


def test_limits_are_counted_for_each_address(app, limiter, client):
    @app.get("/once")
    @limiter.limit("1 per hour")
    def once():
        return "once"

    assert statuses(client, "/once", 2) == [200, 429]
    other = client.get("/once", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert other.status_code == 200


def test_the_default_limit_is_for_every_view_and_some_are_exempt(app, client):
    limiter = Limiter(get_remote_address, app=app, default_limits=["1/hour"])

    @app.get("/default")
    def default():
        return "default"

    @app.get("/exempt")
    @limiter.exempt
    def exempt():
        return "exempt"

    assert statuses(client, "/default", 2) == [200, 429]
    assert statuses(client, "/exempt", 2) == [200, 200]


def test_a_blueprint_has_limits_of_its_own(app, limiter, client):
    blueprint = Blueprint("slow", __name__, url_prefix="/slow")

    @blueprint.get("/")
    def slow():
        return "slow"

    limiter.limit("1/hour")(blueprint)
    app.register_blueprint(blueprint)

    assert statuses(client, "/slow/", 2) == [200, 429]


def test_an_error_handler_answers(app, limiter, client):
    @app.get("/once")
    @limiter.limit("1/hour", error_message="one is enough")
    def once():
        return "once"

    @app.errorhandler(429)
    def too_many(error):
        return {"error": error.description}, 429

    client.get("/once")
    assert client.get("/once").json == {"error": "one is enough"}


def test_some_requests_are_free(app, limiter, client):
    @limiter.request_filter
    def is_internal():
        return "X-Internal" in request.headers

    @app.get("/once")
    @limiter.limit("1/hour", deduct_when=lambda response: response.status_code == 200)
    def once():
        return "once", 404 if "missing" in request.args else 200

    assert statuses(client, "/once?missing=1") == [404, 404, 404]
    assert statuses(client, "/once", 2) == [200, 429]
    assert client.get("/once", headers={"X-Internal": "1"}).status_code == 200


def test_a_limit_can_be_taken_in_the_view(app, limiter, client):
    @app.get("/context")
    def context():
        with limiter.limit("1/hour"):
            return "inside"

    assert statuses(client, "/context", 2) == [200, 429]


PROGRAM = """
from flask import Flask
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

app = Flask(__name__)
limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")

@app.get("/few")
@limiter.limit("2 per hour")
def few():
    return "few"
"""


def test_its_command_shows_the_limits(write, retort):
    write("app.py", PROGRAM)

    assert "2 per 1 hour" in retort("limiter", "limits", env={"COLUMNS": "200"})
