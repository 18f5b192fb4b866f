"""The path of one request: Python calls, their files, jumps between files.

The ceilings keep the way of a request short enough to read in one sitting. A change that
lengthens it should find what to leave out, or say here why the way is longer. Where a comment has
a goal, it has not been reached yet. A failing test prints the whole way.
"""

import gc
import io
import sys
from typing import NamedTuple

import blinker
import pytest

import retort
import retort.signals
from retort import abort, redirect, request, session, url_for


def environ_of(path, form=None, cookie=None):
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:5000",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(form or b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if form is not None:
        environ["REQUEST_METHOD"] = "POST"
        environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
        environ["CONTENT_LENGTH"] = str(len(form))
    if cookie is not None:
        environ["HTTP_COOKIE"] = cookie
    return environ


class Path:
    """The calls of one run, as (file of the caller, file of the called, function)."""

    def __init__(self):
        self.calls = []

    def __call__(self, frame, event, argument):
        if event == "call":
            caller = frame.f_back.f_code.co_filename if frame.f_back else None
            self.calls.append((caller, frame.f_code.co_filename, frame.f_code.co_name))

    @property
    def files(self):
        return {file for _, file, _ in self.calls if file != __file__}

    @property
    def jumps(self):
        return sum(caller != file for caller, file, _ in self.calls)

    def __str__(self):
        numbers = f"{len(self.calls)} calls, {len(self.files)} files, {self.jumps} jumps"
        way = [f"{'/'.join(file.split('/')[-2:])}: {name}" for _, file, name in self.calls]
        return "\n".join(["", *way, numbers])


# Programs


def plain():
    return retort.Flask("plain")


def with_hooks():
    app = retort.Flask("hooks")

    @app.before_request
    def before():
        pass

    @app.after_request
    def after(response):
        return response

    @app.teardown_request
    def teardown(error):
        pass

    return app


def with_replaced_method():
    class Replacing(retort.Flask):
        def process_response(self, response):
            return super().process_response(response)

    return Replacing("replaced")


def add_views(app):
    app.secret_key = "secret"

    @app.get("/text")
    def text():
        return "hello"

    @app.get("/user/<int:id>")
    def user(id):
        return {"id": id}

    @app.post("/login")
    def login():
        return redirect(url_for("welcome", name=request.form["name"]))

    @app.get("/welcome/<name>")
    def welcome(name):
        return name

    @app.get("/count")
    def count():
        session["count"] = session.get("count", 0) + 1
        return str(session["count"])

    @app.get("/gone")
    def gone():
        abort(404)


class Trip(NamedTuple):
    """A request, the view and the content it has, and how far it may travel."""

    ceilings: tuple[int, int, int]  # calls, files, jumps between files
    path: str
    view: str
    content: bytes
    status: str = "200 OK"
    form: bytes | None = None
    keeps_cookie: bool = False
    program: object = plain


TRIPS = {
    "a text": Trip((20, 9, 11), "/text", "text", b"hello"),
    "a dict": Trip((20, 9, 11), "/user/7", "user", b'{"id":7}\n'),
    "hooks": Trip((30, 10, 16), "/user/7", "user", b'{"id":7}\n', program=with_hooks),
    "a form that redirects": Trip(
        (36, 14, 24), "/login", "login", b"/welcome/Ada", "302 FOUND", b"name=Ada"
    ),
    "a new session": Trip((79, 17, 38), "/count", "count", b"1"),  # goal: 60, 16, 32
    "a session counter": Trip(  # goal: 60 calls, 16 files, 32 jumps
        (100, 21, 48), "/count", "count", b"", keeps_cookie=True
    ),
    "abort(404)": Trip((45, 12, 26), "/gone", "gone", b"<h1>Not Found</h1>", "404 NOT FOUND"),
    "a replaced method": Trip(
        (30, 10, 16), "/user/7", "user", b'{"id":7}\n', program=with_replaced_method
    ),
}


@pytest.fixture(autouse=True)
def no_receivers(monkeypatch):
    for signal in vars(retort.signals).values():  # other tests may have left a listener
        if isinstance(signal, blinker.Signal):
            monkeypatch.setattr(signal, "receivers", {})


@pytest.fixture(params=TRIPS.values(), ids=TRIPS)
def trip(request):
    return request.param


@pytest.fixture
def path(trip):
    app = trip.program()
    add_views(app)
    sent = []

    def start_response(status, headers, exc_info=None):
        sent[:] = status, dict(headers)

    cookie = None
    for _ in range(2):  # what is done once is done here
        app(environ_of(trip.path, trip.form, cookie), start_response)
        if trip.keeps_cookie:
            cookie = sent[1]["Set-Cookie"].partition(";")[0]

    path = Path()
    environ = environ_of(trip.path, trip.form, cookie)
    before = sys.getprofile()
    gc.disable()  # it has callbacks, of Hypothesis for one
    sys.setprofile(path)
    try:
        body = app(environ, start_response)
    finally:
        sys.setprofile(before)
        gc.enable()
    assert sent[0] == trip.status
    assert trip.content in b"".join(body)
    return path


def test_a_request_takes_few_calls(trip, path):
    assert len(path.calls) <= trip.ceilings[0], str(path)


def test_a_request_visits_few_files(trip, path):
    assert len(path.files) <= trip.ceilings[1], str(path)


def test_a_request_jumps_between_files_rarely(trip, path):
    assert path.jumps <= trip.ceilings[2], str(path)


def test_the_view_is_on_the_path(trip, path):  # so that the ceilings are about a real request
    assert (__file__, trip.view) in {(file, name) for _, file, name in path.calls}


def test_a_whole_body_is_handed_to_the_server_as_a_list():
    response = retort.Response("hello")
    body = response({"REQUEST_METHOD": "GET"}, lambda *_: None)
    assert body == [b"hello"]
    assert type(body) is list
