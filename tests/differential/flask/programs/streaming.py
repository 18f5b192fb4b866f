"""Streamed bodies: `stream_with_context`, streamed templates, and bodies that fail."""

from flask import (
    Flask,
    Response,
    g,
    has_request_context,
    render_template,
    request,
    session,
    stream_template,
    stream_template_string,
    stream_with_context,
)
from steps import get, head, note


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"
    app.context_processor(lambda: {"who": "processor"})

    @app.teardown_request
    def over(error):
        note("teardown request", type(error).__name__)

    @app.teardown_appcontext
    def context_over(error):
        note("teardown app", g.get("mark"))

    @app.after_request
    def after(response):
        note("after", response.is_streamed)
        return response

    @app.route("/plain")
    def plain():
        def generate():
            note("generating", has_request_context())
            yield "a"
            yield b"b"
            note("generated")

        return generate()

    @app.route("/wrapped")
    def wrapped():
        g.mark = "kept"

        def generate():
            yield "path "
            yield request.path
            yield f" {g.mark} {session.get('a')}"
            note("generated", has_request_context())

        return Response(stream_with_context(generate()), mimetype="text/plain")

    @app.route("/decorated")
    def decorated():
        @stream_with_context
        def generate(greeting):
            note("started")
            yield greeting
            yield request.args["name"]

        return generate("hello ")

    @app.route("/closes")
    def closes():
        class Closing:
            def __iter__(self):
                return iter(["x", request.path])

            def close(self):
                note("closed", has_request_context())

        return app.response_class(stream_with_context(Closing()))

    @app.route("/fails")
    def fails():
        def generate():
            yield "begun"
            raise LookupError("in the body")

        return stream_with_context(generate())

    @app.route("/fails-at-once")
    def fails_at_once():
        def generate():
            raise LookupError("at once")
            yield ""

        return stream_with_context(generate())

    @app.route("/without-context")
    def without_context():
        return (request.path for _ in range(2))

    @app.route("/number")
    def number():
        return iter([1, 2])

    @app.route("/file")
    def file():
        return open(__file__, "rb")

    @app.route("/on-close")
    def on_close():
        response = Response(iter(["x"]))
        response.call_on_close(lambda: note("on close", has_request_context()))
        return response

    @app.route("/template")
    def template():
        return stream_template("page.html")

    @app.route("/template-string")
    def template_string():
        return stream_template_string(
            "{% for n in numbers %}{{ n }} {{ who }},{% endfor %}", numbers=[1, 2]
        )

    @app.route("/template-missing")
    def template_missing():
        return stream_template("nothing.html")

    @app.route("/template-fails")
    def template_fails():
        return stream_template_string("x{{ 1 / 0 }}")

    @app.route("/template-in-stream")
    def template_in_stream():
        def generate():
            yield render_template("page.html")

        return stream_with_context(generate())

    @app.route("/session")
    def with_session():
        def generate():
            session["late"] = "too late"
            yield "x"

        return stream_with_context(generate())

    return app


def outside_of_a_request(app, client):
    with app.app_context():
        return "".join(stream_with_context(iter("abc")))


def outside_decorated(app, client):
    @stream_with_context
    def generate():
        yield "x"

    return list(generate())


def not_iterated(app, client):
    """The client goes away before the first piece."""
    response = client.get("/wrapped")
    response.close()
    return has_request_context()


def stopped_in_the_middle(app, client):
    response = client.get("/wrapped")
    pieces = iter(response.response)
    first = next(pieces)
    response.close()
    return first, has_request_context()


def buffered(app, client):
    return client.get("/wrapped", buffered=True).text


def two_at_a_time(app, client):
    other = app.test_client()
    one, two = client.get("/wrapped"), other.get("/decorated?name=x")
    texts = two.text, one.text
    one.close()
    two.close()
    return texts, has_request_context()


PATHS = """
    /plain /wrapped /decorated?name=ada /decorated /closes /fails /fails-at-once /without-context
    /number /on-close /template /template-string /template-missing /template-fails
    /template-in-stream /session
""".split()

STEPS = [
    *(get(path) for path in PATHS),
    head("/plain"),
    head("/wrapped"),
    get("/file", buffered=True),
    outside_of_a_request,
    outside_decorated,
    not_iterated,
    stopped_in_the_middle,
    buffered,
    two_at_a_time,
]
