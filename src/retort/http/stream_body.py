"""`stream_body`: mark a view that reads the request body itself, while it arrives.

`unread.py` has these bodies. Other views on the event loop get a body that is complete.
"""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from ..errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable

F = TypeVar("F", bound="Callable[..., Any]")

# Environ key: the `PieceSource` of a body that may not have arrived completely.
UNREAD_BODY = "retort.unread_body"


class PieceSource(Protocol):
    """The pieces of a body, as a server receives them."""

    def poll(self, notify: Callable[[], object]) -> bytes | None:
        """The next piece; empty at the end of the body; ``None``: it has not arrived.

        :param notify: called in any thread when it has arrived, if the result is ``None``.
        :raises HTTPException: if the body is incomplete, too slow or too long.
        """


def stream_body(view: F) -> F:
    """Call a view before the request body has arrived; it reads the body while it arrives.

    ::

        @app.put("/files/<name>")
        @stream_body
        async def upload(name):
            async for chunk in request.stream_chunks():
                await store(name, chunk)
            return "", 204

    :param view: a coroutine function. Place the decorator directly above it, below the route.
    :returns: the same function, with ``view.streams_body = True``.
    :raises SetupError: for another function. A synchronous view always gets the body unread:
        ``request.stream``.

    Without it, a body is received completely before an asynchronous view is called, so that
    ``request.form`` and the others need no ``await``. In a view with it, these are an error.
    """
    if not iscoroutinefunction(view):
        raise SetupError(
            f"@stream_body is above {getattr(view, '__qualname__', view)!r}, which is not a"
            " coroutine function. Write 'async def', with @stream_body directly above it. A"
            " synchronous view needs no decorator: it reads the body from request.stream while it"
            " arrives."
        )
    view.streams_body = True  # type: ignore[attr-defined]
    return view


def streams_body(view: object) -> bool:
    """Whether a view is marked by `stream_body`."""
    return getattr(view, "streams_body", False) is True
