"""Documents as files, and how two of them differ."""

import sys

import pytest

from retort.extensions.openapi.files import DocumentError, as_json, as_text, differences, read

DOCUMENT = {"openapi": "3.1.1", "info": {"title": "Ö", "version": "1"}, "paths": {}}


@pytest.mark.parametrize("name", ["a.json", "a.yaml", "a.YML", "without_ending"])
def test_what_is_written_is_read_again(tmp_path, name):
    if "y" in name.lower():
        pytest.importorskip("yaml")
    file = tmp_path / name
    file.write_text(as_text(DOCUMENT, str(file)), encoding="utf-8")

    assert read(str(file)) == DOCUMENT
    assert "Ö" in file.read_text(encoding="utf-8")


def test_json_ends_with_a_line_feed():
    assert as_json({"a": 1}) == '{\n  "a": 1\n}\n'


def test_yaml_needs_a_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "yaml", None)

    with pytest.raises(DocumentError, match=r"a\.yaml is YAML, which needs PyYAML: pip install"):
        as_text(DOCUMENT, "a.yaml")


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.json", "{", "a.json is not JSON"),
        ("a.json", "[]", "a.json is not an OpenAPI document: it has no member 'openapi'"),
        ("a.json", '{"swagger": "2.0"}', "is not an OpenAPI document"),
        ("a.yaml", "a: [", "a.yaml is not YAML"),
    ],
)
def test_a_file_without_a_document_is_an_error(tmp_path, name, text, message):
    if name.endswith("yaml"):
        pytest.importorskip("yaml")
    (tmp_path / name).write_text(text)

    with pytest.raises(DocumentError, match=message):
        read(str(tmp_path / name))


def test_a_file_that_is_not_text_is_an_error(tmp_path):
    (tmp_path / "a.json").write_bytes(b"\xff")

    with pytest.raises(DocumentError, match=r"a\.json cannot be read"):
        read(str(tmp_path / "a.json"))
    with pytest.raises(DocumentError, match=r"b\.json cannot be read"):
        read(str(tmp_path / "b.json"))


@pytest.mark.parametrize(
    ("old", "new", "lines"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": 1}, {"a": 2}, ["/a: the file has 1, the program 2"]),
        ({"a": 1}, {}, ["/a: only in the file: 1"]),
        ({}, {"a": None}, ["/a: only in the program: null"]),
        ({"a": {"/b~": 1}}, {"a": {"/b~": 2}}, ["/a/~1b~0: the file has 1, the program 2"]),
        ([1, 2], [1, 3], ["/1: the file has 2, the program 3"]),
        ({"a": [1]}, {"a": [1, 2]}, ["/a: the file has [1], the program [1, 2]"]),
        ({"a": True}, {"a": 1}, ["/a: the file has true, the program 1"]),
        ({"a": "x" * 99}, {"a": 1}, [f'/a: the file has "{"x" * 79}..., the program 1']),
    ],
)
def test_differences_have_their_place(old, new, lines):
    assert list(differences(old, new)) == lines
