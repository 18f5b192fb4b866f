"""Compares two schemas, and the schemas in them.

`values.py` compares what they say of one value, and `unions.py` their alternatives.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from . import unions, values
from .changes import ABSENT
from .facts import facts_of, json_of, names_in_order, shown_types
from .notes import compare_notes
from .parts import Schema, schema_at
from .rules import Direction

if TYPE_CHECKING:
    from .changes import Log, Scope
    from .document import Place
    from .facts import Facts

# A value that is valid for less of their content is valid for less of the whole.
_INNER = ("contains", "propertyNames", "unevaluatedItems", "then", "else", "contentSchema")
_INNER_BY_NAME = ("patternProperties", "dependentSchemas")


def compare_schemas(log: Log, scope: Scope, old: Schema, new: Schema) -> None:
    """Record what differs between two schemas. They may refer to themselves."""
    inner = log.link((scope.direction, old.key, new.key), scope)
    if inner is not None:
        compare_facts(inner, replace(scope, field=""), facts_of(old), facts_of(new))


def compare_facts(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    """Record what differs between two schemas that have been read."""
    compare_notes(log, scope, new.pointer, old.notes(), new.notes())
    values.compare_default(log, scope, old, new)
    if not unions.compare_unions(log, scope, old, new):
        return
    if values.compare_types(log, scope, old, new):
        values.compare_values(log, scope, old, new)
        compare_fields(log, scope, old, new)
        compare_items(log, scope, old, new)
        compare_others(log, scope, old, new)


def compare_fields(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    """Compare the fields of objects, as far as messages of this direction have them."""
    names = names_in_order(old.properties, new.properties, sorted(old.required | new.required))
    for name in names:
        inner = scope.inside(name)
        before, after = facts_of(old.field(name)), facts_of(new.field(name))
        was_there = _has(old, name) and not before.is_hidden(scope.direction)
        is_there = _has(new, name) and not after.is_hidden(scope.direction)
        if was_there and is_there:
            _compare_required(log, inner, name, old, new)
            compare_schemas(log, inner, before.schema, after.schema)
        elif was_there:
            rule = "field-removed" if new.allowed_more is not False else "field-refused"
            pointer, note = _hidden_at(before, after, name, new)
            log.add(rule, inner, pointer, shown_types(before), note, is_in_old=note is ABSENT)
        elif is_there:
            rule = _added_field_rule(scope, name, old, new)
            log.add(rule, inner, after.pointer, ABSENT, shown_types(after))
    _compare_more(log, scope, old, new)


def _has(facts: Facts, name: str) -> bool:
    return name in facts.properties or name in facts.required


def _hidden_at(before: Facts, after: Facts, name: str, new: Facts) -> tuple[str, object]:
    """The pointer of a removed field, and what it is now if it is only hidden."""
    if not _has(new, name):
        return before.pointer, ABSENT
    return after.pointer, "readOnly" if after.text("readOnly") is True else "writeOnly"


def _added_field_rule(scope: Scope, name: str, old: Facts, new: Facts) -> str:
    if scope.direction is Direction.RESPONSE and old.allowed_more is False:
        return "field-added-to-closed"
    return "required-field-added" if name in new.required else "field-added"


def _compare_required(log: Log, scope: Scope, name: str, old: Facts, new: Facts) -> None:
    was, is_now = name in old.required, name in new.required
    if was != is_now:
        rule = "field-required" if is_now else "field-optional"
        log.add(rule, scope, new.pointer, was, is_now)


def _compare_more(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    """Compare which fields without an own schema are allowed."""
    before, after = old.allowed_more, new.allowed_more
    if isinstance(before, Schema) and isinstance(after, Schema):
        compare_schemas(log, scope.inside("*"), before, after)
        return
    ranks = [2 if more is True else 1 if more else 0 for more in (before, after)]
    if ranks[0] != ranks[1]:
        rule = "fields-closed" if ranks[1] < ranks[0] else "fields-opened"
        names = ("none", "those of a schema", "any")
        log.add(rule, scope, new.pointer, names[ranks[0]], names[ranks[1]])


def compare_items(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    """Compare the elements of lists: the first ones by their place, then all others."""
    inner = scope.inside("[]")
    for number in range(max(len(old.first_items), len(new.first_items))):
        before, after = _item(old, number), _item(new, number)
        compare_schemas(log, scope.inside(f"[{number}]"), before, after)
    if old.items is not None or new.items is not None:
        compare_schemas(log, inner, _item(old, None), _item(new, None))


def _item(facts: Facts, number: int | None) -> Schema:
    """The schema of one element, or of those without an own one."""
    if number is not None and number < len(facts.first_items):
        return facts.first_items[number]
    return facts.items or Schema((), facts.pointer)


def compare_others(log: Log, scope: Scope, old: Facts, new: Facts) -> None:
    """Compare the conditions that no other function reads."""
    for keyword in names_in_order(old.others, new.others):
        before, after = old.others.get(keyword, []), new.others.get(keyword, [])
        if len(before) == len(after) == 1:
            _compare_condition(log, scope, keyword, before[0], after[0])
            continue
        was, is_now = ([place.value for place in places] for places in (before, after))
        if json_of(was) == json_of(is_now):
            continue
        rule = "condition-changed"
        if not before or not after:
            rule = "condition-added" if after else "condition-removed"
        place = (after or before)[0]
        log.add(
            rule,
            scope,
            place.pointer,
            {keyword: was[0]} if was else ABSENT,
            {keyword: is_now[0]} if is_now else ABSENT,
            is_in_old=not after,
        )


def _compare_condition(log: Log, scope: Scope, keyword: str, before: Place, after: Place) -> None:
    """Compare one condition; those that consist of schemas by what their schemas allow."""
    if keyword in _INNER:
        compare_schemas(log, scope, schema_at(before, ""), schema_at(after, ""))
        return
    if keyword in _INNER_BY_NAME:
        _compare_by_name(log, scope, before, after)
        return
    differs = json_of(before.value) != json_of(after.value)
    if keyword in ("not", "if"):
        trial = log.trial()
        compare_schemas(trial, scope, schema_at(before, ""), schema_at(after, ""))
        differs = any(trial.changes_of_messages())
    if differs:
        was, is_now = {keyword: before.value}, {keyword: after.value}
        log.add("condition-changed", scope, after.pointer, was, is_now)


def _compare_by_name(log: Log, scope: Scope, before: Place, after: Place) -> None:
    for name in names_in_order(before.mapping(), after.mapping()):
        old, new = before.get(name), after.get(name)
        if old is not None and new is not None:
            compare_schemas(log, scope.inside(name), schema_at(old, ""), schema_at(new, ""))
        elif new is not None:
            log.add("condition-added", scope, new.pointer, ABSENT, name)
        elif old is not None:
            log.add("condition-removed", scope, old.pointer, name, is_in_old=True)
