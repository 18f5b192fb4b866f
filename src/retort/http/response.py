"""The response: Werkzeug's, with a fast path for a body that is in memory.

`convert.py` converts the return value of a view to a response.
"""

from __future__ import annotations

import typing as t
from functools import lru_cache
from io import BytesIO
from operator import attrgetter

from werkzeug.datastructures import EnvironHeaders, Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.utils import get_content_type
from werkzeug.wrappers import Response as ResponseBase
from werkzeug.wsgi import ClosingIterator, FileWrapper, wrap_file

from .. import json, settings
from ..aio.bodies import AsyncBody
from .conditional import make_conditional
from .cookies import LARGEST, too_large, warn_of_size, write_cookie
from .file_body import FileBody
from .request import Lazy

if t.TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Mapping
    from datetime import datetime, timedelta
    from http import HTTPStatus

    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from typing_extensions import Self
    from werkzeug.wrappers import Request as RequestBase

# A response as passed to the server: status, header fields and body.
Reply = tuple[str, list[tuple[str, str]], list[bytes]]

# Header fields with a URL, which may have to be percent-encoded when sent.
URL_FIELDS = ("location", "content-location")
OK = f"200 {HTTP_STATUS_CODES[200].upper()}"

# The methods that make and send a response, which may be overridden or monkeypatched.
_SENDING_METHODS = frozenset(
    {"get_wsgi_response", "get_wsgi_headers", "get_app_iter", "iter_encoded", "close"}
)
_steps_of = attrgetter(
    *_SENDING_METHODS,
    *("set_data", "status", "status_code", "_clean_status", "default_status", "is_sequence"),
    "automatically_set_content_length",
)
_STEPS = _steps_of(ResponseBase)
_ends_of = attrgetter("__init__", "__new__", "__call__")

# The attributes of a response made by the fast path, while it is unmodified.
_OF_UNOPENED = frozenset(
    {"_body", "_fields", "_status", "_status_code", "direct_passthrough", "_file_of"}
)
_WITH_BODY = frozenset(range(200, 600)) - {204, 304}


def is_printable(value: t.Any) -> bool:
    """Whether the value of a header field can be sent unchanged."""
    return type(value) is str and value.isprintable()


def _make_headers(fields: list[tuple[str, str]]) -> Headers:
    headers = Headers()
    # PERF: `add` would validate these fields again; benchmarks/micro/response.py
    headers._list = fields.copy()
    return headers


@lru_cache(maxsize=128)
def status_of(code: int) -> tuple[str, int]:
    response = ResponseBase(status=code)
    return response._status, response._status_code


@lru_cache(maxsize=128)
def type_field(mimetype: str) -> tuple[str, str]:
    return "Content-Type", get_content_type(mimetype, "utf-8")


# Body, header fields, status line, status code.
Parts = tuple[bytes, list[tuple[str, str]], str, int]


def parts_of(page: bytes, code: int, *fields: tuple[str, str]) -> Parts:
    """The parts of a response with an HTML page."""
    status, status_code = status_of(code)
    length = ("Content-Length", str(len(page)))
    return page, [type_field("text/html"), length, *fields], status, status_code


