"""A report in place of the first piece of an asynchronous body, if making that fails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..aio.bodies import AsyncBody

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class ExplainedBody(AsyncBody):
    """A body with a report in place of its first piece, if making that raises an exception.

    :param explain: returns the pieces of the report; raises the exception, if the response has
        started.
    """

    def __init__(self, body: AsyncBody, explain: Callable[[Exception], Iterator[bytes]]) -> None:
        super().__init__(body)
        self.body = body
        self.explain = explain
        self.report: Iterator[bytes] | None = None

    async def __anext__(self) -> bytes:
        if self.report is None:
            try:
                return await self.body.__anext__()
            except StopAsyncIteration:
                raise
            except Exception as error:
                self.report = iter([*self.explain(error)])
        for piece in self.report:
            return piece
        raise StopAsyncIteration
