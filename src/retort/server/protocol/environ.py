"""A request as Granian's ASGI scope shows it -> the ``environ`` of PEP 3333.

Header values, path and query are bytes in the scope, and become latin-1 text here, whatever the
bytes are. Nothing is refused here (`validation.py`), and the body is read in `request_body.py`.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Clients choose the names of fields, so only so many are remembered.
_REMEMBERED_NAMES = 512
_REMEMBERED_NAME_LENGTH = 64

_PROTOCOLS = {"1": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


class Environs:
    """Makes the environ of each request of one server.

    :param is_multiprocess: what ``wsgi.multiprocess`` says.
    :param is_multithread: what ``wsgi.multithread`` says.
    """

    def __init__(self, *, is_multiprocess: bool, is_multithread: bool) -> None:
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
        environ.update(self.common or self.fill_common(scope))
        raw_path, query = scope["raw_path"], scope["query_string"].decode("latin-1")
        path = raw_path.decode("latin-1")
        # As Werkzeug's server and gunicorn have it: the target as it was sent.
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
        """Fields with names that are new here, or that come more than once.

        A name with an underscore would pass for one with a hyphen (``X_Forwarded_For``), so
        such a field is left out, as nginx does.
        """
        environ: WSGIEnvironment = {}
        for name, raw_value in fields:
            if b"_" in name:
                continue
            value = raw_value.decode("latin-1")
            key = self.names.get(name) or self.learn(name)
            if key not in environ:
                environ[key] = value
            elif key == "HTTP_COOKIE":  # RFC 9113 §8.2.3
                environ[key] += f"; {value}"
            elif key != "CONTENT_TYPE":  # RFC 9110 §5.3; a type is no list: the first one counts
                environ[key] += f", {value}"
        return environ

    def learn(self, name: bytes) -> str:
        key = f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        if len(self.names) < _REMEMBERED_NAMES and len(name) <= _REMEMBERED_NAME_LENGTH:
            self.names[name] = key
        return key

    def fill_common(self, scope: dict[str, Any]) -> dict[str, Any]:
        """What is the same for all requests; the server's address is known from the first."""
        name, port = scope["server"]
        self.common = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": name,
            "SERVER_PORT": port,
            "SERVER_SOFTWARE": "Granian",
            "wsgi.errors": sys.stderr,
            # The input ends where the body ends, so Werkzeug need not count.
            "wsgi.input_terminated": True,
            "wsgi.multiprocess": self.is_multiprocess,
            "wsgi.multithread": self.is_multithread,
            "wsgi.run_once": False,
            "wsgi.version": (1, 0),
        }
        return self.common
