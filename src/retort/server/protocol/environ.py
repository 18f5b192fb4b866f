"""Convert Granian's ASGI scope to the ``environ`` of PEP 3333.

Header values, path and query are bytes in the scope and are decoded as latin-1. Requests are
validated in `validation.py`, and bodies are read in `request_body.py`.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ...gateways.fields import FieldNames
from ...lifecycle.deferred import MAY_DEFER

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_PROTOCOLS = {"1": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


class EnvironFactory(FieldNames):
    """Makes the environ of each request.

    :param is_multiprocess: the value of ``wsgi.multiprocess``.
    :param is_multithread: the value of ``wsgi.multithread``.
    :param deferring: the application from which the server awaits a `Deferred`, if there is one.
    """

    def __init__(
        self, *, is_multiprocess: bool, is_multithread: bool, deferring: object = None
    ) -> None:
        super().__init__()
        self.deferring = deferring
        self.is_multiprocess = is_multiprocess
        self.is_multithread = is_multithread
        self.common: dict[str, Any] = {}

    # PERF: this runs for every request.
    def make(self, scope: dict[str, Any]) -> WSGIEnvironment:
        """The environ of one request, with an empty input."""
        environ = self.entries(scope["headers"])
        environ.update(self.common or self.make_common(scope))
        raw_path, query = scope["raw_path"], scope["query_string"].decode("latin-1")
        path = raw_path.decode("latin-1")
        # The unmodified request target, as in Werkzeug's server and gunicorn.
        environ["RAW_URI"] = environ["REQUEST_URI"] = f"{path}?{query}" if query else path
        if "%" in path:
            path = unquote_to_bytes(raw_path).decode("latin-1")
        environ["PATH_INFO"] = path
        environ["QUERY_STRING"] = query
        environ["REQUEST_METHOD"] = scope["method"]
        environ["SERVER_PROTOCOL"] = _PROTOCOLS[scope["http_version"]]
        environ["wsgi.url_scheme"] = scope["scheme"]
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = scope["client"]
        environ["wsgi.input"] = io.BytesIO()
        return environ

    def make_common(self, scope: dict[str, Any]) -> dict[str, Any]:
        """The entries that all requests share; the first request provides the server's address."""
        name, port = scope["server"]
        self.common = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": name,
            "SERVER_PORT": port,
            "SERVER_SOFTWARE": "Granian",
            "wsgi.errors": sys.stderr,
            # The input ends with the body, so Werkzeug need not limit it.
            "wsgi.input_terminated": True,
            "wsgi.multiprocess": self.is_multiprocess,
            "wsgi.multithread": self.is_multithread,
            "wsgi.run_once": False,
            "wsgi.version": (1, 0),
            **({} if self.deferring is None else {MAY_DEFER: self.deferring}),
        }
        return self.common
