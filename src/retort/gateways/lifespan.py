"""The start and the end of an application on an ASGI server, and for ``app.startup()``.

Servers without the lifespan protocol call nothing of this. A program with functions before serving
then logs a warning at its first request.
"""

from __future__ import annotations

import asyncio
import typing as t

from ..aio.loop import adopt_loop
from ..lifecycle.serving import Serving

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from ..app import Flask

    Message = t.MutableMapping[str, t.Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]


async def start(app: Flask) -> None:
    """Run the functions before serving, those that are no coroutine functions in a thread.

    :raises ServingError: if one of them fails.
    """
    adopt_loop(asyncio.get_running_loop())
    await asyncio.to_thread(Serving(app).start)


async def stop(app: Flask) -> None:
    """Wait for the background tasks, and run the functions after serving.

    :raises ServingError: the first error, when all functions have run.
    :raises RuntimeError: if the application was not started.
    """
    serving = app.serving
    if serving is None:
        raise RuntimeError(f"{app.name!r} was not started: call app.startup() before.")
    errors = await asyncio.to_thread(serving.stop, app.config["BACKGROUND_TASK_SHUTDOWN_TIMEOUT"])
    if errors:
        raise errors[0]


async def handle_lifespan(app: Flask, receive: Receive, send: Send) -> None:
    """Answer the messages about the start and the end of the server."""
    if await _answer("lifespan.startup", start, app, receive, send):
        await _answer("lifespan.shutdown", stop, app, receive, send)


async def _answer(
    kind: str,
    action: Callable[[Flask], Awaitable[None]],
    app: Flask,
    receive: Receive,
    send: Send,
) -> bool:
    """Wait for a message, and answer it after the action.

    :returns: whether the action has succeeded.
    """
    while (await receive())["type"] != kind:
        pass
    answer = {"type": f"{kind}.complete"}
    try:
        await action(app)
    except Exception as error:
        answer = {"type": f"{kind}.failed", "message": str(error)}
        if action is start:  # otherwise it is in the log
            app.logger.error("%s", error, exc_info=error)
    await send(answer)
    return action is start and answer["type"] == f"{kind}.complete"
