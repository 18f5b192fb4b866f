"""Convert Granian's ASGI scope to the ``environ`` of PEP 3333.

Header values, path and query are bytes in the scope and are decoded as latin-1. Requests are
validated in `validation.py`, and bodies are read in `request_body.py`.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from ...lifecycle.deferred import MAY_DEFER

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Clients choose the field names, so the cache is limited.
_MAX_CACHED_NAMES = 512
_MAX_CACHED_NAME_LENGTH = 64

_PROTOCOLS = {"1": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


class EnvironFactory:
    """Makes the environ of each request.

    :param is_multiprocess: the value of ``wsgi.multiprocess``.
    :param is_multithread: the value of ``wsgi.multithread``.
    :param deferring: the application from which the server awaits a `Deferred`, if there is one.
    """

    def __init__(
        self, *, is_multiprocess: bool, is_multithread: bool, deferring: object = None
    ) -> None:
        self.deferring = deferring
        self.is_multiprocess = is_multiprocess
        self.is_multithread = is_multithread
        self.names = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
        self.common: dict[str, Any] = {}

    # PERF: this runs for every request.
    def make(self, scope: dict[str, Any]) -> WSGIEnvironment:
        """The environ of one request, with an empty input."""
        fields = scope["headers"]
        names = self.names
        try:
            environ: WSGIEnvironment = {
                names[name]: value.decode("latin-1") for name, value in fields
            }
        except KeyError:
            environ = self.read_fields(fields)
        else:
            if len(environ) != len(fields):
                environ = self.read_fields(fields)
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

    def read_fields(self, fields: list[tuple[bytes, bytes]]) -> WSGIEnvironment:
        """Convert fields with uncached or repeated names.

        A name with an underscore would be mistaken for one with a hyphen (``X_Forwarded_For``), so
        the field is dropped, as in nginx.
        """
        environ: WSGIEnvironment = {}
        for name, raw_value in fields:
            if b"_" in name:
                continue
            value = raw_value.decode("latin-1")
            key = self.names.get(name) or self.add_name(name)
            if key not in environ:
                environ[key] = value
            elif key == "HTTP_COOKIE":  # RFC 9113 §8.2.3
                environ[key] += f"; {value}"
            elif key != "CONTENT_TYPE":  # RFC 9110 §5.3; not a list, so the first one is used
                environ[key] += f", {value}"
        return environ

    def add_name(self, name: bytes) -> str:
        key = f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        if len(self.names) < _MAX_CACHED_NAMES and len(name) <= _MAX_CACHED_NAME_LENGTH:
            self.names[name] = key
        return key

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
