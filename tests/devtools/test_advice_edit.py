"""Changes to the text of files, and their diffs."""

import ast

import pytest

from retort.devtools.advice.edit import (
    FileEdit,
    add_import,
    diff_of,
    quote_like,
    set_attribute,
    tag_at,
)


def renamed(folder, text, apply_diff):
    """A file with `one` changed to `two`, by way of its diff."""
    file = folder / "program.py"
    file.write_bytes(text)
    edit = FileEdit(str(file))
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Name) and node.id == "one":
            edit.replace_node(node, "two")
    apply_diff(folder, diff_of(str(folder), edit))
    return file.read_bytes()


@pytest.mark.parametrize(
    "text",
    [
        b"x = one\n",
        b"x = one",  # no line end
        b"y = 1\r\nx = one\r\nz = 3\r\n",
        "s = 'Zoë 日本'; x = one  # 🙂\n".encode(),
        b"\n" * 20 + b"x = one\n" + b"\n" * 20,
        b"a = one\n" + b"b = 1\n" * 20 + b"c = one\n",
    ],
)
def test_everything_but_the_change_stays_byte_for_byte(tmp_path, apply_diff, text):
    assert renamed(tmp_path, text, apply_diff) == text.replace(b"one", b"two")


def test_a_change_that_would_not_compile_has_no_diff(tmp_path):
    file = tmp_path / "program.py"
    file.write_text("x = 1\n")
    edit = FileEdit(str(file))
    edit.insert(0, "(")

    assert diff_of(str(tmp_path), edit) == ""


def test_a_file_outside_of_the_folder_has_no_diff(tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<form>\n")
    (tmp_path / "program").mkdir()
    edit = FileEdit(str(file))
    edit.insert(0, "<p>")

    assert diff_of(str(tmp_path / "program"), edit) == ""
    assert diff_of(str(tmp_path), edit).startswith("--- a/page.html\n+++ b/page.html\n")


def test_nothing_changed_is_no_diff(tmp_path):
    file = tmp_path / "page.html"
    file.write_text("<form>\n")

    assert diff_of(str(tmp_path), FileEdit(str(file))) == ""


def test_a_file_that_is_not_utf_8_cannot_be_drafted(tmp_path):
    file = tmp_path / "program.py"
    file.write_bytes("# coding: latin-1\nx = 'ë'\n".encode("latin-1"))

    with pytest.raises(UnicodeDecodeError):
        FileEdit(str(file))


@pytest.mark.parametrize(
    ("text", "module", "wanted"),
    [
        ("from flask import Flask\n", "flask", "from flask import Flask, escape\n"),
        (
            "from flask import (\n    Flask,\n)\n",
            "flask",
            "from flask import (\n    Flask, escape,\n)\n",
        ),
        ("from retort import Retort\n", "flask", "from retort import Retort, escape\n"),
        ("from flask import *\n", "flask", "from flask import *\n"),
        ("from flask import escape\n", "flask", "from flask import escape\n"),
        (
            "import os\n\nx = 1\n",
            "markupsafe",
            "import os\nfrom markupsafe import escape\n\nx = 1\n",
        ),
        ("import os", "markupsafe", "import os\nfrom markupsafe import escape\n"),
        ("x = 1\n", "markupsafe", "from markupsafe import escape\nx = 1\n"),
    ],
)
def test_a_name_is_imported_where_its_module_is(tmp_path, text, module, wanted):
    file = tmp_path / "program.py"
    file.write_text(text)
    edit = FileEdit(str(file))
    add_import(edit, ast.parse(text), module, "escape")

    assert edit.result() == wanted


@pytest.mark.parametrize(
    ("tag", "wanted"),
    [
        ("<form>", '<form method="post">'),
        ("<form action=/x>", '<form action=/x method="post">'),
        ("<form action='/x'>", "<form action='/x' method='post'>"),
        ('<form method = "get" id="f">', '<form method = "post" id="f">'),
        ("<FORM METHOD=get>", '<FORM METHOD="post">'),
        (
            "<form action=\"{{ url_for('x') if a > b }}\">",
            '<form action="{{ url_for(\'x\') if a > b }}" method="post">',
        ),
        ("<form\n  action='/x'\n>", "<form\n  action='/x' method='post'\n>"),
        ("<form />", '<form method="post" />'),
        ('<form data-method="x">', '<form data-method="x" method="post">'),
    ],
)
def test_an_attribute_is_set_in_any_way_a_tag_is_written(tmp_path, tag, wanted):
    file = tmp_path / "page.html"
    file.write_text(f"<p>\n{tag}\n</form>\n")
    edit = FileEdit(str(file))
    set_attribute(edit, tag_at(edit, 2, "form"), "method", "post")

    assert edit.result() == f"<p>\n{wanted}\n</form>\n"


def test_a_string_is_written_in_the_quotes_around_it():
    assert quote_like('f("x")', "y") == '"y"'
    assert quote_like("f('x')", "y") == "'y'"
    assert quote_like('f("x")', 'say "y"') == "'say \"y\"'"
