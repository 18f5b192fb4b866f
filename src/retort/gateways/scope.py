"""Make the environ of PEP 3333 of an ASGI scope."""

from __future__ import annotations

import sys
import typing as t
from io import BytesIO
from urllib.parse import unquote_to_bytes

from ..lifecycle.deferred import MAY_DEFER

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask

    Scope = t.MutableMapping[str, t.Any]

_PROTOCOLS = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2", "3": "HTTP/3"}


def make_environ(app: Flask, scope: Scope) -> WSGIEnvironment:
    """The environ of PEP 3333 for an ASGI scope, with an empty input."""
    root = scope.get("root_path", "").rstrip("/")
    raw_path: bytes | None = scope.get("raw_path")
    path = scope["path"].encode() if raw_path is None else unquote_to_bytes(raw_path)
    target = (raw_path if raw_path is not None else path).decode("latin-1")
    root_bytes = root.encode()
    if root and (path == root_bytes or path.startswith(root_bytes + b"/")):
        path = path[len(root_bytes) :]
    query = scope.get("query_string", b"").decode("latin-1")
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": scope.get("method", "GET"),
        "SCRIPT_NAME": root_bytes.decode("latin-1"),
        "PATH_INFO": path.decode("latin-1"),
        "QUERY_STRING": query,
        "REQUEST_URI": f"{target}?{query}" if query else target,
        "RAW_URI": f"{target}?{query}" if query else target,
        "SERVER_PROTOCOL": _PROTOCOLS.get(scope.get("http_version", "1.1"), "HTTP/1.1"),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": _scheme_of(scope),
        "wsgi.input": BytesIO(),
        "wsgi.input_terminated": True,
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "asgi.scope": scope,
        MAY_DEFER: app,
    }
    server = scope.get("server") or ("localhost", None)
    # The address of a Unix socket is its path, without a port.
    environ["SERVER_NAME"] = server[0] if server[1] else "localhost"
    environ["SERVER_PORT"] = str(
        server[1] or (443 if environ["wsgi.url_scheme"] == "https" else 80)
    )
    client = scope.get("client")
    if client:
        environ["REMOTE_ADDR"], environ["REMOTE_PORT"] = client[0], str(client[1])
    for name, value in _fields_of(scope["headers"]):
        if name not in environ:
            environ[name] = value
        elif name == "HTTP_COOKIE":  # RFC 9113 section 8.2.3
            environ[name] += f"; {value}"
        elif name != "CONTENT_TYPE":  # not a list (RFC 9110 section 5.3), so the first one is used
            environ[name] += f",{value}"
    return environ


def _scheme_of(scope: Scope) -> str:
    scheme: str = scope.get("scheme", "http")
    return {"ws": "http", "wss": "https"}.get(scheme, scheme)


def _fields_of(fields: Iterable[tuple[bytes, bytes]]) -> Iterator[tuple[str, str]]:
    """The names in the environ and the values of header fields.

    A name with an underscore would be mistaken for one with a hyphen, so the field is dropped.
    """
    for raw_name, value in fields:
        if b"_" in raw_name:
            continue
        name = raw_name.decode("latin-1").upper().replace("-", "_")
        if name not in ("CONTENT_TYPE", "CONTENT_LENGTH"):
            name = f"HTTP_{name}"
        yield name, value.decode("latin-1")
