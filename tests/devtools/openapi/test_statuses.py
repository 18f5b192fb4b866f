"""The statuses and media types that the source of a view says."""

from http import HTTPStatus

import pytest
from werkzeug.exceptions import Conflict, NotFound

from retort import (
    Response,
    abort,
    created,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)

GONE = 410


def problem(text, status=400):
    return jsonify(error=text), 404


def find(number):
    if number > 3:
        abort(404)
    if number > 2:
        raise Conflict("twice")
    return number


def several():
    if request.args.get("a"):
        abort(GONE)
    if request.args.get("b"):
        abort(HTTPStatus.FORBIDDEN)
    if request.args.get("c"):
        raise NotFound
    return "text"


def by_helper():
    return f"{find(1)}"


def made():
    return jsonify(a=1), 201


def by_constant():
    return {"a": 1}, HTTPStatus.ACCEPTED, {"X-A": "1"}


def empty():
    return "", 204


def error_by_helper():
    if request.args.get("a"):
        return problem("no")
    return [1, 2]


def either():
    return ("no", 409) if request.args.get("a") else render_template("x.html")


def responses():
    if request.args.get("a"):
        return Response("a,b", mimetype="text/csv")
    return Response("x", status=202, content_type="text/plain; charset=utf-8")


def by_make_response():
    return make_response({"a": 1}, 203)


def by_attribute():
    response = make_response("x")
    response.status_code = 206
    return response


def by_created():
    return created(url_for("x"), {"a": 1})


def file():
    return send_from_directory(".", "x")


def or_404():
    return str(request.db.first_or_404())


def redirected():
    return redirect("/")


def seen_other():
    return redirect("/", code=303)


def redirected_or_not():
    if request.args.get("a"):
        return redirect("/", 301)
    return "page"


def unknown():
    return request.something()


HTML, JSON = ["text/html"], ["application/json"]


@pytest.mark.parametrize(
    ("view", "statuses", "content"),
    [
        (several, ["200", "403", "404", "410"], HTML),
        (by_helper, ["200", "404", "409"], HTML),
        (made, ["201"], JSON),
        (by_constant, ["202"], JSON),
        (empty, ["204"], []),
        (error_by_helper, ["200", "404"], JSON),
        (either, ["200", "409"], HTML),
        (responses, ["200", "202"], ["text/csv", "text/plain"]),
        (by_make_response, ["203"], JSON),
        (by_attribute, ["206"], HTML),
        (by_created, ["201"], JSON),
        (file, ["200", "404"], []),
        (or_404, ["200", "404"], []),
        (redirected, ["302"], []),
        (seen_other, ["303"], []),
        (redirected_or_not, ["200", "301"], HTML),
        (unknown, ["200"], []),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_view_has_the_statuses_and_content_of_its_source(app, operation, view, statuses, content):
    app.add_url_rule("/", "index", view)

    found = operation()["responses"]

    assert list(found) == statuses
    success = next(
        (one for status, one in found.items() if status < "300" and "content" in one), {}
    )
    assert list(success.get("content", {})) == content


def test_a_redirect_after_post_has_the_configured_status(app, operation):
    app.add_url_rule("/", "index", redirected, methods=["GET", "POST"])
    app.config["REDIRECT_AFTER_UNSAFE"] = 303

    assert list(operation(method="get")["responses"]) == ["302"]
    found = operation(method="post")["responses"]
    assert list(found) == ["303"]
    assert "Location" in found["303"]["headers"]


def test_only_the_statuses_of_the_method_count(app, operation):
    @app.route("/", methods=["GET", "POST"])
    def index():
        if request.method == "POST":
            return "", 204
        abort(404)

    assert list(operation(method="post")["responses"]) == ["204"]
    assert list(operation(method="get")["responses"]) == ["404"]


def test_json_may_be_broken(app, operation):
    @app.post("/")
    def index():
        return request.get_json()

    assert list(operation(method="post")["responses"]) == ["200", "400", "415"]


def test_hooks_and_decorators_add_their_errors(app, operation):
    import functools

    def decorate(view):
        @functools.wraps(view)
        def wrapper(**variables):
            if request.args.get("a"):
                return "no", 402
            return view(**variables)

        return wrapper

    @app.before_request
    def check():
        if request.args.get("b"):
            abort(401)

    @app.get("/")
    @decorate
    def index():
        return "yes"

    assert list(operation()["responses"]) == ["200", "401", "402"]
