"""What a view may return, in every form, and what it may not; `make_response`."""

from flask import Flask, Response, make_response
from markupsafe import Markup
from steps import get, head
from werkzeug.datastructures import Headers
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response as WerkzeugResponse


def wsgi(environ, start_response):
    start_response("299 Own", [("X-Own", "wsgi"), ("Content-Type", "text/plain")])
    return [b"from wsgi ", environ["PATH_INFO"].encode()]


class Text(str):
    __slots__ = ()


class NotIterable:
    pass


VALUES = {
    "str": "text ä",
    "bytes": b"bytes \xff",
    "bytearray": bytearray(b"array"),
    "empty": "",
    "subclass": Text("text"),
    "markup": Markup("<b>"),
    "dict": {"a": 1},
    "list": [1],
    "generator": (part for part in ("a", "b")),
    "iterator": iter(["a"]),
    "response": Response("r", 201),
    "werkzeug": WerkzeugResponse("w", 201),
    "wsgi": wsgi,
    "exception": NotFound(),
    "status": ("a", 201),
    "status-text": ("a", "202 Taken"),
    "status-own": ("a", "299 Own words"),
    "headers": ("a", {"X-A": "1"}),
    "headers-list": ("a", [("X-A", "1"), ("X-A", "2")]),
    "headers-object": ("a", Headers([("X-A", "1")])),
    "headers-many": ("a", {"X-A": ["1", "2"]}),
    "all": ("a", 201, {"X-A": "1", "Content-Type": "text/plain"}),
    "all-list": ("a", 201, [("X-A", "1")]),
    "bytes-status": (b"a", 400),
    "dict-status": ({"a": 1}, 400),
    "list-status": ([1], 200, {"X-A": "1"}),
    "response-status": (Response("r", 201, {"X-A": "1"}), 404, {"X-A": "2"}),
    "response-headers": (Response("r"), {"X-A": "2"}),
    "generator-status": ((part for part in "ab"), 206),
    "no-content": ("", 204),
    "body-in-204": ("body", 204),
    "body-in-304": ("body", 304),
    "none-status": ("a", None),
    "none-headers": ("a", 200, None),
    "exception-status": (NotFound(), 410),
    "wsgi-status": (wsgi, 299),
    # What it may not.
    "none": None,
    "none-body": (None, 200),
    "number": 5,
    "boolean": True,
    "float": 1.5,
    "object": NotIterable(),
    "set": {1},
    "class": NotIterable,
    "one-tuple": ("a",),
    "empty-tuple": (),
    "four-tuple": ("a", 200, {}, 4),
    "swapped": ("a", {}, 200),
    "bad-status": ("a", "not a status"),
    "status-number-text": ("a", "404"),
    "status-empty": ("a", ""),
    "status-float": ("a", 200.5),
    "big-status": ("a", 1000),
    "zero-status": ("a", 0),
    "bad-headers": ("a", 200, 5),
    "bad-header-value": ("a", {"X-A": None}),
    "newline-header": ("a", {"X-A": "a\nb"}),
    "number-header": ("a", {"X-A": 5}),
}


def create_app():
    app = Flask(__name__)

    @app.route("/<name>")
    def view(name):
        return VALUES[name]

    @app.route("/made/<name>")
    def made(name):
        value = VALUES[name]
        response = make_response(*value) if isinstance(value, tuple) else make_response(value)
        response.headers["X-Made"] = type(response).__name__
        return response

    @app.route("/made-of-nothing")
    def made_of_nothing():
        return make_response()

    return app


def own_response_class(app, client):
    class Own(Response):
        default_mimetype = "text/x-own"

    other = create_app()
    other.response_class = Own
    answers = [
        other.test_client().get(f"/{name}")
        for name in ("str", "dict", "response", "werkzeug", "wsgi")
    ]
    return [[answer.content_type, type(answer).__mro__[1].__name__] for answer in answers]


def outside_of_a_request(app, client):
    with app.app_context():
        return make_response("a", 201).status, app.make_response(("b", 202)).status


def a_wrong_value_outside(app, client):
    with app.app_context():
        make_response(5)


def what_it_says(app, client):
    """The message names the view's endpoint or function."""
    app.config["PROPAGATE_EXCEPTIONS"] = True
    said = []
    for name in ("none", "number", "four-tuple"):
        try:
            client.get(f"/{name}")
        except TypeError as error:
            said.append([word in str(error) for word in ("view", "return")])
    app.config["PROPAGATE_EXCEPTIONS"] = None
    return said


STEPS = [
    *(get(f"/{name}") for name in VALUES),
    *(get(f"/made/{name}") for name in VALUES),
    *(head(f"/{name}") for name in ("str", "dict", "all", "wsgi", "no-content")),
    get("/made-of-nothing"),
    own_response_class,
    outside_of_a_request,
    a_wrong_value_outside,
    what_it_says,
]
