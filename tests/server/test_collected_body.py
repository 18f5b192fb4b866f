"""Bodies that are collected before the application is called: their limits of time."""

from concurrent.futures import Future

import pytest

from retort.server.options import Settings
from retort.server.protocol.request_body import RequestBodies
from retort.server.protocol.validation import ERROR_RESPONSE

SIZE = 64 * 1024  # of Granian's buffer, and of the largest short body


class Granian:
    """Hands out futures for pieces, as Granian does; the test completes them."""

    scope = {"client": ("192.0.2.1", "5000")}

    def __init__(self):
        self.futures = []

    @property
    def proto(self):
        return self

    def receive(self):
        self.futures.append(Future())
        return self.futures[-1]

    def bring(self, number, size):
        piece = bytes([number]) * size
        message = {"type": "http.request", "body": piece, "more_body": True}
        self.futures[number].set_result(message)
        return piece


class Answered(list):
    """Environs of the requests that the application was called with."""

    def begin(self, watcher, environ):
        self.append(environ)

    @property
    def status(self):
        statuses = []
        self[0][ERROR_RESPONSE]({}, lambda status, headers: statuses.append(status))
        return statuses[0]


def receive(length, **limits):
    answered, granian = Answered(), Granian()
    bodies = RequestBodies(Settings(**limits), None, None, answered.begin)
    bodies.receive(granian, {"CONTENT_LENGTH": str(length)})
    return bodies, granian, answered


def test_a_body_arrives_piece_by_piece():
    bodies, granian, answered = receive(2 * SIZE + 17)

    pieces = [granian.bring(0, SIZE), granian.bring(1, 17), granian.bring(2, SIZE)]

    assert answered[0]["wsgi.input"].read() == b"".join(pieces)
    assert len(granian.futures) == 3  # the end is not waited for
    assert not bodies.waiting


def test_a_body_that_ends_early_is_400():
    bodies, granian, answered = receive(3 * SIZE)

    granian.bring(0, SIZE)
    granian.futures[1].set_result({"type": "http.disconnect"})

    assert answered.status == "400 Bad Request"
    assert len(answered) == 1
    assert bodies.budget.left == RequestBodies(Settings(), None, None, None).budget.left


def test_a_body_that_comes_too_slowly_is_408_and_nothing_stays_requested():
    bodies, granian, answered = receive(10 * SIZE, body_rate=1000, body_window_seconds=10)
    (body,) = bodies.waiting

    granian.bring(0, 20_000)
    body.note_time(10.0)
    assert not answered
    granian.bring(1, 9_000)
    body.note_time(10.0)

    assert answered.status == "408 Request Timeout"
    assert all(future.done() for future in granian.futures)
    assert not bodies.waiting


@pytest.mark.parametrize("length", [1000, SIZE])
def test_a_short_body_has_all_of_its_time_and_no_rate(length):
    limits = {"body_seconds": 30, "body_rate": 1000, "body_window_seconds": 10}
    bodies, granian, answered = receive(length, **limits)
    (body,) = bodies.waiting

    granian.bring(0, 2)
    for _ in range(29):
        body.note_time(1.0)
    assert not answered
    body.note_time(1.0)

    assert answered.status == "408 Request Timeout"
