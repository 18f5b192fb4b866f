"""The WSGI gateway (PEP 3333): environ in, status, headers and body out.

It pushes the request's context, asks `dispatch.py` for the response through the
application's methods, sends it, and ends the context.
"""

from __future__ import annotations

import sys
import typing as t

from ..context import RequestContext
from ..globals import _cv_app
from . import quick

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import Flask
    from ..context import AppContext

# Where the test client and the debugger ask to keep a context after its request.
PRESERVE_CONTEXT = "werkzeug.debug.preserve_context"


def serve(app: Flask, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer one WSGI call; an error that reaches the server has been logged or is to."""
    steps = app._current_steps()
    is_quick = steps.are_as_written and not steps.opens_session_first and _cv_app.get(None) is None
    if is_quick:
        context = RequestContext.begin(app, steps, environ)
    else:
        context = app.request_context(environ)
    error: BaseException | None = None
    try:
        try:
            if is_quick:
                answer: t.Any = quick.respond(app, context)
            else:
                context.push()
                answer = context.steps.full_dispatch_request(app, context)
        except Exception as unhandled:
            error = unhandled
            answer = app.handle_exception(unhandled)
        except BaseException:
            error = sys.exc_info()[1]
            raise
        if type(answer) is tuple:  # see `quick.respond`
            status, fields, body = answer
            start_response(status, fields)
            return body  # type: ignore[no-any-return]
        return answer(environ, start_response)  # type: ignore[no-any-return]
    finally:
        if PRESERVE_CONTEXT in environ:
            _preserve(environ[PRESERVE_CONTEXT], context)
        if error is not None and app.should_ignore_error(error):
            error = None
        if is_quick:
            quick.leave(context, error)
        else:
            context.pop(error)


def _preserve(keep: Callable[[AppContext], object], context: RequestContext) -> None:
    """Hand over the contexts, in the order in which they have to be entered again."""
    around = _cv_app.get(None)
    if around is not None and around is not context:
        keep(around)
    keep(context)
