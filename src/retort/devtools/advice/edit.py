"""Edit the text of a program's files in memory, and produce a unified diff.

Nothing is written to disk. An edit that makes a Python file invalid is discarded.
"""

from __future__ import annotations

import ast
import difflib
import os
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_LINES_AROUND = 3  # context lines, as in `diff -u`
_END = "\\ No newline at end of file\n"


class FileEdit:
    """The text of a file, and edits that are applied together.

    :raises OSError: if the file cannot be read.
    :raises UnicodeDecodeError: if it is not UTF-8.
    """

    def __init__(self, path: str) -> None:
        self.path = os.path.realpath(path)
        with open(self.path, encoding="utf-8", newline="") as file:
            self.text = file.read()
        self.lines = self.text.splitlines(keepends=True)
        self._changes: list[tuple[int, int, str]] = []

    def offset(self, line: int, byte: int = 0) -> int:
        """The offset of a line (from 1), or of a byte column in it, as ``ast`` counts."""
        before = sum(len(one) for one in self.lines[: line - 1])
        if not byte:
            return before
        return before + len(self.lines[line - 1].encode()[:byte].decode())

    def start(self, node: Any) -> int:
        """The start offset of a node."""
        return self.offset(node.lineno, node.col_offset)

    def end(self, node: Any) -> int:
        """The end offset of a node."""
        return self.offset(node.end_lineno, node.end_col_offset)

    def line_of(self, found: re.Match[str]) -> int:
        """The line (from 1) of a regular expression match."""
        return self.text.count("\n", 0, found.start()) + 1

    def source(self, node: Any) -> str:
        """The source text of a node."""
        return self.text[self.start(node) : self.end(node)]

    def replace(self, start: int, end: int, new: str) -> None:
        """Replace the text between two offsets by ``new``."""
        self._changes.append((start, end, new))

    def replace_node(self, node: Any, new: str) -> None:
        """Replace a node by ``new``."""
        self.replace(self.start(node), self.end(node), new)

    def insert(self, offset: int, new: str) -> None:
        """Insert ``new`` at an offset."""
        self.replace(offset, offset, new)

    def insert_line(self, line: int, new: str) -> None:
        """Insert a line before a line (from 1), with the file's line end."""
        if line > len(self.lines) and self.lines and not self.lines[-1].endswith("\n"):
            new = f"\n{new}"
        ending = "\r\n" if self.text.count("\r\n") else "\n"
        self.insert(self.offset(line), new.replace("\n", ending) + ending)

    def result(self) -> str:
        """The text with all edits; those at one offset are applied in order of creation."""
        text = self.text
        in_order = sorted(enumerate(self._changes), key=lambda each: (each[1][0], each[0]))
        for _, (start, end, new) in reversed(in_order):
            text = text[:start] + new + text[end:]
        return text


def diff_of(folder: str, *edits: FileEdit) -> str:
    """The unified diff of the edited files, with paths relative to ``folder``.

    :returns: empty if a file is not in the folder, or would not compile.
    """
    parts = [_diff_of_one(os.path.realpath(folder), edit) for edit in edits]
    return "" if None in parts else "".join(part or "" for part in parts)


def rename_diff(folder: str, old: str, new: str) -> str:
    """The diff of a file rename, in the format of ``git apply`` and ``patch -p1``."""
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
    """A string literal, in the quotes of the surrounding source."""
    shown = repr(text)
    if '"' in source and "'" not in source and '"' not in text:
        return f'"{shown[1:-1]}"'
    return shown


def add_import(edit: FileEdit, tree: ast.Module, module: str, name: str) -> None:
    """Import ``name`` from ``module``, in an existing statement or a new one."""
    names = {"flask", "retort"} if module == "flask" else {module}
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    for node in imports:
        if isinstance(node, ast.ImportFrom) and node.module in names and node.level == 0:
            if not any(alias.name in (name, "*") for alias in node.names):
                edit.insert(edit.end(node.names[-1]), f", {name}")
            return
    edit.insert_line(line_below_imports(tree), f"from {module} import {name}")


def line_below_imports(tree: ast.Module) -> int:
    """The line for another import: below the last one, or the first line."""
    imports = [node for node in tree.body if isinstance(node, (ast.Import, ast.ImportFrom))]
    return (imports[-1].end_lineno or 0) + 1 if imports else 1


# HTML

_TAG_END = r"(?:\{\{.*?\}\}|\{%.*?%\}|\"[^\"]*\"|'[^']*'|[^>\"'])*"


def tags_from(edit: FileEdit, line: int, tag: str) -> Iterator[re.Match[str]]:
    """The start tags with a name, from a line on."""
    return re.compile(rf"<{tag}\b{_TAG_END}>", re.I | re.S).finditer(edit.text, edit.offset(line))


def tag_at(edit: FileEdit, line: int, tag: str) -> re.Match[str] | None:
    """The first start tag with a name in a line or after it."""
    return next(tags_from(edit, line, tag), None)


def set_attribute(edit: FileEdit, tag: re.Match[str], name: str, value: str) -> None:
    """Set an attribute of a start tag."""
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
