"""Make the environ of PEP 3333 of an ASGI scope."""

from __future__ import annotations

import sys
import typing as t
from functools import lru_cache
from io import BytesIO
from urllib.parse import unquote_to_bytes

from ..lifecycle.deferred import MAY_DEFER
from .fields import FieldNames

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask

    Scope = t.MutableMapping[str, t.Any]
    Message = t.MutableMapping[str, t.Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

_PROTOCOLS = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


def make_environ(app: Flask, scope: Scope) -> WSGIEnvironment:
    """The environ of PEP 3333 for an ASGI scope, with an empty input."""
    environ = _field_names.entries(scope["headers"])
    scheme: str = scope.get("scheme", "http")
    root: str = scope.get("root_path", "")
    raw_path: bytes | None = scope.get("raw_path")
    # The address of a Unix socket is its path, without a port.
    name, port = scope.get("server") or ("localhost", None)
    environ.update(_common_entries(scheme, root, name if port else "localhost", port))
    path = scope["path"].encode() if raw_path is None else raw_path
    target = path.decode("latin-1")
    query = scope.get("query_string", b"").decode("latin-1")
    environ["REQUEST_URI"] = environ["RAW_URI"] = f"{target}?{query}" if query else target
    if "%" in target and raw_path is not None:
        target = unquote_to_bytes(raw_path).decode("latin-1")
    if root:
        target = _below(environ["SCRIPT_NAME"], target)
    environ["PATH_INFO"] = target
    environ["QUERY_STRING"] = query
    environ["REQUEST_METHOD"] = scope.get("method", "GET")
    environ["SERVER_PROTOCOL"] = _PROTOCOLS.get(scope.get("http_version", "1.1"), "HTTP/1.1")
    environ["wsgi.input"] = BytesIO()
    environ["asgi.scope"] = scope
    environ[MAY_DEFER] = app
    client = scope.get("client")
    if client:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    return environ


_field_names = FieldNames()


# The server has few addresses, and the application is mounted at few paths.
@lru_cache(maxsize=64)
def _common_entries(scheme: str, root: str, name: str, port: int | None) -> dict[str, t.Any]:
    """The entries that requests to one address of the server share."""
    scheme = {"ws": "http", "wss": "https"}.get(scheme, scheme)
    return {
        "SCRIPT_NAME": root.rstrip("/").encode().decode("latin-1"),
        "SERVER_NAME": name,
        "SERVER_PORT": str(port or (443 if scheme == "https" else 80)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }


def _below(root: str, path: str) -> str:
    """The path without the path at which the application is mounted."""
    if path == root or path.startswith(f"{root}/"):
        return path[len(root) :]
    return path