class Response(ResponseBase):
    """The response object used by default in Retort; its default media type is HTML.

    To change it, subclass it and set :attr:`~retort.Flask.response_class`.

    Flask's "API" page, "Response Objects".
    """

    default_mimetype: str | None = "text/html"
    json_module: t.Any = json
    autocorrect_location_header = False

    def __init__(
        self,
        response: Iterable[bytes]
        | bytes
        | Iterable[str]
        | str
        | AsyncIterable[str | bytes]
        | None = None,
        status: int | str | HTTPStatus | None = None,
        headers: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]] | None = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        if (
            headers is None
            and (status is None or type(status) is int)
            and (content_type is None or is_printable(content_type))
            and isinstance(response, (str, bytes))
            and _steps_of(type(self)) == _STEPS
        ):
            data = response.encode() if isinstance(response, str) else response
            length = ("Content-Length", str(len(data)))
            if mimetype is None:
                mimetype = self.default_mimetype
            self._body = data
            if content_type is not None:
                self._fields = [("Content-Type", content_type), length]
            else:
                self._fields = [length] if mimetype is None else [type_field(mimetype), length]
            if status is not None:
                self._status, self._status_code = status_of(status)
            if direct_passthrough:
                self.direct_passthrough = True
            return
        if hasattr(type(response), "__aiter__") and not isinstance(response, AsyncBody):
            response = AsyncBody(response)  # type: ignore[arg-type]  # narrowed by `hasattr`
        body = t.cast("Iterable[bytes]", response)
        super().__init__(body, status, headers, mimetype, content_type, direct_passthrough)

    # Attributes that Werkzeug sets in the constructor; here they are created at first use.
    direct_passthrough = False
    _status = OK
    _status_code = 200
    if not t.TYPE_CHECKING:
        headers = Lazy(lambda response: _make_headers(response._fields), "The header fields.")
        response = Lazy(lambda response: response._make_body(), "The body: an iterable of strings.")
        _on_close = Lazy(lambda response: [], "Functions called when the response has been sent.")

    #: The environ of the request, if the body is the content of a file.
    _file_of: WSGIEnvironment | None = None

    def _make_body(self) -> Iterable[bytes]:
        if self._file_of is None:
            return [self._body]
        return wrap_file(self._file_of, BytesIO(self._body))

    @staticmethod
    def of_parts(
        body: bytes, fields: list[tuple[str, str]], status: str, status_code: int
    ) -> Response:
        """A response of parts that are sent unchanged; `parts_of` makes them.

        Only while `is_standard`, since the constructor is not called.
        """
        response = Response.__new__(Response)
        response._body = body
        response._fields = fields.copy()
        response._status = status
        response._status_code = status_code
        return response

    @staticmethod
    def with_file(
        content: bytes, fields: list[tuple[str, str]], environ: WSGIEnvironment
    ) -> Response | None:
        """The response of Werkzeug's ``send_file``, with the content of the file in memory.

        ``None`` if a method that makes or sends responses is overridden.
        """
        if not is_standard():
            return None
        response = Response.__new__(Response)
        response._body = content
        response._fields = fields
        response.direct_passthrough = True
        response._file_of = environ
        return response

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Send this response as a WSGI application (PEP 3333)."""
        if environ["REQUEST_METHOD"] != "HEAD" and _steps_of(type(self)) == _STEPS:
            reply = self.reply()
            if reply is not None:
                start_response(reply[0], reply[1])
                return reply[2]
            if self._is_ready():
                fields = self.headers._list.copy()
                if self._status_code != 204:
                    start_response(self._status, fields)
                    return self.response  # type: ignore[return-value]
                if self.response == [b""]:
                    kept = [field for field in fields if field[0].lower() != "content-length"]
                    start_response(self._status, kept)
                    return []
        body = super().__call__(environ, start_response)
        if isinstance(self.response, AsyncBody) and isinstance(body, ClosingIterator):
            if environ["REQUEST_METHOD"] == "HEAD" or self.status_code not in _WITH_BODY:
                self.response.omit()
            return self.response.close_with(body.close)
        return FileBody(body) if self._is_file_sent(environ) else body

    def _is_file_sent(self, environ: WSGIEnvironment) -> bool:
        """Whether the body is the content of a file, unchanged."""
        return (
            self.direct_passthrough
            and type(self.response) is FileWrapper
            and environ["REQUEST_METHOD"] != "HEAD"
        )

    def reply(self) -> Reply | None:
        """Status, header fields and body; ``None`` if it was modified or has no body."""
        own = self.__dict__
        if "_fields" in own and own.keys() <= _OF_UNOPENED and self._status_code in _WITH_BODY:
            return self._status, self._fields.copy(), [self._body]
        return None

    def _is_ready(self) -> bool:
        """Whether header fields and body can be sent unchanged, the body as one list."""
        body = self.response
        if type(body) is not list or len(body) != 1 or type(body[0]) is not bytes:
            return False
        code = self._status_code
        if code < 200 or code == 304 or self.__dict__.get("_on_close"):
            return False
        if not _SENDING_METHODS.isdisjoint(self.__dict__):
            return False  # overridden on this instance
        if type(self.headers) is not Headers:
            return False  # a dictionary, or another class
        has_length = False
        for name, _ in self.headers._list:
            lowered = name.lower()
            if lowered == "content-length":
                has_length = True
            elif lowered in URL_FIELDS:
                return False
        return has_length

    def make_conditional(
        self,
        request_or_environ: WSGIEnvironment | RequestBase,
        accept_ranges: bool | str = False,
        complete_length: int | None = None,
    ) -> Self:
        """Apply the preconditions and ranges of a GET, HEAD or QUERY: RFC 9110 §13, §14.

        The response, finished and with its ``ETag`` or ``Last-Modified``, becomes a 304, a
        412 without body, or a 206. For unsafe methods, which are already
        executed at this point, use :func:`~retort.condition`.

        :param accept_ranges: send the ranges that a GET requests; the value of
            ``Accept-Ranges``, ``bytes`` for ``True``.
        :param complete_length: of the body, in bytes; without it no ranges are sent.
        :returns: the same response.
        :raises werkzeug.exceptions.RequestedRangeNotSatisfiable: (416) if the body has no
            byte of the requested ranges, or these are not well-formed.

        Extends Werkzeug's method with several ranges, ``*``,
        ``If-Unmodified-Since``, the order of RFC 9110 §13.2.2.
        """
        environ = request_or_environ
        if not isinstance(environ, dict):
            environ = environ.environ
        make_conditional(self, environ, EnvironHeaders(environ), accept_ranges, complete_length)
        return self

    def set_cookie(
        self,
        key: str,
        value: str = "",
        max_age: timedelta | int | None = None,
        expires: str | datetime | int | float | None = None,
        path: str | None = "/",
        domain: str | None = None,
        secure: bool = False,
        httponly: bool = False,
        samesite: str | None = None,
        partitioned: bool = False,
    ) -> None:
        """Set a cookie.

        :param key: its name.
        :param value: its value; characters that are not allowed in a cookie are escaped.
        :param max_age: its lifetime in seconds; without it and ``expires``, until the browser
            is closed.
        :param expires: when it expires: a date, or seconds since 1970.
        :param path: it is sent with requests below this path.
        :param domain: it is sent to all hosts of this domain; ``None``: this host only.
        :param secure: it is sent over HTTPS only.
        :param httponly: scripts cannot read it.
        :param samesite: ``"Lax"``, ``"Strict"`` or ``"None"``: whether it is sent with requests
            from pages of other sites.
        :param partitioned: each embedding site has its own cookie; turns ``secure`` on.
        :raises ValueError: if browsers would refuse it because of the requirements of
            ``__Host-``, ``__Secure-`` or ``SameSite=None`` (config ``REFUSE_INVALID_COOKIES``);
            if it exceeds their size limit (``REFUSE_LARGE_COOKIES``); or if the name has a control
            character, ``;`` or ``=`` in it, or the value a control character that cannot be
            escaped.

        RFC 6265, draft-ietf-httpbis-rfc6265bis.
        """
        config = settings.current()
        attributes = (max_age, expires, path, domain, secure, httponly, samesite, partitioned)
        is_checked = config.get("REFUSE_INVALID_COOKIES", True)
        field, size = write_cookie(key, value, *attributes, is_checked=is_checked)
        if size > LARGEST and config.get("REFUSE_LARGE_COOKIES"):
            raise too_large(key, size)
        warned_size = self.max_cookie_size
        if warned_size and len(field) > warned_size:
            warn_of_size(key, size, len(field), warned_size)
        fields = own_fields(self)
        if fields is None:
            self.headers.add("Set-Cookie", field)
        else:
            fields.append(("Set-Cookie", field))

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        """Largest cookie set without a warning, in bytes: the config ``MAX_COOKIE_SIZE``."""
        size: int = settings.current()["MAX_COOKIE_SIZE"]
        return size


def own_fields(response: ResponseBase) -> list[tuple[str, str]] | None:
    """The list of a response's header fields, if fields can be appended to it directly.

    PERF: most responses are sent without creating :attr:`Response.headers`.
    """
    if type(response) is not Response:
        return None
    own = response.__dict__
    if "headers" not in own:
        return own.get("_fields")
    headers = own["headers"]
    return headers._list if type(headers) is Headers else None


_ENDS = _ends_of(Response)


def is_standard() -> bool:
    """Whether no method that makes or sends a `Response` is monkeypatched."""
    return _steps_of(Response) == _STEPS and _ends_of(Response) == _ENDS


def text_type() -> tuple[str, str] | None:
    """The ``Content-Type`` field of a `Response` made from a string."""
    mimetype = Response.default_mimetype
    return type_field(mimetype) if isinstance(mimetype, str) else None


def set_status_code(response: ResponseBase, code: int) -> None:
    """``response.status_code = code``."""
    if type(response) is Response and is_standard():
        response._status, response._status_code = status_of(code)
    else:
        response.status_code = code


__all__ = ["Response", "ResponseBase"]
