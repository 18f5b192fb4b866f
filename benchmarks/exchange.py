"""Ask a server as a browser would, check what it answers, and gather visitors' cookies."""

from __future__ import annotations

import contextlib
import http.client
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .workloads import Request, Workload

SAMPLES = 8
VISITORS = 16
TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def cookie(self) -> str:
        return self.headers["set-cookie"].split(";")[0]


@contextlib.contextmanager
def connected(port: int) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
    with contextlib.closing(connection):
        yield connection


def ask(connection: http.client.HTTPConnection, request: Request) -> Answer:
    body = request.body or None
    connection.request(request.method, request.target, body, request.headers)
    response = connection.getresponse()
    headers = {name.lower(): value for name, value in response.getheaders()}
    return Answer(response.status, headers, response.read())


def prepare(port: int, workload: Workload) -> list[Request]:
    """The requests to load a server with, after it has answered some of them rightly.

    :raises WrongAnswer: if it did not; `OSError` or `http.client.HTTPException`: if not at all.
    """
    with connected(port) as connection:
        if workload.has_session:
            return visits(connection, workload)
        for request in workload.requests[:SAMPLES]:
            workload.check(request, ask(connection, request))
    if workload.name == "hello":
        with connected(port) as connection:
            check_head(connection, workload)
    return list(workload.requests)


def check_head(connection: http.client.HTTPConnection, workload: Workload) -> None:
    """A HEAD, where a framework knows it, has no body: the next answer is found where it ought."""
    (request,) = workload.requests
    with contextlib.suppress(OSError, http.client.HTTPException):
        if ask(connection, replace(request, method="HEAD")).status == 200:
            workload.check(request, ask(connection, request))


def visits(connection: http.client.HTTPConnection, workload: Workload) -> list[Request]:
    """One visitor after another counts on from its own cookie; a forged one starts anew."""
    (request,) = workload.requests
    made = []
    for visitor in range(VISITORS):
        cookie = ""
        for count in range(1, 3 + visitor % 3):
            headers = {"Cookie": cookie} if cookie else {}
            request = replace(request, headers=headers, expected=str(count))
            answer = ask(connection, request)
            workload.check(request, answer)
            cookie = answer.cookie
        made.append(replace(request, headers={"Cookie": cookie}))
    check_forged(connection, workload, made[0])
    return made


def check_forged(
    connection: http.client.HTTPConnection, workload: Workload, request: Request
) -> None:
    name, _, value = request.headers["Cookie"].partition("=")
    place = len(value) // 4
    letter = "A" if value[place] != "A" else "B"
    forged = f"{name}={value[:place]}{letter}{value[place + 1 :]}"
    request = replace(request, headers={"Cookie": forged}, expected="1")
    workload.check(request, ask(connection, request))
