"""When inputs are read: after hooks, before decorators; and which handlers an error has."""

from functools import wraps

import msgspec
import pytest
from werkzeug.exceptions import HTTPException

from retort import (
    Blueprint,
    Body,
    Draft,
    Form,
    InputError,
    Path,
    Query,
    Retort,
    g,
    inputs,
    jsonify,
    request,
)
from retort.extensions.inputs.errors import UnprocessableInput


class Order(msgspec.Struct):
    name: str

    def __post_init__(self):
        g.order.append("input")


def recorded(view):
    @wraps(view)
    def call(*args, **variables):
        g.order.append("decorator")
        return view(*args, **variables)

    return call


@pytest.fixture
def order(app):
    """The steps of the last request."""
    order = []

    @app.before_request
    def before():
        g.order = order
        order.append("before")

    @app.after_request
    def after(response):
        order.append(f"after {response.status_code}")
        return response

    @app.teardown_request
    def teardown(error):
        order.append(f"teardown {error!r}")

    return order


def test_hooks_come_first_then_inputs_decorators_and_the_view(app, client, order):
    @app.post("/")
    @recorded
    def index(new: Body[Order]):
        order.append("view")
        return new.name

    assert client.post("/", json={"name": "x"}).text == "x"
    assert order == ["before", "input", "decorator", "view", "after 200", "teardown None"]


def test_inputs_sets_the_place_below_a_decorator(app, client, order):
    @app.post("/")
    @recorded
    @inputs
    def index(new: Body[Order]):
        order.append("view")
        return new.name

    assert client.post("/", json={"name": "x"}).text == "x"
    assert order[:4] == ["before", "decorator", "input", "view"]


def test_a_decorator_above_inputs_refuses_before_anything_is_read(app, client):
    def login_required(view):
        @wraps(view)
        def call(*args, **variables):
            return view(*args, **variables) if request.args.get("user") else ("log in", 401)

        return call

    @app.post("/")
    @login_required
    @inputs
    def index(new: Body[dict[str, int]]):
        return "view"

    assert client.post("/", data="{").status_code == 401
    assert client.post("/?user=1", data="{", content_type="application/json").status_code == 400


def test_a_before_hook_that_responds_comes_before_inputs(app, client):
    @app.before_request
    def closed():
        return "closed", 503

    @app.get("/")
    def index(page: Query[int]): ...

    assert client.get("/?page=x").status_code == 503


def test_a_request_of_another_site_is_refused_before_inputs_are_read():
    app = Retort("shop")  # which protects, unlike the class with the name of Flask's

    @app.post("/")
    def index(new: Form[dict[str, int]]): ...

    client = app.test_client()
    data = {"a": "x"}

    assert client.post("/", data=data, headers={"Sec-Fetch-Site": "cross-site"}).status_code == 403
    assert client.post("/", data=data, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 422


def test_a_draft_is_read_when_the_view_uses_it(app, client, order):
    @app.post("/")
    @recorded
    def index(form: Draft[Order]):
        order.append("view")
        return str(form.is_valid)

    assert client.post("/", data={"name": "x"}).text == "True"
    assert order[:4] == ["before", "decorator", "view", "input"]


def test_after_an_error_the_hooks_run_and_the_view_does_not(app, client, order):
    @app.post("/")
    @recorded
    def index(new: Body[Order]):
        order.append("view")

    assert client.post("/", json={}).status_code == 422
    assert order == ["before", "after 422", "teardown None"]


@pytest.mark.parametrize("handled", [422, InputError, UnprocessableInput, HTTPException, Exception])
def test_an_error_handler_makes_the_response(app, client, handled):
    @app.errorhandler(handled)
    def handle(error):
        return jsonify(own=[each.code for each in error.errors], status=error.code), error.code

    @app.get("/")
    def index(page: Query[int], size: Query[int]): ...

    response = client.get("/?page=x", headers={"Accept": "text/html"})

    assert response.status_code == 422
    assert response.json == {"own": ["integer", "required"], "status": 422}


@pytest.mark.parametrize("status", [400, 404, 413, 415])
def test_an_error_handler_for_another_status_makes_the_response(app, client, status):
    app.config["MAX_CONTENT_LENGTH"] = 100

    @app.errorhandler(status)
    def handle(error):
        return f"own {error.code} {isinstance(error, InputError)}", status

    @app.post("/<id>")
    def index(id: Path[int], new: Body[dict[str, int]], page: Query[int] = 1): ...

    response = {
        400: lambda: client.post("/1", data="{", content_type="application/json"),
        404: lambda: client.post("/x", json={}),
        413: lambda: client.post("/1", json={"a" * 200: 1}),
        415: lambda: client.post("/1", data={"a": "1"}),
    }[status]()

    assert (response.status_code, response.text) == (status, f"own {status} True")


def test_a_handler_of_a_blueprint_comes_before_that_of_the_application(app, client):
    blueprint = Blueprint("shop", __name__)

    @blueprint.errorhandler(InputError)
    def handle(error):
        return "of the blueprint", error.code

    @app.errorhandler(InputError)
    def handle_all(error):
        return "of the application", error.code

    @blueprint.get("/shop")
    @app.get("/")
    def index(page: Query[int]): ...

    app.register_blueprint(blueprint)

    assert client.get("/shop").text == "of the blueprint"
    assert client.get("/").text == "of the application"


def test_the_response_of_an_error_can_be_changed_by_a_handler(app, client):
    @app.errorhandler(HTTPException)
    def as_json(error):
        response = error.get_response()
        response.data = b"{}"
        response.content_type = "application/json"
        return response

    @app.get("/")
    def index(page: Query[int]): ...

    response = client.get("/")

    assert (response.status_code, response.json) == (422, {})


@pytest.mark.parametrize(
    "mode", [{}, {"DEBUG": True}, {"TESTING": True}, {"DEBUG": True, "TESTING": True}]
)
def test_errors_are_equal_in_debug_mode_tests_and_production(mode):
    app = Retort("modes")
    app.config.update(mode, TRAP_BAD_REQUEST_ERRORS=False)

    @app.post("/")
    def index(new: Body[dict[str, int]], page: Query[int]): ...

    client = app.test_client()

    assert client.post("/", json={"a": "b"}).json["errors"] == [
        {"source": "body", "pointer": "/a", "code": "integer", "detail": "Must be a whole number."},
        {"source": "query", "field": "page", "code": "required", "detail": "Required."},
    ]
    assert client.post("/", data="{", content_type="application/json").status_code == 400
    assert client.post("/", data={"a": "b"}).status_code == 415
