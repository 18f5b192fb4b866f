"""`after_this_request`: order, replacing the response, from hooks, errors, misuse."""

from flask import Flask, abort, after_this_request, g, make_response, request, stream_with_context
from steps import get, note


def adding(name):
    def add(response):
        note("after this request", name)
        response.headers.add("X-Added", name)
        return response

    return add


def create_app():
    app = Flask(__name__)

    @app.before_request
    def before():
        if "hook" in request.args:
            after_this_request(adding("from before"))

    @app.after_request
    def after(response):
        note("after request", response.headers.getlist("X-Added"))
        if "late" in request.args:
            after_this_request(adding("from after"))
        return response

    @app.teardown_request
    def teardown(error):
        if "teardown" in request.args:
            after_this_request(adding("from teardown"))

    @app.route("/")
    def index():
        after_this_request(adding("first"))

        @after_this_request
        def second(response):
            note("second", response.status_code)
            response.set_cookie("seen", "yes")
            return response

        return "index"

    @app.route("/replaced")
    def replaced():
        after_this_request(lambda response: make_response("replaced", 202))
        return "view"

    @app.route("/nothing")
    def nothing():
        after_this_request(lambda response: None)
        return "view"

    @app.route("/raises")
    def raises():
        @after_this_request
        def fail(response):
            raise LookupError

        return "view"

    @app.route("/abort")
    def aborted():
        after_this_request(adding("before abort"))
        abort(409)

    @app.route("/boom")
    def boom():
        after_this_request(adding("before boom"))
        raise LookupError

    @app.route("/async")
    def with_async():
        @after_this_request
        async def later(response):
            response.headers["X-Async"] = "yes"
            return response

        return "view"

    @app.route("/stream")
    def stream():
        def generate():
            after_this_request(adding("from the stream"))
            yield "x"

        return stream_with_context(generate())

    @app.route("/nested")
    def nested():
        @after_this_request
        def outer(response):
            after_this_request(adding("inner"))
            return response

        return "view"

    return app


def outside(app, client):
    after_this_request(adding("outside"))


def in_an_app_context(app, client):
    with app.app_context():
        after_this_request(adding("outside"))


def processed_by_hand(app, client):
    with app.test_request_context("/"):
        g.mark = 1
        after_this_request(adding("by hand"))
        return app.process_response(app.response_class()).headers.getlist("X-Added")


STEPS = [
    get("/"),
    get("/?hook"),
    get("/?late"),
    get("/?teardown"),
    get("/replaced"),
    get("/nothing"),
    get("/raises"),
    get("/abort"),
    get("/boom"),
    get("/async"),
    get("/stream"),
    get("/nested"),
    outside,
    in_an_app_context,
    processed_by_hand,
]
