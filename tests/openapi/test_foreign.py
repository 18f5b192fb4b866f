"""Documents of other extensions are merged; they stand on the application as flask-openapi3's."""

import pytest

from retort.extensions.openapi.modern import modernised

BASE = {"openapi": "3.1.0", "info": {"title": "Other", "version": "1"}}
OK = {"200": {"description": "OK"}}


@pytest.fixture
def other(app):
    """Give the application the document of an extension."""
    app.add_url_rule("/pets/<int:id>", "pet", lambda id: "")
    app.add_url_rule("/plain", "plain", lambda: "")

    def give(operation, openapi="3.1.0", **more):
        paths = {"/pets/{number}": {"get": {"responses": OK, **operation}}}
        app.api_doc = {**BASE, "openapi": openapi, "paths": paths, **more}

    return give


def test_an_operation_of_the_other_document_is_taken_from_there(other, documented):
    other({"summary": "A pet", "tags": ["pets"]}, tags=[{"name": "pets", "description": "All."}])

    found = documented()

    assert found["paths"]["/pets/{id}"]["get"]["summary"] == "A pet"
    assert found["paths"]["/pets/{id}"]["get"]["operationId"] == "pet"
    assert found["tags"] == [{"name": "pets", "description": "All."}]
    assert found["paths"]["/plain"]["get"]["operationId"] == "plain"


def test_the_parameters_have_the_names_of_the_path(other, documented):
    parameter = {"name": "number", "in": "path", "required": True, "schema": {"type": "integer"}}
    other({"parameters": [parameter]})

    (found,) = documented()["paths"]["/pets/{id}"]["get"]["parameters"]

    assert found == {**parameter, "name": "id"}


def test_an_operation_that_is_only_listed_there_is_documented_here(other, documented, app):
    other({})
    app.api_doc["paths"]["/plain"] = {"get": {"summary": "listed", "responses": {}}}

    assert "summary" not in documented()["paths"]["/plain"]["get"]


def test_security_of_the_whole_document_becomes_that_of_its_operations(other, documented):
    schemes = {"key": {"type": "apiKey", "in": "header", "name": "X-Key"}}
    other({}, security=[{"key": []}], components={"securitySchemes": schemes})

    found = documented()

    assert found["paths"]["/pets/{id}"]["get"]["security"] == [{"key": []}]
    assert "security" not in found["paths"]["/plain"]["get"]
    assert found["components"]["securitySchemes"] == schemes


def test_schemas_of_version_3_0_become_those_of_3_1(other, documented):
    schema = {"type": "integer", "nullable": True, "minimum": 0, "exclusiveMinimum": True}
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Age"}}}
    other(
        {"responses": {"200": {"description": "OK", "content": content}}},
        openapi="3.0.3",
        components={"schemas": {"Age": schema}},
    )

    assert documented()["components"]["schemas"]["Age"] == {
        "type": ["integer", "null"],
        "exclusiveMinimum": 0,
    }


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": False}, {"type": "string"}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        (
            {"allOf": [{"$ref": "#/x"}], "nullable": True},
            {"anyOf": [{"allOf": [{"$ref": "#/x"}]}, {"type": "null"}]},
        ),
        ({"maximum": 3, "exclusiveMaximum": False}, {"maximum": 3}),
        # A property with the name of a member of schemas.
        (
            {"properties": {"nullable": {"type": "boolean"}, "default": {"nullable": True}}},
            {"properties": {"nullable": {"type": "boolean"}, "default": {}}},
        ),
        ({"default": {"nullable": True}}, {"default": {"nullable": True}}),
    ],
)
def test_each_old_form_has_its_new_one(old, new):
    assert modernised({"openapi": "3.0.0", "x": old}) == {"openapi": "3.0.0", "x": new}
    assert modernised({"openapi": "3.1.0", "x": old}) == {"openapi": "3.1.0", "x": old}


def test_a_document_of_swagger_2_is_left_out(app, documented):
    app.add_url_rule("/plain", "plain", lambda: "")
    app.api_doc = {"swagger": "2.0", "paths": {"/plain": {"get": {"responses": OK}}}}

    assert documented()["paths"]["/plain"]["get"]["operationId"] == "plain"
