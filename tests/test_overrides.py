"""Overrides of a subclass or an extension take effect at any time.

Retort omits calls of methods that are not overridden. These tests override each method, in every
way that Python has, before and after the first request, and check that it is called.
"""

import jinja2
import pytest
from werkzeug.exceptions import NotFound
from werkzeug.routing import BuildError, Map, MapAdapter, Rule
from werkzeug.test import EnvironBuilder

import retort
from retort import (
    Flask,
    Request,
    Response,
    current_app,
    g,
    jsonify,
    redirect,
    render_template_string,
    request,
    session,
    stream_template_string,
    url_for,
)
from retort.config import Config
from retort.context import AppContext, RequestContext, _AppCtxGlobals
from retort.json.provider import DefaultJSONProvider
from retort.lifecycle.overrides import PLANNED
from retort.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionInterface


async def waits():
    return "page"


def no_such_url():
    try:
        return url_for("nowhere")
    except BuildError:
        return "no such URL"


def crash():
    raise ValueError("nobody handles this")


def counter():
    session["count"] = session.get("count", 0) + 1
    return str(session["count"])


VIEWS = {  # by endpoint
    "index": lambda: "page",
    "async": waits,
    "json": lambda: {"page": 1},
    "user": lambda number: f"user {number}",
    "template": lambda: render_template_string("{{ 'page' }}"),
    "url": lambda: url_for("user", number=7),
    "no-such-url": no_such_url,
    "redirect": lambda: redirect("/"),
    "crash": crash,
    "counter": counter,
}
RULES = {"index": "/", "user": "/user/<int:number>"}


def make_app(flask_class=Flask):
    app = flask_class("overrides")
    app.config.update(SECRET_KEY="test key", PROPAGATE_EXCEPTIONS=False)
    for endpoint, view in VIEWS.items():
        app.add_url_rule(RULES.get(endpoint, f"/{endpoint}"), endpoint, view)
    return app


def ask(app, target):
    """Send ``GET /path`` as a server does; status and body, which an override may not change."""
    method, path = target.split()
    status = []
    body = app(EnvironBuilder(path, method=method).get_environ(), lambda *args: status.append(args))
    try:
        return int(status[0][0][:3]), b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()


# Methods of the application. For each a request that goes through it.

METHODS = {
    "wsgi_app": "GET /",
    "request_context": "GET /",
    "app_context": "GET /",
    "create_url_adapter": "GET /user/1",
    "full_dispatch_request": "GET /",
    "preprocess_request": "GET /",
    "dispatch_request": "GET /",
    "ensure_sync": "GET /",
    "async_to_sync": "GET /async",
    "finalize_request": "GET /",
    "make_response": "GET /json",
    "process_response": "GET /",
    "do_teardown_request": "GET /",
    "do_teardown_appcontext": "GET /",
    "raise_routing_exception": "GET /missing",
    "handle_user_exception": "GET /missing",
    "trap_http_exception": "GET /missing",
    "handle_http_exception": "GET /missing",
    "_find_error_handler": "GET /missing",
    "handle_exception": "GET /crash",
    "log_exception": "GET /crash",
    "should_ignore_error": "GET /crash",
    "make_default_options_response": "OPTIONS /",
    "update_template_context": "GET /template",
    "url_for": "GET /url",
    "inject_url_defaults": "GET /url",
    "handle_url_build_error": "GET /no-such-url",
    "redirect": "GET /redirect",
}


def in_a_subclass(app, name, wrap):
    own_class = type(app)
    method = wrap(getattr(own_class, name))
    app.__class__ = type("Subclass", (own_class,), {name: method})
    return lambda: setattr(app, "__class__", own_class)


def in_the_class(app, name, wrap):
    owner = next(cls for cls in type(app).__mro__ if name in cls.__dict__)
    own = owner.__dict__[name]
    setattr(owner, name, wrap(own))
    return lambda: setattr(owner, name, own)


def on_the_instance(app, name, wrap):
    standard = getattr(app, name)
    setattr(app, name, wrap(standard))
    return lambda: delattr(app, name)


def on_the_instance_and_back(app, name, wrap):
    standard = getattr(app, name)
    setattr(app, name, wrap(standard))
    return lambda: setattr(app, name, standard)


def in_the_dictionary_of_the_instance(app, name, wrap):
    app.__dict__[name] = wrap(getattr(app, name))
    return lambda: app.__dict__.pop(name)


class BindingObject:
    """Takes the place of a function, and is none: as the wrappers of tracing tools are."""

    def __init__(self, function):
        self.function = function

    def __get__(self, owner, kind):
        return self if owner is None else BindingObject(self.function.__get__(owner, kind))

    def __call__(self, *args, **kwargs):
        return self.function(*args, **kwargs)


def by_an_object_in_the_class(app, name, wrap):
    return in_the_class(app, name, lambda method: BindingObject(wrap(method)))


WAYS = [
    in_a_subclass,
    in_the_class,
    on_the_instance,
    on_the_instance_and_back,
    in_the_dictionary_of_the_instance,
    by_an_object_in_the_class,
]


@pytest.mark.parametrize("is_first", [True, False], ids=["first request", "later request"])
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize("name", METHODS)
def test_a_replaced_method_is_called_until_it_is_put_back(name, way, is_first, calls):
    target = METHODS[name]
    app = make_app()
    app.logger.disabled = True
    usual = ask(make_app(), target) if is_first else ask(app, target)

    undo = way(app, name, calls.wrap)
    try:
        assert ask(app, target) == usual
        assert calls.count > 0
        assert ask(app, target) == usual
    finally:
        undo()

    counted = calls.count
    assert ask(app, target) == usual
    assert calls.count == counted


