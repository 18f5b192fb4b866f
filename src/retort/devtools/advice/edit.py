"""Change the text of a program's files in memory, and write the change as a unified diff.

Nothing is written to disk. A change after which a Python file could not be compiled is dropped:
better no diff than one that does not work.
"""

from __future__ import annotations

import ast
import difflib
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LINES_AROUND = 3  # of a change, as `diff -u` shows
_END = "\\ No newline at end of file\n"


class FileEdit:
    """The text of a file, and changes to it that are made all at once.

    :raises OSError: if the file cannot be read.
    :raises UnicodeDecodeError: if it is no UTF-8.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.realpath(path)
        with open(self.path, encoding="utf-8", newline="") as file:
            self.text = file.read()
        self.lines = self.text.splitlines(keepends=True)
        self._changes: list[tuple[int, int, str]] = []

    def offset(self, line: int, byte: int = 0) -> int:
        """Where a line (from 1) begins in the text, or a byte in it, as ``ast`` counts."""
        before = sum(len(one) for one in self.lines[: line - 1])
        if not byte:
            return before
        return before + len(self.lines[line - 1].encode()[:byte].decode())

    def start(self, node: Any) -> int:
        """Where the source of a node begins."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: Any) -> int:
        """Where it ends."""
        return self.offset(node.end_lineno, node.end_col_offset)

    def line_of(self, found: re.Match[str]) -> int:
        """The line (from 1) that something found in the text begins on."""
        return self.text.count("\n", 0, found.start()) + 1

    def source(self, node: Any) -> str:
        """The source of a node as it was written."""
        return self.text[self.start(node) : self.end(node)]

    def replace(self, start: int, end: int, new: str) -> None:
        """Put ``new`` in the place of what is between two offsets."""
        self._changes.append((start, end, new))

    def replace_node(self, node: Any, new: str) -> None:
        """Put ``new`` in the place of a node."""
        self.replace(self.start(node), self.end(node), new)

    def insert(self, offset: int, new: str) -> None:
        """Put ``new`` before an offset."""
        self.replace(offset, offset, new)

    def insert_line(self, line: int, new: str) -> None:
        """Put a line before a line (from 1), with the file's own line end."""
        if line > len(self.lines) and self.lines and not self.lines[-1].endswith("\n"):
            new = f"\n{new}"
        ending = "\r\n" if self.text.count("\r\n") else "\n"
        self.insert(self.offset(line), new.replace("\n", ending) + ending)

    def result(self) -> str:
        """The text with all changes; those in one place in the order they were made."""
        text = self.text
        in_order = sorted(enumerate(self._changes), key=lambda each: (each[1][0], each[0]))
        for _, (start, end, new) in reversed(in_order):
            text = text[:start] + new + text[end:]
        return text


def diff_of(folder: str, *edits: FileEdit) -> str:
    """The changes of some files, with paths relative to ``folder``.

    :returns: nothing if a file is not in the folder, or would not compile any more.
    """
    parts = [_diff_of_one(os.path.realpath(folder), edit) for edit in edits]
    return "" if None in parts else "".join(part or "" for part in parts)


def rename_diff(folder: str, old: str, new: str) -> str:
    """The renaming of a file, as ``git apply`` and ``patch -p1`` understand it."""
    names = [_relative(os.path.realpath(folder), os.path.realpath(path)) for path in (old, new)]
    if None in names:
        return ""
    return (
        f"diff --git a/{names[0]} b/{names[1]}\nsimilarity index 100%\n"
        f"rename from {names[0]}\nrename to {names[1]}\n"
    )


def _diff_of_one(folder: str, edit: FileEdit) -> str | None:
    name = _relative(folder, edit.path)
    new = edit.result()
    if name is None or (edit.path.endswith(".py") and not _compiles(new)):
        return None
    if new == edit.text:
        return ""
    return "".join(
        _with_ends(
            difflib.unified_diff(
                edit.text.splitlines(keepends=True),
                new.splitlines(keepends=True),
                f"a/{name}",
                f"b/{name}",
                n=_LINES_AROUND,
            )
        )
    )


def _with_ends(lines: Iterable[str]) -> Iterable[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n{_END}"


def _relative(folder: str, path: str) -> str | None:
    name = os.path.relpath(path, folder)
    return None if name.startswith("..") else name.replace(os.sep, "/")


def _compiles(text: str) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


# Python


def quote_like(source: str, text: str) -> str:
    """A string as source, in the quotes that the source around it uses."""
    shown = repr(text)
    if '"' in source and "'" not in source and '"' not in text:
        return f'"{shown[1:-1]}"'
    return shown


def add_import(edit: FileEdit, tree: ast.Module, module: str, name: str) -> None:
    """Have ``name`` imported from ``module``, in a statement that is there or in a new one."""
    names = {"flask", "retort"} if module == "flask" else {module}
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    for node in imports:
        if isinstance(node, ast.ImportFrom) and node.module in names and node.level == 0:
            if not any(alias.name in (name, "*") for alias in node.names):
                edit.insert(edit.end(node.names[-1]), f", {name}")
            return
    last = imports[-1].end_lineno if imports else 0
    edit.insert_line((last or 0) + 1, f"from {module} import {name}")


# HTML

_TAG_END = r"(?:\{\{.*?\}\}|\{%.*?%\}|\"[^\"]*\"|'[^']*'|[^>\"'])*"


def tags_from(edit: FileEdit, line: int, tag: str) -> Iterator[re.Match[str]]:
    """The start tags of a kind, from a line on."""
    return re.compile(rf"<{tag}\b{_TAG_END}>", re.I | re.S).finditer(edit.text, edit.offset(line))


def tag_at(edit: FileEdit, line: int, tag: str) -> re.Match[str] | None:
    """The first start tag of a kind in a line or after it."""
    return next(tags_from(edit, line, tag), None)


def set_attribute(edit: FileEdit, tag: re.Match[str], name: str, value: str) -> None:
    """Give a start tag an attribute, or another value to the one it has."""
    found = re.compile(rf"(\s{name}\s*=\s*)(\"[^\"]*\"|'[^']*'|[^\s>]+)", re.I).search(tag[0])
    quote = "'" if "'" in tag[0] and '"' not in tag[0] else '"'
    quoted = f"{quote}{value}{quote}"
    if found:
        start = tag.start() + found.start(2)
        edit.replace(start, tag.start() + found.end(2), quoted)
        return
    end = tag.end() - (2 if tag[0].endswith("/>") else 1)
    while edit.text[end - 1].isspace():
        end -= 1
    edit.insert(end, f" {name}={quoted}")
