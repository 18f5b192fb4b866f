"""WSGI middleware that refuses invalid requests which Granian accepts.

Granian 2.8 accepts requests without a Host or with two, lower-case methods (which Werkzeug converts
to upper case), transfer codings other than ``chunked``, longer fields than allowed here, and in
HTTP/2 an invalid Content-Length and any number of fields. A request with a body is also checked
before the body is read. Incomplete bodies: `request_body.py`.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from itertools import chain
from typing import TYPE_CHECKING

from ..options import MAX_TARGET_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"))

# RFC 3986 §3.2.2, without commas: several Host fields are joined with one.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+;=-]+)(?::[0-9]{0,5})?")

# RFC 9112 §3.2.3 and §3.2.4: request targets without a path.
_OTHER_TARGETS = frozenset((("*", "OPTIONS"), ("", "CONNECT")))

_MAX_CACHED_HOSTS = 256

# The limit of Granian's HTTP/1 parser.
MAX_FIELDS = 100
_MAX_DIGITS = 18  # of a Content-Length
# Environ key: the error response to a request that was found invalid earlier.
ERROR_RESPONSE = "retort.error_response"


class ErrorResponse:
    """A WSGI application that sends an error response and closes the connection."""

    def __init__(self, status: HTTPStatus, text: str) -> None:
        self.status = status
        self.text = text

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = f"{self.text}\n".encode("utf-8", "replace")
        headers = [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(body))),
            ("Connection", "close"),  # the next request on this connection cannot be trusted
        ]
        start_response(f"{self.status.value} {self.status.phrase}", headers)
        return [body]


class RequestValidator:
    """Call ``app`` only for valid requests.

    :param max_body_bytes: the maximum length of a request body; ``None``: no limit.
    :param max_target_bytes: the maximum length of path and query, after decoding.
    """

    def __init__(
        self,
        app: WSGIApplication,
        *,
        max_body_bytes: int | None = None,
        max_target_bytes: int = MAX_TARGET_BYTES,
    ) -> None:
        self.app = app
        self.max_body_bytes = max_body_bytes
        self.max_target_bytes = max_target_bytes
        self.valid_hosts: set[str] = set()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        error_response = environ.get(ERROR_RESPONSE) or self.refuse(environ)
        if error_response is not None:
            app: WSGIApplication = error_response
            return app(environ, start_response)
        return self.app(environ, start_response)

    # PERF: this runs for every request; a plain GET costs some look-ups and no new object.
    def refuse(self, environ: WSGIEnvironment) -> ErrorResponse | None:
        """The error response to an invalid request; ``None`` if it is valid."""
        if environ.get("HTTP_HOST") not in self.valid_hosts and (text := self.refuse_host(environ)):
            return ErrorResponse(HTTPStatus.BAD_REQUEST, text)
        method = environ["REQUEST_METHOD"]
        if method not in _METHODS and method != method.upper():
            return ErrorResponse(HTTPStatus.NOT_IMPLEMENTED, _unknown_method(method))
        path = environ["PATH_INFO"]
        if path[:1] != "/" and (path, method) not in _OTHER_TARGETS:
            return ErrorResponse(HTTPStatus.BAD_REQUEST, _NO_PATH)
        if len(path) + len(environ["QUERY_STRING"]) > self.max_target_bytes:
            return ErrorResponse(
                HTTPStatus.REQUEST_URI_TOO_LONG,
                f"The address is longer than {self.max_target_bytes} bytes.",
            )
        if "HTTP_TRANSFER_ENCODING" in environ:
            return _refuse_coding(environ["HTTP_TRANSFER_ENCODING"])
        if "CONTENT_LENGTH" in environ:
            return self.refuse_length(environ["CONTENT_LENGTH"])
        return None

    def refuse_length(self, length: str) -> ErrorResponse | None:
        if not (length.isascii() and length.isdigit() and len(length) <= _MAX_DIGITS):
            return ErrorResponse(HTTPStatus.BAD_REQUEST, _BAD_LENGTH)
        limit = self.max_body_bytes
        if limit is None or int(length) <= limit:
            return None
        return ErrorResponse(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"The body of this request is {length} bytes; here it may be {limit}.",
        )

    def refuse_host(self, environ: WSGIEnvironment) -> str | None:
        """The error message for an invalid host (RFC 9112 §3.2); ``None`` if it is valid."""
        host = environ.get("HTTP_HOST", "")
        if not host:
            if environ["SERVER_PROTOCOL"] == "HTTP/1.0":  # Host is optional: use SERVER_NAME
                environ.pop("HTTP_HOST", None)
                return None
            return "The request has no Host header."
        if not _HOST.fullmatch(host):
            return _BAD_HOST
        if len(self.valid_hosts) < _MAX_CACHED_HOSTS:
            self.valid_hosts.add(host)
        return None


# PERF: this runs for every request.
def refuse_fields(fields: list[tuple[bytes, bytes]], max_bytes: int) -> ErrorResponse | None:
    """The error response to too many or too long fields (RFC 6585 §5), else ``None``.

    HTTP/2 may send each cookie in a field of its own (RFC 9113 §8.2.3): together they count as one.

    :param max_bytes: the maximum length of all names and values.
    """
    if sum(map(len, chain.from_iterable(fields))) > max_bytes:
        text = f"The header fields of the request are longer than {max_bytes} bytes."
    elif len(fields) > MAX_FIELDS and sum(name != b"cookie" for name, _ in fields) >= MAX_FIELDS:
        text = f"The request has more than {MAX_FIELDS} header fields."
    else:
        return None
    return ErrorResponse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, text)


def _refuse_coding(codings: str) -> ErrorResponse | None:
    """The error response to an unsupported transfer coding (RFC 9112 §6.1), else ``None``."""
    names = [name.strip(" \t").lower() for name in codings.split(",")]
    if names == ["chunked"]:
        return None
    if "chunked" in names[:-1]:  # only allowed once, as the last one
        return ErrorResponse(HTTPStatus.BAD_REQUEST, _CHUNKED_LAST)
    return ErrorResponse(HTTPStatus.NOT_IMPLEMENTED, _ONLY_CHUNKED)


_BAD_HOST = "The request has more than one Host header, or one that is not a host name."
_NO_PATH = "The target of the request is not a path: it must begin with '/'."
_ONLY_CHUNKED = "The only supported Transfer-Encoding is 'chunked'."
_CHUNKED_LAST = "In Transfer-Encoding, 'chunked' may stand once, and at the end."
_BAD_LENGTH = "The Content-Length of the request is not a number, or there is more than one."


def _unknown_method(method: str) -> str:
    return (
        f"There is no method {method!r}: upper and lower case differ"
        f" (RFC 9110, section 9.1). Did you mean {method.upper()!r}?"
    )
