"""Tasks that wait for an event of a connection: a list of futures, empty most of the time."""

from __future__ import annotations

import asyncio

Futures = list["asyncio.Future[None]"]


async def wait_in(futures: Futures) -> None:
    """Wait until `wake` is called with this list."""
    future = asyncio.get_running_loop().create_future()
    futures.append(future)
    try:
        await future
    finally:
        futures.remove(future)


def wake(futures: Futures) -> None:
    """Let all tasks of the list go on, in the order in which they began to wait."""
    for future in futures:
        if not future.done():
            future.set_result(None)
