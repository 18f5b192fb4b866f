"""A request is answered alike whether its steps are in the plan or are overridden methods."""

import io
import re
from contextvars import copy_context
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.routing import BaseConverter
from werkzeug.test import EnvironBuilder, run_wsgi_app

import retort
from retort import (
    Flask,
    Response,
    abort,
    after_this_request,
    current_app,
    g,
    redirect,
    request,
    session,
    signals,
    url_for,
)
from retort.context import AppContext, RequestContext
from retort.json.provider import DefaultJSONProvider
from retort.lifecycle.overrides import PLANNED

SIGNALS = (
    *("appcontext_pushed", "request_started", "request_finished", "got_request_exception"),
    *("request_tearing_down", "appcontext_tearing_down", "appcontext_popped"),
)


def call_super(name):
    def method(self, *args, **kwargs):
        return getattr(super(BySteps, self), name)(*args, **kwargs)

    return method


BySteps = type(
    "BySteps", (Flask,), {name: call_super(name) for name in PLANNED if name != "app_context"}
)
"""Overrides the planned methods, so that all steps are taken by them."""


class Curious(BaseConverter):
    """Accesses the request while it is being matched."""

    def to_python(self, value):
        current_app.extensions["log"].append(("converting", value, request.path))
        return value


def seen():
    """What is current at this moment."""
    if not retort.has_app_context():
        return None
    if not retort.has_request_context():
        return current_app.name
    rule = request.url_rule and request.url_rule.rule
    return (
        request.method,
        request.path,
        rule,
        request.view_args,
        dict(vars(g._get_current_object())),
    )


# Views. Each notes what it sees, and answers or not.


def text():
    return "text"


def json():
    return {"b": [1, None], "a": request.args.get("a")}


def not_json():
    return {"a": {1}}


def nothing():
    return None


def moved():
    return redirect(url_for("item", name=request.args.get("a", "x"), more="y"))


def from_form():
    return f"{dict(request.form)} {sorted(request.files)}"


def refused():
    abort(403)


def broken():
    raise ZeroDivisionError("by the view")


def counting():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


def with_later_hook():
    @after_this_request
    def mark(response):
        response.headers["X-Later"] = repr(seen())
        return response

    return "text"


def with_status():
    return "made", 201, {"X-Own": "1"}


def with_context_inside():
    with current_app.app_context():
        g.inner = True
        inside = seen()
    with current_app.test_request_context("/inside?a=1"):
        return f"{inside} {seen()}"


def with_context_left():
    AppContext(current_app._get_current_object()).push()
    return "text"


def with_request_left():
    current_app.test_request_context("/left").push()
    return "text"


def pushed_again():
    retort.globals.request_ctx.push()
    return "text"


def popped_early():
    retort.globals.request_ctx.pop()
    return "text"


def popped_early_and_pushed():
    context = retort.globals.request_ctx._get_current_object()
    context.pop()
    outside = seen()
    context.push()
    return f"{outside} {seen()}"


def with_itself_as_application():
    context = retort.globals.app_ctx._get_current_object()
    AppContext.push(context)
    inside = seen()
    AppContext.pop(context)
    with retort.globals.app_ctx:
        return f"{inside} {seen()}"


def in_wrong_order():
    application, inside = current_app.app_context(), current_app.test_request_context("/inside")
    application.push()
    inside.push()
    application.pop()
    within = seen()
    inside.pop()
    return f"{within} {seen()}"


def asking_another_request():
    g.outer = True
    app = current_app._get_current_object()
    environ = EnvironBuilder("/item/inner").get_environ()
    if request.path == "/item/inner":
        return repr(seen())
    body, _, _ = run_wsgi_app(app, environ)
    return f"{b''.join(body)} {seen()}"


def asking_another_application():
    other = Flask("other")
    other.add_url_rule("/", "index", lambda: repr(seen()))
    with other.app_context():
        inside = seen()
    with other.test_request_context("/?other"):
        inside_request = seen()
    return f"{inside} {inside_request} {other.test_client().get('/').text} {seen()}"


def in_a_copy():
    g.outer = True
    return repr(copy_context().run(retort.copy_current_request_context(seen)))


def in_a_thread():
    found = []
    thread = Thread(target=copy_context().run, args=(lambda: found.append(seen()),))
    thread.start()
    thread.join()
    return repr(found)


