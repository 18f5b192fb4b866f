"""What became of each numbered request, and whether it agrees with the effects in the database."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field

USUAL_SECONDS = {"slow": 0.3, "stream": 0.5}
SLOW_SECONDS = 1.0  # beyond the usual time


@dataclass(frozen=True)
class Record:
    """One request. Times are those of the monotonic clock of the machine, in seconds."""

    number: int
    kind: str
    started: float
    ended: float
    begun: float | None = None
    status: int | None = None
    server: str | None = None
    version: str | None = None
    is_complete: bool = False
    error: str | None = None

    @property
    def outcome(self) -> str:
        """What the client has received.

        ``answered``: the whole page. ``failed``: the program's own error. ``broken``: the begin of
        a response that has no end. ``lost``: nothing, or an error of HAProxy.
        """
        if self.is_complete and self.status == 200:
            return "answered"
        if self.server is None:
            return "lost"
        return "failed" if self.error is None else "broken"

    @property
    def is_prompt(self) -> bool:
        usual = USUAL_SECONDS.get(self.kind, 0)
        return self.outcome == "answered" and self.ended - self.started < usual + SLOW_SECONDS


@dataclass
class Balance:
    """The records of one load beside the effects.

    :ivar lost: GET requests without a response of which no byte had arrived.
    :ivar unknown: POST requests without a response.
    :ivar twice: numbers that had their effect more than once.
    :ivar missing: acknowledged POST requests without an effect.
    :ivar unsent: effects of requests that were never sent.
    """

    records: list[Record]
    effects: dict[int, int]
    outcomes: Counter = field(init=False)

    def __post_init__(self) -> None:
        self.outcomes = Counter(record.outcome for record in self.records)
        orders = {record.number: record for record in self.records if record.kind == "order"}
        self.lost = [r for r in self.records if r.kind != "order" and r.outcome == "lost"]
        self.broken = [r for r in self.records if r.kind != "order" and r.outcome == "broken"]
        self.failed = [r for r in self.records if r.outcome == "failed"]
        self.unknown = [r for r in orders.values() if r.outcome in ("lost", "broken")]
        self.twice = [number for number, count in self.effects.items() if count > 1]
        self.missing = [
            number
            for number, record in orders.items()
            if record.outcome == "answered" and number not in self.effects
        ]
        self.unsent = [number for number in self.effects if number not in orders]

    def is_exact(self) -> bool:
        """Whether each acknowledged request had its effect, and none had it twice."""
        return not (self.twice or self.missing or self.unsent)

    def seconds_until_normal(self, fault_at: float) -> float:
        """How long after ``fault_at`` the last request began that was lost, broken or slow."""
        late = [r.started - fault_at for r in self.records if not r.is_prompt]
        return max([0.0, *late])


def read_records(text: str) -> list[Record]:
    """Read the lines of `load.py`; the last one may be incomplete."""
    lines = text.split("\n")[:-1]
    return [Record(**json.loads(line)) for line in lines]