@pytest.mark.parametrize("name", METHODS)
def test_a_method_of_a_class_written_for_it_is_called(name, calls):
    overriding = type("Overriding", (Flask,), {name: calls.wrap(getattr(Flask, name))})
    app = make_app(overriding)
    app.logger.disabled = True

    assert ask(app, METHODS[name]) == ask(make_app(), METHODS[name])
    assert calls.count > 0


@pytest.mark.parametrize("name", METHODS)
def test_what_is_replaced_for_one_application_is_not_for_another(name, calls):
    app, other = make_app(), make_app()
    app.logger.disabled = other.logger.disabled = True
    on_the_instance(app, name, calls.wrap)

    ask(other, METHODS[name])

    assert calls.count == 0


# What comes after the hook that replaces them, in the same request.
LATER = [
    "dispatch_request",
    "ensure_sync",
    "finalize_request",
    "make_response",
    "process_response",
    "do_teardown_request",
    "do_teardown_appcontext",
]


@pytest.mark.parametrize("name", LATER)
def test_a_method_replaced_during_a_request_is_called_in_the_same(name, calls):
    app = make_app()

    @app.before_request
    def replace():
        on_the_instance(app, name, calls.wrap)

    assert ask(app, "GET /") == (200, b"page")
    assert calls.count > 0


def test_the_call_itself_can_be_overridden(calls):
    class Overriding(Flask):
        def __call__(self, environ, start_response):
            calls.count += 1
            return super().__call__(environ, start_response)

    assert ask(make_app(Overriding), "GET /") == (200, b"page")
    assert calls.count == 1


def test_each_step_is_called_once_for_a_request():
    app = make_app()
    steps = []

    def noting(name):
        method = getattr(app, name)

        def note(*args, **kwargs):
            steps.append(name)
            return method(*args, **kwargs)

        return note

    for name, target in METHODS.items():
        if target in {"GET /", "GET /json"}:
            setattr(app, name, noting(name))

    assert ask(app, "GET /") == (200, b"page")
    assert steps == [
        "wsgi_app",
        "request_context",
        "app_context",
        "full_dispatch_request",
        "preprocess_request",
        "dispatch_request",
        "ensure_sync",
        "finalize_request",
        "make_response",
        "process_response",
        "do_teardown_request",
        "do_teardown_appcontext",
    ]


# What a replaced step does is what happens.


def test_dispatch_request_can_respond_by_itself():
    app = make_app()
    ask(app, "GET /")

    app.dispatch_request = lambda: f"instead of {request.endpoint}"

    assert ask(app, "GET /") == (200, b"instead of index")


def test_preprocess_request_can_respond_by_itself():
    app = make_app()
    ask(app, "GET /")

    app.preprocess_request = lambda: ("not now", 503)

    assert ask(app, "GET /") == (503, b"not now")


def test_full_dispatch_request_can_respond_by_itself():
    app = make_app()
    ask(app, "GET /")

    app.full_dispatch_request = lambda: Response("all my own")

    assert ask(app, "GET /") == (200, b"all my own")


def test_make_response_can_make_a_response_of_anything():
    class Overriding(Flask):
        def make_response(self, rv):
            return super().make_response("nothing" if rv is None else rv)

    app = make_app(Overriding)
    app.view_functions["index"] = lambda: None

    assert ask(app, "GET /") == (200, b"nothing")


def test_process_response_can_respond_with_another_response():
    app = make_app()
    ask(app, "GET /")

    app.process_response = lambda response: Response(response.data.upper())

    assert ask(app, "GET /") == (200, b"PAGE")


def test_finalize_request_gets_what_the_view_returned():
    app = make_app()
    ask(app, "GET /json")

    app.finalize_request = lambda rv, from_error_handler=False: Response(repr(rv))

    assert ask(app, "GET /json") == (200, b"{'page': 1}")


def test_ensure_sync_can_call_the_view_in_another_way():
    app = make_app()
    ask(app, "GET /")

    app.ensure_sync = lambda func: lambda *args, **kwargs: "called my way"

    assert ask(app, "GET /") == (200, b"called my way")


def test_async_to_sync_can_run_a_view_in_another_way():
    app = make_app()

    def run(coroutine_function):
        def run_to_the_end():
            coroutine = coroutine_function()
            try:
                coroutine.send(None)
            except StopIteration as end:
                return f"{end.value} without a loop"

        return run_to_the_end

    app.async_to_sync = run

    assert ask(app, "GET /async") == (200, b"page without a loop")


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("handle_user_exception", "/crash"),
        ("handle_user_exception", "/missing"),
        ("handle_http_exception", "/missing"),
        ("handle_exception", "/crash"),
    ],
)
def test_an_error_is_answered_by_what_was_put_in_place_of_its_handler(name, path):
    app = make_app()
    app.logger.disabled = True
    ask(app, f"GET {path}")

    setattr(app, name, lambda error: Response(f"not so bad: {type(error).__name__}", status=299))

    kind = b"NotFound" if path == "/missing" else b"ValueError"
    assert ask(app, f"GET {path}") == (299, b"not so bad: " + kind)


def test_chained_error_handlers_of_extensions_are_all_called():
    app = make_app()
    seen = []

    def chain(name):
        before = app.handle_user_exception

        def handle(error):
            seen.append(name)
            return before(error)

        app.handle_user_exception = handle

    chain("inner")
    chain("outer")

    assert ask(app, "GET /missing")[0] == 404
    assert seen == ["outer", "inner"]


