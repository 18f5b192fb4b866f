"""Names that tools replace take effect: each is replaced as a tool does it, without the tool.

The names were read in the tools' releases in `requirements.txt`; docs/tested-programs.md lists
them. Each is replaced before the first request and after it; by a function, and by an object with
`__get__`, as wrapt makes it.
"""

import functools
import importlib
from types import FunctionType

import flask
import flask.views
import pytest
import wrapt
from werkzeug.test import EnvironBuilder

# Replaced by: D ddtrace; S ddtrace with DD_IAST_ENABLED; N New Relic; Y Sentry; E Elastic APM;
# X AWS X-Ray. What the others replace belongs to one application: see the end of the file.

# Names that are called while a request is answered, and a request that goes through each.
CALLED = {
    "flask:Flask.__call__": "GET /",  # Y
    "flask:Flask.wsgi_app": "GET /",  # D N
    "flask:Flask.dispatch_request": "GET /",  # D
    "flask:Flask.preprocess_request": "GET /",  # D N
    "flask:Flask.finalize_request": "GET /",  # D
    "flask:Flask.process_response": "GET /",  # D N
    "flask:Flask.do_teardown_request": "GET /",  # D N
    "flask:Flask.do_teardown_appcontext": "GET /",  # D N
    "flask:Flask.handle_user_exception": "GET /crash",  # D N
    "flask:Flask.handle_exception": "GET /crash",  # D N
    "flask:Flask.handle_http_exception": "GET /missing",  # D N
    "flask:Flask.send_static_file": "GET /static/file.txt",  # D
    "flask:after_this_request": "GET /later",  # D
    "flask:jsonify": "GET /json",  # D
    "flask:redirect": "GET /redirect",  # S
    "flask:render_template": "GET /template",  # D
    "flask:render_template_string": "GET /text",  # D S
    "flask:send_file": "GET /file",  # D
    "flask:Response.set_cookie": "GET /session",  # S
    "flask.templating:_render": "GET /template",  # D X
    "flask.templating:render_template": "GET /templating",  # N
    "flask.templating:render_template_string": "GET /templating",  # N
    "jinja2:Template.render": "GET /template",  # D N E
    "jinja2:Template.generate": "GET /stream",  # D
    "jinja2:Environment.compile": "GET /text",  # D N
    "jinja2:Environment._load_template": "GET /template",  # D
    "werkzeug.datastructures:EnvironHeaders.__getitem__": "GET /headers",  # S
    "werkzeug.datastructures:EnvironHeaders.get": "GET /headers",  # S
    "werkzeug.datastructures:Headers.items": "GET /headers",  # S
    "werkzeug.datastructures:Headers.add": "GET /adds",  # S
    "werkzeug.datastructures:Headers.set": "GET /adds",  # S
    "werkzeug.datastructures:ImmutableMultiDict.__getitem__": "GET /arguments?a=1",  # S
    "werkzeug.wrappers.request:Request.__init__": "GET /",  # S
    "werkzeug.wrappers.request:Request.get_data": "POST /data",  # S
    "werkzeug.wrappers.request:Request.get_json": "POST /data",  # S
}

# Methods that register a function, and a request for which that function is called.
REGISTERING = {
    "flask:Flask.add_url_rule": "GET /",  # D N
    "flask:Flask.endpoint": "GET /named",  # D N
    "flask:Flask.register_error_handler": "GET /teapot",  # D N
    "flask:Flask.before_request": "GET /",  # D N
    "flask:Flask.after_request": "GET /",  # D N
    "flask:Flask.teardown_request": "GET /",  # D N
    "flask:Flask.teardown_appcontext": "GET /",  # D N
    "flask:Blueprint.endpoint": "GET /shop/named",  # N
    "flask:Blueprint.before_request": "GET /shop/",  # D N
    "flask:Blueprint.after_request": "GET /shop/",  # D N
    "flask:Blueprint.teardown_request": "GET /shop/",  # D N
    "flask:Blueprint.before_app_request": "GET /",  # D N
    "flask:Blueprint.after_app_request": "GET /",  # D N
    "flask:Blueprint.teardown_app_request": "GET /",  # D N
}

