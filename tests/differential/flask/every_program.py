"""Serve all programs in one process: a request names its program in the header field X-Program.

``wsgi`` and ``asgi`` are the applications; run as a script, Werkzeug's server serves ``wsgi``.
``one`` is the program that the environment variable PROGRAM names.
"""

import importlib
import os
import sys
import threading
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import retort.as_flask

retort.as_flask.install()

recorder = importlib.import_module("recorder")

_apps = {}
_lock = threading.Lock()


def app_of(name):
    """The application of a program, made for its first request."""
    with _lock:
        if name not in _apps:
            _apps[name] = recorder.load(name).create_app()
        return _apps[name]


def dispatch(environ, start_response):
    return app_of(environ.pop("HTTP_X_PROGRAM"))(environ, start_response)


wsgi = retort.Flask("every program")
wsgi.wsgi_app = dispatch

one = app_of(os.environ["PROGRAM"]) if "PROGRAM" in os.environ else None


async def asgi(scope, receive, send):
    """The ASGI application."""
    if scope["type"] != "http":
        return
    names = [value for name, value in scope["headers"] if name == b"x-program"]
    fields = [field for field in scope["headers"] if field[0] != b"x-program"]
    await app_of(names[0].decode()).asgi({**scope, "headers": fields}, receive, send)


def main():
    from werkzeug.serving import run_simple

    run_simple("127.0.0.1", int(sys.argv[1]), wsgi, threaded=True)


if __name__ == "__main__":
    main()
