"""All hooks of an app and a blueprint, in their order, for several kinds of request."""

from flask import Blueprint, Flask, after_this_request, g, request
from steps import get, note, options, post


def create_app():
    app = Flask(__name__)
    part = Blueprint("part", __name__, url_prefix="/part")
    for place, scope in (("app", app), ("part", part)):
        add_hooks(scope, place)
    add_app_hooks(part)

    @app.route("/")
    def index():
        note("view", request.path)
        after_this_request(of_this_request)
        return "index"

    @part.route("/", methods=["GET", "POST"])
    def page():
        note("view", request.path)
        return "page"

    @part.route("/boom")
    def boom():
        raise LookupError("boom")

    app.register_blueprint(part)
    return app


def of_this_request(response):
    note("after this request")
    response.headers["X-Once"] = "1"
    return response


def add_hooks(scope, place):
    for number in (1, 2):

        @scope.before_request
        def before(number=number):
            note("before", place, number)

        @scope.after_request
        def after(response, number=number):
            note("after", place, number, response.status_code)
            response.headers.add("X-After", f"{place} {number}")
            return response

        @scope.teardown_request
        def teardown(error, number=number):
            note("teardown", place, number, type(error).__name__, g.get("mark"))

    if place == "app":
        scope.teardown_appcontext(lambda error: note("teardown context", type(error).__name__))


def add_app_hooks(part):
    part.before_app_request(lambda: note("before app, from part"))
    part.teardown_app_request(lambda error: note("teardown app, from part"))

    @part.after_app_request
    def after(response):
        note("after app, from part")
        return response


def hooks_added_late(app, client):
    app.before_request(lambda: None)


def hooks_added_through_the_dict(app, client):
    app.before_request_funcs.setdefault(None, []).append(lambda: note("before", "late"))
    app.after_request_funcs["part"] = []
    return client.get("/part/").text


def hooks_removed_through_the_dict(app, client):
    app.before_request_funcs[None].clear()
    return client.get("/").text


def dispatched_without_hooks(app, client):
    with app.test_request_context("/part/"):
        return app.dispatch_request()


def processed_by_hand(app, client):
    with app.test_request_context("/part/"):
        return app.process_response(app.response_class("x")).headers.getlist("X-After")


STEPS = [
    get("/"),
    get("/part/"),
    post("/part/"),
    options("/part/"),
    get("/part/boom"),
    get("/nowhere"),
    get("/part/nowhere"),
    post("/"),
    get("/part"),
    hooks_added_late,
    hooks_added_through_the_dict,
    hooks_removed_through_the_dict,
    dispatched_without_hooks,
    processed_by_hand,
]