# Signals whose `receivers_for` ddtrace replaces.
SIGNALS = {
    "appcontext_popped": "GET /",
    "appcontext_pushed": "GET /",
    "appcontext_tearing_down": "GET /",
    "before_render_template": "GET /template",
    "got_request_exception": "GET /crash",
    "message_flashed": "GET /flash",
    "request_finished": "GET /",
    "request_started": "GET /",
    "request_tearing_down": "GET /",
    "template_rendered": "GET /template",
}


@pytest.fixture
def make_app(tmp_path, write):
    """Make a program in which requests go through each of the names above."""

    def make_app():
        app = flask.Flask("program", root_path=str(tmp_path))
        app.config.update(SECRET_KEY="test key", PROPAGATE_EXCEPTIONS=False)
        app.logger.disabled = True
        register(app)
        return app

    write("templates/page.html", "page")
    write("static/file.txt", "file")
    return make_app


def crash():
    raise ValueError("on purpose")


def later():
    flask.after_this_request(lambda response: response)
    return "later"


def session():
    flask.session["key"] = "value"
    return "session"


def flash():
    flask.flash("message")
    return "flash"


def templating():
    page = flask.templating.render_template("page.html")
    return page + flask.templating.render_template_string("text")


def headers():
    given = flask.request.headers
    return f"{given['Host']} {given.get('Host')} {list(given.items())}"


def adds():
    response = flask.make_response("adds")
    response.headers.add("X-Added", "1")
    response.headers.set("X-Set", "1")
    return response


VIEWS = {
    "/": lambda: "index",
    "/adds": adds,
    "/arguments": lambda: flask.request.args["a"],
    "/crash": crash,
    "/data": lambda: f"{flask.request.get_json()} {flask.request.get_data()}",
    "/file": lambda: flask.send_file("static/file.txt"),
    "/flash": flash,
    "/headers": headers,
    "/json": lambda: flask.jsonify(1),
    "/later": later,
    "/redirect": lambda: flask.redirect("/"),
    "/session": session,
    "/stream": lambda: flask.stream_template("page.html"),
    "/teapot": lambda: flask.abort(418),
    "/template": lambda: flask.render_template("page.html"),
    "/templating": templating,
    "/text": lambda: flask.render_template_string("{{ 1 }}"),
}


def register(app):
    for rule, view in VIEWS.items():
        app.add_url_rule(rule, rule, view, methods=["GET", "POST"])
    app.add_url_rule("/named", endpoint="named")
    app.endpoint("named")(lambda: "named")
    app.errorhandler(418)(lambda error: ("tea", 418))
    register_hooks(app)
    app.teardown_appcontext(lambda error: None)
    shop = flask.Blueprint("shop", __name__, url_prefix="/shop")
    shop.add_url_rule("/", "index", lambda: "shop")
    shop.add_url_rule("/named", endpoint="named")
    shop.endpoint("shop.named")(lambda: "named")
    register_hooks(shop)
    shop.before_app_request(lambda: None)
    shop.after_app_request(lambda response: response)
    shop.teardown_app_request(lambda error: None)
    app.register_blueprint(shop)


def register_hooks(scaffold):
    scaffold.before_request(lambda: None)
    scaffold.after_request(lambda response: response)
    scaffold.teardown_request(lambda error: None)


def ask(app, target):
    """Send ``GET /path`` as a server does: a test client calls some of the names itself."""
    method, path = target.split()
    builder = EnvironBuilder(path, method=method, json={"a": 1} if method == "POST" else None)
    environ, status = builder.get_environ(), []
    body = app(environ, lambda *args: status.append(args[0]))
    try:
        return status[0], b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()