def test_raise_routing_exception_can_let_the_request_pass():
    app = make_app()
    ask(app, "GET /missing")

    def raise_nothing(missing):
        raise LookupError(missing.path)

    app.raise_routing_exception = raise_nothing
    app.register_error_handler = None
    app.error_handler_spec[None][None][LookupError] = lambda error: f"looked for {error}"

    assert ask(app, "GET /missing") == (200, b"looked for /missing")


def test_make_default_options_response_answers_options():
    app = make_app()
    ask(app, "OPTIONS /")

    app.make_default_options_response = lambda: Response("ask me anything")

    assert ask(app, "OPTIONS /") == (200, b"ask me anything")


def test_trap_http_exception_decides_what_reaches_the_error_handlers():
    app = make_app()
    app.logger.disabled = True
    assert ask(app, "GET /missing")[0] == 404

    app.trap_http_exception = lambda error: True

    assert ask(app, "GET /missing")[0] == 500


def test_find_error_handler_names_the_handler():
    app = make_app()
    ask(app, "GET /crash")

    app._find_error_handler = lambda error, blueprints: lambda error: (str(error), 418)

    assert ask(app, "GET /crash") == (418, b"nobody handles this")


def test_log_exception_gets_unhandled_exceptions():
    app = make_app()
    logged = []
    app.log_exception = logged.append

    assert ask(app, "GET /crash")[0] == 500
    assert [exc_info[0] for exc_info in logged] == [ValueError]


def test_should_ignore_error_keeps_the_error_from_the_teardown_functions():
    app = make_app()
    app.logger.disabled = True
    told = []
    app.teardown_request(told.append)
    ask(app, "GET /crash")

    app.should_ignore_error = lambda error: isinstance(error, ValueError)
    ask(app, "GET /crash")

    assert [type(error) for error in told] == [ValueError, type(None)]


def test_the_teardown_methods_get_the_error():
    app = make_app()
    app.logger.disabled = True
    ask(app, "GET /")
    told = []
    app.do_teardown_request = told.append
    app.do_teardown_appcontext = told.append

    ask(app, "GET /crash")

    assert [type(error) for error in told] == [ValueError, ValueError]


def test_inject_url_defaults_can_fill_up_what_is_missing():
    app = make_app()
    app.view_functions["url"] = lambda: url_for("user")
    ask(app, "GET /")

    app.inject_url_defaults = lambda endpoint, values: values.setdefault("number", 42)

    assert ask(app, "GET /url") == (200, b"/user/42")


def test_handle_url_build_error_can_return_the_url():
    app = make_app()
    assert ask(app, "GET /no-such-url") == (200, b"no such URL")

    app.handle_url_build_error = lambda error, endpoint, values: f"/elsewhere/{endpoint}"

    assert ask(app, "GET /no-such-url") == (200, b"/elsewhere/nowhere")


def test_url_for_of_the_application_is_what_templates_and_views_call():
    app = make_app()
    app.view_functions["template"] = lambda: render_template_string("{{ url_for('user') }}")
    app.url_for = lambda endpoint, **values: f"my {endpoint}"

    assert ask(app, "GET /url") == (200, b"my user")
    assert ask(app, "GET /template") == (200, b"my user")


def test_redirect_of_the_application_is_what_views_call():
    app = make_app()
    ask(app, "GET /redirect")

    app.redirect = lambda location, code=302: Response(f"go to {location}", status=code)

    assert ask(app, "GET /redirect") == (302, b"go to /")


def test_middleware_can_be_put_around_the_application_at_any_time():
    app = make_app()
    inner = app.wsgi_app

    def adds_a_field(environ, start_response):
        def start(status, headers, exc_info=None):
            return start_response(status, [*headers, ("X-Around", environ["PATH_INFO"])])

        return inner(environ, start)

    assert "X-Around" not in app.test_client().get("/").headers
    app.wsgi_app = adds_a_field
    assert app.test_client().get("/").headers["X-Around"] == "/"
    app.wsgi_app = inner
    assert "X-Around" not in app.test_client().get("/").headers


# Methods that are called by hand, as extensions do.


@pytest.mark.parametrize(
    "name", ["full_dispatch_request", "preprocess_request", "process_response"]
)
def test_a_step_called_outside_of_a_request_is_a_clear_error(app, name):
    args = [Response()] if name == "process_response" else []

    with pytest.raises(RuntimeError, match="outside of"):
        getattr(app, name)(*args)


def test_a_whole_request_can_be_taken_by_hand_step_by_step(calls):
    app = make_app()
    app.before_request(lambda: setattr(g, "seen", "before"))

    @app.after_request
    def note(response):
        response.headers["X-Seen"] = g.seen
        return response

    with app.test_request_context("/user/3"):
        assert app.preprocess_request() is None
        answer = app.dispatch_request()
        response = app.process_response(app.make_response(answer))

    assert response.data == b"user 3"
    assert response.headers["X-Seen"] == "before"


def test_steps_replaced_while_a_context_is_current_are_taken(calls):
    app = make_app()

    with app.test_request_context("/"):
        app.dispatch_request = lambda: "another answer"
        assert app.full_dispatch_request().data == b"another answer"


def test_errors_can_be_handled_by_hand():
    app = make_app()
    app.register_error_handler(LookupError, lambda error: f"handled {error}")

    with app.test_request_context("/"):
        assert app.handle_user_exception(LookupError("it")) == "handled it"
        missing = NotFound()
        assert app.handle_http_exception(missing) is missing
        assert app.make_default_options_response().allow.as_set(True) == {"GET", "HEAD", "OPTIONS"}
        app.logger.disabled = True
        assert app.handle_exception(ValueError("it")).status_code == 500
        with pytest.raises(ValueError, match="it"):
            app.handle_user_exception(ValueError("it"))


