"""Convert exceptions to responses: by an error handler, as an error page, or as a 500.

The functions implement methods of the application, which call each other by name.
"""

from __future__ import annotations

import sys
import typing as t

from werkzeug.exceptions import BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RequestRedirect, RoutingException

from ..errors import RoutingRedirectError
from ..globals import current_request_context
from ..http.request import split_blueprint_path
from ..signals import got_request_exception

if t.TYPE_CHECKING:
    from ..app import Flask
    from ..http import Request, Response
    from ..typing import ErrorHandlerCallable, ResponseReturnValue

# A value that can be converted to a response.
Answer = t.Union["ResponseReturnValue", HTTPException]

# Environ key of the debugger's function, called with HTTP errors that have no handler.
ON_PLAIN_ERROR = "retort.on_plain_error"

# Redirects that preserve method and body, so form data is not lost.
_KEEPS_BODY = (307, 308)


def raise_routing_exception(app: Flask, request: Request) -> t.NoReturn:
    """Raise the routing exception; in debug mode another one if form data would be lost."""
    error = request.routing_exception
    assert error is not None
    if (
        app.debug
        and isinstance(error, RequestRedirect)
        and error.code not in _KEEPS_BODY
        and request.method not in {"GET", "HEAD", "OPTIONS"}
    ):
        raise RoutingRedirectError(request)
    raise error


def handle_user_exception(app: Flask, error: Exception) -> Answer:
    """Handle an exception of a view or hook; return what is converted to a response.

    :raises Exception: the same one, if no error handler matches.
    """
    if isinstance(error, BadRequestKeyError) and (
        app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]
    ):
        error.show_exception = True  # includes the key in the description
    if isinstance(error, HTTPException) and not app.trap_http_exception(error):
        return app.handle_http_exception(error)
    handler = app._find_error_handler(error, _blueprints())
    if handler is None:
        raise error
    return t.cast("Answer", app.ensure_sync(handler)(error))


def handle_http_exception(app: Flask, error: HTTPException) -> Answer:
    """The return value of the handler of an HTTP exception, or the exception itself."""
    if error.code is None:
        return error  # it carries a response
    if isinstance(error, RoutingException):
        return error  # a redirect of the router, not an error
    handler = app._find_error_handler(error, _blueprints())
    if handler is None:
        context = current_request_context.get(None)
        if context is not None and ON_PLAIN_ERROR in context.environ:
            context.environ[ON_PLAIN_ERROR](app, error)
        return error
    return t.cast("Answer", app.ensure_sync(handler)(error))


def handle_exception(app: Flask, error: Exception) -> Response:
    """Log an unhandled exception and return the 500 response for it.

    :raises Exception: the same one, if exceptions propagate to the debugger or a test.
    """
    exc_info = sys.exc_info()
    got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    if propagate is None:
        propagate = app.testing or app.debug
    if propagate:
        if exc_info[1] is error:
            raise  # noqa: PLE0704  with the traceback unchanged
        raise error
    app.log_exception(exc_info)
    answer: t.Any = InternalServerError(original_exception=error)
    handler = app._find_error_handler(answer, _blueprints())
    if handler is not None:
        answer = app.ensure_sync(handler)(answer)
    return app.finalize_request(answer, from_error_handler=True)


def find_handler(
    app: Flask, error: Exception, blueprints: list[str]
) -> ErrorHandlerCallable | None:
    """The handler for an exception: by its code first, then by class; innermost blueprint first."""
    spec = app.error_handler_spec
    code = type(error).code if isinstance(error, HTTPException) else None
    for wanted in (None,) if code is None else (code, None):
        for scope in (*blueprints, None):
            by_class = spec[scope][wanted] if scope in spec and wanted in spec[scope] else None
            if by_class:
                for kind in type(error).__mro__:
                    if kind in by_class:
                        return by_class[kind]
    return None


def _blueprints() -> list[str]:
    """The blueprints of the current request's endpoint, the innermost first."""
    context = current_request_context.get(None)
    if context is None:
        return []
    if context.match is None or context.made_request is not None:
        return context.request.blueprints
    blueprint = context.match[0].endpoint.rpartition(".")[0]
    return split_blueprint_path(blueprint) if blueprint else []
