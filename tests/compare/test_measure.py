"""Ratios with ranges, and requests over many connections."""

import contextlib
import random
import re
import socket
import subprocess
import sys
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


@pytest.mark.parametrize("rounds", [6, 7, 8, 12, 20, 60])
def test_equal_sides_have_a_range_with_1_whatever_the_number_of_rounds(rounds):
    drawn = random.Random(rounds)
    hits = 0
    for _ in range(1000):
        # The distribution is not symmetric: now and then, a round is disturbed.
        ratios = [drawn.expovariate(1) + 1 for _ in range(2 * rounds)]
        hits += range_of([ratios[n] / ratios[n + rounds] for n in range(rounds)]).includes_one

    assert hits >= 950


def test_few_rounds_have_no_range():
    assert range_of([2.0] * 5) is None
    assert range_of([2.0] * 6) == Range(2.0, 2.0, 2.0, 6)


def test_the_range_of_many_rounds_leaves_out_their_ends():
    assert range_of(range(1, 13)) == Range(6.5, 2, 11, 12)
    assert range_of([3.0] * 5000) == Range(3.0, 3.0, 3.0, 5000)


def test_percentiles():
    assert percentile([3, 1, 2], 0.5) == 2
    assert percentile(range(1, 101), 0.95) == 95
    assert percentile(range(1, 21), 0.95) == 19
    assert percentile([7], 0.95) == 7
    assert percentile([], 0.5) == 0.0


class MadeSides:
    """Two sides with made figures: each request needs the given processor time.

    :param is_served: whether a request to a side succeeds.
    """

    def __init__(self, flask, retort, is_served=lambda name, request: True):
        self.cpu = {"flask": 0.0, "retort": 0.0}
        self.is_served = is_served
        self.sides = [self.side("flask", flask), self.side("retort", retort)]

    def side(self, name, seconds):
        def send_all(requests, connections):
            served = [one for one in requests if self.is_served(name, one)]
            self.cpu[name] += seconds * len(served)
            return [2 * seconds] * len(served)

        return Measured(name, send_all, lambda: Usage(self.cpu[name], 1000), 0.5)

    def measure(self, *targets, rounds=12):
        clock = iter(range(1000))
        requests = [
            (target, dict.fromkeys(self.cpu, Request("GET", f"/{target}"))) for target in targets
        ]
        return measure(self.sides, requests, rounds / 2, clock=lambda: next(clock) / 2)


def test_the_processor_time_of_each_side_is_divided_by_its_requests():
    cost = MadeSides(0.002, 0.0005).measure("index")

    assert cost.cpu_ratio.middle == pytest.approx(4.0)
    assert cost.sides["retort"].cpu_seconds == pytest.approx(0.0005)
    assert cost.sides["flask"].median_seconds == pytest.approx(0.004)
    assert cost.sides["flask"].start_seconds == 0.5
    (endpoint,) = cost.endpoints
    assert endpoint.endpoint == "index"
    assert endpoint.ratio.middle == pytest.approx(4.0)
    assert endpoint.waits == pytest.approx(0.5)
    assert cost.notes == []


def test_an_endpoint_whose_requests_fail_when_repeated_is_left_out():
    sent = {"flask": 0, "retort": 0}

    def is_served(name, request):
        sent[name] += request.target == "/limited"
        return request.target != "/limited" or sent[name] < 100

    cost = MadeSides(0.002, 0.0005, is_served).measure("index", "limited")

    assert [one.endpoint for one in cost.endpoints] == ["index"]
    assert cost.sides["flask"].cpu_seconds == pytest.approx(0.002)
    assert cost.cpu_ratio.middle == pytest.approx(4.0)
    assert cost.notes == [
        "Not measured, because requests failed on the side flask when they were repeated: limited."
    ]


def test_a_side_that_ended_has_no_cost():
    made = MadeSides(0.002, 0.0005, lambda name, request: name == "flask")

    cost = made.measure("a", "b", "c", "d", "e", "f")

    assert (cost.sides, cost.cpu_ratio, cost.endpoints) == ({}, None, [])
    (note,) = cost.notes
    assert note.startswith("Not measured, because requests failed on the side retort when")
    assert note.endswith(": a, b, c, d, e and 1 more.")


def test_few_rounds_are_noted_as_the_reason_why_no_difference_is_shown():
    cost = MadeSides(0.000004, 0.000001).measure("index", rounds=4)

    assert ratio_text(cost) == "no difference shown"
    (note,) = cost.notes
    assert re.fullmatch(
        r"Only \d rounds were measured; 6 are needed to show a difference\. Raise --measure\.", note
    )


LOOP = """
import os, sys, socket, resource, threading

turns = int(sys.argv[1])
listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)

def serve(connection):
    while connection.recv(65536):
        for _ in range(turns):
            pass
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok")

def accept():
    while True:
        threading.Thread(target=serve, args=[listener.accept()[0]], daemon=True).start()

threading.Thread(target=accept, daemon=True).start()
for line in sys.stdin:
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(used.ru_utime + used.ru_stime, flush=True)
"""


@contextlib.contextmanager
def looping(name, turns):
    """A side whose process runs a loop for each request."""
    command = [sys.executable, "-c", LOOP, str(turns)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:
        load = Load([int(process.stdout.readline())])

        def send_all(requests, connections):
            return load.send_all([GET for _ in requests], connections)

        def usage():
            process.stdin.write("\n")
            process.stdin.flush()
            return Usage(float(process.stdout.readline()), 1000)

        yield Measured(name, send_all, usage, 0.1)
        load.close()
        process.kill()


def test_ten_times_as_many_turns_of_a_loop_need_more_processor_time():
    request = {"flask": Request("GET", "/"), "retort": Request("GET", "/")}

    with looping("flask", 100_000) as slow, looping("retort", 10_000) as fast:
        cost = measure([slow, fast], [("loop", request)], 1.5)

    assert cost.cpu_ratio.middle > 2
    assert cost.sides["flask"].requests == cost.sides["retort"].requests >= 200
    assert cost.endpoints[0].ratio.middle > 2


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
        (cost_of(Range(1.06, 1.02, 1.09, 20)), "1.06 times less (1.02 to 1.09)"),
        (cost_of(Range(0.96, 0.93, 0.98, 20)), "1.04 times more (1.02 to 1.08)"),
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
        b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + LENGTH,
        [b"HTTP/1.1 100 Continue\r\n\r\n", LENGTH],
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


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 50\r\n\r\ncut off",
        b"no HTTP\r\nConnection: close\r\n\r\n",
    ],
)
def test_a_failed_response_does_not_count(reply):
    load = Load([Server(reply).port])

    assert load.send_all([GET] * 3, 1) == []
    load.close()


def test_requests_to_a_process_that_has_ended_do_not_count():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    load = Load([port])

    assert load.send_all([GET] * 3, 2) == []


def test_a_response_after_the_time_limit_is_not_taken_for_that_of_a_later_request():
    server = Server([LENGTH[:30]], LENGTH)  # the first one is never complete
    load = Load([server.port], timeout_seconds=0.05)

    assert load.send_all([GET] * 3, 1) == []
    assert len(load.send_all([GET], 1)) == 1
    assert server.connections == 2
    load.close()