def test_a_url_adapter_can_be_made_by_hand():
    app = make_app()

    with app.test_request_context("/user/5"):
        adapter = app.create_url_adapter(request)
        assert adapter.match() == ("user", {"number": 5})


# Contexts


def test_an_app_context_of_a_class_of_the_program_s_own_is_the_current_one():
    class OwnContext(AppContext):
        pass

    class Overriding(Flask):
        def app_context(self):
            return OwnContext(self)

    app = make_app(Overriding)
    app.view_functions["index"] = lambda: (
        type(retort.globals.app_ctx._get_current_object()).__name__
    )

    assert ask(app, "GET /") == (200, b"OwnContext")


def test_a_request_context_of_a_class_of_the_program_s_own_is_the_current_one():
    steps = []

    class OwnContext(RequestContext):
        def push(self):
            steps.append("push")
            super().push()

        def match_request(self):
            steps.append("match")
            super().match_request()

        def pop(self, *args):
            steps.append("pop")
            super().pop(*args)

    app = make_app()
    ask(app, "GET /")
    app.request_context = lambda environ: OwnContext(app, environ)

    assert ask(app, "GET /") == (200, b"page")
    assert steps == ["push", "match", "pop"]


@pytest.mark.parametrize("name", ["push", "pop", "match_request"])
def test_a_patched_method_of_the_request_context_is_called(name, calls, monkeypatch):
    app = make_app()
    ask(app, "GET /")

    monkeypatch.setattr(RequestContext, name, calls.wrap(getattr(RequestContext, name)))
    ask(app, "GET /")

    assert calls.count == 1


@pytest.mark.parametrize("name", ["push", "pop"])
def test_a_patched_method_of_the_app_context_is_called(name, calls, monkeypatch):
    app = make_app()
    ask(app, "GET /")

    monkeypatch.setattr(AppContext, name, calls.wrap(getattr(AppContext, name)))
    ask(app, "GET /")

    assert calls.count == 1


def test_a_url_adapter_put_on_the_context_matches_the_request():
    app = make_app()
    context = app.request_context(EnvironBuilder("/").get_environ())
    context.url_adapter = Map([Rule("/", endpoint="of another map")]).bind("localhost")

    context.match_request()

    assert context.request.endpoint == "of another map"


def test_a_session_put_on_the_context_is_the_session():
    app = make_app()

    @app.before_request
    def put():
        retort.globals.request_ctx._session = SecureCookieSession({"count": 41})

    assert ask(app, "GET /counter") == (200, b"42")


def test_the_class_of_g_is_read_for_each_context():
    app = make_app()
    app.view_functions["index"] = lambda: type(g._get_current_object()).__name__
    assert ask(app, "GET /") == (200, b"_AppCtxGlobals")

    app.app_ctx_globals_class = type("Own", (_AppCtxGlobals,), {})

    assert ask(app, "GET /") == (200, b"Own")


# Routing


def test_create_url_adapter_decides_what_is_matched():
    app = make_app()
    ask(app, "GET /")

    def adapter(request):
        if request is None:
            return None
        return app.url_map.bind_to_environ({**request.environ, "PATH_INFO": "/user/9"})

    app.create_url_adapter = adapter

    assert ask(app, "GET /") == (200, b"user 9")


def test_an_adapter_of_another_class_decides_what_is_matched():
    class FindsUsers(MapAdapter):
        def match(self, *args, **kwargs):
            rule, _ = super().match("/user/1", return_rule=True)
            return rule, {"number": "nobody"}

    app = make_app()
    ask(app, "GET /")

    app.create_url_adapter = lambda request: FindsUsers(
        app.url_map, "localhost", "/", "", "http", "/", "GET"
    )

    assert ask(app, "GET /") == (200, b"user nobody")


def test_a_map_of_werkzeug_s_can_take_the_place_of_the_url_map():
    app = make_app()
    ask(app, "GET /")

    app.url_map = Map([Rule("/elsewhere", endpoint="index")])

    assert ask(app, "GET /elsewhere") == (200, b"page")
    assert ask(app, "GET /")[0] == 404


def test_a_custom_url_map_class_is_used():
    class OwnMap(Map):
        def bind_to_environ(self, environ, *args, **kwargs):
            return super().bind_to_environ({**environ, "PATH_INFO": "/user/2"}, *args, **kwargs)

    class Overriding(Flask):
        url_map_class = OwnMap

    assert ask(make_app(Overriding), "GET /") == (200, b"user 2")


def test_another_map_of_ours_can_take_the_place_of_the_url_map():
    app = make_app()
    ask(app, "GET /")

    app.url_map = app.url_map_class([Rule("/elsewhere", endpoint="index")])

    assert ask(app, "GET /elsewhere") == (200, b"page")
    assert ask(app, "GET /")[0] == 404


def test_a_rule_added_to_the_live_map_is_found():
    app = make_app()
    assert ask(app, "GET /late")[0] == 404

    app.url_map.add(Rule("/late", endpoint="index"))

    assert ask(app, "GET /late") == (200, b"page")


def test_methods_added_to_a_live_rule_are_accepted():
    app = make_app()
    assert ask(app, "POST /")[0] == 405

    (rule,) = app.url_map.iter_rules("index")
    rule.methods.add("POST")

    assert ask(app, "POST /") == (200, b"page")


def test_provide_automatic_options_of_a_live_rule_takes_effect():
    app = make_app()
    assert ask(app, "OPTIONS /") == (200, b"")

    (rule,) = app.url_map.iter_rules("index")
    rule.provide_automatic_options = False

    assert ask(app, "OPTIONS /") == (200, b"page")


