"""Ratios with ranges, and requests over many connections."""

import contextlib
import random
import socket
import threading

import pytest

from retort.compare.measure import Measured, measure
from retort.compare.measure.load import Load, raw
from retort.compare.measure.ratios import percentile, range_of
from retort.compare.messages import Request
from retort.compare.results import Cost, Range, SideCost
from retort.compare.sides.side import Usage
from retort.compare.summary import ratio_text


def test_equal_sides_have_a_range_with_1_in_19_of_20_measurements():
    drawn = random.Random(5)
    hits = 0
    for _ in range(200):
        ratios = [drawn.gauss(1.0, 0.1) / drawn.gauss(1.0, 0.1) for _ in range(14)]
        hits += range_of(ratios).includes_one

    assert hits >= 190


def test_a_ratio_is_found_with_its_range():
    drawn = random.Random(1)
    found = range_of([5.3 * drawn.gauss(1.0, 0.03) for _ in range(20)])

    assert 5.1 < found.low < found.middle < found.high < 5.5
    assert not found.includes_one


def test_few_rounds_have_no_range():
    assert range_of([2.0, 2.0, 2.0, 2.0]) is None


def test_percentiles():
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(range(100), 0.95) == 95
    assert percentile([], 0.5) == 0.0


def test_the_processor_time_of_each_side_is_divided_by_its_requests():
    cpu = {"flask": 0.0, "retort": 0.0}

    def side(name, seconds):
        def send_all(requests, connections):
            cpu[name] += seconds * len(requests)
            return [2 * seconds] * len(requests)

        return Measured(name, send_all, lambda: Usage(cpu[name], 1000), 0.5)

    clock = iter(range(100))
    sides = [side("flask", 0.004), side("retort", 0.001)]
    request = {"flask": Request("GET", "/"), "retort": Request("GET", "/")}

    cost = measure(sides, [("index", request)], 6, clock=lambda: next(clock))

    assert cost.cpu_ratio.middle == pytest.approx(4.0)
    assert cost.sides["retort"].cpu_seconds == pytest.approx(0.001)
    assert cost.sides["flask"].median_seconds == pytest.approx(0.008)
    assert cost.sides["flask"].start_seconds == 0.5
    (endpoint,) = cost.endpoints
    assert endpoint.endpoint == "index"
    assert endpoint.ratio.middle == pytest.approx(4.0)
    assert endpoint.waits == pytest.approx(0.5)


def test_without_a_request_nothing_is_measured():
    cost = measure([], [], 1)

    assert cost.sides == {}
    assert cost.notes == ["No request can be repeated, so no cost was measured."]


def cost_of(ratio, requests=1000):
    side = SideCost(requests, 0.001, 0.001, 0.002, 10, 0.5)
    return Cost({"flask": side, "retort": side}, ratio, None)


@pytest.mark.parametrize(
    ("cost", "text"),
    [
        (cost_of(Range(5.3, 5.1, 5.5, 20)), "5.3 times less (5.1 to 5.5)"),
        (cost_of(Range(0.5, 0.4, 0.625, 20)), "2.0 times more (1.6 to 2.5)"),
        (cost_of(Range(1.1, 0.9, 1.3, 20)), "no difference shown"),
        (cost_of(Range(5.3, 5.1, 5.5, 20), requests=199), "no difference shown"),
        (cost_of(None), "no difference shown"),
    ],
)
def test_a_difference_is_only_shown_if_the_range_shows_it(cost, text):
    assert ratio_text(cost) == text


class Server:
    """Answers each request on a connection with the next of the given replies."""

    def __init__(self, *replies):
        self.replies = replies
        self.requests = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.listener.accept()
                self.connections += 1
                with connection, contextlib.suppress(OSError):
                    self.serve(connection)

    def serve(self, connection):
        while data := connection.recv(65536):
            self.requests.append(data)
            reply = self.replies[(len(self.requests) - 1) % len(self.replies)]
            if reply is None:
                return
            for piece in reply if isinstance(reply, list) else [reply]:
                connection.sendall(piece)
            if b"Connection: close" in (reply if isinstance(reply, bytes) else b""):
                return


GET = raw("GET", "/", [("Host", "localhost")], b"")
LENGTH = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    "reply",
    [
        LENGTH,
        [LENGTH[:10], LENGTH[10:45], LENGTH[45:]],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"5\r\nhello\r\n", b"0\r\n\r\n"],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nuntil the end",
    ],
)
def test_the_end_of_a_response_is_found(reply):
    server = Server(reply)
    load = Load([server.port])

    assert len(load.send_all([GET] * 6, 1)) == 6
    assert len(server.requests) == 6
    load.close()


def test_a_response_to_head_has_no_body():
    server = Server(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
    load = Load([server.port])

    assert len(load.send_all([raw("HEAD", "/", [], b"")] * 3, 1)) == 3
    load.close()


def test_connections_stay_open_between_batches():
    server = Server(LENGTH)
    load = Load([server.port])

    for _ in range(5):
        load.send_all([GET] * 4, 1)
    load.close()

    assert server.connections == 1


def test_a_request_without_a_response_does_not_count():
    server = Server(None)
    load = Load([server.port])

    assert load.send_all([GET] * 3, 1) == []
    load.close()


def test_a_connection_that_was_closed_while_idle_is_opened_again():
    server = Server(LENGTH, None, LENGTH)
    load = Load([server.port])

    assert len(load.send_all([GET], 1)) == 1
    assert len(load.send_all([GET], 1)) == 1
    assert server.connections == 2
    load.close()
