"""Views that wait, and connections that do nothing: how many a worker bears by default.

    .venv-bench/bin/python -m benchmarks.micro.sleepers

64 and 256 connections ask a view that sleeps 50 ms; what counts is the share of the answers
that would be possible if all slept at once. Then 2,000 connections stay open and idle, and
what the worker's memory has grown by is compared.
"""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from dataclasses import replace
from typing import TYPE_CHECKING

from .. import rows
from ..load import run_wrk
from ..workloads import Request
from .served import row_for, served
from .sides import verdict

if TYPE_CHECKING:
    from ..server import Server

SLEEP_SECONDS = 0.05
SECONDS = 4
IDLE = 2_000
GOAL = 0.9
HELLO = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def candidates() -> list[rows.Row]:
    """`retort run` as it is by default; Flask on Granian as it is by default."""
    flask = row_for(rows.FLASK, "sleeper_app:app")
    by_default = tuple(rows.without_threads(flask.command))
    return [
        row_for(rows.RETORT_RUN, "sleeper_app:app"),
        replace(flask, name="Flask, granian", command=by_default),
    ]


def share_reached(server: Server, connections: int) -> float:
    """Answers per second over those that ``connections`` sleepers at once would get."""
    requests = [Request("/sleep")]
    run_wrk(server.port, requests, 1, connections)  # threads are made as they are needed
    counts = run_wrk(server.port, requests, SECONDS, connections)
    per_second = counts["requests"] / (counts["microseconds"] / 1e6)
    return per_second / (connections / SLEEP_SECONDS)


def idle_kilobytes(server: Server) -> float:
    """What each of many idle connections adds to the worker's memory."""
    before = server.resident_bytes()
    with contextlib.ExitStack() as stack:
        for _ in range(IDLE):
            address = ("127.0.0.1", server.port)
            connection = stack.enter_context(socket.create_connection(address, timeout=30))
            connection.sendall(HELLO)
            connection.recv(4096)
        time.sleep(1)
        grown = server.resident_bytes() - before
    return grown / 1024


def main() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most, 8 * IDLE), most))
    for row in candidates():
        with served(row) as server:
            shares = {n: share_reached(server, n) for n in (64, 256)}
        print(row.name)
        for connections, share in shares.items():
            goal = GOAL if row.name == rows.RETORT_RUN else None
            print(f"  {connections} sleepers: share {verdict(share, goal)}")
        with served(row) as server:
            grown = idle_kilobytes(server)
        print(f"  {IDLE} idle connections: {grown:,.0f} KB, {grown / IDLE:.1f} KB each")


if __name__ == "__main__":
    main()
