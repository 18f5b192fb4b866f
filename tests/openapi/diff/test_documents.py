"""Reading documents: files, standard input, references, and what is no document."""

import io
import json
import sys

import pytest

from retort.extensions.openapi import diff

YAML = """
openapi: 3.1.0
info: {title: Shop, version: "1"}
paths:
  /orders:
    get:
      responses:
        200: {description: Found}
"""


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Read a document from a file in the current folder."""
    monkeypatch.chdir(tmp_path)

    def load(content, name="shop.json"):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return diff.load(name)

    return load


def with_schema(schema, **schemas):
    body = {"content": {"application/json": {"schema": schema}}}
    return {
        "openapi": "3.1.0",
        "paths": {"/orders": {"post": {"requestBody": body}}},
        "components": {"schemas": schemas},
    }


def compare_with_itself(content):
    document = diff.checked("shop.json", content)
    return diff.compare(document, document)


def problem_of(content):
    """The message about a document that is compared with itself."""
    with pytest.raises(diff.DocumentError) as info:
        compare_with_itself(content)
    return str(info.value)


def test_a_json_file_is_read(load):
    assert load('{"openapi": "3.0.3", "paths": {}}').version == "3.0"


def test_a_byte_order_mark_is_skipped(load):
    assert load(b'\xef\xbb\xbf{"openapi": "3.1.1", "paths": {}}').version == "3.1"


def test_a_yaml_file_is_read_and_its_statuses_are_text(load):
    document = load(YAML, "shop.yaml")

    assert document.content["paths"]["/orders"]["get"]["responses"] == {
        "200": {"description": "Found"}
    }


def test_yaml_without_pyyaml_is_an_error_that_says_how_to_get_it(load, monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(diff.DocumentError, match=r"^shop\.yml: .*pip install pyyaml"):
        load(YAML, "shop.yml")


@pytest.mark.parametrize("text", ['{"openapi": "3.2.0"}', YAML], ids=["JSON", "YAML"])
def test_standard_input_is_read(text, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    assert diff.load("-").version in {"3.1", "3.2"}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "shop.json: not JSON: "),
        ("", "shop.json: not JSON: "),
        (b'{"openapi": "\xff"}', "shop.json: not UTF-8: byte 13 is invalid."),
        ("[" * 200_000, "shop.json: "),
        ("[]", "shop.json: expected an object, found a list."),
        ("null", "shop.json: expected an object, found null."),
        ("{}", "shop.json: not an OpenAPI document: it has no member 'openapi'."),
        ('{"openapi": 3.1}', "shop.json at #/openapi: version 3.1 is not supported; 3.0, "),
        ('{"openapi": "4.0.0"}', "shop.json at #/openapi: version '4.0.0' is not supported"),
        ('{"openapi": "3.10.0"}', "shop.json at #/openapi: version '3.10.0' is not supported"),
        ('{"swagger": "2.0"}', "shop.json at #/swagger: this is Swagger 2"),
    ],
)
def test_what_is_no_document_is_an_error(content, problem, load):
    with pytest.raises(diff.DocumentError) as info:
        load(content)

    assert str(info.value).startswith(problem)


@pytest.mark.parametrize("text", ["a: [", "- a", "a: &a {b: *a}"])
def test_yaml_that_is_no_document_is_an_error(text, load):
    with pytest.raises(diff.DocumentError, match=r"^shop\.yaml: "):
        load(text, "shop.yaml")


def test_a_file_that_is_missing_is_an_error(load):
    with pytest.raises(diff.DocumentError, match=r"^none\.json: cannot be read: "):
        diff.load("none.json")


@pytest.mark.parametrize(
    ("reference", "problem"),
    [
        (
            "#/components/schemas/None",
            "cannot be resolved: there is no 'None' in #/components/schemas.",
        ),
        ("#Order", "$ref '#Order' cannot be resolved: it is no JSON pointer."),
        ("orders.json#/Order", "$ref 'orders.json#/Order' leads to another file."),
        ("https://example.com/order", "$ref 'https://example.com/order' leads to another file."),
        ("#/paths/~1orders/get", "there is no 'get' in #/paths/~1orders."),
    ],
)
def test_a_reference_that_leads_nowhere_is_an_error_with_its_place(reference, problem):
    message = problem_of(with_schema({"items": {"$ref": reference}}))

    place = "/paths/~1orders/post/requestBody/content/application~1json/schema/items"
    assert message.startswith(f"shop.json at #{place}: ")
    assert problem in message


def test_a_reference_is_checked_where_no_operation_uses_it():
    message = problem_of(with_schema({}, Order={"$ref": "#/components/schemas/None"}))

    assert message.startswith("shop.json at #/components/schemas/Order: ")


def test_references_in_examples_and_names_that_look_like_keywords_are_none():
    fields = {"$ref": {"type": "string"}, "default": {"$ref": "#/components/schemas/Name"}}
    schema = {"properties": fields, "example": {"$ref": "#/nowhere"}}
    document = diff.checked("shop.json", with_schema(schema, Name={"type": "string"}))

    assert diff.compare(document, document) == []


def test_a_pointer_may_have_escapes_and_numbers():
    schema = {"allOf": [{"$ref": "#/components/schemas/a~1b%20c/anyOf/1"}]}
    names = {"a/b c": {"anyOf": [{}, {"type": "string"}]}}
    document = diff.checked("shop.json", with_schema(schema, **names))

    assert diff.compare(document, document) == []


def test_references_in_a_circle_are_an_error():
    schemas = {
        "A": {"$ref": "#/components/schemas/B"},
        "B": {"$ref": "#/components/schemas/A"},
    }

    message = problem_of(with_schema({}, **schemas))

    assert "$ref '#/components/schemas/" in message
    assert message.endswith("leads back to itself.")


def test_a_schema_that_is_a_part_of_itself_is_an_error():
    schema = {"$ref": "#/components/schemas/A"}

    message = problem_of(with_schema(schema, A={"allOf": [schema]}))

    assert message == (
        "shop.json at #/components/schemas/A: the schema contains itself, by $ref or allOf."
    )


def test_a_schema_may_have_itself_as_a_field_an_element_or_an_alternative():
    node = {"$ref": "#/components/schemas/Node"}
    fields = {"next": node, "children": {"type": "array", "items": node}}
    schemas = {
        "Node": {"type": "object", "properties": fields},
        "Either": {"oneOf": [node, {"$ref": "#/components/schemas/Either"}, {"type": "string"}]},
    }
    old = with_schema({"$ref": "#/components/schemas/Either"}, **schemas)
    fields_now = {**fields, "name": {"type": "string"}}
    new = with_schema(
        {"$ref": "#/components/schemas/Either"},
        **{**schemas, "Node": {"type": "object", "properties": fields_now, "required": ["name"]}},
    )

    changes = diff.compare(diff.checked("old", old), diff.checked("new", new))

    assert [change.rule for change in changes] == ["required-field-added"]


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"paths": []}, "/paths: expected an object, found a list."),
        ({"paths": {"/a": 1}}, "/paths/~1a: expected an object, found a number."),
        ({"paths": {"/a": {"get": None}}}, "/paths/~1a/get: expected an object, found null."),
        (
            {"paths": {"/a": {"get": {"parameters": {}}}}},
            "/paths/~1a/get/parameters: expected a list, found an object.",
        ),
        (
            {"paths": {"/a": {"get": {"operationId": 1}}}},
            "/paths/~1a/get/operationId: expected a string, found a number.",
        ),
        ({"servers": [{"url": True}]}, "/servers/0/url: expected a string, found a boolean."),
        (
            {"paths": {"/a": {"get": {"security": {}}}}},
            "/paths/~1a/get/security: expected a list, found an object.",
        ),
        (
            {"paths": {"/a": {"get": {"responses": {"200": "ok"}}}}},
            "/paths/~1a/get/responses/200: expected an object, found a string.",
        ),
    ],
)
def test_a_part_of_a_wrong_kind_is_an_error_with_its_place(members, place):
    assert problem_of({"openapi": "3.1.0", **members}) == f"shop.json at #{place}"


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ({"type": "int"}, "/type: expected the name of a type, or a list of them"),
        ({"type": 1}, "/type: expected the name of a type, or a list of them"),
        ({"enum": "a"}, "/enum: expected a list"),
        ({"minimum": "1"}, "/minimum: expected a number"),
        ({"maxLength": True}, "/maxLength: expected a number"),
        ({"properties": []}, "/properties: expected an object"),
        ({"required": "a"}, "/required: expected a list"),
        ({"allOf": {}}, "/allOf: expected a list"),
        ({"pattern": 1}, "/pattern: expected a string"),
        ({"format": []}, "/format: expected a string"),
        ("string", ": expected an object"),
    ],
)
def test_a_keyword_of_a_wrong_kind_is_an_error_with_its_place(schema, problem):
    place = "/paths/~1orders/post/requestBody/content/application~1json/schema"

    assert problem_of(with_schema(schema)).startswith(f"shop.json at #{place}{problem}")


def test_schemas_that_are_nested_too_deeply_are_an_error():
    schema = {}
    for _ in range(3000):
        schema = {"type": "array", "items": schema}

    assert problem_of(with_schema(schema)) == "shop.json: its schemas are nested too deeply."


def test_shared_schemas_are_compared_once():
    """Each one has the next one twice: by paths there would be 2**60 comparisons."""

    def schemas(limit):
        found = {"S60": {"type": "string", "maxLength": limit}}
        for number in range(60):
            inner = {"$ref": f"#/components/schemas/S{number + 1}"}
            found[f"S{number}"] = {"type": "object", "properties": {"a": inner, "b": inner}}
        return found

    root = {"$ref": "#/components/schemas/S0"}
    old = diff.checked("old", with_schema(root, **schemas(9)))
    new = diff.checked("new", with_schema(root, **schemas(5)))

    assert [change.rule for change in diff.compare(old, new)] == ["limit-narrowed"]
    assert diff.compare(old, old) == []


def test_the_documents_are_not_changed():
    content = with_schema({"oneOf": [{"const": "a"}, {"type": "null"}], "nullable": True})
    before = json.dumps(content)
    document = diff.checked("shop.json", content)

    diff.compare(document, document)

    assert json.dumps(content) == before
