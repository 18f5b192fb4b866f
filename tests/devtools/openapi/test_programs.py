"""Programs without markers, labelled by hand: which fields their views read."""

import importlib.util
from pathlib import Path

import pytest

from retort.devtools.openapi import infer_from
from retort.extensions.openapi import document

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))
PLACES = {"query": "query", "header": "header", "cookie": "cookie"}


def load(path):
    spec = importlib.util.spec_from_file_location(f"openapi_program_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def properties(schema, before=()):
    """The path of each property that has no properties of its own, and whether it is required."""
    if "items" in schema and "properties" in schema["items"]:
        yield from properties(schema["items"], (*before, "[]"))
    required = schema.get("required", [])
    for name, inner in schema.get("properties", {}).items():
        path = (*before, name)
        deeper = list(properties(inner, path))
        yield from deeper or [(path, name in required and not before, inner)]


def fields_of(operation):
    """The fields of an operation, as the labels write them."""
    for one in operation.get("parameters", ()):
        if one["in"] in PLACES:
            mark = "!" * one.get("required", False) + "*" * (one["schema"]["type"] == "array")
            yield f"{one['in']}:{one['name']}{mark}"
    for media_type, media in operation.get("requestBody", {}).get("content", {}).items():
        schema = media.get("schema", {})
        source = "json" if media_type == "application/json" else "form"
        if schema.get("additionalProperties"):
            yield f"open:{source}"
        for path, is_required, inner in properties(schema):
            value = inner.get("items", inner)
            kind = "files" if value.get("format") == "binary" else source
            is_list = inner.get("type") == "array" and source == "form"
            yield f"{kind}:{'.'.join(path)}{'!' * is_required}{'*' * is_list}"


def found_in(module):
    """The fields of each operation of a program that has any."""
    written = document(module.app, infer=infer_from(module.app))
    found = {
        f"{method.upper()} {path}": set(fields_of(operation))
        for path, item in written["paths"].items()
        for method, operation in item.items()
    }
    return {name: fields for name, fields in found.items() if fields}


def name_of(field):
    return field.rstrip("!*")


def compare(module):
    """The labelled fields that were found, those that were not, and what was invented."""
    found, hits, misses, invented = found_in(module), [], [], []
    for name in sorted(found.keys() | module.LABELS.keys()):
        labels = set(module.LABELS.get(name, "").split())
        fields = found.get(name, set())
        hits += [f"{name} {label}" for label in labels & fields]
        misses += [f"{name} {label}" for label in labels - fields]
        # A field that is called required, and is not, is invented too.
        known = labels | {name_of(label) for label in labels}
        extra = (field for field in fields - known if not field.startswith("open:"))
        invented += [f"{name} {field}" for field in extra]
    return hits, misses, invented


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_no_field_of_a_program_is_invented(path):
    assert compare(load(path))[2] == []


def test_nine_of_ten_fields_are_found():
    results = [compare(load(path)) for path in PROGRAMS]
    hits = sum(len(result[0]) for result in results)
    misses = [miss for result in results for miss in result[1]]

    assert len(PROGRAMS) == 30
    assert hits + len(misses) > 150
    assert hits / (hits + len(misses)) >= 0.9, misses
