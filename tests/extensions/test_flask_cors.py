"""Flask-CORS: preflight requests of browsers."""

import pytest
from flask import Blueprint
from flask_cors import CORS, cross_origin

ORIGIN = "https://shop.example"


@pytest.fixture
def app(app):
    @app.route("/api/items", methods=["GET", "PUT"])
    def items():
        return {"items": []}

    @app.get("/api/crash")
    def crash():
        raise ValueError("on purpose")

    @app.get("/page")
    def page():
        return "page"

    return app


def ask_first(client, path, method):
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "Content-Type",
    }
    return client.options(path, headers=headers)


def test_a_preflight_is_answered(app, client):
    CORS(app, resources={"/api/*": {"origins": ORIGIN}}, supports_credentials=True, max_age=600)

    response = ask_first(client, "/api/items", "PUT")

    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.headers["Access-Control-Max-Age"] == "600"
    assert response.headers["Access-Control-Allow-Headers"] == "Content-Type"
    assert "PUT" in response.headers["Access-Control-Allow-Methods"]


def test_other_paths_and_other_origins_get_nothing(app, client):
    CORS(app, resources={"/api/*": {"origins": ORIGIN}})

    page = client.get("/page", headers={"Origin": ORIGIN})
    stranger = client.get("/api/items", headers={"Origin": "https://evil.example"})

    assert "Access-Control-Allow-Origin" not in page.headers
    assert "Access-Control-Allow-Origin" not in stranger.headers


def test_responses_to_errors_have_the_headers_too(app, client):
    app.testing = False
    app.logger.disabled = True
    CORS(app)

    for path, status in [("/api/missing", 404), ("/api/crash", 500)]:
        response = client.get(path, headers={"Origin": ORIGIN})
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_an_error_may_still_reach_a_test(app, client):
    CORS(app)

    with pytest.raises(ValueError, match="on purpose"):
        client.get("/api/crash", headers={"Origin": ORIGIN})


def test_one_view_can_be_opened(app, client):
    @app.post("/open")
    @cross_origin(origins=[ORIGIN], methods=["POST"], expose_headers=["X-Total"])
    def open_to_all():
        return "open"

    response = ask_first(client, "/open", "POST")
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Methods"] == "POST"
    sent = client.post("/open", headers={"Origin": ORIGIN})
    assert sent.headers["Access-Control-Expose-Headers"] == "X-Total"


def test_a_blueprint_can_be_opened(app, client):
    blueprint = Blueprint("open", __name__)
    CORS(blueprint, origins=ORIGIN)

    @blueprint.get("/open")
    def open_to_all():
        return "open"

    app.register_blueprint(blueprint)

    assert (
        client.get("/open", headers={"Origin": ORIGIN}).headers["Access-Control-Allow-Origin"]
        == ORIGIN
    )
    assert (
        "Access-Control-Allow-Origin" not in client.get("/page", headers={"Origin": ORIGIN}).headers
    )
