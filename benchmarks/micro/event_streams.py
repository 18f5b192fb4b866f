"""Event streams: processor time per event, without a server.

.venv-bench/bin/python -m benchmarks.micro.event_streams [EVENTS]
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

from retort import Flask, event_stream

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

EVENTS = 50_000


async def async_source(count: int) -> AsyncIterator[str]:
    for _ in range(count):
        yield "an event"


def sync_source(count: int) -> Iterator[str]:
    for _ in range(count):
        yield "an event"


async def microseconds_per_event(source: Iterator[str] | AsyncIterator[str], count: int) -> float:
    with Flask(__name__).app_context():
        body = event_stream(source).response
    began_at = time.process_time()
    async for _ in body:  # type: ignore[union-attr]
        pass
    seconds = time.process_time() - began_at
    await body.aclose()  # type: ignore[union-attr]
    return seconds / count * 1e6


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else EVENTS
    for name, source in (("asynchronous", async_source), ("synchronous", sync_source)):
        microseconds = asyncio.run(microseconds_per_event(source(count), count))
        print(f"{name} source: {microseconds:.1f} µs per event")


if __name__ == "__main__":
    main()