def test_matching_uses_the_environ_even_if_a_request_class_overrides_path():
    class Elsewhere(Request):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.path = "/json"
            self.method = "DELETE"

    app = make_app()
    app.request_class = Elsewhere

    assert ask(app, "GET /user/1") == (200, b"user 1")


def test_a_request_class_that_changes_the_environ_decides_what_is_matched():
    class Overridden(Request):
        def __init__(self, environ, *args, **kwargs):
            override = environ.get("HTTP_X_HTTP_METHOD_OVERRIDE")
            if override:
                environ["REQUEST_METHOD"] = override
            super().__init__(environ, *args, **kwargs)

    app = make_app()
    app.request_class = Overridden
    headers = {"X-HTTP-Method-Override": "DELETE"}

    assert app.test_client().get("/", headers=headers).status_code == 405


# Dictionaries and lists of the application, changed or exchanged


@pytest.fixture(params=[dict, None], ids=["exchanged", "changed"])
def put(request):
    """Put ``value`` under ``key`` of a dictionary of the app, in a new dictionary or in place."""

    def put(app, name, key, value):
        if request.param is dict:
            setattr(app, name, {**getattr(app, name), key: value})
        else:
            getattr(app, name)[key] = value

    return put


def test_a_view_is_looked_up_for_each_request(put):
    app = make_app()
    assert ask(app, "GET /user/1") == (200, b"user 1")

    put(app, "view_functions", "user", lambda number: f"another user {number}")

    assert ask(app, "GET /user/1") == (200, b"another user 1")


def test_a_sync_view_can_become_an_async_one(put):
    app = make_app()
    ask(app, "GET /")

    async def waits():
        return "waited"

    put(app, "view_functions", "index", waits)

    assert ask(app, "GET /") == (200, b"waited")


def test_before_functions_are_looked_up_for_each_request(put):
    app = make_app()
    ask(app, "GET /")

    put(app, "before_request_funcs", None, [lambda: "before the view"])

    assert ask(app, "GET /") == (200, b"before the view")


def test_after_functions_are_looked_up_for_each_request(put):
    app = make_app()
    ask(app, "GET /")

    put(app, "after_request_funcs", None, [lambda response: Response("after the view")])

    assert ask(app, "GET /") == (200, b"after the view")


def test_teardown_functions_are_looked_up_for_each_request(put):
    app = make_app()
    ask(app, "GET /")
    told = []

    put(app, "teardown_request_funcs", None, [told.append])
    ask(app, "GET /")

    assert told == [None]


def test_url_value_preprocessors_are_looked_up_for_each_request(put):
    app = make_app()
    ask(app, "GET /user/1")

    def change(endpoint, values):
        values["number"] += 100

    put(app, "url_value_preprocessors", None, [change])

    assert ask(app, "GET /user/1") == (200, b"user 101")


def test_url_default_functions_are_looked_up_for_each_url(put):
    app = make_app()
    app.view_functions["url"] = lambda: url_for("user")
    ask(app, "GET /")

    put(app, "url_default_functions", None, [lambda endpoint, values: values.update(number=8)])

    assert ask(app, "GET /url") == (200, b"/user/8")


def test_error_handlers_are_looked_up_for_each_error(put):
    app = make_app()
    app.logger.disabled = True
    assert ask(app, "GET /crash")[0] == 500

    handlers = {None: {ValueError: lambda error: f"handled: {error}"}}
    put(app, "error_handler_spec", None, handlers)

    assert ask(app, "GET /crash") == (200, b"handled: nobody handles this")


def test_context_processors_are_looked_up_for_each_template(put):
    app = make_app()
    app.view_functions["template"] = lambda: render_template_string("{{ added }}")
    assert ask(app, "GET /template") == (200, b"")

    put(app, "template_context_processors", None, [lambda: {"added": "by a processor"}])

    assert ask(app, "GET /template") == (200, b"by a processor")


@pytest.mark.parametrize("is_exchanged", [True, False])
def test_teardown_functions_of_the_app_context_are_looked_up_for_each(is_exchanged):
    app = make_app()
    ask(app, "GET /")
    told = []

    if is_exchanged:
        app.teardown_appcontext_funcs = [told.append]
    else:
        app.teardown_appcontext_funcs.append(told.append)
    ask(app, "GET /")

    assert told == [None]


def test_url_build_error_handlers_are_looked_up_for_each_error():
    app = make_app()
    ask(app, "GET /no-such-url")

    app.url_build_error_handlers = [lambda error, endpoint, values: f"/made/{endpoint}"]

    assert ask(app, "GET /no-such-url") == (200, b"/made/nowhere")


def test_hooks_can_be_taken_out_again():
    app = make_app()
    app.before_request(lambda: "before the view")
    assert ask(app, "GET /") == (200, b"before the view")

    del app.before_request_funcs[None][:]

    assert ask(app, "GET /") == (200, b"page")


# Classes and other objects of the application


def test_the_request_class_is_read_for_each_request():
    class OwnRequest(Request):
        user = "Ada"

    app = make_app()
    app.view_functions["index"] = lambda: request.user
    app.view_functions["json"] = lambda: request.user
    ask(app, "GET /user/1")

    app.request_class = OwnRequest

    assert ask(app, "GET /") == (200, b"Ada")


def test_methods_of_the_request_class_can_be_patched(monkeypatch):
    app = make_app()
    app.view_functions["index"] = lambda: request.get_data()
    ask(app, "GET /")

    monkeypatch.setattr(Request, "get_data", lambda self: b"patched")

    assert ask(app, "GET /") == (200, b"patched")


def test_the_making_of_a_request_can_be_patched(monkeypatch, calls):
    app = make_app()
    ask(app, "GET /")

    monkeypatch.setattr(Request, "__init__", calls.wrap(Request.__init__))

    assert ask(app, "GET /") == (200, b"page")
    assert calls.count == 1


