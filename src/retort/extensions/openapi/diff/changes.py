"""Changes between two documents: how comparisons record them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from .rules import RULES, Direction, Verdict

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

ABSENT: Any = type("Absent", (), {"__repr__": lambda self: "ABSENT"})()


@dataclass(frozen=True)
class Scope:
    """Where a comparison is.

    :param operation: as ``POST /users``; empty for the document.
    :param part: as ``request body``.
    :param field: of the part, as ``items[].name``.
    """

    method: str = ""
    path: str = ""
    direction: Direction = Direction.REQUEST
    part: str = ""
    field: str = ""

    @property
    def operation(self) -> str:
        return f"{self.method} {self.path}".strip()

    def at(self, part: str, direction: Direction | None = None) -> Scope:
        """A part of the operation."""
        return replace(self, part=part, field="", direction=direction or self.direction)

    def inside(self, name: str) -> Scope:
        """A field of the part; ``[]`` is an element of a list."""
        dot = "." if self.field and not name.startswith("[") else ""
        return replace(self, field=f"{self.field}{dot}{name}")

    @property
    def place(self) -> str:
        """The part and its field, in words."""
        return ", ".join(
            [self.part] * bool(self.part) + [f"field {self.field!r}"] * bool(self.field)
        )


@dataclass(frozen=True)
class Change:
    """One change, with all operations that it concerns.

    :param pointer: JSON pointer of what changed; of what was removed, in the old document.
    :param is_in_old: whether the pointer leads into the old document.
    :param before: the old value; `ABSENT` if there was none.
    """

    rule: str
    verdict: Verdict
    why: str
    pointer: str
    is_in_old: bool
    before: Any
    after: Any
    scopes: tuple[Scope, ...]

    @property
    def title(self) -> str:
        return RULES[self.rule].title


@dataclass
class Log:
    """Records changes, and which pairs of schemas have been compared."""

    changes: list[Change] = field(default_factory=list)
    seen: set[Hashable] = field(default_factory=set)
    unchanged: set[Hashable] = field(default_factory=set)

    def add(
        self,
        rule: str,
        scope: Scope,
        pointer: str,
        before: Any = ABSENT,
        after: Any = ABSENT,
        *,
        is_in_old: bool = False,
    ) -> None:
        """Record a change; its verdict follows from the rule and the direction."""
        verdict, why = RULES[rule].ruling(scope.direction)
        self.changes.append(Change(rule, verdict, why, pointer, is_in_old, before, after, (scope,)))

    @property
    def changes_of_messages(self) -> list[Change]:
        """Those that are not about text."""
        return [change for change in self.changes if not RULES[change.rule].is_text]

    def is_new(self, key: Hashable) -> bool:
        """Whether this pair has not been compared yet since `start`."""
        if key in self.seen or key in self.unchanged:
            return False
        self.seen.add(key)
        return True

    def start(self) -> int:
        """Begin with the schema of another message; the result is for `end`."""
        self.seen = set()
        return len(self.changes)

    def end(self, started: int) -> None:
        """Remember the pairs of a message without a change: none of them has one."""
        if len(self.changes) == started:
            self.unchanged |= self.seen

    def trial(self) -> Log:
        """A log for a comparison whose changes are not reported."""
        return Log(seen=set(self.seen), unchanged=self.unchanged)


def merged(changes: Iterable[Change]) -> list[Change]:
    """Changes of one shared place as one change, the worst first; the order is stable."""
    groups: dict[Hashable, Change] = {}
    for change in changes:
        values = json.dumps([_plain(change.before), _plain(change.after)], sort_keys=True)
        key = (change.rule, change.verdict, change.pointer, change.is_in_old, values)
        known = groups.get(key)
        if known is None:
            groups[key] = change
        elif change.scopes[0] not in known.scopes:
            groups[key] = replace(known, scopes=known.scopes + change.scopes)
    return sorted(groups.values(), key=lambda change: change.verdict.rank)


def _plain(value: Any) -> Any:
    return [] if value is ABSENT else [value]
