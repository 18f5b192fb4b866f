"""How changes are reported: as text and as JSON."""

import json
from textwrap import dedent

from retort.extensions.openapi import diff

ITEM = {"type": "object", "properties": {"count": {"type": "integer", "maximum": 100}}}


def shop(item=ITEM, **operation):
    """Two operations with one schema."""
    reference = {"$ref": "#/components/schemas/Item"}
    body = {"content": {"application/json": {"schema": {"type": "array", "items": reference}}}}
    ordering = {"requestBody": body, **operation}
    return {
        "openapi": "3.1.0",
        "paths": {"/orders": {"post": ordering}, "/orders/{id}": {"put": {"requestBody": body}}},
        "components": {"schemas": {"Item": item}},
    }


def changes_of(old, new):
    return diff.compare(diff.checked("old.json", old), diff.checked("new.json", new))


def with_limit(limit):
    return {**ITEM, "properties": {"count": {"type": "integer", "maximum": limit}}}


def text_of(old, new):
    return diff.as_text(changes_of(old, new), "old.json", "new.json")


def test_a_change_has_its_place_its_values_and_its_reason():
    expected = """
        Breaking:
          POST /orders: request body, field '[].count': limit allows less: maximum 100 -> maximum 10
              Requests that were valid are refused.
              new.json#/components/schemas/Item/properties/count
              also PUT /orders/{id}: request body, field '[].count'

        Changes: 1 breaking, 0 risky, 0 fine."""

    assert text_of(shop(), shop(with_limit(10))) == dedent(expected).strip()


def test_what_was_removed_has_its_place_in_the_old_document():
    new = shop()
    del new["paths"]["/orders"]

    assert "  /orders: path removed: " in text_of(shop(), new)
    assert "old.json#/paths/~1orders\n" in text_of(shop(), new)


def test_the_worst_changes_come_first():
    new = shop(with_limit(200), operationId="order", deprecated=True)
    new["paths"]["/"] = {}
    old = shop(operationId="orders")
    old["paths"]["/about"] = {}

    assert [change.verdict.value for change in changes_of(old, new)] == [
        *["breaking"] * 1,
        *["risky"] * 1,
        *["fine"] * 3,
    ]


def test_no_change_is_said():
    assert text_of(shop(), shop()) == "No changes."


def test_long_values_are_cut():
    description = {"description": "x" * 500}

    assert f"description {'x' * 60}..." in text_of(shop(), shop({**ITEM, **description}))


def test_many_places_of_one_change_are_counted():
    old, new = shop(), shop(with_limit(10))
    for document in (old, new):
        for number in range(20):
            document["paths"][f"/orders/{number}"] = document["paths"]["/orders"]

    assert text_of(old, new).count("also ") == 5
    assert "and in 16 more places" in text_of(old, new)


def test_json_has_all_of_a_change():
    [record] = json.loads(
        diff.as_json(changes_of(shop(), shop(with_limit(10))), "old.json", "new.json")
    )["changes"]

    assert record == {
        "verdict": "breaking",
        "rule": "limit-narrowed",
        "title": "limit allows less",
        "why": "Requests that were valid are refused.",
        "document": "new",
        "pointer": "/components/schemas/Item/properties/count",
        "places": [
            {"method": "POST", "path": "/orders", "part": "request body", "field": "[].count"},
            {"method": "PUT", "path": "/orders/{id}", "part": "request body", "field": "[].count"},
        ],
        "before": {"maximum": 100},
        "after": {"maximum": 10},
    }


def test_json_has_the_number_of_changes_of_each_verdict():
    report = json.loads(diff.as_json(changes_of(shop(), shop(with_limit(10))), "a", "b"))

    assert report["counts"] == {"breaking": 1, "risky": 0, "fine": 0}
    assert (report["old"], report["new"]) == ("a", "b")
