"""Request contexts: made up, pushed by hand, nested, preserved, and what each can see."""

from flask import Flask, current_app, g, has_app_context, has_request_context, request, session
from flask.globals import app_ctx, request_ctx
from steps import get, note


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"

    @app.before_request
    def before():
        note("before", request.path)

    @app.teardown_request
    def over(error):
        note("teardown request", type(error).__name__)

    @app.teardown_appcontext
    def app_over(error):
        note("teardown app", type(error).__name__)

    @app.route("/hello/<int:number>")
    def hello(number):
        with app.test_request_context("/inner?x=1"):
            inner = [request.path, request.args["x"]]
        return {"outer": request.path, "inner": inner, "app": current_app.name}

    return app


def made_up(app, client):
    with app.test_request_context("/hello/3?a=1", method="POST", data={"b": "2"}) as context:
        return {
            "endpoint": request.endpoint,
            "args": request.view_args,
            "values": sorted(request.values.items()),
            "rule": str(request.url_rule),
            "url": request.url,
            "same": request_ctx._get_current_object() is context,
            "app context": app_ctx.app is app,
        }


def not_found_is_kept(app, client):
    with app.test_request_context("/nowhere"):
        return request.endpoint, request.url_rule, request.view_args, request.routing_exception


def preprocess_runs_the_hooks(app, client):
    with app.test_request_context("/hello/1"):
        return app.preprocess_request()


def full_dispatch(app, client):
    with app.test_request_context("/hello/1"):
        return app.full_dispatch_request().json


def dispatch(app, client):
    with app.test_request_context("/hello/1"):
        return app.dispatch_request()


def session_of_a_made_up_request(app, client):
    with app.test_request_context("/"):
        session["a"] = 1
        return dict(session), session.modified, session.new, session.permanent


def inside_an_app_context(app, client):
    with app.app_context():
        g.mark = "outer"
        with app.test_request_context("/"):
            return g.get("mark"), has_request_context()


def inside_another_apps_context(app, client):
    with Flask("other").app_context():
        g.mark = "outer"
        with app.test_request_context("/"):
            note("inside", current_app.name, g.get("mark"))
        return current_app.name, g.mark


def two_requests_share_one_g_of_an_app_context(app, client):
    with app.app_context():
        with app.test_request_context("/"):
            g.mark = "first"
        with app.test_request_context("/"):
            return g.get("mark")


def by_hand(app, client):
    context = app.test_request_context("/hello/9")
    context.push()
    seen = [has_request_context(), has_app_context(), request.path]
    context.pop()
    return seen, has_request_context(), has_app_context()


def popped_in_the_wrong_order(app, client):
    first, second = app.test_request_context("/1"), app.test_request_context("/2")
    first.push()
    second.push()
    try:
        first.pop()
    except AssertionError:
        note("refused")
    for context in (second, first):
        try:
            context.pop()
        except (AssertionError, LookupError) as error:
            note("cannot pop", type(error).__mro__[-3].__name__)
    return has_request_context(), has_app_context()


def an_error_leaves_it(app, client):
    with app.test_request_context("/"):
        raise ValueError


def a_copy_is_another_context(app, client):
    with app.test_request_context("/hello/5") as context:
        session["copied"] = True
        copy = context.copy()
        return copy is context, copy.request is context.request, copy.session is context.session


def repr_names_the_request(app, client):
    with app.test_request_context("/hello/5") as context:
        return "GET" in repr(context), "/hello/5" in repr(context), request_ctx.flashes


def outside(app, client):
    return request.path


def outside_session(app, client):
    return session["x"]


def make_shell_context(app, client):
    return sorted(app.make_shell_context())


STEPS = [
    made_up,
    not_found_is_kept,
    preprocess_runs_the_hooks,
    full_dispatch,
    dispatch,
    session_of_a_made_up_request,
    inside_an_app_context,
    inside_another_apps_context,
    two_requests_share_one_g_of_an_app_context,
    by_hand,
    popped_in_the_wrong_order,
    an_error_leaves_it,
    a_copy_is_another_context,
    repr_names_the_request,
    outside,
    outside_session,
    make_shell_context,
    get("/hello/4"),
]