def test_the_response_class_is_read_for_each_response():
    class Shouting(Response):
        default_mimetype = "text/plain"

        def set_data(self, value):
            super().set_data(value.upper())

    app = make_app()
    ask(app, "GET /")

    app.response_class = Shouting

    assert ask(app, "GET /") == (200, b"PAGE")
    assert app.test_client().get("/").mimetype == "text/plain"
    assert type(app.make_response("")) is Shouting


@pytest.mark.parametrize("path", ["/", "/json"])
@pytest.mark.parametrize(
    "name",
    [
        "__init__",
        "__call__",
        "set_data",
        "get_wsgi_response",
        "get_wsgi_headers",
        "get_app_iter",
        "iter_encoded",
        "close",
    ],
)
@pytest.mark.parametrize("way", ["subclass", "patch"])
def test_a_replaced_method_of_the_response_is_called(name, path, way, calls, monkeypatch):
    app = make_app()
    usual = ask(app, f"GET {path}")
    method = calls.wrap(getattr(Response, name))

    if way == "patch":
        monkeypatch.setattr(Response, name, method)
    else:
        app.response_class = type("Own", (Response,), {name: method})

    assert ask(app, f"GET {path}") == usual
    assert calls.count > 0


@pytest.mark.parametrize(
    "name", ["get_wsgi_response", "get_wsgi_headers", "get_app_iter", "iter_encoded", "close"]
)
def test_a_method_put_on_one_response_is_called(name, calls):
    app = make_app()

    @app.after_request
    def replace(response):
        setattr(response, name, calls.wrap(getattr(response, name)))
        return response

    assert ask(app, "GET /") == (200, b"page")
    assert calls.count > 0


def test_a_dictionary_can_take_the_place_of_the_headers():
    app = make_app()

    @app.after_request
    def replace(response):
        response.headers = {"X-Own": "1"}
        return response

    response = app.test_client().get("/")
    assert (response.data, response.headers["X-Own"]) == (b"page", "1")
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize("name", ["default_status", "default_mimetype"])
def test_a_default_of_the_response_class_can_be_patched(name, monkeypatch):
    app = make_app()
    ask(app, "GET /")

    monkeypatch.setattr(Response, name, {"default_status": 203, "default_mimetype": "a/b"}[name])
    response = app.test_client().get("/")

    assert (response.status_code, response.mimetype) in {(203, "text/html"), (200, "a/b")}


def test_forcing_the_type_of_a_response_is_the_response_class_s_business(calls):
    class Own(Response):
        @classmethod
        def force_type(cls, response, environ=None):
            calls.count += 1
            return cls("forced")

    app = make_app()
    app.response_class = Own
    app.view_functions["index"] = lambda: retort.http.response.ResponseBase("of Werkzeug's")

    assert ask(app, "GET /") == (200, b"forced")
    assert calls.count == 1


def test_the_json_provider_is_read_for_each_response():
    class Own(DefaultJSONProvider):
        def dumps(self, obj, **kwargs):
            return f"<{obj}>"

    app = make_app()
    ask(app, "GET /json")

    app.json = Own(app)

    assert ask(app, "GET /json") == (200, b"<{'page': 1}>\n")


@pytest.mark.parametrize("is_on_the_instance", [True, False])
def test_methods_of_the_json_provider_can_be_replaced(is_on_the_instance, monkeypatch):
    app = make_app()
    app.view_functions["template"] = lambda: render_template_string("{{ 1|tojson }}")
    app.view_functions["url"] = lambda: jsonify(1)
    for path in ("/json", "/template", "/url"):
        ask(app, f"GET {path}")

    def dumps(*args, **kwargs):
        return "my own"

    if is_on_the_instance:
        app.json.dumps = dumps
        app.jinja_env.policies["json.dumps_function"] = app.json.dumps
    else:
        monkeypatch.setattr(DefaultJSONProvider, "dumps", dumps)

    assert ask(app, "GET /json") == (200, b"my own\n")
    assert ask(app, "GET /url") == (200, b"my own\n")
    assert ask(app, "GET /template") == (200, b"my own" if is_on_the_instance else b"1")


def test_the_response_of_the_json_provider_can_be_replaced():
    app = make_app()
    ask(app, "GET /json")

    app.json.response = lambda *args, **kwargs: Response(repr(args))

    assert ask(app, "GET /json") == (200, b"({'page': 1},)")


def test_json_loads_can_be_replaced():
    app = make_app()
    app.url_map.add(Rule("/send", endpoint="send", methods=["POST"]))
    app.view_functions["send"] = lambda: str(request.get_json())
    client = app.test_client()
    assert client.post("/send", json=1).data == b"1"

    app.json.loads = lambda *args, **kwargs: "my own"

    assert client.post("/send", json=1).data == b"my own"


def test_the_json_default_can_be_set_at_any_time():
    app = make_app()
    app.view_functions["json"] = lambda: {"value": {1}}
    ask(app, "GET /")

    app.json.default = sorted

    assert ask(app, "GET /json") == (200, b'{"value":[1]}\n')


def test_the_jinja_environment_can_be_replaced():
    app = make_app()
    ask(app, "GET /template")

    app.jinja_env = app.jinja_env.overlay(variable_start_string="<<", variable_end_string=">>")

    assert ask(app, "GET /template") == (200, b"{{ &#39;page&#39; }}".replace(b"&#39;", b"'"))


