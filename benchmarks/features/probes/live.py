"""Views that wait, WebSockets, events, slow clients and reloads: with time and connections."""

from __future__ import annotations

import http.client
import os
import select
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

from websockets.sync.client import connect

from .. import wire

if TYPE_CHECKING:
    import socket

    from ..site import Visit
    from . import Finding

WAITING, WAIT_SECONDS = 200, 10
BLOCKED, BLOCK_SECONDS = 20, 2
SLOW_CLIENTS = 40
RELOADS, RELOAD_SECONDS = 6, 15
SLOW_SECONDS, PAUSE_SECONDS = 75, 1
HEAD_WITHOUT_END = b"GET /hello HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
BODY_WITHOUT_END = (
    b"POST /form HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 10000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nnm="
)
FAULTS = (OSError, http.client.HTTPException)


def at_once(visit: Visit, target: str, number: int) -> tuple[int, float]:
    """How many of simultaneous requests succeed, and in how many seconds."""

    def one(_: int) -> bool:
        try:
            return visit.send(target).status == 200
        except FAULTS:
            return False

    begin = time.monotonic()
    with ThreadPoolExecutor(number) as pool:
        good = sum(pool.map(one, range(number)))
    return good, time.monotonic() - begin


def waiting_views(visit: Visit) -> Finding:
    """200 requests to an async view that waits a second: one after the other they take 200 s."""
    good, seconds = at_once(visit, "/wait", WAITING)
    return good == WAITING and seconds < WAIT_SECONDS, f"{good} of {WAITING} in {seconds:.1f} s"


def blocking_views(visit: Visit) -> Finding:
    """20 requests to a plain function that blocks a second."""
    good, seconds = at_once(visit, "/block", BLOCKED)
    return good == BLOCKED and seconds < BLOCK_SECONDS, f"{good} of {BLOCKED} in {seconds:.1f} s"


def websocket(visit: Visit) -> Finding:
    address = f"ws://127.0.0.1:{visit.port}/echo"
    with connect(address, proxy=None, open_timeout=10, close_timeout=2) as client:
        client.send("hello")
        answer = client.recv(timeout=10)
    return answer == "hello", str(answer)


def events(visit: Visit) -> Finding:
    """The second event is a second younger than the first."""
    request = b"GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with wire.opened(visit.port, request) as connection:
        begin = time.monotonic()
        times = [arrival(connection, event) - begin for event in (b"first", b"last")]
    return times[1] - times[0] > 0.5, "after " + ", ".join(f"{each:.1f} s" for each in times)


def arrival(connection: socket.socket, event: bytes) -> float:
    received = b""
    while event not in received:
        piece = connection.recv(65536)
        if not piece:
            raise ConnectionError(f"no event {event!r}")
        received += piece
    return time.monotonic()


def seconds_until_cut(port: int, beginning: bytes) -> float | None:
    """When the server answers or closes, to a byte each second; ``None`` if it does neither."""
    with wire.opened(port, beginning) as connection:
        begin = time.monotonic()
        while (passed := time.monotonic() - begin) < SLOW_SECONDS:
            if select.select([connection], [], [], PAUSE_SECONDS)[0]:
                return passed
            try:
                connection.sendall(b"a")
            except OSError:
                return passed
    return None


def is_cut(visit: Visit, beginning: bytes) -> Finding:
    seconds = seconds_until_cut(visit.port, beginning)
    if seconds is None:
        return False, f"open after {SLOW_SECONDS} s"
    log = visit.server.log.read_text(errors="replace")
    if "WORKER TIMEOUT" in log:
        return False, f"after {seconds:.0f} s, by killing the worker"
    return True, f"after {seconds:.0f} s"


def slow_headers(visit: Visit) -> Finding:
    return is_cut(visit, HEAD_WITHOUT_END)


def slow_bodies(visit: Visit) -> Finding:
    return is_cut(visit, BODY_WITHOUT_END)


def others_served(visit: Visit) -> Finding:
    """40 clients do not finish their bodies; another client gets its page within 5 s."""
    with ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            stack.enter_context(wire.opened(visit.port, BODY_WITHOUT_END))
        time.sleep(1)
        begin = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", visit.port, timeout=5)
        stack.callback(connection.close)
        try:
            connection.request("GET", "/hello")
            status = connection.getresponse().status
        except TimeoutError:
            return False, "no response in 5 s"
    return status == 200, f"{status} in {time.monotonic() - begin:.1f} s"


class Load(threading.Thread):
    """Requests one after the other, each on a new connection, until `end`."""

    def __init__(self, visit: Visit) -> None:
        super().__init__(daemon=True)
        self.visit, self.seen, self.faults = visit, [""], []
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.is_set():
            try:
                reply = self.visit.send("/version")
            except FAULTS as error:
                self.faults.append(type(error).__name__)
                continue
            if reply.status == 200:
                self.seen.append(reply.text.strip('"'))
            else:
                self.faults.append(str(reply.status))

    def end(self) -> None:
        self._ended.set()
        self.join(wire.TIMEOUT_SECONDS + 5)


def reload(visit: Visit) -> Finding:
    """SIGHUP to the server under four clients, six times: whether a request is lost is chance."""
    loads = [Load(visit) for _ in range(4)]
    for load in loads:
        load.start()
    arrived = [reloaded(visit, loads, f"version {number}") for number in range(RELOADS)]
    for load in loads:
        load.end()
    faults = sum(len(load.faults) for load in loads)
    requests = sum(len(load.seen) for load in loads)
    note = f"{faults} of {requests + faults} requests lost, {sum(arrived)} of {RELOADS} reloads"
    return all(arrived) and not faults, note


def reloaded(visit: Visit, loads: list[Load], version: str) -> bool:
    visit.site.write_version(version)
    if not visit.server.is_alive:
        return False
    os.kill(visit.server.process.pid, signal.SIGHUP)
    end = time.monotonic() + RELOAD_SECONDS
    while time.monotonic() < end:
        time.sleep(0.1)
        if all(set(load.seen[-20:]) == {version} for load in loads):
            return True
    return False