class Replacing:
    """Replaces names, and records the calls of what took their place.

    :param wrap: ``wrap(original, wrapper)`` gives what takes the place of a function. The
        wrapper has the parameters of wrapt's: the function, its object, and the arguments.
    """

    def __init__(self, monkeypatch, wrap):
        self.monkeypatch = monkeypatch
        self.wrap = wrap
        self.calls = []

    def replace(self, name, wrapper=None):
        module, _, path = name.partition(":")
        *owners, attribute = path.split(".")
        owner = functools.reduce(getattr, owners, importlib.import_module(module))
        original = vars(owner).get(attribute) or getattr(owner, attribute)
        replacement = self.wrap(original, wrapper or self.count(name))
        self.monkeypatch.setattr(owner, attribute, replacement)

    def count(self, name):
        def wrapper(wrapped, instance, args, kwargs):
            self.calls.append(name)
            return wrapped(*args, **kwargs)

        return wrapper

    def count_registered(self, name):
        """A wrapper that counts the calls of the functions that are registered."""

        def wrapper(wrapped, instance, args, kwargs):
            named = dict(kwargs)
            values = list(args)
            for holder, keys in ((values, range(len(values))), (named, list(named))):
                for key in keys:
                    if type(holder[key]) is FunctionType:
                        holder[key] = wrapt.FunctionWrapper(holder[key], self.count(name))
            registered = wrapped(*values, **named)
            if name.endswith(".endpoint"):  # a decorator
                return lambda f: registered(wrapt.FunctionWrapper(f, self.count(name)))
            return registered

        return wrapper


def plainly(original, wrapper):
    def replacement(*args, **kwargs):
        return wrapper(original, None, args, kwargs)

    return replacement


@pytest.fixture(params=[plainly, wrapt.FunctionWrapper], ids=["function", "wrapt"])
def replacing(request, monkeypatch):
    return Replacing(monkeypatch, request.param)


@pytest.mark.parametrize("is_first", [True, False], ids=["first request", "later request"])
@pytest.mark.parametrize("name", CALLED)
def test_a_replaced_function_is_called(name, is_first, replacing, make_app):
    target = CALLED[name]
    usual = ask(make_app(), target)
    app = make_app()
    if not is_first:
        ask(app, target)
        app.jinja_env.cache.clear()

    replacing.replace(name)

    assert ask(app, target) == usual
    assert replacing.calls
    replacing.monkeypatch.undo()
    replacing.calls.clear()
    assert ask(app, target) == usual
    assert not replacing.calls


@pytest.mark.parametrize("name", REGISTERING)
def test_a_function_that_a_replaced_method_registers_is_called(name, replacing, make_app):
    usual = ask(make_app(), REGISTERING[name])

    replacing.replace(name, replacing.count_registered(name))

    assert ask(make_app(), REGISTERING[name]) == usual
    assert replacing.calls


def test_the_making_of_an_application_can_be_replaced(replacing, make_app):
    def connect(wrapped, instance, args, kwargs):  # Elastic APM
        wrapped(*args, **kwargs)
        app = args[0] if instance is None else instance
        app.before_request(lambda: replacing.calls.append(app.name))

    replacing.replace("flask:Flask.__init__", connect)

    assert ask(make_app(), "GET /") == ("200 OK", b"index")
    assert replacing.calls == ["program"]


def test_a_view_of_a_class_is_the_function_that_a_replaced_as_view_gives(replacing, make_app):
    class Thing(flask.views.MethodView):
        def get(self):
            return "thing"

    def name_it(wrapped, instance, args, kwargs):  # New Relic
        view = wrapped(*args[1:], **kwargs) if instance is None else wrapped(*args, **kwargs)
        view.name_for_tool = f"{view.__module__}:{view.__name__}"
        return view

    original = flask.views.View.__dict__["as_view"]
    if replacing.wrap is plainly:

        def as_view(cls, *args, **kwargs):
            return name_it(original.__get__(None, cls), cls, args, kwargs)

        replacing.monkeypatch.setattr(flask.views.View, "as_view", classmethod(as_view))
    else:
        replacing.replace("flask.views:View.as_view", name_it)
    app = make_app()
    app.add_url_rule("/thing", view_func=Thing.as_view("thing"))

    assert app.view_functions["thing"].name_for_tool == f"{__name__}:thing"
    assert ask(app, "GET /thing") == ("200 OK", b"thing")


