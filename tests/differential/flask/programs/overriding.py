"""Every step of a request, replaced in a subclass or on the object, before and after serving."""

from flask import Flask, abort, request
from steps import get, note

METHODS = """
    wsgi_app full_dispatch_request preprocess_request dispatch_request make_response
    process_response finalize_request do_teardown_request do_teardown_appcontext
    handle_user_exception handle_http_exception handle_exception raise_routing_exception
    make_default_options_response request_context app_context
    log_exception ensure_sync should_ignore_error inject_url_defaults
    update_template_context url_for redirect trap_http_exception open_resource
    auto_find_instance_path make_config make_aborter create_global_jinja_loader
""".split()
PATHS = ("/", "/boom", "/abort", "/nowhere", "/folder")


def add_views(app):
    @app.route("/")
    def index():
        return "index"

    @app.route("/boom")
    def boom():
        raise ZeroDivisionError

    @app.route("/abort")
    def aborted():
        abort(409)

    @app.route("/folder/")
    def folder():
        return "folder"

    return app


def noting(name, method, is_method=True):
    def wrapper(*args, **kwargs):
        given = args[1:] if is_method else args
        note(name, [type(one).__name__ for one in given], sorted(kwargs))
        return method(*args, **kwargs)

    return wrapper


class Traced(Flask):
    """Notes each call of a step."""


for method_name in METHODS:
    if hasattr(Flask, method_name):
        setattr(Traced, method_name, noting(method_name, getattr(Flask, method_name)))


def create_app():
    return add_views(Traced(__name__))


def replaced_on_the_object(app, client):
    seen = {}
    for name in METHODS:
        other = add_views(Flask("x"))
        client = other.test_client()
        client.get("/")
        note("replacing", name)
        setattr(other, name, noting(name, getattr(other, name), is_method=False))
        seen[name] = [client.get(path).status_code for path in PATHS]
    return seen


def replaced_on_the_class_later(app, client):
    class Own(Flask):
        pass

    other = add_views(Own("x"))
    client = other.test_client()
    seen = [client.get("/").text]
    Own.dispatch_request = lambda self: "replaced"
    seen.append(client.get("/").text)
    del Own.dispatch_request
    return [*seen, client.get("/").text]


def adapters(app, client):
    other = add_views(Flask("x"))
    other.create_url_adapter = noting("adapter", other.create_url_adapter, is_method=False)
    return [other.test_client().get(path).status_code for path in PATHS]


def middleware(app, client):
    class Prefix:
        def __init__(self, application):
            self.application = application

        def __call__(self, environ, start_response):
            environ["SCRIPT_NAME"] = "/mounted"
            return self.application(environ, start_response)

    other = add_views(Flask("x"))
    other.add_url_rule("/where", "where", lambda: f"{request.script_root} {other.url_for('index')}")
    other.wsgi_app = Prefix(other.wsgi_app)
    return other.test_client().get("/where").text, callable(other)


def dispatching_otherwise(app, client):
    other = add_views(Flask("x"))
    other.dispatch_request = lambda: f"instead {request.path}"
    other.make_response = lambda value: Flask.make_response(other, f"made of {value}")
    return [other.test_client().get(path).text for path in PATHS]


def errors_handled_otherwise(app, client):
    class Own(Flask):
        def handle_user_exception(self, e):
            return f"user {type(e).__name__}", 500

        def handle_exception(self, e):
            return self.make_response((f"all {type(e).__name__}", 500))

    other = add_views(Own("x"))
    other.before_request(lambda: 1 / 0 if request.args else None)
    return [other.test_client().get(path).text for path in (*PATHS, "/?x")]


def a_dispatch_that_raises(app, client):
    class Own(Flask):
        def full_dispatch_request(self):
            raise LookupError

    other = add_views(Own("x"))
    return other.test_client().get("/").status_code


def the_object_is_called(app, client):
    other = add_views(Flask("x"))
    started = []
    environ = Flask("y").test_request_context("/").request.environ
    body = other(environ, lambda status, headers: started.append([status, sorted(headers)]))
    return started, b"".join(body)


STEPS = [
    *(get(path) for path in PATHS),
    replaced_on_the_object,
    replaced_on_the_class_later,
    adapters,
    middleware,
    dispatching_otherwise,
    errors_handled_otherwise,
    a_dispatch_that_raises,
    the_object_is_called,
]
