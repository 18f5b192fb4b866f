"""Changes between two documents: how comparisons record them."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from .rules import RULES, Direction, Verdict

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator

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
        dot = "." if self.field and name and not name.startswith("[") else ""
        return replace(self, field=f"{self.field}{dot}{name}")

    @property
    def place(self) -> str:
        """The names of the part and its field, for people."""
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


class Link(NamedTuple):
    """Two schemas that a comparison came to, at a place."""

    pair: Log
    scope: Scope


@dataclass(eq=False)
class Log:
    """Records changes.

    Schemas are shared by many messages, and refer to each other. Each pair is compared once, into a
    log of its own; the logs of those that use it have a link to it. `expanded` follows the links.

    :param entries: in the order of the comparison.
    :param pairs: the logs of all pairs of schemas; one set for all logs.
    """

    entries: list[Change | Link] = field(default_factory=list)
    pairs: dict[Hashable, Log] = field(default_factory=dict)

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
        self.entries.append(Change(rule, verdict, why, pointer, is_in_old, before, after, (scope,)))

    def link(self, key: Hashable, scope: Scope) -> Log | None:
        """Record that a place has a pair of schemas.

        :returns: the log for this pair, if it has not been compared.
        """
        known = self.pairs.get(key)
        pair = known or Log(pairs=self.pairs)
        self.entries.append(Link(pair, scope))
        if known is not None:
            return None
        self.pairs[key] = pair
        return pair

    def trial(self) -> Log:
        """A log for a comparison whose changes are not reported."""
        return Log(pairs=self.pairs)

    def expanded(self) -> Iterator[Change]:
        """All changes, at all places; those of one pair once for each message."""
        leading = self._pairs_with_changes()
        for entry in self.entries:
            if isinstance(entry, Change):
                yield entry
            else:
                yield from self._changes_of(entry, leading)

    def changes_of_messages(self) -> Iterator[Change]:
        """The changes that are not about text, as far as they are known."""
        for entry in self.entries:
            found = [entry] if isinstance(entry, Change) else self._changes_of(entry, None)
            yield from (change for change in found if not RULES[change.rule].is_text)

    def _changes_of(self, link: Link, leading: set[Log] | None) -> Iterator[Change]:
        """The changes of a pair and of those in it, each at its shortest place.

        :param leading: the pairs to look at; `None` is all.
        """
        seen = {link.pair}
        waiting = deque([link])
        while waiting:
            pair, scope = waiting.popleft()
            for entry in pair.entries:
                if isinstance(entry, Change):
                    yield replace(entry, scopes=(scope.inside(entry.scopes[0].field),))
                elif entry.pair not in seen and (leading is None or entry.pair in leading):
                    seen.add(entry.pair)
                    waiting.append(Link(entry.pair, scope.inside(entry.scope.field)))

    def _pairs_with_changes(self) -> set[Log]:
        """The pairs whose links lead to a change."""
        users: dict[Log, list[Log]] = {}
        waiting: list[Log] = []
        for pair in self.pairs.values():
            for entry in pair.entries:
                if isinstance(entry, Change):
                    waiting.append(pair)
                else:
                    users.setdefault(entry.pair, []).append(pair)
        found: set[Log] = set()
        while waiting:
            pair = waiting.pop()
            if pair not in found:
                found.add(pair)
                waiting += users.get(pair, [])
        return found


def merged(changes: Iterable[Change]) -> list[Change]:
    """Changes of one shared place as one change, the worst first; the order is stable."""
    groups: dict[Hashable, tuple[Change, dict[Scope, None]]] = {}
    for change in changes:
        values = json.dumps([_plain(change.before), _plain(change.after)], sort_keys=True)
        key = (change.rule, change.verdict, change.pointer, change.is_in_old, values)
        _, scopes = groups.setdefault(key, (change, {}))
        scopes.update(dict.fromkeys(change.scopes))
    found = [replace(change, scopes=tuple(scopes)) for change, scopes in groups.values()]
    return sorted(found, key=lambda change: change.verdict.rank)


def _plain(value: Any) -> Any:
    return [] if value is ABSENT else [value]