def with_a_client_that_keeps():
    with current_app.test_client() as client:
        if "a" in request.args or request.path == "/item/kept":
            return repr(seen())
        client.get("/item/kept")
        inside = seen()
    return f"{inside} {seen()}"


def closing_itself():
    request.close = lambda: current_app.extensions["log"].append("closed")
    return "text"


def streamed():
    return retort.stream_with_context(iter([request.path, "."]))


def streamed_by_a_generator():
    @retort.stream_with_context
    def pieces():
        yield repr(seen())
        g.more = True
        yield repr(seen())

    answer = pieces()
    return Response(answer if "a" in request.args else [next(answer), next(answer)])


def asking_for_its_rule():
    request.url_rule, request.view_args = None, {"changed": True}
    return repr(seen())


VIEWS = (
    *(text, json, not_json, nothing, moved, from_form, refused, broken, counting),
    *(with_later_hook, with_status, with_context_inside, with_context_left, with_request_left),
    *(pushed_again, popped_early_and_pushed, with_itself_as_application),
    *(in_wrong_order, asking_another_request, asking_another_application),
    *(in_a_copy, in_a_thread, with_a_client_that_keeps, closing_itself, asking_for_its_rule),
    *(streamed, streamed_by_a_generator),
)

# What an application may have besides. Each takes the application and its log.


def a_hook_before(app, log):
    app.before_request(lambda: log.append(("before", seen())))


def a_hook_that_answers(app, log):
    app.before_request(lambda: "from a hook" if "a" in request.args else None)


def a_hook_that_fails(app, log):
    app.before_request(lambda: abort(401) if "b" in request.args else None)


def a_preprocessor(app, log):
    def note(endpoint, values):
        g.endpoint = endpoint
        log.append(("values", endpoint, values))

    app.url_value_preprocessor(note)


def a_hook_after(app, log):
    @app.after_request
    def note(response):
        log.append(("after", response.status_code, seen()))
        response.headers["X-After"] = "1"
        return response


def a_hook_after_that_fails(app, log):
    @app.after_request
    def note(response):
        if request.args.get("a") == "fail":
            raise LookupError("after")
        return response


def a_teardown(app, log):
    app.teardown_request(lambda error: log.append(("teardown", repr(error), seen())))


def an_app_teardown(app, log):
    app.teardown_appcontext(lambda error: log.append(("app teardown", repr(error), seen())))


def a_failing_teardown(app, log):
    @app.teardown_request
    def fail(error):
        if request.args.get("a") == "fail":
            raise LookupError("teardown")


def an_error_handler(app, log):
    app.register_error_handler(403, lambda error: (f"no: {error.code}", 403))
    app.register_error_handler(ZeroDivisionError, lambda error: {"error": str(error)})


def a_handler_of_faults(app, log):
    app.register_error_handler(500, lambda error: (repr(error.original_exception), 500))


def propagated_errors(app, log):
    app.config["PROPAGATE_EXCEPTIONS"] = True


def trusted_hosts(app, log):
    app.config["TRUSTED_HOSTS"] = ["localhost"]


def entity_tags(app, log):
    app.config["AUTOMATIC_ETAGS"] = True


def security_headers(app, log):
    app.config["SEND_SECURITY_HEADERS"] = True


def protection(app, log):
    app.config["CROSS_ORIGIN_PROTECTION"] = True


def methods_in_forms(app, log):
    app.config["METHOD_OVERRIDE"] = True


def an_own_json(app, log):
    app.json.response = lambda value: Response(repr(value), mimetype="text/x-own")


def other_json(app, log):
    app.json.sort_keys = False
    app.json.mimetype = "application/x-own"


def own_globals(app, log):
    class Globals(app.app_ctx_globals_class):
        origin = "own"

    app.app_ctx_globals_class = Globals


FEATURES = (
    *(a_hook_before, a_hook_that_answers, a_hook_that_fails, a_preprocessor, a_hook_after),
    *(a_hook_after_that_fails, a_teardown, an_app_teardown, a_failing_teardown),
    *(an_error_handler, a_handler_of_faults, propagated_errors, trusted_hosts, entity_tags),
    *(security_headers, protection, methods_in_forms, an_own_json, other_json, own_globals),
)

