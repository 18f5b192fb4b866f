"""Measure the sides in turn, with requests to which all gave the same response."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import cycle, islice
from typing import TYPE_CHECKING

from ..results import Cost, EndpointCost, SideCost
from .ratios import MIN_ROUNDS, percentile, range_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..messages import Request
    from ..results import Range
    from ..sides.usage import Usage

MIN_REQUESTS = 200
CONNECTIONS = 64  # at once, so that the server is not idle between requests
_BATCH_SECONDS = 0.35  # of a round on one side; less if the time is short
_ROUNDS = 12  # enough for a range that leaves out the least and the greatest ratio
_ALONE = (
    5  # at most as many requests of an endpoint in each round, one after the other, for the latency
)
_WARM_UP = 30
_MAX_BATCH = 2_000
_SHOWN_ENDPOINTS = 40
_WAITING_SHARE = 0.5


@dataclass
class Measured:
    """One side that is measured.

    :param send_all: sends requests over a number of connections at once; returns the latencies of
        those that succeed.
    :param start_seconds: from the start of its process to its first response.
    """

    name: str
    send_all: Callable[[Sequence[Request], int], list[float]]
    usage: Callable[[], Usage]
    start_seconds: float

    def batch(self, requests: Sequence[Request], connections: int) -> tuple[float, list[float]]:
        """The processor time of the requests, in seconds, and their latencies."""
        first, before = self.usage().cpu_seconds, self.usage().cpu_seconds
        of_reading = before - first  # the processor time of reading the figures
        latencies = self.send_all(requests, connections)
        return max(0.0, self.usage().cpu_seconds - before - of_reading), latencies


@dataclass
class _Batch:
    """What one side needed for the requests of one endpoint in one round."""

    cpu_seconds: float
    requests: int
    latencies: list[float]
    waits: float


@dataclass
class _Endpoint:
    """The requests of one endpoint, and for each side its batches, one in each round."""

    requests: list[Mapping[str, Request]] = field(default_factory=list)
    repeats: int = 1
    alone: int = _ALONE
    batches: dict[str, list[_Batch]] = field(default_factory=lambda: defaultdict(list))


def measure(
    sides: Sequence[Measured],
    requests: Sequence[tuple[str, Mapping[str, Request]]],
    seconds: float,
    progress: Callable[[str], None] = lambda text: None,
    clock: Callable[[], float] = time.monotonic,
) -> Cost:
    """Measure for ``seconds`` on each side.

    :param sides: two sides; ratios are the first one's divided by the second one's.
    :param requests: the endpoint of each request, and the request of each side.

    A round sends the same batch of requests for one endpoint to each side, and each endpoint gets
    the same share of the time. The processor time of the client does not count. The sides change
    places in each round. An endpoint is left out once a request to it fails: a limit of requests
    per minute, for example, has an effect only now.
    """
    endpoints: dict[str, _Endpoint] = defaultdict(_Endpoint)
    for endpoint, request in requests:
        endpoints[endpoint].requests.append(request)
    if not endpoints:
        return Cost({}, None, None, notes=["No request can be repeated, so no cost was measured."])
    measuring = _Measuring(sides, endpoints)
    measuring.warm_up(min(_BATCH_SECONDS, seconds / _ROUNDS) / len(endpoints))
    began = clock()
    while measuring.endpoints and clock() - began < seconds * len(sides):
        progress(f"measuring, {clock() - began:.0f} of {seconds * len(sides):.0f} s")
        measuring.round()
    return measuring.cost()


class _Measuring:
    def __init__(self, sides: Sequence[Measured], endpoints: dict[str, _Endpoint]) -> None:
        self.sides = list(sides)
        self.endpoints = endpoints
        self.rounds = 0
        self.left_out: dict[str, str] = {}  # endpoint: the side on which a request failed

    def warm_up(self, seconds: float) -> None:
        """Send each request some times; the size of the batches follows from the duration.

        :param seconds: how long a batch may take on the slower side.
        """
        for name, endpoint in list(self.endpoints.items()):
            size = len(endpoint.requests)
            times = max(1, _WARM_UP // size)
            slowest, latency = 1e-6, 1e-6
            for side in self.sides:
                began = time.perf_counter()
                latencies = self._send(name, side, times * size, CONNECTIONS)[1]
                slowest = max(slowest, (time.perf_counter() - began) / (times * size))
                latency = max(latency, statistics.median(latencies or [0.0]))
            whole = round(seconds / (slowest * size))
            endpoint.repeats = max(1, min(whole, _MAX_BATCH // size))
            endpoint.alone = max(1, min(_ALONE, round(seconds / latency)))

    def round(self) -> None:
        """For each endpoint, a batch to each side."""
        order = self.sides if self.rounds % 2 == 0 else self.sides[::-1]
        self.rounds += 1
        for name, endpoint in list(self.endpoints.items()):
            for side in order:
                endpoint.batches[side.name].append(self._batch(name, endpoint, side))

    def _batch(self, name: str, endpoint: _Endpoint, side: Measured) -> _Batch:
        """Requests at once, for the processor time; and some one by one, for the latency."""
        count = len(endpoint.requests) * endpoint.repeats
        cpu, times = self._send(name, side, count, CONNECTIONS)
        cpu_alone, alone = self._send(name, side, endpoint.alone, 1)
        waits = max(0.0, 1.0 - cpu_alone / sum(alone)) if sum(alone) else 0.0
        return _Batch(cpu, len(times), alone, waits)

    def _send(
        self, name: str, side: Measured, count: int, connections: int
    ) -> tuple[float, list[float]]:
        """Send requests to an endpoint; it is left out from now on if one of them fails."""
        if name not in self.endpoints:
            return 0.0, []
        requests = (one[side.name] for one in cycle(self.endpoints[name].requests))
        cpu, latencies = side.batch(list(islice(requests, count)), connections)
        if len(latencies) < count:
            self.left_out[name] = side.name
            del self.endpoints[name]
        return cpu, latencies

    def cost(self) -> Cost:
        """The figures of all rounds."""
        if not self.endpoints:
            return Cost({}, None, None, notes=_failures(self.left_out))
        batches: dict[str, list[list[_Batch]]] = {
            side.name: [list(one) for one in zip(*self._of(side), strict=True)]
            for side in self.sides
        }
        sides = {side.name: _side_cost(side, batches[side.name]) for side in self.sides}
        first, other = (side.name for side in self.sides)
        pairs = list(zip(batches[first], batches[other], strict=True))
        cost = Cost(
            sides,
            range_of(_ratios((_cpu(one), _cpu(two)) for one, two in pairs)),
            range_of(_ratios((_median(one), _median(two)) for one, two in pairs)),
        )
        endpoints = [self._endpoint(name, found) for name, found in self.endpoints.items()]
        endpoints.sort(key=lambda one: -max(one.cpu_seconds.values(), default=0.0))
        cost.endpoints = endpoints[:_SHOWN_ENDPOINTS]
        cost.notes = [*_notes(cost, self.rounds), *_failures(self.left_out)]
        return cost

    def _of(self, side: Measured) -> list[list[_Batch]]:
        return [endpoint.batches[side.name] for endpoint in self.endpoints.values()]

    def _endpoint(self, name: str, found: _Endpoint) -> EndpointCost:
        first, other = (found.batches[side.name] for side in self.sides)
        ratios = _ratios((_cpu([one]), _cpu([two])) for one, two in zip(first, other, strict=True))
        by_side = {side: batches for side, batches in found.batches.items() if batches}
        return EndpointCost(
            name,
            sum(one.requests for one in first),
            range_of(ratios),
            {side: statistics.median(_cpu([b]) for b in all_) for side, all_ in by_side.items()},
            {side: _median(all_) for side, all_ in by_side.items()},
            min((statistics.median(b.waits for b in all_) for all_ in by_side.values()), default=0),
        )


def _cpu(batches: Sequence[_Batch]) -> float:
    """The processor time of each request, in seconds."""
    return sum(one.cpu_seconds for one in batches) / max(1, sum(one.requests for one in batches))


def _latencies(batches: Sequence[_Batch]) -> list[float]:
    return [latency for one in batches for latency in one.latencies]


def _median(batches: Sequence[_Batch]) -> float:
    return statistics.median(_latencies(batches) or [0.0])


def _ratios(pairs: Iterable[tuple[float, float]]) -> list[float]:
    """The ratios of the rounds; those in which a clock did not advance are left out."""
    return [first / other for first, other in pairs if first > 0 and other > 0]


def _side_cost(side: Measured, rounds: Sequence[Sequence[_Batch]]) -> SideCost:
    batches = [one for in_round in rounds for one in in_round]
    return SideCost(
        sum(one.requests for one in batches),
        _cpu(batches),
        _median(batches),
        percentile(_latencies(batches), 0.95),
        side.usage().memory_bytes,
        side.start_seconds,
    )


def shows_difference(ratio: Range | None, requests: int) -> bool:
    """Whether so many requests and their ratio show that one side needs more processor time."""
    return ratio is not None and requests >= MIN_REQUESTS and not ratio.includes_one


def _notes(cost: Cost, rounds: int) -> list[str]:
    notes = []
    count = cost.measured_requests
    if count < MIN_REQUESTS:
        notes.append(
            f"Only {count} requests were measured on each side; {MIN_REQUESTS} are needed to show a"
            " difference. Raise --measure."
        )
    elif cost.cpu_ratio is None:
        notes.append(
            f"Only {rounds} rounds were measured; {MIN_ROUNDS} are needed to show a difference."
            " Raise --measure."
        )
    waiting = [one for one in cost.endpoints if is_waiting(one)]
    if waiting:
        names = ", ".join(one.endpoint or "no endpoint" for one in waiting[:5])
        notes.append(
            "Views that mostly wait, for a database, another server or a timer, gain little:"
            f" {names}."
        )
    return notes


def _failures(left_out: Mapping[str, str]) -> list[str]:
    """Sentences about the endpoints that are left out, one for each side."""
    notes = []
    for side in dict.fromkeys(left_out.values()):
        names = [name or "no endpoint" for name, where in left_out.items() if where == side]
        more = f" and {len(names) - 5} more" if len(names) > 5 else ""
        notes.append(
            f"Not measured, because requests failed on the side {side} when they were repeated:"
            f" {', '.join(names[:5])}{more}."
        )
    return notes


def is_waiting(one: EndpointCost) -> bool:
    """Whether a view mostly waits: far longer than a local request takes by itself."""
    slow = max(one.median_seconds.values(), default=0.0) > 0.005
    return slow and one.waits > _WAITING_SHARE
