"""Bodies that are collected from several requested pieces, and short ones: limits of time."""

import random
from concurrent.futures import Future

import pytest

from retort.server.options import Settings
from retort.server.protocol.request_body import RequestBodies
from retort.server.protocol.validation import ERROR_RESPONSE

SIZE = 64 * 1024  # of Granian's buffer


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

    def bring(self, number, size, *, is_more=True):
        piece = bytes([number]) * size
        message = {"type": "http.request", "body": piece, "more_body": is_more}
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
    bodies = RequestBodies(Settings(**limits), None, None, None, answered.begin)
    bodies.receive(granian, {"CONTENT_LENGTH": str(length)})
    return bodies, granian, answered


@pytest.mark.parametrize("seed", range(10))
def test_pieces_may_be_complete_in_any_order(seed):
    length = 20 * SIZE + 17
    bodies, granian, answered = receive(length)
    whole, sent = {}, 0
    while sent < length:
        pending = [number for number, future in enumerate(granian.futures) if not future.done()]
        sizes = {number: min(SIZE, length - sent - SIZE * at) for at, number in enumerate(pending)}
        sent += sum(sizes.values())
        for number in random.Random(seed).sample(pending, len(pending)):
            assert not answered
            whole[number] = granian.bring(number, sizes[number])

    assert answered[0]["wsgi.input"].read() == b"".join(whole[number] for number in sorted(whole))
    assert not bodies.waiting


def test_no_more_pieces_are_requested_than_must_come():
    _, granian, answered = receive(3 * SIZE)
    assert len(granian.futures) == 3

    for number in range(3):
        granian.bring(number, SIZE // 2)
    assert len(granian.futures) == 5
    granian.bring(3, SIZE)
    granian.bring(4, SIZE // 2)

    assert len(answered[0]["wsgi.input"].read()) == 3 * SIZE
    assert len(granian.futures) == 5


def test_a_body_that_ends_early_is_400():
    bodies, granian, answered = receive(3 * SIZE)

    granian.bring(0, SIZE)
    granian.futures[1].set_result({"type": "http.disconnect"})
    granian.bring(2, 0, is_more=False)

    assert answered.status == "400 Bad Request"
    assert len(answered) == 1
    assert bodies.budget.left == RequestBodies(Settings(), None, None, None, None).budget.left


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
