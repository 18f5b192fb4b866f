"""Send a response body that an asynchronous iterator makes, on the event loop.

`AsyncResponse` is the counterpart of `response_body.StreamedResponse`: it awaits where that one
blocks its thread.
"""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

from .response_body import GRANIAN_PIECES, PIECE_BYTES, Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..sockets.connections import Connections
    from .backlog import Backlog
    from .response_head import Head

# After this many pieces without a wait, the loop runs other tasks, and Granian's threads get the
# GIL: after a disconnect `send` never waits.
_PIECES_IN_A_ROW = 32
_PAUSE_SECONDS = 0.001


class _GoneEvent(threading.Event):
    """Calls a function when it is set."""

    def __init__(self, note: Callable[[], object]) -> None:
        super().__init__()
        self.note = note

    def set(self) -> None:
        super().set()
        self.note()


class AsyncResponse(Response):
    """A response that is sent piece by piece on the event loop.

    :param backlog: counts the response while it waits for the client.
    :param note_gone: called in any thread when the client has disconnected.
    """

    def __init__(
        self,
        watcher: Any,
        head: Head,
        connections: Connections,
        *,
        backlog: Backlog,
        note_gone: Callable[[], object],
    ) -> None:
        super().__init__(watcher, head, connections)
        self.backlog = backlog
        self.loop = asyncio.get_running_loop()
        self.gone = _GoneEvent(note_gone)
        self.room: asyncio.Future[None] | None = None
        self.in_a_row = 0

    async def send(self, piece: bytes) -> bool:
        """Send a piece, and wait while Granian's buffer is full.

        :returns: whether more pieces may follow.
        :raises ClientGone: if the response is over.
        """
        if not self.head.has_body:
            return False
        piece = self.truncate(piece)
        try:
            for start in range(0, len(piece), PIECE_BYTES):
                future = self.send_piece(piece[start : start + PIECE_BYTES])
                if future is not None:
                    await self.wait_for(future, len(piece))
                else:
                    self.in_a_row += 1
                    if self.in_a_row % _PIECES_IN_A_ROW == 0:
                        await asyncio.sleep(_PAUSE_SECONDS)
        finally:
            self.backlog.release(self)
        return self.problem is None

    async def wait_for(self, future: Any, piece_bytes: int) -> None:
        """Wait until Granian's buffer has room, or the response is closed after a timeout."""
        self.backlog.hold(self, piece_bytes + GRANIAN_PIECES * min(piece_bytes, PIECE_BYTES))
        self.room = room = self.loop.create_future()
        future.add_done_callback(self.note_room)
        await room
        self.has_progressed = True

    def note_room(self, future: Any = None) -> None:
        self.loop.call_soon_threadsafe(self.continue_sending)

    def continue_sending(self) -> None:
        if self.room is not None and not self.room.done():
            self.room.set_result(None)

    async def abort_async(self) -> None:
        """`abort`, without blocking the loop."""
        await asyncio.to_thread(self.abort)

    def end_early(self) -> None:
        super().end_early()
        self.note_room()
