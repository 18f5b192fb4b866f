"""The app as a bare WSGI callable: odd environs, apps inside apps, the close of bodies."""

from io import BytesIO

from flask import Flask, current_app, g, has_request_context, request, stream_with_context
from steps import note
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

ENVIRON = {
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "",
    "PATH_INFO": "/",
    "QUERY_STRING": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "localhost",
    "wsgi.version": (1, 0),
    "wsgi.url_scheme": "http",
    "wsgi.multithread": True,
    "wsgi.multiprocess": False,
    "wsgi.run_once": False,
}
CHANGES = [
    {},
    {"PATH_INFO": ""},
    {"PATH_INFO": None},
    {"PATH_INFO": "no-slash"},
    {"PATH_INFO": "/user/\xc3\xa4"},
    {"PATH_INFO": "/user/\xff"},
    {"PATH_INFO": "/user/a b"},
    {"PATH_INFO": "/user/\x00"},
    {"PATH_INFO": "/user/" + "x" * 5000},
    {"PATH_INFO": "//user/x"},
    {"PATH_INFO": "/folder", "QUERY_STRING": "a=\xc3\xa4&b=%20"},
    {"SCRIPT_NAME": "/mounted"},
    {"SCRIPT_NAME": "/mounted/", "PATH_INFO": "/folder"},
    {"SCRIPT_NAME": None},
    {"QUERY_STRING": None},
    {"QUERY_STRING": "\xff=\xfe"},
    {"HTTP_HOST": None},
    {"HTTP_HOST": ""},
    {"HTTP_HOST": "a,b"},
    {"HTTP_HOST": "example.org:443", "wsgi.url_scheme": "https"},
    {"HTTP_HOST": "xn--bcher-kva.example"},
    {"HTTP_HOST": "b\xfccher.example"},
    {"HTTP_HOST": None, "SERVER_NAME": "server", "SERVER_PORT": "8080"},
    {"REQUEST_METHOD": "HEAD"},
    {"REQUEST_METHOD": "HEAD", "PATH_INFO": "/nowhere"},
    {"REQUEST_METHOD": "OPTIONS"},
    {"SERVER_PROTOCOL": None, "wsgi.multithread": None},
    {"REQUEST_METHOD": "POST", "PATH_INFO": "/form"},
    {"HTTP_X_OWN": "a\xff", "PATH_INFO": "/headers"},
    {
        "HTTP_COOKIE": "a=b",
        "CONTENT_TYPE": "text/x",
        "CONTENT_LENGTH": "0",
        "PATH_INFO": "/headers",
    },
]


def create_app():
    app = Flask(__name__)

    @app.route("/")
    def index():
        return f"index {request.url} {request.script_root}"

    @app.route("/user/<name>")
    def user(name):
        return {"name": name, "path": request.path}

    @app.route("/folder/")
    def folder():
        return "folder"

    @app.route("/form", methods=["POST"])
    def form():
        return {"form": request.form, "json": request.get_json(silent=True)}

    @app.route("/headers")
    def headers():
        return sorted(map(list, request.headers.items()))

    @app.route("/stream")
    def stream():
        def generate():
            try:
                yield "a"
                yield "b"
            finally:
                note("generator closed", has_request_context())

        return stream_with_context(generate())

    app.teardown_request(lambda error: note("teardown"))
    return app


def called(app, **changes):
    """Status, headers and body, as a server gets them."""
    environ = {**ENVIRON, "wsgi.input": BytesIO(), "wsgi.errors": None, **changes}
    environ = {name: value for name, value in environ.items() if value is not None}
    started = []
    try:
        body = app(
            environ, lambda status, headers, exc_info=None: started.append([status, headers])
        )
        pieces = list(body)
        if hasattr(body, "close"):
            body.close()
    except Exception as error:
        return [type(error).__name__, started]
    return [[status, sorted(map(shown, headers))] for status, headers in started], pieces


def shown(header):
    name, value = header
    return [name, ", ".join(sorted(value.split(", "))) if name == "Allow" else value]


def odd_environs(app, client):
    return {str(changes): called(app, **changes) for changes in CHANGES}


def a_handshake_for_a_page(app, client):
    return called(app, HTTP_UPGRADE="websocket", HTTP_CONNECTION="Upgrade")


def closed_early(app, client):
    environ = {**ENVIRON, "PATH_INFO": "/stream", "wsgi.input": BytesIO()}
    body = iter(app(environ, lambda *args: None))
    first = next(body)
    note("closing")
    body.close()
    return first


def closed_unread(app, client):
    environ = {**ENVIRON, "PATH_INFO": "/stream", "wsgi.input": BytesIO()}
    app(environ, lambda *args: None).close()
    return has_request_context()


def what_is_left_in_the_environ(app, client):
    environ = {**ENVIRON, "wsgi.input": BytesIO()}
    app(environ, lambda *args: None)
    return sorted(name for name in environ if name not in ENVIRON and name.islower())


def behind_a_proxy(app, client):
    app.wsgi_app = ProxyFix(app.wsgi_app, x_for=1, x_proto=1, x_host=1, x_prefix=1)
    try:
        return called(
            app,
            HTTP_X_FORWARDED_PROTO="https",
            HTTP_X_FORWARDED_HOST="public.example",
            HTTP_X_FORWARDED_PREFIX="/below",
        )
    finally:
        app.wsgi_app = app.wsgi_app.app


def apps_beside_each_other(app, client):
    other = Flask("other")
    other.add_url_rule("/", "index", lambda: f"other {request.script_root}")
    both = DispatcherMiddleware(app, {"/other": other})
    return called(both), called(both, PATH_INFO="/other/"), called(both, PATH_INFO="/other")


def apps_inside_each_other(app, client):
    other = Flask("inner")
    other.add_url_rule("/", "index", lambda: f"{current_app.name} {g.get('mark')} {request.path}")
    outer = Flask("outer")

    @outer.route("/outer")
    def ask_other():
        g.mark = "outer's"
        inner = other.test_client().get("/").text
        again = outer.test_client().get("/again").text
        return [inner, again, current_app.name, g.mark, request.path]

    @outer.route("/again")
    def again():
        seen = g.get("mark")
        g.mark = "again's"
        return f"{seen} {request.path}"

    return outer.test_client().get("/outer").json


def the_app_as_a_view_value(app, client):
    outer = Flask("outer")
    outer.add_url_rule("/<path:rest>", "all", lambda rest: app)
    outer.add_url_rule("/", "index", lambda: app.wsgi_app)
    return [outer.test_client().get(path).text for path in ("/", "/user/ada", "/nowhere")]


def start_response_that_fails(app, client):
    def start_response(status, headers, exc_info=None):
        raise LookupError

    try:
        app({**ENVIRON, "wsgi.input": BytesIO()}, start_response)
    except LookupError:
        return has_request_context()


STEPS = [
    odd_environs,
    a_handshake_for_a_page,
    closed_early,
    closed_unread,
    what_is_left_in_the_environ,
    behind_a_proxy,
    apps_beside_each_other,
    apps_inside_each_other,
    the_app_as_a_view_value,
    start_response_that_fails,
]
