"""Measure the sides in turn, with requests to which all gave the same response."""

from __future__ import annotations

import statistics
import time
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..results import Cost, EndpointCost, SideCost
from .ratios import percentile, range_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ..messages import Request
    from ..sides.usage import Usage

MIN_REQUESTS = 200
CONNECTIONS = 16  # at once, so that the server is not idle between requests
_BATCH_SECONDS = 0.35
_ALONE = 5  # requests of an endpoint in each round, one after the other, for the latency
_WARM_UP = 30
_MAX_BATCH = 2_000
_SHOWN_ENDPOINTS = 40
_WAITING_SHARE = 0.5


@dataclass
class Measured:
    """One side that is measured.

    :param send_all: sends requests over a number of connections at once; returns the latencies.
    :param start_seconds: from the start of its process to its first response.
    """

    name: str
    send_all: Callable[[Sequence[Request], int], list[float]]
    usage: Callable[[], Usage]
    start_seconds: float
    latencies: list[float] = field(default_factory=list)
    cpu_seconds: float = 0.0
    requests: int = 0

    def batch(self, requests: Sequence[Request], connections: int) -> tuple[float, list[float]]:
        """The processor time of the requests, in seconds, and their latencies."""
        first, before = self.usage().cpu_seconds, self.usage().cpu_seconds
        of_reading = before - first  # the processor time of reading the figures
        latencies = self.send_all(requests, connections)
        return max(0.0, self.usage().cpu_seconds - before - of_reading), latencies


