"""Close the open WebSockets, because the server stops or its worker is replaced.

The closes are spread over a time: otherwise all clients would connect again at the same moment.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

from ...aio.loop import process_loop

if TYPE_CHECKING:
    from ...websockets.interface import Connection
    from .open_websockets import OpenWebSockets

_STEP_SECONDS = 0.05


def close_websockets(websockets: OpenWebSockets, code: int, reason: str, seconds: float) -> None:
    """Begin to close all WebSockets; thread-safe.

    :param seconds: the time over which the closes are spread.
    """
    closes = _close_all(websockets, code, reason, seconds)
    asyncio.run_coroutine_threadsafe(closes, process_loop())


async def _close_all(websockets: OpenWebSockets, code: int, reason: str, seconds: float) -> None:
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    closing: dict[Connection, asyncio.Task[None]] = {}
    # New ones may appear: their handshakes were being accepted.
    while left := [each for each in websockets.connections if each not in closing]:
        share = min(1.0, (loop.time() - began_at) / seconds) if seconds else 1.0
        due = math.floor((len(closing) + len(left)) * share) + 1 - len(closing)
        for connection in left[: max(0, due)]:
            closing[connection] = loop.create_task(connection.close(code, reason))
        await asyncio.sleep(_STEP_SECONDS)
    await asyncio.gather(*closing.values(), return_exceptions=True)
