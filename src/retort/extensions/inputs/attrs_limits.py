"""The limits in validators of attrs, so that their errors have a code and a limit.

attrs runs the validators as well; their texts contain the value that was sent.
"""

from __future__ import annotations

import re
import typing as t

from msgspec import Meta

if t.TYPE_CHECKING:
    from collections.abc import Iterator

_OPERATORS = {">=": "ge", ">": "gt", "<=": "le", "<": "lt"}


def limited(hint: t.Any, validator: t.Any) -> t.Any:
    """The type of a field with the limits of its validator."""
    metadata: list[Meta] = []
    for each in _parts(validator):
        kind = type(each).__name__
        if kind == "_InValidator":
            hint = _one_of(hint, each.options)
        else:
            metadata.extend(_limit(kind, each))
    arguments = (hint, *metadata)
    return t.Annotated[arguments] if metadata else hint


def _parts(validator: t.Any) -> Iterator[t.Any]:
    kind = type(validator).__name__
    if not type(validator).__module__.startswith("attr"):
        return
    if kind == "_AndValidator":
        for each in getattr(validator, "_validators", ()):  # attrs has no public name
            yield from _parts(each)
    elif kind == "_OptionalValidator":
        yield from _parts(validator.validator)
    else:
        yield validator


def _limit(kind: str, validator: t.Any) -> Iterator[Meta]:
    if kind == "_NumberValidator" and validator.compare_op in _OPERATORS:
        if isinstance(validator.bound, (int, float)):
            limit: t.Any = {_OPERATORS[validator.compare_op]: validator.bound}
            yield Meta(**limit)
    elif kind == "_MinLengthValidator":
        yield Meta(min_length=validator.min_length)
    elif kind == "_MaxLengthValidator":
        yield Meta(max_length=validator.max_length)
    elif kind == "_MatchesReValidator":
        pattern = _searched(validator)
        if pattern is not None:
            yield Meta(pattern=pattern)


def _searched(validator: t.Any) -> str | None:
    """The pattern for ``re.search``; ``None`` if it has flags, or is none of texts."""
    pattern = validator.pattern
    if not isinstance(pattern.pattern, str) or pattern.flags != re.UNICODE:
        return None
    starts = {"fullmatch": ("^(?:", ")$"), "match": ("^(?:", ")"), "search": ("", "")}
    around = starts.get(getattr(validator.match_func, "__name__", ""))
    return None if around is None else f"{around[0]}{pattern.pattern}{around[1]}"


def _one_of(hint: t.Any, options: t.Any) -> t.Any:
    """The type of the options, if they are all texts or whole numbers."""
    if not all(type(each) in (str, int) for each in options):
        return hint
    literal: t.Any = t.Literal
    choices = literal[tuple(options)]
    return t.Optional[choices] if type(None) in t.get_args(hint) else choices  # noqa: UP045
