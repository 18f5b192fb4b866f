"""The result of a comparison, as `run` collects it and `report` shows it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .messages import Step


@dataclass(frozen=True)
class Difference:
    """One place at which two responses differ.

    :param part: ``status``, ``header``, ``cookie``, ``body``, ``connection``, ``ending`` (of the
        body) or ``response`` (only one side has one).
    :param place: where in this part: a field name, ``session: user_id``, a JSON pointer,
        ``line 12``, ``byte 4096``; empty if the part is the place.
    :param left: what the first side (Flask) has; ``None``: nothing.
    :param right: what the other side has; ``None``: nothing.
    """

    part: str
    place: str
    left: str | None
    right: str | None


@dataclass(frozen=True)
class SideInfo:
    """One side, for the report.

    :param name: the key in `Step`.
    :param label: such as ``Flask 3.1.3`` or ``Retort 0.2, 2 processes``.
    """

    name: str
    label: str
    python: str = ""
    location: str = ""


@dataclass
class Finding:
    """Differences with one cause.

    :param kind: ``unexplained``, ``known``, or ``failure`` (a side did not start, hung or ended).
    :param title: one line about it.
    :param steps: the numbers of all steps that have it; the first one is shown.
    :param differences: those of the first step.
    :param row: the row of "What differs" in the documentation, for a known one.
    :param view: the place of the view, as in ``shop.py:12 (login)``; empty if unknown.
    :param curl: the request of the first step as a line for a shell.
    :param tracebacks: by side, where there was an exception.
    """

    kind: str
    title: str
    steps: list[int]
    differences: list[Difference] = field(default_factory=list)
    row: str | None = None
    view: str = ""
    curl: str = ""
    tracebacks: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Range:
    """A ratio with its range over the rounds: how many times more the first side needs.

    :param middle: the median.
    :param rounds: the number of rounds.
    """

    middle: float
    low: float
    high: float
    rounds: int

    @property
    def includes_one(self) -> bool:
        """Whether the range shows no difference."""
        return self.low <= 1 <= self.high


@dataclass(frozen=True)
class SideCost:
    """What one side needed.

    :param cpu_seconds: processor time per request, of the whole process tree.
    :param median_seconds: latency with one client.
    :param p95_seconds: 95 % of the requests took at most this time.
    :param memory_bytes: resident memory after the measurement.
    :param start_seconds: from the start of the process to its first response.
    """

    requests: int
    cpu_seconds: float
    median_seconds: float
    p95_seconds: float
    memory_bytes: int
    start_seconds: float


@dataclass(frozen=True)
class EndpointCost:
    """The cost of the requests to one endpoint.

    :param waits: the share of the time in which no side's processor worked, 0 to 1: a database,
        another server or a sleep.
    """

    endpoint: str
    requests: int
    ratio: Range | None
    cpu_seconds: dict[str, float]
    median_seconds: dict[str, float]
    waits: float = 0.0


@dataclass
class Cost:
    """The measured cost; ratios are the first side's divided by the last one's.

    :param notes: sentences for the report, such as why no difference is shown.
    """

    sides: dict[str, SideCost]
    cpu_ratio: Range | None
    latency_ratio: Range | None
    endpoints: list[EndpointCost] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def measured_requests(self) -> int:
        """How many requests each side got at least."""
        return min((side.requests for side in self.sides.values()), default=0)


@dataclass
class SuiteResult:
    """The test suite under both frameworks: outcomes by the id of the test.

    :param broken: tests that pass on the first side and not on the other, where they fail or are
        skipped; the reverse is `mended`.
    :param outcomes: ``passed``, ``failed``, ``error``, ``skipped``... of each side; also
        ``uncollected`` (a file), ``unfinished`` and ``missing``.
    :param unreliable: tests that have two outcomes on the first side; they count for neither.
    :param texts: the text of each broken test's failure.
    """

    command: list[str]
    outcomes: dict[str, dict[str, str]]
    broken: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    unreliable: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    requests: int = 0


@dataclass
class Comparison:
    """Everything that is known at the end, or when it was interrupted.

    :param steps: all requests in order.
    :param same: the numbers of the steps with equal responses.
    :param findings: unexplained ones first.
    :param not_compared: step number to the reason: all of the response was noise.
    :param masked: how many places were masked, by what they are: ``header Date``...
    :param baseline: differences of the first side from itself that noise cannot explain, as
        sentences; shown first.
    :param refused_connections: other machines that the program wanted to connect to.
    :param notes: sentences for the report.
    :param why_not: why nothing could be compared; then the exit status is 2.
    """

    target: str
    sides: list[SideInfo]
    steps: list[Step] = field(default_factory=list)
    same: list[int] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    not_compared: dict[int, str] = field(default_factory=dict)
    masked: dict[str, int] = field(default_factory=dict)
    baseline: list[str] = field(default_factory=list)
    refused_connections: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    suite: SuiteResult | None = None
    cost: Cost | None = None
    is_interrupted: bool = False
    why_not: str | None = None
    seconds: float = 0.0

    def count(self, kind: str) -> int:
        """The number of steps that have a finding of this kind."""
        return len({n for finding in self.findings if finding.kind == kind for n in finding.steps})
