"""The response: Werkzeug's, with a short way in and out for a body that is at hand.

How a view's value becomes a response is told in `convert.py`.
"""

from __future__ import annotations

import typing as t
from functools import lru_cache
from operator import attrgetter

from werkzeug.datastructures import EnvironHeaders, Headers
from werkzeug.http import HTTP_STATUS_CODES
from werkzeug.utils import get_content_type
from werkzeug.wrappers import Response as ResponseBase

from .. import json
from ..globals import _cv_app, current_app
from .conditional import make_conditional
from .cookies import check_attributes, check_size, check_text

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime, timedelta
    from http import HTTPStatus

    from _typeshed.wsgi import StartResponse, WSGIEnvironment
    from typing_extensions import Self
    from werkzeug.wrappers import Request as RequestBase

# Header fields with a URL, which may have to be percent-encoded on the way out.
_URLS = ("location", "content-location")
_OK = f"200 {HTTP_STATUS_CODES[200].upper()}"

# What a subclass, or a tool that patches the class, may have changed about how a
# response is made and sent. Asked anew each time, since it may be patched at any time.
_making = attrgetter("set_data", "status", "_clean_status", "default_status")
_SENDING_METHODS = frozenset(
    {"get_wsgi_response", "get_wsgi_headers", "get_app_iter", "iter_encoded", "close"}
)
_sending = attrgetter(*_SENDING_METHODS, "status", "is_sequence")
_MAKING = _making(ResponseBase)
_SENDING = _sending(ResponseBase)


@lru_cache(maxsize=128)
def _with_charset(mimetype: str) -> str:
    return get_content_type(mimetype, "utf-8")


class Response(ResponseBase):
    """The response object used by default in Retort; HTML unless said otherwise.

    To change it, subclass it and set :attr:`~retort.Flask.response_class`.

    Flask's "API" page, "Response Objects".
    """

    default_mimetype = "text/html"
    json_module: t.Any = json
    autocorrect_location_header = False

    def __init__(
        self,
        response: Iterable[bytes] | bytes | Iterable[str] | str | None = None,
        status: int | str | HTTPStatus | None = None,
        headers: Mapping[str, str | Iterable[str]] | Iterable[tuple[str, str]] | None = None,
        mimetype: str | None = None,
        content_type: str | None = None,
        direct_passthrough: bool = False,
    ) -> None:
        if (
            status is None
            and headers is None
            and content_type is None
            and isinstance(response, (str, bytes))
            and _making(type(self)) == _MAKING
        ):
            self._init_whole(response, mimetype)
            self.direct_passthrough = direct_passthrough
            return
        super().__init__(response, status, headers, mimetype, content_type, direct_passthrough)

    def _init_whole(self, body: str | bytes, mimetype: str | None) -> None:
        """What Werkzeug makes of a body alone, without its general way there."""
        data = body.encode() if isinstance(body, str) else body
        if mimetype is None:
            mimetype = self.default_mimetype
        headers: list[tuple[str, str]] = []
        if mimetype is not None:
            headers.append(("Content-Type", _with_charset(mimetype)))
        if self.automatically_set_content_length:
            headers.append(("Content-Length", str(len(data))))
        self.headers = Headers()
        # PERF: `add` would check again what was made here; benchmarks/response.py
        self.headers._list = headers
        self._status = _OK
        self._status_code = 200
        self._on_close = []
        self.response = [data]

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a WSGI call with this response (PEP 3333)."""
        if not self._is_ready(environ):
            return super().__call__(environ, start_response)
        start_response(self._status, self.headers._list.copy())
        return self.response  # type: ignore[return-value]

    def _is_ready(self, environ: WSGIEnvironment) -> bool:
        """Whether headers and body can go out as they stand, the body as one list."""
        body = self.response
        if type(body) is not list or len(body) != 1 or type(body[0]) is not bytes:
            return False
        code = self._status_code
        if code < 200 or code in (204, 304) or environ["REQUEST_METHOD"] == "HEAD":
            return False
        if self._on_close or _sending(type(self)) != _SENDING:
            return False
        if not _SENDING_METHODS.isdisjoint(self.__dict__):
            return False  # replaced on this response alone
        if type(self.headers) is not Headers:
            return False  # a dictionary, or a class of the program's own
        has_length = False
        for name, _ in self.headers._list:
            lowered = name.lower()
            if lowered == "content-length":
                has_length = True
            elif lowered in _URLS:
                return False
        return has_length

    def make_conditional(
        self,
        request_or_environ: WSGIEnvironment | RequestBase,
        accept_ranges: bool | str = False,
        complete_length: int | None = None,
    ) -> Self:
        """Heed the preconditions and ranges of a GET, HEAD or QUERY: RFC 9110 §13, §14.

        The response, finished and with its ``ETag`` or ``Last-Modified``, becomes a 304, a
        412 without body, or a 206. A method that changes something has done so by now: for
        these there is :func:`~retort.condition`.

        :param accept_ranges: send the parts that a GET asks for; the value of
            ``Accept-Ranges``, for ``True`` it is ``bytes``.
        :param complete_length: of the body, in bytes; without it no parts are sent.
        :returns: the same response.
        :raises werkzeug.exceptions.RequestedRangeNotSatisfiable: (416) if the body has no
            byte of the ranges asked for, or these are not well-formed.

        Works as Werkzeug's, and does what that leaves out: several ranges, ``*``,
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
        """Set a cookie that browsers will keep.

        :param key: its name.
        :param value: what to remember; what a cookie cannot hold is escaped.
        :param max_age: seconds it lives; without, and without ``expires``, until the browser
            is closed.
        :param expires: when it ends: a date, or seconds since 1970.
        :param path: it comes back with requests for what is below this path.
        :param domain: it comes back to all hosts of this domain; ``None``: this host only.
        :param secure: it comes back over HTTPS only.
        :param httponly: scripts cannot read it.
        :param samesite: ``"Lax"``, ``"Strict"`` or ``"None"``: whether it comes back with
            requests that other sites' pages make.
        :param partitioned: each site that frames this one has its own; turns ``secure`` on.
        :raises ValueError: if browsers would refuse it, for what ``__Host-`` or ``__Secure-``
            in its name or ``SameSite=None`` ask for (config ``REFUSE_INVALID_COOKIES``); if it
            is larger than they keep (``REFUSE_LARGE_COOKIES``); or if the name has a control
            character, ``;`` or ``=`` in it, or the value a control character that cannot be
            escaped.

        RFC 6265, draft-ietf-httpbis-rfc6265bis.
        """
        check_text(key, value, domain)
        context = _cv_app.get(None)
        config = {} if context is None else context.app.config
        if config.get("REFUSE_INVALID_COOKIES", True):
            check_attributes(
                key, path=path, domain=domain, secure=secure or partitioned, samesite=samesite
            )
        if config.get("REFUSE_LARGE_COOKIES") and isinstance(value, str):
            check_size(key, value)
        super().set_cookie(
            key, value, max_age, expires, path, domain, secure, httponly, samesite, partitioned
        )

    @property
    def max_cookie_size(self) -> int:  # type: ignore[override]
        """Largest cookie set without a warning, in bytes: the config ``MAX_COOKIE_SIZE``."""
        if current_app:
            return t.cast("int", current_app.config["MAX_COOKIE_SIZE"])
        return ResponseBase.max_cookie_size


__all__ = ["Response", "ResponseBase"]