@dataclass
class _Endpoint:
    latencies: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    cpu: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    waits: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    ratios: list[float] = field(default_factory=list)
    count: int = 0


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

    A round sends the same batch of requests for one endpoint to each side. The processor time of
    the client does not count. The sides change places in each round.
    """
    by_endpoint: dict[str, list[Mapping[str, Request]]] = defaultdict(list)
    for endpoint, request in requests:
        by_endpoint[endpoint].append(request)
    if not by_endpoint:
        return Cost({}, None, None, notes=["No request can be repeated, so no cost was measured."])
    measuring = _Measuring(sides, by_endpoint)
    measuring.warm_up()
    began = clock()
    while clock() - began < seconds * len(sides):
        progress(f"measuring, {clock() - began:.0f} of {seconds * len(sides):.0f} s")
        measuring.round()
    return measuring.cost()


class _Measuring:
    def __init__(
        self,
        sides: Sequence[Measured],
        by_endpoint: Mapping[str, Sequence[Mapping[str, Request]]],
    ) -> None:
        self.sides = list(sides)
        self.by_endpoint = by_endpoint
        self.endpoints = {name: _Endpoint() for name in by_endpoint}
        self.batch = dict.fromkeys(by_endpoint, 1)
        self.ratios: list[float] = []
        self.latency_ratios: list[float] = []
        self.rounds = 0

    def warm_up(self) -> None:
        """Send each request some times; the size of the batches follows from the duration."""
        for name, requests in self.by_endpoint.items():
            slowest = 0.0
            for side in self.sides:
                batch = [request[side.name] for request in requests]
                times = max(1, _WARM_UP // len(batch))
                began = time.perf_counter()
                side.send_all(batch * times, CONNECTIONS)
                slowest = max(slowest, (time.perf_counter() - began) / (times * len(batch)))
            share = _BATCH_SECONDS / len(self.by_endpoint)
            whole = max(1, round(share / max(slowest * len(requests), 1e-6)))
            self.batch[name] = min(whole, max(1, _MAX_BATCH // len(requests)))

    def round(self) -> None:
        """For each endpoint, a batch to each side."""
        totals: dict[str, float] = defaultdict(float)
        latencies: dict[str, list[float]] = defaultdict(list)
        order = self.sides if self.rounds % 2 == 0 else self.sides[::-1]
        self.rounds += 1
        for name in self.by_endpoint:
            used: dict[str, float] = {}
            for side in order:
                cpu, count, alone = self._batch(name, side)
                used[side.name] = cpu / max(1, count)
                totals[side.name] += cpu
                latencies[side.name] += alone
            self._add(name, used)
        first, other = (side.name for side in self.sides)
        if totals[other] > 0:
            self.ratios.append(totals[first] / totals[other])
        if latencies[first] and latencies[other]:
            medians = [statistics.median(latencies[side.name]) for side in self.sides]
            self.latency_ratios.append(medians[0] / medians[1])

    def _batch(self, name: str, side: Measured) -> tuple[float, int, list[float]]:
        """Processor time and number of the requests at once; latencies of some one by one."""
        found = self.endpoints[name]
        batch = [request[side.name] for request in self.by_endpoint[name]]
        cpu, times = side.batch(batch * self.batch[name], CONNECTIONS)
        cpu_alone, alone = side.batch(batch[:_ALONE] * max(1, _ALONE // len(batch)), 1)
        side.latencies += alone
        side.cpu_seconds += cpu
        side.requests += len(times)
        found.latencies[side.name] += alone
        found.cpu[side.name].append(cpu / max(1, len(times)))
        if alone:
            found.waits[side.name].append(max(0.0, 1.0 - cpu_alone / sum(alone)))
        found.count += len(times) if side is self.sides[0] else 0
        return cpu, len(times), alone

    def _add(self, name: str, used: Mapping[str, float]) -> None:
        first, other = (side.name for side in self.sides)
        if used[other] > 0:
            self.endpoints[name].ratios.append(used[first] / used[other])

    def cost(self) -> Cost:
        """The figures of all rounds."""
        sides = {side.name: _side_cost(side) for side in self.sides}
        cost = Cost(sides, range_of(self.ratios), range_of(self.latency_ratios))
        endpoints = [self._endpoint(name, found) for name, found in self.endpoints.items()]
        cost.endpoints = sorted(endpoints, key=lambda one: -max(one.cpu_seconds.values()))[
            :_SHOWN_ENDPOINTS
        ]
        cost.notes = _notes(cost)
        return cost

    def _endpoint(self, name: str, found: _Endpoint) -> EndpointCost:
        cpu, latency, waits = (
            {side: statistics.median(values) for side, values in figures.items() if values}
            for figures in (found.cpu, found.latencies, found.waits)
        )
        return EndpointCost(
            name,
            found.count,
            range_of(found.ratios),
            cpu,
            latency,
            min(waits.values(), default=0.0),
        )


def _side_cost(side: Measured) -> SideCost:
    count = max(1, side.requests)
    return SideCost(
        side.requests,
        side.cpu_seconds / count,
        percentile(side.latencies, 0.5),
        percentile(side.latencies, 0.95),
        side.usage().memory_bytes,
        side.start_seconds,
    )


def shows_difference(cost: Cost) -> bool:
    """Whether the figures show that one side needs more processor time."""
    few = min((side.requests for side in cost.sides.values()), default=0) < MIN_REQUESTS
    return cost.cpu_ratio is not None and not few and not cost.cpu_ratio.includes_one


def _notes(cost: Cost) -> list[str]:
    notes = []
    count = min(side.requests for side in cost.sides.values())
    if count < MIN_REQUESTS:
        notes.append(
            f"Only {count} requests were measured on each side; {MIN_REQUESTS} are needed to show a"
            " difference. Raise --measure."
        )
    waiting = [one for one in cost.endpoints if is_waiting(one)]
    if waiting:
        names = ", ".join(one.endpoint or "no endpoint" for one in waiting[:5])
        notes.append(
            "Views that mostly wait, for a database, another server or a timer, gain little:"
            f" {names}."
        )
    return notes


def is_waiting(one: EndpointCost) -> bool:
    """Whether a view mostly waits: far longer than a local request takes by itself."""
    slow = max(one.median_seconds.values(), default=0.0) > 0.005
    return slow and one.waits > _WAITING_SHARE
