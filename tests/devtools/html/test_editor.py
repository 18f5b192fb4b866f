"""Links into the editor: which addresses are accepted, and how a path gets into them."""

import pytest

from retort.devtools.html.editor import EXAMPLE, VARIABLE, editor_address, link, problem_of
from retort.devtools.notes import notes


@pytest.mark.parametrize(
    "address",
    [
        EXAMPLE,
        "vscode-insiders://file/{path}:{line}:1",
        "pycharm://open?file={path}&line={line}",
        "subl://open?url=file://{path}&line={line}",
        "http://localhost:63342/api/file/{path}:{line}",
        "x-editor:{path}",
        "",
    ],
)
def test_an_address_with_a_path_is_accepted(address):
    assert problem_of(address) is None


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("vscode", "it has no {path}"),
        ("vscode://file/{file}:{line}", "it has no {path}"),
        ("vscode://file/{path}:{lineno}", "it has braces other than those of {path} and {line}"),
        ("{path}", "it is not an address such as scheme://..."),
        ("code --goto {path}:{line}", "it is not an address such as scheme://..."),
        ('vscode://file/{path}"onclick', "it is not an address such as scheme://..."),
        ("javascript:alert('{path}')", "it is not an address such as scheme://..."),
        ("javascript:open(`{path}`)", "the scheme javascript is not allowed"),
        ("JavaScript:{path}", "the scheme javascript is not allowed"),
        ("data:text/html,{path}", "the scheme data is not allowed"),
    ],
)
def test_an_address_that_cannot_work_is_refused_with_the_reason(monkeypatch, address, problem):
    monkeypatch.setenv(VARIABLE, address)

    assert problem_of(address) == problem
    assert editor_address() == ""


def test_the_start_names_an_address_that_is_not_used(app, monkeypatch):
    monkeypatch.setenv(VARIABLE, "vscode")

    line = (
        " * Note: RETORT_EDITOR is not used: it has no {path}. Write vscode://file/{path}:{line}."
    )
    assert line in notes(app, 1)
    assert line not in notes(app, 1, is_first=False)

    monkeypatch.setenv(VARIABLE, EXAMPLE)
    assert "RETORT_EDITOR" not in "".join(notes(app, 1))


def test_a_path_is_quoted_and_a_line_is_inserted(tmp_path):
    file = tmp_path / 'my shop{line}?#&"é.py'
    file.touch()

    address = link("pycharm://open?file={path}&line={line}", str(file), 7)

    assert address == (
        f"pycharm://open?file={tmp_path}/my%20shop%7Bline%7D%3F%23%26%22%C3%A9.py&line=7"
    )


def test_a_relative_path_becomes_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop.py").touch()

    assert link(EXAMPLE, "shop.py", 7) == f"vscode://file/{tmp_path}/shop.py:7"


@pytest.mark.parametrize("path", ["<template>", "<string>", "missing.py", ""])
def test_what_is_no_file_has_no_link(path):
    assert link(EXAMPLE, path, 7) == ""
