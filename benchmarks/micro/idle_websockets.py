"""Idle WebSockets: the memory of a worker with many, and the speed of HTTP beside them.

    .venv-bench/bin/python -m benchmarks.micro.idle_websockets [COUNT]

10,000 clients open a WebSocket and send nothing. The pings of the server are answered. Beside them
one client sends requests with pauses, so that the server is mostly idle: the 99th percentile of
their times is compared with that without WebSockets.
"""

from __future__ import annotations

import contextlib
import http.client
import resource
import selectors
import statistics
import sys
import threading
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import rows
from .clients import frames, open_websocket
from .served import served

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from ..server import Server

COUNT = 10_000
SPARE_FILES = 500
REQUESTS = 1_000
ROUNDS = 5
PAUSE_SECONDS = 0.002
SETTLE_SECONDS = 2
GOAL_BYTES = 150 * 1024 * 1024
GOAL_RATIO = 2.0
_PONG = b"\x8a\x84\0\0\0\0"  # of 4 bytes, masked with zeros
_PING = b"\x89\x04"


@contextlib.contextmanager
def answering_pings(sockets: list[socket.socket]) -> Iterator[None]:
    """Answer the pings of the server in a thread, for as long as the block lasts."""
    is_over = threading.Event()

    def answer() -> None:
        with selectors.EpollSelector() as selector:
            for each in sockets:
                selector.register(each, selectors.EVENT_READ)
            while not is_over.is_set():
                for key, _ in selector.select(0.2):
                    client: socket.socket = key.fileobj  # type: ignore[assignment]
                    data = client.recv(4096)
                    if data.startswith(_PING):
                        client.sendall(_PONG + data[2:6])
                    elif not data:
                        selector.unregister(client)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def p99_milliseconds(server: Server) -> float:
    """The 99th percentile of the times of requests for a text; the median of several."""
    return statistics.median(_p99_milliseconds(server) for _ in range(ROUNDS))


def _p99_milliseconds(server: Server) -> float:
    times = []
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        for _ in range(REQUESTS):
            began_at = time.perf_counter()
            connection.request("GET", "/sync")
            connection.getresponse().read()
            times.append(time.perf_counter() - began_at)
            time.sleep(PAUSE_SECONDS)
    return statistics.quantiles(times, n=100)[98] * 1000


def count_answering(sockets: list[socket.socket]) -> int:
    """How many of the WebSockets still send a message back."""
    sent, expected = frames(b"are you there")
    count = 0
    for each in sockets:
        each.sendall(sent)
        received = b""
        while not received.endswith(expected):  # a ping may come before
            data = each.recv(4096)
            if not data:
                break
            received += data
        count += received.endswith(expected)
    return count


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, count + SPARE_FILES), most))
    (retort,) = rows.chosen([rows.RETORT_RUN])
    command = (*retort.command[:-1], "async_app:app")
    row = replace(retort, packages=("retort-web",), command=command)
    with served(row) as server, contextlib.ExitStack() as stack:
        open_websocket(server.port).close()  # the server imports asyncio and websockets
        before = server.resident_bytes()
        alone = p99_milliseconds(server)
        began_at = time.perf_counter()
        sockets = [stack.enter_context(open_websocket(server.port)) for _ in range(count)]
        seconds = time.perf_counter() - began_at
        with answering_pings(sockets):
            time.sleep(SETTLE_SECONDS)
            after = server.resident_bytes()
            beside = p99_milliseconds(server)
            at_end = server.resident_bytes()
        answering = count_answering(sockets)
    ratio = beside / alone
    print(f"{count:,} handshakes in {seconds:.1f} s; {answering:,} answered at the end")
    print(f"worker: {before / 2**20:.0f} MiB before, {after / 2**20:.0f} MiB with them,")
    print(f"  {at_end / 2**20:.0f} MiB at the end: {verdict(at_end, GOAL_BYTES)}")
    print(f"  {(after - before) / count / 1024:.1f} KiB for each")
    print(f"HTTP, p99: {alone:.2f} ms alone, {beside:.2f} ms beside them:")
    print(f"  ratio {ratio:.2f}: {verdict(ratio, GOAL_RATIO)}")


def verdict(value: float, goal: float) -> str:
    return "goal reached" if value <= goal else "goal missed"


if __name__ == "__main__":
    main()
