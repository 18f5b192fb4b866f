"""Compares the alternatives of ``oneOf`` and ``anyOf``.

Each old alternative is paired with one new alternative: that of the same name, else one that
allows the same, else the most similar one of the same type. Alternatives that stay alone were
added or removed, unless another one allows all that they allow.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import schemas
from .changes import ABSENT
from .facts import facts_of, json_of, names_in_order
from .rules import Direction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .changes import Change, Log, Scope
    from .facts import Facts, Union
    from .parts import Schema

_MOST_TRIED = 400  # pairs; beyond that, only alternatives of one name are paired
_COMPONENT = "/components/schemas/"


def compare_unions(log: Log, scope: Scope, old: Facts, new: Facts) -> bool:
    """Compare the alternatives of two schemas.

    :returns: whether to compare more: not if one schema became an alternative of the other.
    """
    if bool(old.unions) != bool(new.unions):
        return _compare_with_single(log, scope, old, new)
    for before, after in zip(old.unions, new.unions, strict=False):
        _compare_keywords(log, scope, before, after)
        _compare_branches(log, scope, before.branches, after.branches)
    for union in new.unions[len(old.unions) :]:
        _log_condition(log, scope, union, is_added=True)
    for union in old.unions[len(new.unions) :]:
        _log_condition(log, scope, union, is_added=False)
    _compare_discriminators(log, scope, old, new)
    return True


def _compare_with_single(log: Log, scope: Scope, old: Facts, new: Facts) -> bool:
    is_added = bool(new.unions)
    single, several = (old, new) if is_added else (new, old)
    if single.types is None or several.types is not None or len(several.unions) > 1:
        for union in several.unions:
            _log_condition(log, scope, union, is_added=is_added)
        return single.types is not None
    if old.allows_null != new.allows_null:
        log.add("null-added" if new.allows_null else "null-removed", scope, new.pointer)
    branches = several.unions[0].branches
    olds, news = ([single.schema], branches) if is_added else (branches, [single.schema])
    pairs, removed, added = _pairs(log, scope, olds, news)
    for before, after in pairs:
        first, second = (replace(facts_of(one), allows_null=False) for one in (before, after))
        if first.unions or second.unions:
            schemas.compare_schemas(log, scope, before, after)
        else:  # null has been compared
            schemas.compare_facts(log, scope, first, second)
    _log_alone(log, scope, (olds, news), removed, added)
    return False


def _log_condition(log: Log, scope: Scope, union: Union, *, is_added: bool) -> None:
    shown = {union.keyword: [_name(branch) for branch in union.branches]}
    if is_added:
        log.add("condition-added", scope, union.place.pointer, after=shown)
    else:
        log.add("condition-removed", scope, union.place.pointer, shown, is_in_old=True)


def _compare_keywords(log: Log, scope: Scope, before: Union, after: Union) -> None:
    if before.keyword != after.keyword:
        rule = "exactly-one-required" if after.keyword == "oneOf" else "several-allowed"
        log.add(rule, scope, after.place.pointer, before.keyword, after.keyword)


def _compare_branches(log: Log, scope: Scope, olds: list[Schema], news: list[Schema]) -> None:
    pairs, removed, added = _pairs(log, scope, olds, news)
    for before, after in pairs:
        schemas.compare_schemas(log, scope, before, after)
    _log_alone(log, scope, (olds, news), removed, added)


def _log_alone(
    log: Log,
    scope: Scope,
    branches: tuple[list[Schema], list[Schema]],
    removed: list[Schema],
    added: list[Schema],
) -> None:
    olds, news = branches
    for branch in removed:
        if not any(_is_within(log, scope, branch, other) for other in news):
            shown = _name(branch)
            log.add("alternative-removed", scope, branch.pointer, shown, is_in_old=True)
    for branch in added:
        if not any(_is_within(log, scope, branch, other) for other in olds):
            log.add("alternative-added", scope, branch.pointer, after=_name(branch))


def _pairs(
    log: Log, scope: Scope, olds: list[Schema], news: list[Schema]
) -> tuple[list[tuple[Schema, Schema]], list[Schema], list[Schema]]:
    """Pairs of alternatives, and those that stay alone on either side."""
    pairs: list[tuple[Schema, Schema]] = []
    lefts, rights = list(olds), list(news)

    def pair(find: Callable[[Schema, list[Schema]], Schema | None]) -> None:
        for left in list(lefts):
            right = find(left, rights)
            if right is not None:
                pairs.append((left, right))
                lefts.remove(left)
                rights.remove(right)

    pair(_of_same_name)
    if len(lefts) * len(rights) <= _MOST_TRIED:
        pair(lambda left, among: _equal(log, scope, left, among))
        pair(lambda left, among: _similar(log, scope, left, among))
    return pairs, lefts, rights


def _of_same_name(schema: Schema, among: list[Schema]) -> Schema | None:
    if _COMPONENT not in schema.pointer:
        return None
    return next((one for one in among if one.pointer == schema.pointer), None)


def _equal(log: Log, scope: Scope, schema: Schema, among: list[Schema]) -> Schema | None:
    return next((one for one in among if not any(_changes(log, scope, schema, one))), None)


def _similar(log: Log, scope: Scope, schema: Schema, among: list[Schema]) -> Schema | None:
    """That of the same type with the fewest changes, if it shares a value or a field."""
    related = [one for one in among if _is_related(facts_of(schema), facts_of(one))]
    if not related:
        return None
    return min(related, key=lambda one: sum(1 for _ in _changes(log, scope, schema, one)))


def _is_related(first: Facts, second: Facts) -> bool:
    if first.types is None or second.types is None or not first.types & second.types:
        return False
    if first.values is not None and second.values is not None:
        return bool(first.values.keys() & second.values.keys())
    if first.types == second.types == {"object"} and first.properties and second.properties:
        return bool(first.properties.keys() & second.properties.keys())
    return True


def _is_within(log: Log, scope: Scope, inner: Schema, outer: Schema) -> bool:
    """Whether all that one schema allows is allowed by another.

    An object is an alternative of its own if it has fewer fields, although it would be valid.
    """
    if "object" in (facts_of(inner).types or ()):
        return not any(_changes(log, scope, inner, outer))
    sent = replace(scope, direction=Direction.REQUEST)
    return all(change.verdict.value == "fine" for change in _changes(log, sent, inner, outer))


def _changes(log: Log, scope: Scope, old: Schema, new: Schema) -> Iterator[Change]:
    trial = log.trial()
    schemas.compare_schemas(trial, scope, old, new)
    return trial.changes_of_messages()


def _compare_discriminators(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    """Compare which field says which alternative it is, and by which values."""
    before, after = old.text("discriminator"), new.text("discriminator")
    if not isinstance(before, dict) or not isinstance(after, dict):
        if before is not after:
            log.add("discriminator-changed", scope, new.pointer, before, after)
        return
    if before.get("propertyName") != after.get("propertyName"):
        names = before.get("propertyName", ABSENT), after.get("propertyName", ABSENT)
        log.add("discriminator-changed", scope, new.pointer, *names)
        return
    inner = scope.inside(str(after.get("propertyName")))
    olds, news = (one.get("mapping") or {} for one in (before, after))
    for value in names_in_order(olds, news):
        if value not in news:
            log.add("value-removed", inner, new.pointer, [value])
        elif value not in olds:
            log.add("value-added", inner, new.pointer, after=[value])
        elif json_of(olds[value]) != json_of(news[value]):
            was, is_now = {value: olds[value]}, {value: news[value]}
            log.add("discriminator-changed", inner, new.pointer, was, is_now)


def _name(schema: Schema) -> str:
    """What to call an alternative."""
    if _COMPONENT in schema.pointer:
        return schema.pointer.rpartition("/")[2]
    value = schema.places[0].value
    title = value.get("title") if isinstance(value, dict) else None
    return str(title or json_of(value))
