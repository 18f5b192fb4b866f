"""The WSGI gateway (PEP 3333): environ in, status, headers and body out.

It creates the request context, runs its plan (`lifecycle/`), sends the response, and pops the
context.
"""

from __future__ import annotations

import sys
import typing as t

from ..context import PRESERVE_CONTEXT, preserve

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import Flask


def wsgi_app(
    self: Flask, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """The application itself; for middleware, ``app.wsgi_app = Middleware(app.wsgi_app)``."""
    context = self.request_context(environ)
    error: BaseException | None = None
    try:
        try:
            context.push()
            response: t.Any = context.plan.respond(self, context)
        except Exception as unhandled:
            error = unhandled
            if not hasattr(context, "plan"):  # raised before the request was matched
                context.find_plan()
            response = self.handle_exception(unhandled)
        except BaseException:
            error = sys.exc_info()[1]
            raise
        if type(response) is tuple:  # see `run.finish_without_response`
            status, fields, body = response
            start_response(status, fields)
            return body  # type: ignore[no-any-return]
        return response(environ, start_response)  # type: ignore[no-any-return]
    finally:
        if PRESERVE_CONTEXT in environ:
            preserve(context)
        if error is not None and self.should_ignore_error(error):
            error = None
        context.pop(error)


# It is a method, and profilers and tracing tools show it as one.
wsgi_app.__module__, wsgi_app.__qualname__ = "retort.app", "Flask.wsgi_app"
wsgi_app.may_defer = True  # type: ignore[attr-defined]  # see `lifecycle/deferred.py`
