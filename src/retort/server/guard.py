"""What Granian lets through and an application must not see; a WSGI callable around the app.

Granian 2.8 passes on requests without a Host or with two, methods in lower case (which
Werkzeug would turn into upper case), and bodies cut off in the middle; and its
``wsgi.input.readline()`` loses data. Here the first ones are refused before the application
is asked, and a request that can have a body gets an input that reads lines rightly and
counts bytes against Content-Length.

A known limit: Granian's WSGI does not tell whether a *chunked* body was complete, so one cut
off there still looks like a shorter one. How responses go back is the business of `bridge.py`.
"""

from __future__ import annotations

import io
import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from werkzeug.exceptions import ClientDisconnected

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed import WriteableBuffer
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"))

# RFC 3986 §3.2.2, without commas: Granian joins two Host fields with one.
_HOST = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~%!$&'()*+;=-]+)(?::[0-9]{0,5})?")

_REMEMBERED_HOSTS = 256


class Guard:
    """Ask ``app`` only what HTTP allows to be asked."""

    def __init__(self, app: WSGIApplication) -> None:
        self.app = app
        self.good_hosts: set[str] = set()

    # PERF: this runs for every request; a plain GET costs three look-ups and no new object.
    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_HOST") not in self.good_hosts and (
            refusal := self.refuse_host(environ)
        ):
            return _refuse(start_response, HTTPStatus.BAD_REQUEST, refusal)
        method = environ["REQUEST_METHOD"]
        if method not in _METHODS and method != method.upper():
            return _refuse(start_response, HTTPStatus.NOT_IMPLEMENTED, _unknown_method(method))
        if "HTTP_TRANSFER_ENCODING" in environ:
            if environ["HTTP_TRANSFER_ENCODING"].strip().lower() != "chunked":
                return _refuse(start_response, HTTPStatus.BAD_REQUEST, _ONLY_CHUNKED)
            environ["wsgi.input"] = io.BufferedReader(CountedBody(environ["wsgi.input"], None))
        elif "CONTENT_LENGTH" in environ:
            length = int(environ["CONTENT_LENGTH"])
            environ["wsgi.input"] = io.BufferedReader(CountedBody(environ["wsgi.input"], length))
        elif environ["SERVER_PROTOCOL"] == "HTTP/2":  # there, a body needs neither field
            environ["wsgi.input"] = io.BufferedReader(CountedBody(environ["wsgi.input"], None))
        return self.app(environ, start_response)

    def refuse_host(self, environ: WSGIEnvironment) -> str | None:
        """Why the Host of this request is not acceptable (RFC 9112 §3.2), if it is not."""
        host = environ.get("HTTP_HOST", "")
        if not host:
            if environ["SERVER_PROTOCOL"] in ("HTTP/1", "HTTP/1.0"):
                environ.pop("HTTP_HOST", None)  # HTTP/1.0 knows no Host: SERVER_NAME counts
                return None
            return "The request has no Host header."
        if not _HOST.fullmatch(host):
            return "The request has more than one Host header, or one that is no host name."
        if len(self.good_hosts) < _REMEMBERED_HOSTS:
            self.good_hosts.add(host)
        return None


class Readable(Protocol):
    """A body that gives at most ``size`` bytes, and none when it has ended."""

    def read(self, size: int, /) -> bytes: ...


class CountedBody(io.RawIOBase):
    """The bytes of a request body; ``expected`` of them, if its length was announced.

    `io.BufferedReader` around it gives ``read``, ``readline``, ``readlines`` and iteration.
    Only ever asks the source for a number of bytes: Granian's ``read()`` hides errors.
    """

    def __init__(self, source: Readable, expected: int | None) -> None:
        self._source = source
        self._missing = expected

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Fill ``buffer`` as far as the body goes.

        :raises ClientDisconnected: if the body ends before its Content-Length.
        """
        view = memoryview(buffer).cast("B")
        wanted = len(view) if self._missing is None else min(len(view), self._missing)
        piece = self._source.read(wanted) if wanted else b""
        if wanted and not piece and self._missing:
            raise ClientDisconnected(
                f"The request body ended {self._missing} bytes before its Content-Length."
            )
        view[: len(piece)] = piece
        if self._missing is not None:
            self._missing -= len(piece)
        return len(piece)


_ONLY_CHUNKED = "The only Transfer-Encoding known here is 'chunked'."


def _unknown_method(method: str) -> str:
    return (
        f"There is no method {method!r}: upper and lower case differ"
        f" (RFC 9110, section 9.1). Did you mean {method.upper()!r}?"
    )


def _refuse(start_response: StartResponse, status: HTTPStatus, text: str) -> list[bytes]:
    body = f"{text}\n".encode("utf-8", "replace")
    headers = [
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),  # what else is in this connection cannot be trusted
    ]
    start_response(f"{status.value} {status.phrase}", headers)
    return [body]