def test_the_function_that_renders_can_be_replaced(monkeypatch):
    app = make_app()
    ask(app, "GET /template")

    monkeypatch.setattr(retort.templating, "_render", lambda template, context, app: "rendered")

    assert ask(app, "GET /template") == (200, b"rendered")


@pytest.mark.parametrize("name", ["render", "generate"])
def test_a_patched_method_of_jinja_s_template_is_called(name, calls, monkeypatch):
    app = make_app()
    app.view_functions["url"] = lambda: stream_template_string("{{ 'page' }}")
    path = {"render": "/template", "generate": "/url"}[name]
    assert ask(app, f"GET {path}") == (200, b"page")

    monkeypatch.setattr(jinja2.Template, name, calls.wrap(getattr(jinja2.Template, name)))

    assert ask(app, f"GET {path}") == (200, b"page")
    assert calls.count == 1


def test_jinja_steps_of_a_subclass_are_taken():
    steps = []

    class Overriding(Flask):
        def create_jinja_environment(self):
            steps.append("environment")
            return super().create_jinja_environment()

        def create_global_jinja_loader(self):
            steps.append("loader")
            return super().create_global_jinja_loader()

        def select_jinja_autoescape(self, filename):
            steps.append("autoescape")
            return super().select_jinja_autoescape(filename)

    assert ask(make_app(Overriding), "GET /template") == (200, b"page")
    assert list(dict.fromkeys(steps)) == ["environment", "loader", "autoescape"]


def test_the_aborter_can_be_replaced():
    app = make_app()
    app.view_functions["index"] = lambda: retort.abort(404)
    assert ask(app, "GET /")[0] == 404

    def abort(code, *args, **kwargs):
        raise NotFound(response=Response(f"aborted with {code}"))

    app.aborter = abort

    assert ask(app, "GET /") == (200, b"aborted with 404")


def test_the_config_can_be_replaced():
    app = make_app()
    ask(app, "GET /counter")

    app.config = Config(app.root_path, {**app.config, "SESSION_COOKIE_NAME": "another"})

    assert "another=" in app.test_client().get("/counter").headers["Set-Cookie"]


# The settings of Flask 3.1; a config that a program makes itself may have no others.
SETTINGS_OF_FLASK = [
    "DEBUG",
    "TESTING",
    "PROPAGATE_EXCEPTIONS",
    "SECRET_KEY",
    "SECRET_KEY_FALLBACKS",
    "PERMANENT_SESSION_LIFETIME",
    "USE_X_SENDFILE",
    "TRUSTED_HOSTS",
    "SERVER_NAME",
    "APPLICATION_ROOT",
    "SESSION_COOKIE_NAME",
    "SESSION_COOKIE_DOMAIN",
    "SESSION_COOKIE_PATH",
    "SESSION_COOKIE_HTTPONLY",
    "SESSION_COOKIE_SECURE",
    "SESSION_COOKIE_PARTITIONED",
    "SESSION_COOKIE_SAMESITE",
    "SESSION_REFRESH_EACH_REQUEST",
    "MAX_CONTENT_LENGTH",
    "MAX_FORM_MEMORY_SIZE",
    "MAX_FORM_PARTS",
    "SEND_FILE_MAX_AGE_DEFAULT",
    "TRAP_BAD_REQUEST_ERRORS",
    "TRAP_HTTP_EXCEPTIONS",
    "EXPLAIN_TEMPLATE_LOADING",
    "PREFERRED_URL_SCHEME",
    "TEMPLATES_AUTO_RELOAD",
    "MAX_COOKIE_SIZE",
    "PROVIDE_AUTOMATIC_OPTIONS",
]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"])
@pytest.mark.parametrize("debug", [True, False])
def test_settings_of_our_own_may_be_missing(method, debug):
    app = Flask("overrides")
    app.config = Config(".", {key: app.config[key] for key in SETTINGS_OF_FLASK})
    app.config["DEBUG"] = debug
    app.config["SECRET_KEY"] = "key"
    app.add_url_rule("/", "index", counter, methods=["GET", "POST", "PUT", "DELETE"])
    headers = {"Content-Range": "bytes 0-1/2", "Origin": "https://elsewhere.example"}

    for form in ({}, {"_method": "PUT"}):
        response = app.test_client().open("/", method=method, data=form, headers=headers)
        assert response.status_code in {200, 400}
    assert app.test_client().open("/missing", method=method).status_code == 404


def test_the_logger_can_be_replaced():
    app = make_app()
    logged = []

    class Logger:
        def error(self, message, *args, **kwargs):
            logged.append(message % args)

    app.logger = Logger()

    assert ask(app, "GET /crash")[0] == 500
    assert logged == ["Exception on /crash [GET]"]


def test_static_files_are_sent_by_the_method_of_the_application(tmp_path):
    (tmp_path / "file.txt").write_text("a file")
    app = Flask("overrides", static_folder=tmp_path, static_url_path="/static")
    assert ask(app, "GET /static/file.txt") == (200, b"a file")

    app.send_static_file = lambda filename: f"my own {filename}"
    assert ask(app, "GET /static/file.txt") == (200, b"my own file.txt")
    del app.send_static_file

    app.get_send_file_max_age = lambda filename: 77
    response = app.test_client().get("/static/file.txt")
    assert response.cache_control.max_age == 77
    response.close()


# Sessions


class MemorySessions(SessionInterface):
    """Keeps one session for all clients, and records its calls."""

    def __init__(self):
        self.asked = []
        self.session = SecureCookieSession()

    def open_session(self, app, request):
        self.asked.append("open")
        return self.session

    def save_session(self, app, session, response):
        self.asked.append("save")


