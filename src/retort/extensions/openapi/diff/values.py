"""Compares what two schemas say of one value: types, values, limits, formats, defaults."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from .changes import ABSENT
from .facts import LOWER_LIMITS, UPPER_LIMITS, Bound, json_of, shown_types

if TYPE_CHECKING:
    from .changes import Log, Scope
    from .facts import Facts

_NOTES = frozenset({"password", "textarea"})  # formats that restrict nothing
_NARROWER_FORMATS = frozenset({("int32", "int64"), ("float", "double")})
_TYPE_WITHOUT_FRACTIONS = frozenset({"integer"})


def compare_types(log: Log, scope: Scope, old: Facts, new: Facts) -> bool:
    """Compare types and null.

    :returns: whether to compare more: not if a type has been replaced, or is given by one only.
    """
    before, after = old.types, new.types
    if before != after:
        rule = "type-changed"
        if before is None or (after is not None and after < before):
            rule = "type-narrowed"
        elif after is None or before < after:
            rule = "type-widened"
        log.add(rule, scope, new.pointer, shown_types(old), shown_types(new))
        if before is None or after is None or not before & after:
            return False
    if old.allows_null != new.allows_null:
        rule = "null-added" if new.allows_null else "null-removed"
        log.add(rule, scope, new.pointer, shown_types(old), shown_types(new))
    return True


def compare_values(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    """Compare listed values; where one schema has none, also the limits, pattern and format."""
    if old.values is not None and new.values is not None:
        _compare_listed(log, scope, old, new)
        return
    if old.values is None and new.values is not None:
        log.add("values-restricted", scope, new.pointer, after=list(new.values.values()))
    elif old.values is not None and new.values is None:
        log.add("values-unrestricted", scope, new.pointer, before=list(old.values.values()))
    else:
        _compare_bounds(log, scope, old, new)
        _compare_limits(log, scope, old, new)
        _compare_multiples(log, scope, old, new)
        _compare_patterns(log, scope, old, new)
        if old.types == new.types:  # else the change of the type implies it
            _compare_formats(log, scope, old, new)


def _compare_listed(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    before, after = old.values or {}, new.values or {}
    removed = [value for key, value in before.items() if key not in after]
    added = [value for key, value in after.items() if key not in before]
    if before and after and not before.keys() & after.keys():
        log.add("values-replaced", scope, new.pointer, removed, added)
        return
    if removed:
        log.add("value-removed", scope, new.pointer, before=removed)
    if added:
        log.add("value-added", scope, new.pointer, after=added)


def _compare_bounds(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    is_integer = old.types == new.types == _TYPE_WITHOUT_FRACTIONS
    lows = [_low(facts.low, is_integer) for facts in (old, new)]
    if lows[0] != lows[1]:
        rule = "limit-narrowed" if lows[1] > lows[0] else "limit-widened"
        before, after = _shown_bound("minimum", old.low), _shown_bound("minimum", new.low)
        log.add(rule, scope, new.pointer, before, after)
    highs = [_high(facts.high, is_integer) for facts in (old, new)]
    if highs[0] != highs[1]:
        rule = "limit-narrowed" if highs[1] < highs[0] else "limit-widened"
        before, after = _shown_bound("maximum", old.high), _shown_bound("maximum", new.high)
        log.add(rule, scope, new.pointer, before, after)


def _low(bound: Bound | None, is_integer: bool) -> tuple[float, int]:
    """A lower limit to compare; the second number is 1 if the limit itself is excluded."""
    if bound is None:
        return (-math.inf, 0)
    if is_integer:
        floor = math.floor(bound.value)
        is_above = bound.is_exclusive or floor < bound.value
        return (floor + 1 if is_above else floor, 0)
    return (bound.value, int(bound.is_exclusive))


def _high(bound: Bound | None, is_integer: bool) -> tuple[float, int]:
    """An upper limit to compare; the second number is -1 if the limit itself is excluded."""
    if bound is None:
        return (math.inf, 0)
    if is_integer:
        ceiling = math.ceil(bound.value)
        is_below = bound.is_exclusive or ceiling > bound.value
        return (ceiling - 1 if is_below else ceiling, 0)
    return (bound.value, -int(bound.is_exclusive))


def _shown_bound(name: str, bound: Bound | None) -> Any:
    if bound is None:
        return ABSENT
    return {f"exclusive{name.capitalize()}" if bound.is_exclusive else name: bound.value}


def _compare_limits(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    for keyword in (*LOWER_LIMITS, *UPPER_LIMITS):
        is_lower = keyword in LOWER_LIMITS
        default = LOWER_LIMITS.get(keyword, math.inf)
        before, after = (facts.limits.get(keyword, default) for facts in (old, new))
        if before != after:
            rule = "limit-narrowed" if (after > before) == is_lower else "limit-widened"
            was, is_now = _shown_limit(old, keyword), _shown_limit(new, keyword)
            log.add(rule, scope, new.pointer, was, is_now)
    if old.is_unique != new.is_unique:
        rule = "limit-narrowed" if new.is_unique else "limit-widened"
        was, is_now = ({"uniqueItems": one.is_unique} for one in (old, new))
        log.add(rule, scope, new.pointer, was, is_now)


def _shown_limit(facts: Facts, keyword: str) -> Any:
    return {keyword: facts.limits[keyword]} if keyword in facts.limits else ABSENT


def _compare_multiples(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    before, after = old.multiples, new.multiples
    if before == after:
        return
    was, is_now = ({"multipleOf": max(some)} if some else ABSENT for some in (before, after))
    rule = "limit-changed"
    if all(any(_is_multiple(one, other) for one in after) for other in before):
        rule = "limit-narrowed"
    elif all(any(_is_multiple(one, other) for one in before) for other in after):
        rule = "limit-widened"
    log.add(rule, scope, new.pointer, was, is_now)


def _is_multiple(number: float, of: float) -> bool:
    ratio = number / of
    return abs(ratio - round(ratio)) < 1e-9 and round(ratio) >= 1


def _compare_patterns(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    before, after = old.patterns, new.patterns
    if before == after:
        return
    rule = "pattern-changed"
    if before < after:
        rule = "limit-narrowed"
    elif after < before:
        rule = "limit-widened"
    was, is_now = (
        {"pattern": " and ".join(sorted(some))} if some else ABSENT for some in (before, after)
    )
    log.add(rule, scope, new.pointer, was, is_now)


def _compare_formats(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    before, after = (None if one.format in _NOTES else one.format for one in (old, new))
    if before == after:
        return
    if before is None or after is None:
        rule = "format-added" if before is None else "format-removed"
    elif (after, before) in _NARROWER_FORMATS:
        rule = "format-narrowed"
    elif (before, after) in _NARROWER_FORMATS:
        rule = "format-widened"
    else:
        rule = "format-changed"
    log.add(rule, scope, new.pointer, before or ABSENT, after or ABSENT)


def compare_default(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    """Compare the values that stand for those that are left out."""
    before, after = old.default, new.default
    if before is after or (ABSENT not in (before, after) and json_of(before) == json_of(after)):
        return
    log.add("default-changed", scope, new.pointer, before, after)
