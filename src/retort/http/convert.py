"""Convert the return value of a view to a response.

The accepted forms are those of Flask's "Quickstart", "About Responses". The application passes
in the response class and the function that writes JSON.
"""

from __future__ import annotations

import typing as t
from collections.abc import Iterator
from functools import lru_cache
from http import HTTPStatus
from operator import attrgetter

from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as BaseResponse

from ..aio.bodies import AsyncBody
from .response import URL_FIELDS, Response, is_printable, is_standard, set_status_code, status_of

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIEnvironment

    from .response import Parts

Status = int | str | HTTPStatus
_BODIES = (str, bytes, bytearray, Iterator)

_WANTED = (
    "A view returns a string, bytes, a dict or list (sent as JSON), a generator or asynchronous"
    " generator of strings or bytes, a response object, or a WSGI application; or one of these with"
    " a status, with headers, or with both: (body, status), (body, headers), (body, status,"
    " headers)."
)


def to_response(
    value: t.Any,
    response_class: type[Response],
    to_json: Callable[[t.Any], Response],
    environ: WSGIEnvironment | None,
    describe: Callable[[], str],
    respond_declared: Callable[[object], Response | None],
) -> Response:
    """The response for ``value``, the return value of a view.

    :param response_class: the class of the response.
    :param to_json: makes a response from a dict or list.
    :param environ: of the request, with which a WSGI application is called.
    :param describe: names the function that returned the value, for messages.
    :param respond_declared: makes a response from an object that the view declares to return, or
        returns ``None``.
    :raises TypeError: if the value has none of the accepted forms.
    """
    status: Status | None = None
    headers: t.Any = None
    if isinstance(value, tuple):
        value, status, headers = _unpack(value, describe)
    if isinstance(value, response_class):
        response = value
    elif isinstance(value, (dict, list)):
        response = to_json(value)
    elif response_class is Response and type(value) is str and type(status) is int and not headers:
        return Response(value, status)
    elif isinstance(value, HTTPException):
        response = _respond_to_error(value, response_class, environ, describe)
    elif isinstance(value, LocalProxy):
        # Every proxy has the methods of an iterator and can be called. The object may not be, or
        # not after the request.
        value = value._get_current_object()
        parts = (value, status, headers)
        return to_response(parts, response_class, to_json, environ, describe, respond_declared)
    elif isinstance(value, _BODIES):
        # Passed together, so that the constructor of a program's class gets all of them.
        return response_class(value, status=status, headers=headers)  # type: ignore[arg-type]
    else:
        declared = None if callable(value) else respond_declared(value)
        response = declared or _adopt(value, response_class, environ, describe)
    if status is not None:
        _set_status(response, status)
    if headers:
        response.headers.update(headers)
    return response


def _unpack(value: tuple[t.Any, ...], describe: Callable[[], str]) -> tuple[t.Any, t.Any, t.Any]:
    """Body, status and headers; missing ones are ``None``."""
    if len(value) == 3:
        return value
    if len(value) != 2:
        raise TypeError(
            f"{describe()} returned a tuple of length {len(value)}. A tuple must have the form"
            f" (body, status, headers), (body, status) or (body, headers). {_WANTED}"
        )
    body, second = value
    if isinstance(second, (Headers, dict, tuple, list)):
        return body, None, second
    return body, second, None


def _adopt(
    value: t.Any,
    response_class: type[Response],
    environ: WSGIEnvironment | None,
    describe: Callable[[], str],
) -> Response:
    """Convert another kind of response, or of a body, or a WSGI application, to a response."""
    if hasattr(type(value), "__aiter__"):
        return response_class(AsyncBody(value))
    if value is None:
        raise TypeError(
            f"{describe()} returned None. Does it, or one of its branches, end without a"
            f" 'return'? {_WANTED}"
        )
    if not isinstance(value, BaseResponse) and not callable(value):
        raise TypeError(
            f"{describe()} returned {value!r} (type {type(value).__name__}), which is not a valid"
            f" response. {_WANTED}"
        )
    try:
        return t.cast("Response", response_class.force_type(value, environ))
    except TypeError as error:
        raise TypeError(
            f"{describe()} returned {value!r} (type {type(value).__name__}), which could not be"
            f" called as a WSGI application: {error}. {_WANTED}"
        ) from error


def _respond_to_error(
    error: HTTPException,
    response_class: type[Response],
    environ: WSGIEnvironment | None,
    describe: Callable[[], str],
) -> Response:
    """The response of an HTTP exception, without calling it as a WSGI application if possible."""
    if response_class is Response and environ is not None and is_standard():
        parts = _parts_of(error, environ)
        if parts is not None:
            return Response.of_parts(*parts)
    return _adopt(error, response_class, environ, describe)


# The methods of an error that make its response, and those that make its page.
_call_of = attrgetter("__call__", "get_response")
_page_of = attrgetter("get_body", "get_headers", "get_description", "name")
_CALL, _PAGE = _call_of(HTTPException), _page_of(HTTPException)
_ON_AN_ERROR = frozenset({"get_response", "get_body", "get_headers", "get_description"})
# Header fields that are changed when a response is sent.
_CHANGED_ON_THE_WAY = frozenset({"content-length", *URL_FIELDS})
_MAX_CACHED_DESCRIPTION = 500  # characters


def _parts_of(error: HTTPException, environ: WSGIEnvironment) -> Parts | None:
    """The parts of the response; ``None`` if the response is not an error page."""
    kind, code = type(error), error.code
    if (
        _call_of(kind) != _CALL
        or "get_response" in error.__dict__
        or error.response is not None
        or type(code) is not int
        or not 400 <= code < 600
        or environ["REQUEST_METHOD"] == "HEAD"
    ):
        return None
    description = error.description
    if (
        _page_of(kind) == _PAGE
        and _ON_AN_ERROR.isdisjoint(error.__dict__)
        and type(description) is str  # or it may be markup
        and len(description) <= _MAX_CACHED_DESCRIPTION
    ):
        return _standard_parts(code, description)
    return _make_parts(code, error.get_body(environ), error.get_headers(environ))


# PERF: Werkzeug makes a dozen calls for the page; most errors of a program are equal.
@lru_cache(maxsize=128)
def _standard_parts(code: int, description: str) -> Parts | None:
    """The parts for an error that is defined by its code and description."""
    error = HTTPException(description)
    error.code = code
    return _make_parts(code, error.get_body(), error.get_headers())


def _make_parts(code: int, page: t.Any, fields: t.Any) -> Parts | None:
    if type(page) is not str or not all(map(_goes_out_as_it_stands, fields)):
        return None
    data = page.encode()
    length = ("Content-Length", str(len(data)))
    return data, [*fields, length], *status_of(code)


def _goes_out_as_it_stands(field: tuple[str, t.Any]) -> bool:
    name, value = field
    return type(name) is str and name.lower() not in _CHANGED_ON_THE_WAY and is_printable(value)


def _set_status(response: Response, status: Status) -> None:
    if isinstance(status, (str, bytes, bytearray)):
        response.status = status
    else:
        set_status_code(response, int(status))
