"""All families of types give equal objects and equal errors."""

from __future__ import annotations

import random
from typing import Any

import pytest

from retort.extensions.inputs.check import convert
from retort.extensions.inputs.errors import InvalidInput
from retort.extensions.inputs.types import describe

from .families import FAMILIES, fields_of

VALID: dict[str, Any] = {
    "name": "ada",
    "age": 36,
    "address": {"street": "main", "number": 3},
    "score": 0.25,
    "price": "9.95",
    "born": "1815-12-10",
    "at": "2024-05-01T10:30:00",
    "key": "5c3a2ffe-2b51-4a4e-9b0c-0d3a7f0f6e11",
    "colour": "blue",
    "size": 3,
    "tags": ["ab", "cd"],
    "counts": {"a": 1},
    "is_new": True,
}
REQUIRED = ("name", "age", "address")
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, 1, 17, 18, 99, 100, -1, 0.5, 1.0, 1.5, 10**30, "", "a", "ab"),
    *("abcdefghi", "ABC", "18", "true", "0.5", "2024-01-01", "2024-13-01", "red", "s", "\0", "x\n"),
    *("2024-01-01T00:00:00Z", "not", [], ["a"], ["ab", 3], ["ab"] * 4, {}, {"a": "b"}, {"a": None}),
    *({"street": "x"}, {"street": "ok", "number": "1"}, {"number": 1}, [{}], "\ud800"),
)


def outcome(family: Any, value: Any) -> tuple[str, Any]:
    try:
        return "object", fields_of(convert(describe(family), value, "body"))
    except InvalidInput as invalid:
        return "errors", [(each.path, each.code, each.limit) for each in invalid.errors]


def drawn(chance: random.Random) -> Any:
    """A valid input with some fields left out, and some replaced."""
    fields = {name: value for name, value in VALID.items() if chance.random() < 0.8}
    for name in REQUIRED:
        if chance.random() < 0.9:
            fields[name] = VALID[name]
    for _ in range(chance.choice((0, 0, 1, 2, 4))):
        fields[chance.choice((*VALID, "unknown"))] = chance.choice(ODD)
    return fields if chance.random() < 0.98 else chance.choice(ODD)


@pytest.mark.parametrize("seed", range(20))
def test_all_families_give_equal_objects_and_equal_errors(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(100):
        value = drawn(chance)
        first, *others = (outcome(family, value) for family in FAMILIES)
        for family, other in zip(FAMILIES[1:], others, strict=True):
            assert other == first, (family, value)


def test_the_drawn_inputs_are_of_both_kinds() -> None:
    chance = random.Random(0)
    kinds = [outcome(FAMILIES[0], drawn(chance))[0] for _ in range(200)]

    assert 50 < kinds.count("object") < 150


def test_each_limit_is_violated_by_some_drawn_input() -> None:
    chance = random.Random(0)
    found: set[str] = set()
    for _ in range(2_000):
        kind, errors = outcome(FAMILIES[0], drawn(chance))
        if kind == "errors":
            found.update(code for _, code, _ in errors)

    assert found >= {
        *("required", "null", "text", "integer", "number", "boolean", "date", "datetime", "uuid"),
        *("decimal", "list", "object", "choice", "minimum", "exclusive_minimum", "maximum"),
        *("exclusive_maximum", "min_length", "max_length", "pattern", "max_items", "character"),
    }
