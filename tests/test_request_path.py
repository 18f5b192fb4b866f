"""How far one request travels: Python calls, the files they are in, jumps between files.

The ceilings keep the path of a request short enough to read in one sitting. A change that
lengthens it should find what to leave out, or say here why the path is longer.
"""

import io
import sys

import blinker
import pytest

import retort
import retort.signals

CALLS, FILES, JUMPS = 45, 10, 20


def environ_of(path):
    return {
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
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


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
        return "\n".join(f"{file.rsplit('/', 1)[-1]}: {name}" for _, file, name in self.calls)


@pytest.fixture
def path(monkeypatch):
    for signal in vars(retort.signals).values():  # other tests may have left a listener
        if isinstance(signal, blinker.Signal):
            monkeypatch.setattr(signal, "receivers", {})
    app = retort.Flask("path")

    @app.get("/user/<int:id>")
    def user(id):
        return {"id": id}

    status_lines = []

    def start_response(status, headers, exc_info=None):
        status_lines.append(status)

    body = app(environ_of("/user/6"), start_response)  # what is done once is done here
    assert b"".join(body) == b'{"id":6}\n'

    path = Path()
    environ = environ_of("/user/7")
    before = sys.getprofile()
    sys.setprofile(path)
    try:
        body = app(environ, start_response)
    finally:
        sys.setprofile(before)
    assert status_lines[-1] == "200 OK"
    assert body == [b'{"id":7}\n']
    return path


def test_a_request_takes_few_calls(path):
    assert len(path.calls) <= CALLS, str(path)


def test_a_request_visits_few_files(path):
    assert len(path.files) <= FILES, "\n".join(sorted(path.files))


def test_a_request_jumps_between_files_rarely(path):
    assert path.jumps <= JUMPS, str(path)


def test_the_view_is_on_the_path(path):  # so that the ceilings are about a real request
    assert (__file__, "user") in {(file, name) for _, file, name in path.calls}


def test_a_whole_body_is_handed_to_the_server_as_a_list():
    response = retort.Response("hello")
    body = response({"REQUEST_METHOD": "GET"}, lambda *_: None)
    assert body == [b"hello"]
    assert type(body) is list
