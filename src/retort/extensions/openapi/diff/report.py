"""Changes as text for people, and as JSON for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .changes import ABSENT
from .rules import RULES, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .changes import Change

_LONGEST_VALUE = 60  # characters
_MOST_OPERATIONS = 5  # of one change


def is_shown(change: Change, *, shows_all: bool) -> bool:
    """Whether a change is reported: those of texts only on request."""
    return shows_all or not RULES[change.rule].is_text


def counts(changes: Sequence[Change]) -> dict[str, int]:
    """How many changes there are of each verdict."""
    return {
        verdict.value: sum(change.verdict is verdict for change in changes) for verdict in Verdict
    }


def as_text(changes: Sequence[Change], old: str, new: str) -> str:
    """A paragraph for each change, by verdict, and their numbers.

    :param old: the name of the old document.
    :param new: the name of the new document.
    """
    if not changes:
        return "No changes."
    paragraphs = []
    for verdict in Verdict:
        found = [change for change in changes if change.verdict is verdict]
        if found:
            lines = [line for change in found for line in _lines(change, old, new)]
            paragraphs.append("\n".join([f"{verdict.value.capitalize()}:", *lines]))
    numbers = ", ".join(f"{number} {name}" for name, number in counts(changes).items())
    return "\n\n".join([*paragraphs, f"Changes: {numbers}."])


def _lines(change: Change, old: str, new: str) -> Iterator[str]:
    first = change.scopes[0]
    place = ": ".join(filter(None, [first.operation, first.place])) or "document"
    yield f"  {place}: {change.title}{_values(change)}"
    yield f"      {change.why}"
    yield f"      {old if change.is_in_old else new}#{change.pointer}"
    others = [": ".join(filter(None, [one.operation, one.place])) for one in change.scopes[1:]]
    for other in others[:_MOST_OPERATIONS]:
        yield f"      also {other}"
    if len(others) > _MOST_OPERATIONS:
        yield f"      and in {len(others) - _MOST_OPERATIONS} more places"


def _values(change: Change) -> str:
    before, after = _shown(change.before), _shown(change.after)
    if before and after:
        return f": {before} -> {after}"
    return f": {before or after}" if before or after else ""


def _shown(value: Any) -> str:
    if value is ABSENT:
        return ""
    if isinstance(value, dict) and len(value) == 1:  # a keyword
        [(name, inner)] = value.items()
        return f"{name} {_shown(inner)}"
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}..."


def as_json(changes: Sequence[Change], old: str, new: str) -> str:
    """All changes as one JSON object."""
    content = {
        "old": old,
        "new": new,
        "changes": [_record(change) for change in changes],
        "counts": counts(changes),
    }
    return json.dumps(content, indent=2)


def _record(change: Change) -> dict[str, Any]:
    record = {
        "verdict": change.verdict.value,
        "rule": change.rule,
        "title": change.title,
        "why": change.why,
        "document": "old" if change.is_in_old else "new",
        "pointer": change.pointer,
        "places": [
            {
                "method": scope.method,
                "path": scope.path,
                "part": scope.part,
                "field": scope.field,
            }
            for scope in change.scopes
        ],
    }
    values = {"before": change.before, "after": change.after}
    return record | {name: value for name, value in values.items() if value is not ABSENT}
