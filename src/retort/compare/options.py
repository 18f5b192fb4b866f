"""The options of one comparison, as the command passes them to `run`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

REQUESTS = 500
SECONDS = 60.0
MEASURE_SECONDS = 10.0
TIMEOUT_SECONDS = 10.0
PYTEST_SECONDS = 1800.0


class CompareError(Exception):
    """Nothing can be compared; the message has the reason and what to type instead."""


@dataclass(frozen=True)
class Options:
    """What to compare, with which requests, and how the sides run.

    :param target: names the application, as for ``retort run``; ``None``: as there.
    :param sides: the value of ``--sides``; ``None``: Flask, Flask again, and Retort.
    :param hars: recordings whose requests are sent.
    :param access_logs: logs whose requests are sent; ``-``: standard input.
    :param pytest: arguments of pytest, if the test suite is run.
    :param pytest_seconds: for how long one run of the test suite may take.
    :param walks: follow the links and forms of the program.
    :param login: ``METHOD PATH FIELDS``, sent before all others.
    :param start: where the walk starts.
    :param skip: regular expressions of targets that are not requested.
    :param host: the Host field of all requests.
    :param masks: values of ``--mask``.
    :param env: values of ``--env``.
    :param reset: a shell command that makes the initial data of each side.
    :param max_requests: at most as many requests to each side.
    :param seconds: for how long requests are sent.
    :param measure_seconds: for how long each side's cost is measured; 0: not.
    :param measures_forms: measure POST as well, though data may grow.
    :param timeout_seconds: how long a response may take.
    :param in_process: use test clients instead of a server.
    :param allow_network: permit connections to other machines.
    :param isolates: run each process in a network namespace of Linux of its own.
    :param keep: leave the copies of the program's folder.
    """

    target: str | None = None
    sides: str | None = None
    hars: tuple[Path, ...] = ()
    access_logs: tuple[str, ...] = ()
    pytest: str | None = None
    pytest_seconds: float = PYTEST_SECONDS
    walks: bool = True
    login: str | None = None
    start: str = "/"
    skip: tuple[str, ...] = ()
    host: str = "localhost"
    masks: tuple[str, ...] = ()
    env: tuple[str, ...] = ()
    reset: str | None = None
    max_requests: int = REQUESTS
    seconds: float = SECONDS
    measure_seconds: float = MEASURE_SECONDS
    measures_forms: bool = False
    timeout_seconds: float = TIMEOUT_SECONDS
    in_process: bool = False
    allow_network: bool = False
    isolates: bool = False
    keep: bool = False
