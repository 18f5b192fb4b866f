"""A request as Granian's RSGI shows it -> the ``environ`` of PEP 3333.

Nothing is refused here (`guard.py`), and the body is somebody else's too (`bodies.py`). Fields
whose value has other characters than visible ASCII do not appear: Granian does not show them.
"""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING, Any

from ..bounded import BoundedCache

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Clients choose the names of fields, so only so many are remembered.
_REMEMBERED_NAMES = 512
_REMEMBERED_NAME_LENGTH = 64
_REMEMBERED_CLIENTS = 1024

_PROTOCOLS = {"1": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


class Environs:
    """Makes the environ of each request of one server.

    :param is_multiprocess: what ``wsgi.multiprocess`` says.
    :param is_multithread: what ``wsgi.multithread`` says.
    """

    def __init__(self, *, is_multiprocess: bool, is_multithread: bool) -> None:
        self.is_multiprocess = is_multiprocess
        self.is_multithread = is_multithread
        self.names = {"content-type": "CONTENT_TYPE", "content-length": "CONTENT_LENGTH"}
        self.clients: BoundedCache[str, tuple[str, str]] = BoundedCache(_REMEMBERED_CLIENTS)
        self.common: dict[str, Any] = {}

    # PERF: this runs for every request.
    def make(self, scope: Any) -> WSGIEnvironment:
        """The environ of one request, with an empty input."""
        fields = scope.headers.items()
        names = self.names
        try:
            environ: WSGIEnvironment = {names[name]: value for name, value in fields}
        except KeyError:
            environ = self.read_fields(fields)
        else:
            if len(environ) != len(fields):
                environ = self.read_fields(fields)
        environ.update(self.common or self.fill_common(scope))
        path, query, client = scope.path, scope.query_string, scope.client
        environ["PATH_INFO"] = path if path.isascii() else path.encode().decode("latin-1")
        environ["QUERY_STRING"] = query if query.isascii() else query.encode().decode("latin-1")
        environ["REQUEST_METHOD"] = scope.method
        environ["SERVER_PROTOCOL"] = _PROTOCOLS[scope.http_version]
        environ["wsgi.url_scheme"] = scope.scheme
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = self.clients.get(client) or self.meet(
            client
        )
        environ["wsgi.input"] = io.BytesIO()
        return environ

    def read_fields(self, fields: list[tuple[str, str]]) -> WSGIEnvironment:
        """Fields with names that are new here, or that come more than once.

        A name with an underscore would pass for one with a hyphen (``X_Forwarded_For``), so
        such a field is left out, as nginx does.
        """
        environ: WSGIEnvironment = {}
        for name, value in fields:
            if "_" in name:
                continue
            key = self.names.get(name) or self.learn(name)
            if key not in environ:
                environ[key] = value
            elif key == "HTTP_COOKIE":  # RFC 9113 §8.2.3
                environ[key] += f"; {value}"
            elif key != "CONTENT_TYPE":  # RFC 9110 §5.3; a type is no list: the first one counts
                environ[key] += f", {value}"
        return environ

    def learn(self, name: str) -> str:
        key = f"HTTP_{name.upper().replace('-', '_')}"
        if len(self.names) < _REMEMBERED_NAMES and len(name) <= _REMEMBERED_NAME_LENGTH:
            self.names[name] = key
        return key

    def meet(self, client: str) -> tuple[str, str]:
        """Address and port of a client; those of the last ones are remembered."""
        address = split_address(client)
        self.clients.keep(client, address)
        return address

    def fill_common(self, scope: Any) -> dict[str, Any]:
        """What is the same for all requests; the server's address is known from the first."""
        name, port = split_address(scope.server)
        self.common = {
            "SCRIPT_NAME": "",
            "SERVER_NAME": name,
            "SERVER_PORT": port or "0",
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


def split_address(text: str) -> tuple[str, str]:
    """``"127.0.0.1:80"`` or ``"[::1]:80"`` -> address and port; a path of a socket has none."""
    if text.startswith("/") or not text:
        return text, ""
    address, _, port = text.rpartition(":")
    if address.startswith("["):
        address = address[1:-1]
    return address, port