def test_the_session_interface_is_read_for_each_request():
    app = make_app()
    ask(app, "GET /counter")

    app.session_interface = MemorySessions()

    assert ask(app, "GET /counter") == (200, b"1")
    assert ask(app, "GET /counter") == (200, b"2")
    app.session_interface = SecureCookieSessionInterface()
    assert ask(app, "GET /counter") == (200, b"1")


def test_a_custom_session_interface_opens_and_saves_unused_sessions_too():
    app = make_app()
    app.session_interface = MemorySessions()

    ask(app, "GET /")

    assert app.session_interface.asked == ["open", "save"]


SESSION_METHODS = ["open_session", "save_session", "is_null_session"]


@pytest.fixture(params=["subclass", "class", "instance"])
def replace_of_session(request, calls, monkeypatch):
    """Replace a method of the app's session interface by one that counts its calls."""

    def replace(app, name):
        method = getattr(SecureCookieSessionInterface, name)
        if request.param == "subclass":
            own = type("Own", (SecureCookieSessionInterface,), {name: calls.wrap(method)})
            app.session_interface = own()
        elif request.param == "class":
            monkeypatch.setattr(SecureCookieSessionInterface, name, calls.wrap(method))
        else:
            bound = getattr(app.session_interface, name)
            monkeypatch.setitem(app.session_interface.__dict__, name, calls.wrap(bound))

    return replace


@pytest.mark.parametrize("name", SESSION_METHODS)
def test_a_replaced_method_of_the_session_interface_is_called(name, calls, replace_of_session):
    app = make_app()
    ask(app, "GET /")

    replace_of_session(app, name)

    assert ask(app, "GET /") == (200, b"page")
    assert calls.count == 1


@pytest.mark.parametrize(
    "name",
    [
        "get_signing_serializer",
        "get_cookie_name",
        "get_cookie_domain",
        "get_cookie_path",
        "get_cookie_httponly",
        "get_cookie_secure",
        "get_cookie_samesite",
        "get_cookie_partitioned",
        "get_expiration_time",
        "should_set_cookie",
    ],
)
def test_what_a_cookie_is_made_of_can_be_replaced(name, calls, replace_of_session):
    app = make_app()
    ask(app, "GET /counter")

    replace_of_session(app, name)

    assert ask(app, "GET /counter") == (200, b"1")
    assert calls.count > 0


def test_a_null_session_can_be_of_a_class_of_the_program_s_own():
    class Silent(dict):
        accessed = modified = False

    class Own(SecureCookieSessionInterface):
        def make_null_session(self, app):
            return Silent()

        def is_null_session(self, obj):
            return isinstance(obj, Silent)

    app = make_app()
    app.config["SECRET_KEY"] = None
    app.session_interface = Own()

    assert ask(app, "GET /counter") == (200, b"1")


def test_a_session_class_that_is_never_empty_is_saved_for_every_response():
    class Stamped(SecureCookieSession):
        def __init__(self, initial=None):
            super().__init__(initial)
            self.setdefault("stamp", 1)

    class Own(SecureCookieSessionInterface):
        session_class = Stamped

    app = make_app()
    app.session_interface = Own()

    assert "session=" in app.test_client().get("/").headers.get("Set-Cookie", "")


def test_should_set_cookie_is_called_for_a_session_from_a_cookie():
    class Always(SecureCookieSessionInterface):
        def should_set_cookie(self, app, session):
            return True

    app = make_app()
    client = app.test_client()
    client.get("/counter")
    assert "Set-Cookie" not in client.get("/").headers

    app.session_interface = Always()

    assert "session=" in client.get("/").headers["Set-Cookie"]


# The class itself, as tracers patch it


def test_a_class_put_in_place_of_flask_gets_the_requests_of_its_applications(monkeypatch, calls):
    class Traced(retort.Flask):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.wsgi_app = calls.wrap(self.wsgi_app)

    monkeypatch.setattr(retort, "Flask", Traced)

    assert ask(make_app(retort.Flask), "GET /") == (200, b"page")
    assert calls.count == 1


@pytest.mark.parametrize("flask_class", [retort.Flask, retort.Retort])
def test_a_patch_of_flask_works_on_both_classes(flask_class, calls, monkeypatch):
    app = make_app(flask_class)
    ask(app, "GET /")

    monkeypatch.setattr(
        retort.Flask, "full_dispatch_request", calls.wrap(Flask.full_dispatch_request)
    )
    monkeypatch.setattr(retort.Flask, "__call__", calls.wrap(Flask.__call__))

    assert ask(app, "GET /") == (200, b"page")
    assert calls.count == 2


def test_attributes_can_be_put_on_every_object_of_a_request():
    app = make_app()

    def put():
        for proxy in (request, g, current_app, retort.globals.request_ctx, retort.globals.app_ctx):
            proxy._get_current_object().of_an_extension = "kept"
        return retort.globals.request_ctx.of_an_extension

    app.view_functions["index"] = put

    assert ask(app, "GET /") == (200, b"kept")


def test_the_tests_here_replace_every_planned_method():
    assert set(PLANNED) <= METHODS.keys()


class Registering:
    """A base class that is called for each of its subclasses, so that it cannot be guarded."""

    subclasses: list[type] = []

    def __init_subclass__(cls):
        cls.subclasses.append(cls)


def test_a_class_without_a_guard_keeps_its_plans_until_it_is_patched(calls, monkeypatch):
    class Shop(Registering, Flask):
        pass

    app = make_app(Shop)
    ask(app, "GET /")
    plans = app.current_plans()
    assert app.current_plans() is plans

    monkeypatch.setattr(Shop, "process_response", calls.wrap(Flask.process_response))

    assert ask(app, "GET /") == (200, b"page")
    assert calls.count == 1
    assert Registering.subclasses == [Shop]