targets = st.builds(
    lambda path, query: path + query,
    st.sampled_from(["/", "/item/7", "/item/a b", "/curious/x", "/nowhere", "/folder", "/é"]),
    st.sampled_from(["", "?a=1", "?a=fail", "?b=2", "?a=%C3%A9&a=2"]),
)
asked = st.fixed_dictionaries(
    {"path": targets, "method": st.sampled_from(["GET", "GET", "POST", "HEAD", "PUT", "OPTIONS"])},
    optional={
        "data": st.sampled_from(
            [
                {"nm": "Ada"},
                {"_method": "DELETE"},
                {"file": (b"content", "name.txt")},
                b"\xff{",
            ]
        ),
        "headers": st.sampled_from(
            [
                {"Host": "elsewhere.example"},
                {"Host": "not valid"},
                {"Upgrade": "websocket", "Connection": "upgrade"},
                {"Origin": "https://elsewhere.example"},
                {"Cookie": "session=nonsense; other=1"},
            ]
        ),
    },
)


def make_app(kind, view, features, receives):
    app = kind("whole")
    app.secret_key = "test key"
    app.logger.disabled = True
    log = app.extensions["log"] = []
    app.url_map.converters["curious"] = Curious

    def noting(**arguments):
        log.append(("view", seen(), arguments))
        return view()

    methods = ["GET", "POST", "PUT", "DELETE"]
    for rule, name in (("/", "index"), ("/item/<name>", "item"), ("/curious/<curious:x>", "odd")):
        app.add_url_rule(rule, name, noting, methods=methods)
    app.add_url_rule("/folder/", "folder", noting)
    for feature in features:
        feature(app, log)
    for name in receives:
        receive(app, getattr(signals, name), log)
    return app


def receive(app, signal, log):
    def note(sender, **arguments):
        response = arguments.get("response")
        log.append((signal.name, response and response.status_code, seen()))

    signal.connect(note, app)
    app.extensions[signal.name] = note  # or it would be forgotten at once


def ask(app, options):
    """What was answered, what was seen on the way, and what is left behind."""
    options = dict(options)
    data = options.get("data")
    if isinstance(data, dict) and "file" in data:
        content, name = data["file"]
        options["data"] = {"file": (io.BytesIO(content), name)}
    return copy_context().run(_ask, app, EnvironBuilder(**options).get_environ())


def _ask(app, environ):
    log = app.extensions["log"]
    log.clear()
    try:
        body, status, headers = run_wsgi_app(app, environ)
        answer = status, list(headers), b"".join(body)
    except Exception as error:
        answer = type(error), str(error)
    left = seen(), environ.get("werkzeug.request")
    # But for addresses of objects, and the second in which a session was signed.
    return re.sub(r"0x[0-9a-f]+|(?<=session=)[^;.]*\.[^;]*", "...", repr((answer, log, left)))


@pytest.fixture(autouse=True, scope="module")
def without_other_receivers():
    with pytest.MonkeyPatch.context() as patch:
        for name in SIGNALS:  # other tests may have left some
            patch.setattr(getattr(signals, name), "receivers", {})
        yield


@given(
    view=st.sampled_from(VIEWS),
    features=st.lists(st.sampled_from(FEATURES), unique=True, max_size=3),
    receives=st.lists(st.sampled_from(SIGNALS), unique=True, max_size=2),
    requests=st.lists(asked, min_size=1, max_size=3),
)
def test_overridden_methods_that_call_super_change_nothing(view, features, receives, requests):
    apps = [make_app(kind, view, features, receives) for kind in (Flask, BySteps)]
    for options in requests:
        planned, overridden = (ask(app, options) for app in apps)
        assert planned == overridden


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *((RequestContext, name) for name in ("push", "pop", "match_request", "__init__")),
        *((AppContext, "push"), (AppContext, "pop")),
        *((retort.Request, "__init__"), (retort.Request, "close"), (Response, "__call__")),
        (DefaultJSONProvider, "response"),
    ],
)
def test_a_patched_method_of_a_class_is_called(kind, name, monkeypatch):
    app = make_app(Flask, json, [], [])
    ask(app, {"path": "/"})
    usual, calls = getattr(kind, name), []

    def patched(*args, **kwargs):
        calls.append(args)
        return usual(*args, **kwargs)

    monkeypatch.setattr(kind, name, patched)

    ask(app, {"path": "/"})

    assert calls


@pytest.mark.parametrize("kind", [Flask, BySteps])
def test_a_context_that_the_view_has_popped_is_an_error(kind):
    assert "ContextError" in ask(make_app(kind, popped_early, [], []), {"path": "/"})
