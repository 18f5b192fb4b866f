"""The verdict of each change of a schema, in a request and in a response.

A row has the old schema, the new one, and the changes: in a request, and in a response. `B`, `R`
and `F` are breaking, risky and fine.
"""

import copy

import pytest

VERDICTS = {"B": "breaking", "R": "risky", "F": "fine"}


def expanded(text):
    """``B type-changed, F null-added`` as a sorted list of whole words."""
    pairs = [line.split() for line in text.split(", ") if line]
    return sorted(f"{VERDICTS[letter]} {rule}" for letter, rule in pairs)


def thing(required=(), **properties):
    found = {"type": "object", "properties": properties}
    return found | {"required": list(required)} if required else found


def closed(required=(), **properties):
    return thing(required, **properties) | {"additionalProperties": False}


def listed(items, **limits):
    return {"type": "array", "items": items, **limits}


TEXT = {"type": "string"}
INTEGER = {"type": "integer"}
NUMBER = {"type": "number"}
ANY = {}
CAT = thing(["kind"], kind={"const": "cat"}, lives=INTEGER)
DOG = thing(["kind"], kind={"const": "dog"}, tricks=TEXT)
BY_KIND = {"propertyName": "kind"}

ROWS = {
    # fields
    "a required field": (
        thing(["a"], a=TEXT),
        thing(["a", "b"], a=TEXT, b=TEXT),
        ("B required-field-added", "F required-field-added"),
    ),
    "an optional field": (
        thing(a=TEXT),
        thing(a=TEXT, b=TEXT),
        ("F field-added", "F field-added"),
    ),
    "an optional field of a closed object": (
        closed(a=TEXT),
        closed(a=TEXT, b=TEXT),
        ("F field-added", "R field-added-to-closed"),
    ),
    "a field is gone": (
        thing(["a"], a=TEXT, b=TEXT),
        thing(["a"], a=TEXT),
        ("R field-removed", "B field-removed"),
    ),
    "a field of a closed object is gone": (
        closed(a=TEXT, b=TEXT),
        closed(a=TEXT),
        ("B field-refused", "B field-refused"),
    ),
    "a field becomes required": (
        thing(a=TEXT),
        thing(["a"], a=TEXT),
        ("B field-required", "F field-required"),
    ),
    "a field becomes optional": (
        thing(["a"], a=TEXT),
        thing(a=TEXT),
        ("F field-optional", "B field-optional"),
    ),
    "a required name without a schema": (
        thing(a=TEXT),
        thing(["b"], a=TEXT),
        ("B required-field-added", "F required-field-added"),
    ),
    "a renamed field": (
        thing(["a"], a=TEXT),
        thing(["b"], b=TEXT),
        (
            "B required-field-added, R field-removed",
            "B field-removed, F required-field-added",
        ),
    ),
    "a field in a field": (
        thing(a=thing(b=TEXT)),
        thing(a=thing(["b"], b=TEXT)),
        ("B field-required", "F field-required"),
    ),
    "unknown fields are refused": (
        thing(a=TEXT),
        closed(a=TEXT),
        ("B fields-closed", "F fields-closed"),
    ),
    "unknown fields are allowed": (
        closed(a=TEXT),
        thing(a=TEXT),
        ("F fields-opened", "R fields-opened"),
    ),
    "unknown fields are of one type": (
        {"type": "object"},
        {"type": "object", "additionalProperties": TEXT},
        ("B fields-closed", "F fields-closed"),
    ),
    "the type of unknown fields": (
        {"type": "object", "additionalProperties": INTEGER},
        {"type": "object", "additionalProperties": NUMBER},
        ("F type-widened", "B type-widened"),
    ),
    "true and absent are the same for unknown fields": (
        {"type": "object"},
        {"type": "object", "additionalProperties": True},
        ("", ""),
    ),
    "unevaluatedProperties": (
        thing(a=TEXT),
        thing(a=TEXT) | {"unevaluatedProperties": False},
        ("B fields-closed", "F fields-closed"),
    ),
    # readOnly and writeOnly
    "a required field that is only in responses": (
        thing(a=TEXT),
        thing(["id"], a=TEXT, id=TEXT | {"readOnly": True}),
        ("", "F required-field-added"),
    ),
    "a required field that is only in requests": (
        thing(a=TEXT),
        thing(["code"], a=TEXT, code=TEXT | {"writeOnly": True}),
        ("B required-field-added", ""),
    ),
    "a field becomes readOnly": (
        thing(["id"], id=TEXT),
        thing(["id"], id=TEXT | {"readOnly": True}),
        ("R field-removed", ""),
    ),
    "a field becomes writeOnly": (
        thing(id=TEXT),
        thing(id=TEXT | {"writeOnly": True}),
        ("", "B field-removed"),
    ),
    "a required field is no longer readOnly": (
        thing(["id"], id=TEXT | {"readOnly": True}),
        thing(["id"], id=TEXT),
        ("B required-field-added", ""),
    ),
    "a condition of a readOnly field": (
        thing(id=TEXT | {"readOnly": True}),
        thing(id=TEXT | {"readOnly": True, "maxLength": 9}),
        ("", "F limit-narrowed"),
    ),
    # types
    "another type": (TEXT, INTEGER, ("B type-changed", "B type-changed")),
    "a wider type": (INTEGER, NUMBER, ("F type-widened", "B type-widened")),
    "a narrower type": (NUMBER, INTEGER, ("B type-narrowed", "F type-narrowed")),
    "one more type": (
        TEXT,
        {"type": ["string", "integer"]},
        ("F type-widened", "B type-widened"),
    ),
    "one type less": (
        {"type": ["string", "integer"]},
        TEXT,
        ("B type-narrowed", "F type-narrowed"),
    ),
    "any type becomes one": (ANY, TEXT, ("B type-narrowed", "F type-narrowed")),
    "one type becomes any": (TEXT, ANY, ("F type-widened", "B type-widened")),
    "nothing is allowed": (ANY, False, ("B type-narrowed", "F type-narrowed")),
    "another type of elements": (
        listed(TEXT),
        listed(INTEGER),
        ("B type-changed", "B type-changed"),
    ),
    "a list of what was single": (
        TEXT,
        listed(TEXT),
        ("B type-changed", "B type-changed"),
    ),
    "a type is written that was implied": (
        {"properties": {"a": TEXT}},
        thing(a=TEXT),
        ("", ""),
    ),
    "another type of one place in a list": (
        {"type": "array", "prefixItems": [TEXT, TEXT], "items": False},
        {"type": "array", "prefixItems": [TEXT, INTEGER], "items": False},
        ("B type-changed", "B type-changed"),
    ),
    # null
    "null is allowed": (
        TEXT,
        {"type": ["string", "null"]},
        ("F null-added", "B null-added"),
    ),
    "null is refused": (
        {"type": ["string", "null"]},
        TEXT,
        ("B null-removed", "F null-removed"),
    ),
    "null by anyOf is the same as null by type": (
        {"anyOf": [TEXT, {"type": "null"}]},
        {"type": ["string", "null"]},
        ("", ""),
    ),
    "null by oneOf": (
        CAT,
        {"oneOf": [{"type": "null"}, CAT]},
        ("F null-added", "B null-added"),
    ),
    "null among values": (
        {"enum": ["a", "b"]},
        {"enum": ["a", "b", None]},
        ("F null-added", "B null-added"),
    ),
    # values
    "a value is gone": (
        {"enum": ["a", "b"]},
        {"enum": ["a"]},
        ("B value-removed", "F value-removed"),
    ),
    "a value is new": (
        {"enum": ["a"]},
        {"enum": ["a", "b"]},
        ("F value-added", "R value-added"),
    ),
    "a renamed value": (
        {"enum": ["a", "b"]},
        {"enum": ["a", "c"]},
        ("B value-removed, F value-added", "F value-removed, R value-added"),
    ),
    "all values are others": (
        {"const": "v1"},
        {"const": "v2"},
        ("B values-replaced", "B values-replaced"),
    ),
    "values in another order": ({"enum": ["a", "b"]}, {"enum": ["b", "a"]}, ("", "")),
    "values for what was open": (
        TEXT,
        TEXT | {"enum": ["a"]},
        ("B values-restricted", "F values-restricted"),
    ),
    "open for what had values": (
        TEXT | {"enum": ["a"]},
        TEXT,
        ("F values-unrestricted", "B values-unrestricted"),
    ),
    "const is a list of one": ({"const": "a"}, TEXT | {"enum": ["a"]}, ("", "")),
    "constants with titles are values": (
        {"oneOf": [{"const": "a", "title": "A"}, {"const": "b", "title": "B"}]},
        TEXT | {"enum": ["a", "b"]},
        ("", ""),
    ),
    "1 and true are different values": (
        {"enum": [1, True]},
        {"enum": [1]},
        ("B type-narrowed, B value-removed", "F type-narrowed, F value-removed"),
    ),
    # limits
    "a shorter text": (
        TEXT | {"maxLength": 20},
        TEXT | {"maxLength": 10},
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "a longer text": (
        TEXT | {"maxLength": 10},
        TEXT | {"maxLength": 20},
        ("F limit-widened", "B limit-widened"),
    ),
    "a limit where there was none": (
        TEXT,
        TEXT | {"minLength": 1},
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "no limit where there was one": (
        INTEGER | {"maximum": 9},
        INTEGER,
        ("F limit-widened", "B limit-widened"),
    ),
    "a higher minimum": (
        INTEGER | {"minimum": 1},
        INTEGER | {"minimum": 18},
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "the minimum itself is excluded": (
        NUMBER | {"minimum": 1},
        NUMBER | {"exclusiveMinimum": 1},
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "the maximum itself is allowed": (
        NUMBER | {"exclusiveMaximum": 1},
        NUMBER | {"maximum": 1},
        ("F limit-widened", "B limit-widened"),
    ),
    "two ways to write the limit of an integer": (
        INTEGER | {"minimum": 1, "exclusiveMaximum": 10},
        INTEGER | {"exclusiveMinimum": 0, "maximum": 9},
        ("", ""),
    ),
    "a minimum length of 0 is none": (TEXT, TEXT | {"minLength": 0}, ("", "")),
    "fewer elements": (
        listed(TEXT, maxItems=5),
        listed(TEXT, maxItems=4),
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "elements must differ": (
        listed(TEXT),
        listed(TEXT, uniqueItems=True),
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "more elements must be of a kind": (
        listed(ANY, contains=INTEGER),
        listed(ANY, contains=INTEGER, minContains=2),
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "a multiple of a multiple": (
        NUMBER | {"multipleOf": 0.5},
        NUMBER | {"multipleOf": 1.5},
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "another multiple": (
        INTEGER | {"multipleOf": 2},
        INTEGER | {"multipleOf": 3},
        ("B limit-changed", "B limit-changed"),
    ),
    "a pattern where there was none": (
        TEXT,
        TEXT | {"pattern": "^a"},
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "another pattern": (
        TEXT | {"pattern": "^a"},
        TEXT | {"pattern": "^b"},
        ("R pattern-changed", "R pattern-changed"),
    ),
    # formats
    "a format": (TEXT, TEXT | {"format": "date"}, ("B format-added", "F format-added")),
    "no format": (TEXT | {"format": "date"}, TEXT, ("F format-removed", "B format-removed")),
    "another format": (
        TEXT | {"format": "date"},
        TEXT | {"format": "date-time"},
        ("B format-changed", "B format-changed"),
    ),
    "larger integers": (
        INTEGER | {"format": "int32"},
        INTEGER | {"format": "int64"},
        ("F format-widened", "B format-widened"),
    ),
    "a format that restricts nothing": (TEXT, TEXT | {"format": "password"}, ("", "")),
    "two ways to write a file": (
        TEXT | {"format": "binary"},
        TEXT | {"contentMediaType": "application/octet-stream"},
        ("", ""),
    ),
    # annotations
    "another default": (
        INTEGER | {"default": 10},
        INTEGER | {"default": 20},
        ("R default-changed", "F default-changed"),
    ),
    "a deprecated field": (
        thing(a=TEXT),
        thing(a=TEXT | {"deprecated": True}),
        ("F deprecated", "F deprecated"),
    ),
    "a description": (TEXT, TEXT | {"description": "A name", "example": "Ada"}, ("", "")),
    "an extension": (TEXT, TEXT | {"x-inferred": True}, ("", "")),
    # alternatives
    "an alternative": (
        {"oneOf": [CAT, DOG]},
        {"oneOf": [CAT, DOG, listed(TEXT)]},
        ("F alternative-added", "B alternative-added"),
    ),
    "an alternative is gone": (
        {"anyOf": [TEXT, CAT, DOG]},
        {"anyOf": [CAT, TEXT]},
        ("B alternative-removed", "F alternative-removed"),
    ),
    "alternatives in another order": ({"oneOf": [CAT, DOG]}, {"oneOf": [DOG, CAT]}, ("", "")),
    "a change in one alternative": (
        {"oneOf": [CAT, DOG]},
        {"oneOf": [DOG, thing(["kind", "lives"], kind={"const": "cat"}, lives=INTEGER)]},
        ("B field-required", "F field-required"),
    ),
    "what was single is an alternative": (
        CAT,
        {"oneOf": [DOG, CAT]},
        ("F alternative-added", "B alternative-added"),
    ),
    "an alternative is single": (
        {"oneOf": [DOG, CAT]},
        CAT,
        ("B alternative-removed", "F alternative-removed"),
    ),
    "one alternative is the same as none": ({"oneOf": [CAT]}, CAT, ("", "")),
    "an alternative that another one has": (
        {"anyOf": [INTEGER | {"maximum": 5}, NUMBER, CAT]},
        {"anyOf": [NUMBER, CAT]},
        ("", ""),
    ),
    "an alternative with fewer fields": (
        {"anyOf": [CAT, DOG]},
        {"anyOf": [CAT, DOG, thing(tricks=TEXT)]},
        ("F alternative-added", "B alternative-added"),
    ),
    "types as alternatives": (
        {"anyOf": [TEXT, INTEGER]},
        {"type": ["integer", "string"]},
        ("", ""),
    ),
    "several alternatives at once": (
        {"oneOf": [CAT, DOG]},
        {"anyOf": [CAT, DOG]},
        ("F several-allowed", "R several-allowed"),
    ),
    "another discriminator": (
        {"oneOf": [CAT, DOG], "discriminator": BY_KIND},
        {"oneOf": [CAT, DOG], "discriminator": {"propertyName": "type"}},
        ("R discriminator-changed", "R discriminator-changed"),
    ),
    "a value of a discriminator": (
        {"oneOf": [CAT, DOG], "discriminator": BY_KIND | {"mapping": {"cat": "Cat"}}},
        {"oneOf": [CAT, DOG], "discriminator": BY_KIND | {"mapping": {"cat": "Cat", "dog": "Dog"}}},
        ("F value-added", "R value-added"),
    ),
    # allOf
    "allOf is the same as one schema": (
        {"allOf": [thing(["a"], a=TEXT), thing(b=INTEGER)]},
        thing(["a"], a=TEXT, b=INTEGER),
        ("", ""),
    ),
    "a field in a part of allOf": (
        {"allOf": [thing(a=TEXT)]},
        {"allOf": [thing(a=TEXT), thing(["b"], b=TEXT)]},
        ("B required-field-added", "F required-field-added"),
    ),
    "the narrower limit of allOf": (
        {"allOf": [INTEGER | {"minimum": 1}, {"minimum": 5}]},
        {"allOf": [INTEGER | {"minimum": 3}, {"minimum": 5}]},
        ("", ""),
    ),
    # other conditions
    "not": (
        TEXT,
        TEXT | {"not": {"const": "admin"}},
        ("B condition-added", "F condition-added"),
    ),
    "another not": (
        TEXT | {"not": {"const": "admin"}},
        TEXT | {"not": {"const": "root"}},
        ("R condition-changed", "R condition-changed"),
    ),
    "no dependentRequired": (
        thing(a=TEXT, b=TEXT) | {"dependentRequired": {"a": ["b"]}},
        thing(a=TEXT, b=TEXT),
        ("F condition-removed", "B condition-removed"),
    ),
    "names of fields": (
        {"type": "object", "propertyNames": {"maxLength": 9}},
        {"type": "object", "propertyNames": {"maxLength": 5}},
        ("B limit-narrowed", "F limit-narrowed"),
    ),
    "a field by the pattern of its name": (
        {"type": "object", "patternProperties": {"^x-": INTEGER}},
        {"type": "object", "patternProperties": {"^x-": NUMBER}},
        ("F type-widened", "B type-widened"),
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_change_of_a_schema_has_the_verdict_of_its_direction(name, sent, received, lines_of):
    old, new, (in_request, in_response) = copy.deepcopy(ROWS[name])

    assert sorted(lines_of(sent(old), sent(new))) == expanded(in_request)
    assert sorted(lines_of(received(old), received(new))) == expanded(in_response)


@pytest.mark.parametrize("name", ROWS)
def test_a_schema_does_not_differ_from_itself(name, sent, received, lines_of):
    for schema in ROWS[name][:2]:
        assert lines_of(sent(schema), sent(copy.deepcopy(schema))) == []
        assert lines_of(received(schema), received(copy.deepcopy(schema))) == []


OLD_STYLE = {
    "nullable": (TEXT | {"nullable": True}, {"type": ["string", "null"]}),
    "nullable and a reference": (
        {"nullable": True, "allOf": [CAT]},
        {"oneOf": [CAT, {"type": "null"}]},
    ),
    "exclusive limits": (
        NUMBER | {"minimum": 0, "exclusiveMinimum": True},
        NUMBER | {"exclusiveMinimum": 0},
    ),
    "files": (
        TEXT | {"format": "binary"},
        TEXT | {"contentMediaType": "application/octet-stream"},
    ),
    "base64": (TEXT | {"format": "byte"}, TEXT | {"contentEncoding": "base64"}),
    "one value": ({"enum": ["a"], "type": "string"}, {"const": "a"}),
}


@pytest.mark.parametrize("name", OLD_STYLE)
def test_the_ways_of_3_0_and_of_3_1_to_write_the_same_do_not_differ(name, sent, lines_of):
    old, new = map(sent, OLD_STYLE[name])

    assert lines_of(old, new, version="3.1.1", old_version="3.0.3") == []
    assert lines_of(new, old, version="3.0.3", old_version="3.1.1") == []


def test_only_3_0_ignores_what_is_beside_a_reference(sent, lines_of):
    components = {"components": {"schemas": {"Name": TEXT}}}
    old = sent({"$ref": "#/components/schemas/Name"}, **components)
    new = sent({"$ref": "#/components/schemas/Name", "maxLength": 5}, **components)

    assert lines_of(old, new, version="3.1.0") == ["breaking limit-narrowed"]
    assert lines_of(old, new, version="3.0.3") == []


def test_a_reference_alone_is_not_the_one_with_a_condition(document, lines_of):
    """Both lead to one schema, and the pair of that schema has been compared already."""

    def shop(second):
        contents = {
            path: {"application/json": {"schema": schema}}
            for path, schema in {"/a": {"$ref": "#/components/schemas/Name"}, "/b": second}.items()
        }
        paths = {
            path: {"post": {"requestBody": {"content": one}}} for path, one in contents.items()
        }
        return document(paths, components={"schemas": {"Name": TEXT}})

    plain = {"$ref": "#/components/schemas/Name"}

    assert lines_of(shop(plain), shop(plain | {"maxLength": 5})) == ["breaking limit-narrowed"]
