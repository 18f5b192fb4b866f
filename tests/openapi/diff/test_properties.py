"""What holds for all documents: equal ones do not differ, and each direction has its verdict."""

import copy
import json

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from retort.extensions.openapi import diff
from retort.extensions.openapi.diff import RULES, Verdict

NAMES = st.sampled_from(["id", "name", "items", "$ref", "properties", "default"])

TEXTS = st.fixed_dictionaries(
    {"type": st.just("string")},
    optional={
        "minLength": st.integers(0, 5),
        "maxLength": st.integers(6, 20),
        "pattern": st.just("^a"),
        "format": st.sampled_from(["date", "email"]),
    },
)
NUMBERS = st.fixed_dictionaries(
    {"type": st.sampled_from(["integer", "number"])},
    optional={"minimum": st.integers(-5, 5), "exclusiveMaximum": st.integers(6, 20)},
)
VALUES = st.lists(st.sampled_from(["a", "b", "c", 1, 2.5, True]), min_size=1, unique_by=json.dumps)
LEAVES = st.one_of(
    TEXTS,
    NUMBERS,
    VALUES.map(lambda values: {"enum": values}),
    st.just({"type": ["string", "null"]}),
    st.just({"$ref": "#/components/schemas/Node"}),
)


def objects(inner):
    fields = st.dictionaries(NAMES, inner, max_size=3)
    return st.builds(
        lambda properties, required, extra: {
            "type": "object",
            "properties": properties,
            "required": [name for name in required if name in properties],
            **extra,
        },
        fields,
        st.sets(NAMES),
        st.sampled_from([{}, {"additionalProperties": False}]),
    )


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        objects(inner),
        inner.map(lambda items: {"type": "array", "items": items}),
        st.lists(inner, min_size=1, max_size=3).map(lambda branches: {"anyOf": branches}),
        st.lists(objects(inner), min_size=1, max_size=2).map(lambda parts: {"allOf": parts}),
    ),
    max_leaves=6,
)
NODE = {
    "type": "object",
    "properties": {
        "next": {"$ref": "#/components/schemas/Node"},
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}},
        "name": {"type": "string", "maxLength": 50},
    },
}


def narrowings(schema):
    """Each schema that allows less, by one change of this object."""
    kind = schema.get("type")
    if kind == "string":
        yield {**schema, "maxLength": schema.get("maxLength", 30) - 1}
        yield {**schema, "minLength": schema.get("minLength", 0) + 1}
        if "pattern" not in schema:
            yield {**schema, "pattern": "^b"}
    if kind == "number":
        yield {**schema, "type": "integer"}
    if kind in ("integer", "number"):
        yield {**schema, "minimum": schema.get("minimum", -9) + 1}
    if kind == ["string", "null"]:
        yield {**schema, "type": "string"}
    if kind == "array":
        yield {**schema, "maxItems": 3}
    if kind == "object":
        yield from narrower_objects(schema)
    if len(schema.get("enum", [])) > 1 and all(isinstance(one, str) for one in schema["enum"]):
        yield {**schema, "enum": schema["enum"][1:]}


def narrower_objects(schema):
    for name in schema.get("properties", {}):
        if name not in schema.get("required", []):
            yield {**schema, "required": [*schema.get("required", []), name]}
    if "additionalProperties" not in schema:
        yield {**schema, "additionalProperties": False}


def narrower(schema):
    """Each schema that allows less, by one change of a part that is no alternative."""
    if "anyOf" in schema or "$ref" in schema:
        return
    if "allOf" in schema:  # another part may have the same condition
        return
    yield from narrowings(schema)
    for name, inner in schema.get("properties", {}).items():
        for less in narrower(inner):
            yield {**schema, "properties": {**schema["properties"], name: less}}
    if isinstance(schema.get("items"), dict):
        for less in narrower(schema["items"]):
            yield {**schema, "items": less}


def document(schema):
    body = {"content": {"application/json": {"schema": schema}}}
    operation = {"requestBody": body, "responses": {"200": {"description": "", **body}}}
    return {
        "openapi": "3.1.0",
        "paths": {"/": {"post": operation}},
        "components": {"schemas": {"Node": NODE}},
    }


def verdicts(old, new, direction):
    changes = diff.compare(diff.checked("old", document(old)), diff.checked("new", document(new)))
    return {one.verdict for one in changes if one.scopes[0].direction.value == direction}


@given(SCHEMAS)
def test_a_document_never_differs_from_itself(schema):
    same = document(copy.deepcopy(schema))

    assert diff.compare(diff.checked("a", document(schema)), diff.checked("b", same)) == []


@given(SCHEMAS.flatmap(lambda schema: st.tuples(st.just(schema), st.randoms())))
def test_less_breaks_requests_and_more_breaks_responses(pair):
    schema, random = pair
    choices = list(narrower(schema))
    if not choices:
        return
    less = random.choice(choices)
    not_fine = {Verdict.BREAKING, Verdict.RISKY}

    assert verdicts(schema, less, "request") == {Verdict.BREAKING}
    assert verdicts(schema, less, "response") == {Verdict.FINE}
    assert verdicts(less, schema, "request") == {Verdict.FINE}
    assert verdicts(less, schema, "response") & not_fine


def test_every_kind_of_narrowing_is_generated():  # so that the test above is not empty
    schema = {
        "type": "object",
        "properties": {
            "text": {"type": "string"},
            "number": {"type": "number"},
            "null": {"type": ["string", "null"]},
            "list": {"type": "array", "items": {"enum": ["a", "b"]}},
        },
    }

    assert len(list(narrower(schema))) == 5 + 3 + 2 + 1 + 2


@given(SCHEMAS, SCHEMAS)
def test_any_two_documents_can_be_compared_and_reported(old, new):
    changes = diff.compare(diff.checked("old", document(old)), diff.checked("new", document(new)))

    records = json.loads(diff.as_json(changes, "old", "new"))["changes"]
    text = diff.as_text(changes, "old", "new")

    assert [record["rule"] for record in records] == [change.rule for change in changes]
    assert all(RULES[record["rule"]].title in text for record in records)


VALUES_OF_JSON = st.recursive(
    st.sampled_from([None, True, 0, 1, 7, 2.5, "", "a", "abcdefgh", "2026-01-31"]),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(NAMES, inner, max_size=4)),
    max_leaves=6,
)


def is_valid(schema, value):
    whole = {**schema, "components": {"schemas": {"Node": NODE}}}
    return Draft202012Validator(whole).is_valid(value)


@given(SCHEMAS, SCHEMAS, st.lists(VALUES_OF_JSON, min_size=5))
def test_where_nothing_breaks_a_request_that_was_valid_still_is(old, new, values):
    changes = diff.compare(diff.checked("old", document(old)), diff.checked("new", document(new)))
    sent = [one for one in changes if one.scopes[0].direction.value == "request"]
    if any(one.verdict is not Verdict.FINE for one in sent):
        return
    if any(one.rule == "field-added" for one in sent):
        return  # a field that was unknown before may have had any type

    for value in values:
        assert is_valid(new, value) or not is_valid(old, value)
