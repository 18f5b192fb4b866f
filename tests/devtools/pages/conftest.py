"""An application under the debugger, called without a server."""

import pytest
import werkzeug.test

import retort
from retort.devtools import with_debugger

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.fixture
def app():
    app = retort.Flask("shop")
    app.debug = True
    app.config["SECRET_KEY"] = "a key"
    return app


class Reader(werkzeug.test.Client):
    """A browser, by default on this machine."""

    def open(self, *args, **options):
        options.setdefault("headers", {"Accept": BROWSER})
        options["environ_overrides"] = {
            "REMOTE_ADDR": "127.0.0.1",
            **options.get("environ_overrides", {}),
        }
        return super().open(*args, **options)


@pytest.fixture
def reader(app):
    return Reader(with_debugger(app, console=True))


@pytest.fixture
def reader_of():
    """A reader of any WSGI application: `reader_of(app, console=False)`."""

    def reader_of(app, *, console=True):
        return Reader(with_debugger(app, console=console))

    return reader_of
