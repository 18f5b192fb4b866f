"""Record a request of the error page's form, which tries a method on a route.

A script cannot see a redirect, nor the header fields that the browser adds to a request. So the
page's requests have a header field that requests a record: the application is called as usual,
and its response is returned as text in a 200. Another site cannot send this header field (Fetch
standard: it requires a preflight).
"""

from __future__ import annotations

import io
import json
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from .redaction import REDACTED, redact

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HEADER = "HTTP_RETORT_TRIAL"
_MAX_BYTES = 64 * 1024
_MAX_SECONDS = 5.0  # a stream may never end
_PRIVATE = frozenset({"cookie", "set-cookie", "authorization", "proxy-authorization"})


def try_out(
    app: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
) -> list[bytes]:
    """Call ``app``, and respond with a record of its request and response.

    For HEAD, which has no body, the record is in the header field ``Retort-Trial``.
    """
    del environ[HEADER]
    request_text = _request_text(environ)
    status, headers, body = _call(app, environ)
    record = json.dumps({"request": request_text, **_response_record(status, headers, body)})
    sent = [(name, value) for name, value in headers if name.lower() == "set-cookie"]
    sent += [("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    # The original status, for the server's log. But a redirect would be followed, and a 204 has no
    # body.
    outer = status if status[0] in "45" else "200 OK"
    if environ["REQUEST_METHOD"] == "HEAD":
        start_response(outer, [*sent, ("Retort-Trial", quote(record))])
        return [b""]
    content = record.encode()
    sent += [("Content-Type", "application/json"), ("Content-Length", str(len(content)))]
    start_response(outer, sent)
    return [content]


def _request_text(environ: WSGIEnvironment) -> str:
    """The request as it was sent; its body remains readable."""
    length = int(environ.get("CONTENT_LENGTH") or 0)
    body = environ["wsgi.input"].read(min(length, _MAX_BYTES)) if length else b""
    if length:
        rest = environ["wsgi.input"].read(length - len(body)) if length > len(body) else b""
        environ["wsgi.input"] = io.BytesIO(body + rest)
    path = quote(f"{environ.get('SCRIPT_NAME', '')}{environ['PATH_INFO']}", encoding="latin-1")
    query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
    first = f"{environ['REQUEST_METHOD']} {path}{query} {environ.get('SERVER_PROTOCOL', '')}"
    names = [name for name in environ if name.startswith("HTTP_") and name != HEADER]
    headers = [(name[5:].replace("_", "-").title(), environ[name]) for name in names]
    if length:
        headers += [("Content-Type", environ.get("CONTENT_TYPE", "")), ("Content-Length", length)]
    return _message(first.rstrip(), headers, body, environ.get("CONTENT_TYPE", ""))


def _call(
    app: WSGIApplication, environ: WSGIEnvironment
) -> tuple[str, list[tuple[str, str]], bytes]:
    """The complete response, or its beginning if it is long or endless."""
    started: list[Any] = []
    written: list[bytes] = []

    def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        started[:] = [status, headers]
        return written.append

    pieces = app(environ, start)
    try:
        body = _beginning(pieces)
    finally:
        close = getattr(pieces, "close", None)
        if close is not None:
            close()
    return started[0], started[1], b"".join(written) + body


def _beginning(pieces: Iterable[bytes]) -> bytes:
    begun = time.monotonic()
    found = b""
    for piece in pieces:
        found += piece
        if len(found) > _MAX_BYTES or time.monotonic() - begun > _MAX_SECONDS:
            break
    return found


def _response_record(status: str, headers: list[tuple[str, str]], body: bytes) -> dict[str, Any]:
    fields = {name.lower(): value for name, value in headers}
    text = _message(f"HTTP/1.1 {status}", headers, body, fields.get("content-type", ""))
    return {"status": status, "location": fields.get("location", ""), "response": text}


def _message(first: str, headers: Iterable[tuple[str, Any]], body: bytes, mimetype: str) -> str:
    shown = (f"{name}: {_hidden(name, str(value))}" for name, value in headers)
    return "\n".join([first, *shown, "", _readable(body, mimetype)])


def _hidden(name: str, value: str) -> str:
    """A header field's value; for a cookie, its name and attributes."""
    if name.lower() not in _PRIVATE:
        return redact(value, by_name=False)
    if name.lower() == "set-cookie":
        pair, semicolon, attributes = value.partition(";")
        return f"{pair.partition('=')[0]}={REDACTED}{semicolon}{attributes}"
    return REDACTED


def _readable(body: bytes, mimetype: str) -> str:
    if b"\0" in body:
        return f"({len(body)} bytes of {mimetype.partition(';')[0] or 'data'})"
    text = body[:_MAX_BYTES].decode("utf-8", "replace")
    return text if len(body) <= _MAX_BYTES else f"{text}\n(and more)"