@pytest.mark.parametrize("is_first", [True, False], ids=["first request", "later request"])
@pytest.mark.parametrize("name", SIGNALS)
def test_a_receiver_is_wrapped_by_a_replaced_receivers_for(name, is_first, make_app, monkeypatch):
    signal, seen = getattr(flask, name), []
    app = make_app()
    usual = ask(make_app(), SIGNALS[name])
    if not is_first:
        ask(app, SIGNALS[name])

    def receivers_for(wrapped, instance, args, kwargs):
        for receiver in wrapped(*args, **kwargs):
            yield wrapt.FunctionWrapper(receiver, note)

    def note(wrapped, instance, args, kwargs):
        seen.append("wrapper")
        return wrapped(*args, **kwargs)

    def receive(sender, **values):
        seen.append("receiver")

    monkeypatch.setattr(
        signal, "receivers_for", wrapt.FunctionWrapper(signal.receivers_for, receivers_for)
    )
    with signal.connected_to(receive, app):
        assert ask(app, SIGNALS[name]) == usual

    assert seen[:2] == ["wrapper", "receiver"]


# What OpenTelemetry, AWS X-Ray, flask-profiler and Flask-Injector do to one application


@pytest.fixture(params=["first request", "later request"])
def app(request, make_app):
    app = make_app()
    if request.param == "later request":
        ask(app, "GET /")
        app._got_first_request = False  # as before it: these tools are used then
    return app


def test_an_application_is_instrumented_and_the_instruments_are_taken_out(app):
    steps = []

    def before():
        steps.append("before")

    def teardown(error):
        steps.append("teardown")

    def wsgi_app(environ, start_response):
        def start(status, fields, *args):
            steps.append(f"start {status} {flask.request.path}")
            return start_response(status, fields, *args)

        return original(environ, start)

    original, app.wsgi_app = app.wsgi_app, wsgi_app
    app.before_request(before)
    app.teardown_request(teardown)
    assert ask(app, "GET /") == ("200 OK", b"index")
    assert steps == ["before", "start 200 OK /", "teardown"]

    app.wsgi_app = original
    app.before_request_funcs[None].remove(before)
    app.teardown_request_funcs[None].remove(teardown)
    assert ask(app, "GET /") == ("200 OK", b"index")
    assert len(steps) == 3


def test_a_class_in_the_place_of_flask_s_is_what_programs_make(make_app, monkeypatch):
    class Instrumented(flask.Flask):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.before_request(lambda: "instrumented")

    monkeypatch.setattr(flask, "Flask", Instrumented)

    assert ask(make_app(), "GET /") == ("200 OK", b"instrumented")


def test_a_render_function_with_parameters_of_flask_2_1_is_called(app, monkeypatch):
    names = []
    original = flask.templating._render

    def render(template, context, app):
        names.append(getattr(template, "name", template))
        return original(template, context, app)

    monkeypatch.setattr(flask.templating, "_render", render)

    assert ask(app, "GET /template") == ("200 OK", b"page")
    assert len(names) == 1


def test_views_are_replaced_one_by_one_in_a_loop(app):
    called = []

    def wrap(view):
        @functools.wraps(view)
        def wrapper(*args, **kwargs):
            called.append(str(flask.request.url_rule))
            return view(*args, **kwargs)

        return wrapper

    for endpoint, view in app.view_functions.items():
        app.view_functions[endpoint] = wrap(view)

    assert ask(app, "GET /") == ("200 OK", b"index")
    assert ask(app, "GET /shop/") == ("200 OK", b"shop")
    assert ask(app, "GET /static/file.txt") == ("200 OK", b"file")
    assert called == ["/", "/shop/", "/static/<path:filename>"]


def test_the_arguments_of_a_class_are_read_out_of_its_view():
    class Thing(flask.views.View):
        def __init__(self, *args, **kwargs):
            """Takes any arguments."""

    view = Thing.as_view("thing", 1, key=2)
    cells = (cell.cell_contents for cell in view.__closure__)
    closure = dict(zip(view.__code__.co_freevars, cells, strict=True))

    assert closure["class_args"] == (1,)
    assert closure["class_kwargs"] == {"key": 2}
    assert view.view_class is Thing
