"""The session of a WebSocket: its cookie can be sent with the handshake's response only."""

from __future__ import annotations

import typing as t
from contextvars import copy_context

from ...aio.steps import in_thread
from ...sessions import may_save_unopened

if t.TYPE_CHECKING:
    from ...context import RequestContext
    from ...websockets.interface import Handshake


async def fields_of_session(context: RequestContext, handshake: Handshake) -> list[tuple[str, str]]:
    """Save the session, and return the header fields with its cookie.

    :raises RuntimeError: if the session was changed, and the server cannot send the fields.
    """
    if not _has_session(context):
        return []
    if not handshake.sends_headers:
        session = context.opened_session
        if session is not None and session.modified:
            raise RuntimeError(
                "The session was changed before accept(), and this server sends no header fields"
                " with an accepted WebSocket, so the cookie of the session would be lost. Change"
                " the session in an HTTP view, or serve the program over plain TCP behind a proxy"
                " that terminates TLS."
            )
        return []
    if context.plans.opens_session_first:  # the interface may block
        return await in_thread(copy_context().run, _save, context)
    return _save(context)


def _has_session(context: RequestContext) -> bool:
    return bool(
        context.opened_session is not None
        or context.plans.opens_session_first
        or ("HTTP_COOKIE" in context.environ and may_save_unopened(context))
    )


def _save(context: RequestContext) -> list[tuple[str, str]]:
    app = context.app
    session = context.open_session()
    if app.session_interface.is_null_session(session):
        return []
    response = app.response_class(status=101)
    response.headers.clear()
    app.session_interface.save_session(app, session, response)
    session.modified = False  # changes from now on are lost
    response.headers.remove("Vary")  # concerns caches
    return list(response.headers)


def warn_of_lost_changes(context: RequestContext, view_name: str) -> None:
    """Log a warning if the session was changed after the handshake was accepted."""
    session = context.opened_session
    if session is not None and session.modified and context.app.debug:
        context.app.logger.warning(
            "The session was changed after the WebSocket of %s was accepted. The change is lost: a"
            " cookie can be sent with the handshake's response only. Change the session before"
            " accept(), or in an HTTP view. (This is logged in debug mode only.)",
            view_name,
        )
