"""Load a server with wrk, and tell what each request cost the server."""

from __future__ import annotations

import json
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .server import DoesNotServe, Server, cores, pinned

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .workloads import Request

CONNECTIONS = 64
SCRIPT = Path(__file__).with_name("requests.lua")
BROKEN_SHARE = 0.01
"""A server that closes an idle connection may meet a request on its way; more is a fault."""


class Refused(Exception):
    """The server answered, under load, with errors or not at all."""


@dataclass(frozen=True)
class Measure:
    requests: int
    seconds: float
    cpu_seconds: float

    def __str__(self) -> str:
        return f"{self.cpu_microseconds:8.1f} µs {self.per_second:10,.0f}/s"

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds

    @property
    def cpu_microseconds(self) -> float:
        return self.cpu_seconds / self.requests * 1e6

    @property
    def core_share(self) -> float:
        """How much of its core the server had: little, if other work or wrk kept it waiting."""
        return self.cpu_seconds / self.seconds


def measure(server: Server, requests: Iterable[Request], seconds: int) -> Measure:
    """:raises Refused: if an answer is an error; `DoesNotServe`: if the server is gone."""
    before = server.cpu_seconds()
    counts = run_wrk(server.port, requests, seconds)
    used = server.cpu_seconds() - before
    if not server.is_alive:
        raise DoesNotServe("died under load")
    complain(counts)
    return Measure(counts["requests"], counts["microseconds"] / 1e6, used)


def complain(counts: dict[str, int]) -> None:
    answered = counts["requests"]
    if answered == 0 or counts["broken"] > BROKEN_SHARE * answered:
        raise Refused(f"{answered} answers, {counts['broken']} broken connections")
    if counts["refused"] or counts["timeouts"]:
        raise Refused(f"{counts['refused']} errors, {counts['timeouts']} timeouts of {answered}")


def run_wrk(
    port: int,
    requests: Iterable[Request],
    seconds: int,
    connections: int = CONNECTIONS,
    pause_milliseconds: int = 0,
) -> dict[str, int]:
    with tempfile.NamedTemporaryFile(suffix=".requests") as file:
        for request in requests:
            message = as_sent(request, port)
            file.write(b"%d\n%b" % (len(message), message))
        file.flush()
        wrk = ["wrk", "--threads", "1", "--connections", str(connections), "--timeout", "10s"]
        wrk += ["--duration", f"{seconds}s", "--script", str(SCRIPT), f"http://127.0.0.1:{port}/"]
        pause = [str(pause_milliseconds)] if pause_milliseconds else []
        command = pinned(cores()[1], [*wrk, "--", file.name, *pause])
        ended = subprocess.run(
            command, capture_output=True, text=True, timeout=seconds + 60, check=True
        )
    counts: dict[str, int] = json.loads(ended.stdout.strip().splitlines()[-1])
    return counts


def as_sent(request: Request, port: int) -> bytes:
    headers = {"Host": f"127.0.0.1:{port}", "Accept": "*/*", **request.headers}
    if request.body or request.method == "POST":
        headers["Content-Length"] = str(len(request.body))
    lines = [f"{request.method} {request.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + request.body
