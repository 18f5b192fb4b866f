"""A field that a view reads, as in ``request.form["nm"]``, and the edits of this read."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from werkzeug.exceptions import BadRequestKeyError

from ....globals import request
from ...checks.source import UNKNOWN, text_in
from ..diagnostic import DiagnosticContext, Line, source_at
from ..edit import FileEdit, diff_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ....http import Request
    from ..record import Place

Node = TypeVar("Node", bound=ast.expr | ast.stmt)

PARTS = ("form", "args", "values", "files", "cookies", "headers")
#: The methods that read a field by its name.
GETTERS = frozenset({"get", "getlist", "pop"})
_KINDS = {"files": "file", "cookies": "cookie", "headers": "header"}


@dataclass
class Reading:
    """``request.form["nm"]`` in the program: the field, and its source node."""

    line: Line
    attribute: str
    key: str
    path: str
    node: ast.Subscript | None
    alias: bool = False

    @property
    def shown(self) -> str:
        """The read as source text."""
        return f"request.{self.attribute}[{self.key!r}]"


def reading_of(diagnostic: DiagnosticContext, error: BaseException) -> Reading | None:
    """The read that failed, if the part of the request is known."""
    line = diagnostic.last_line
    key = error.args[0] if isinstance(error, BadRequestKeyError) and error.args else None
    if line is None:
        return None
    others: dict[str, Reading] = {}
    for node in nodes_at(line, ast.Subscript):
        part = part_of(diagnostic, line, node.value)
        if part is None:
            continue
        named, alias = text_in(node.slice), isinstance(node.value, ast.Name)
        if named is not None and key in (None, named):
            return Reading(line, part, named, line.file, node, alias)
        if not isinstance(node.slice, ast.Constant):  # request.form[name]
            others[part] = Reading(line, part, str(key), line.file, None, alias)
    return next(iter(others.values())) if len(others) == 1 and isinstance(key, str) else None


def nodes_at(line: Line, kind: type[Node]) -> list[Node]:
    """The nodes of a kind whose source includes a line."""
    source = source_at(line)
    nodes = [] if source is None else [one for one in ast.walk(source.tree) if type(one) is kind]
    return [one for one in nodes if one.lineno <= line.line <= (one.end_lineno or 0)]


def part_of(diagnostic: DiagnosticContext, line: Line, node: ast.expr) -> str | None:
    """The part of the request that an expression is, also through a local name."""
    if isinstance(node, ast.Attribute) and is_request(diagnostic, line, node.value):
        return node.attr if node.attr in PARTS else None
    value, read = value_of(line, node), vars(diagnostic.request or object)
    return next((part for part in PARTS if part in read and read[part] is value), None)


def is_request(diagnostic: DiagnosticContext, line: Line, node: ast.expr) -> bool:
    """Whether an expression is the request."""
    value = value_of(line, node)
    return value is request or (value is not UNKNOWN and value is diagnostic.request)


def value_of(line: Line, node: ast.expr) -> Any:
    """The value of a name, or dotted name, where the line ran; else `UNKNOWN`."""
    if isinstance(node, ast.Name):
        return line.frame.f_locals.get(node.id, line.frame.f_globals.get(node.id, UNKNOWN))
    if isinstance(node, ast.Attribute):
        return inspect.getattr_static(value_of(line, node.value), node.attr, UNKNOWN)
    return UNKNOWN


def place_of_reading(diagnostic: DiagnosticContext, reading: Reading) -> Place:
    """The line of a read."""
    return diagnostic.place(reading.path, reading.line.line, reading.line.function)


def received_facts(sent: Request) -> tuple[tuple[str, str], ...]:
    """Rows with the fields of a request."""
    rows = [
        ("Received fields", _listed(sent.form) or "none"),
        ("In the query (request.args)", _listed(sent.args)),
        ("Files", _listed(sent.files)),
        ("Content-Type", sent.content_type or "none"),
    ]
    return tuple(row for row in rows if row[1])


def _listed(names: object) -> str:
    return ", ".join(dict.fromkeys(str(name) for name in names))  # type: ignore[attr-defined]


def replace_part(diagnostic: DiagnosticContext, reading: Reading, new: str) -> str:
    """The edit that reads another part of the request here."""
    if reading.node is None or reading.alias:
        return ""
    edit = FileEdit(reading.path)
    value = reading.node.value
    assert isinstance(value, ast.Attribute)
    if new in PARTS:
        end = edit.end(value)
        edit.replace(end - len(value.attr), end, new)
    else:
        edit.replace_node(value, f"{edit.source(value.value)}.{new}")
    return diff_of(diagnostic.folder, edit)


def names_in(sent: Request, attribute: str) -> list[str]:
    """The names that a part of the request has, without empty ones."""
    part: dict[str, str] = getattr(sent, attribute)
    return list(filter(None, part.keys()))  # header fields iterate over pairs


def kind_of(reading: Reading) -> str:
    """What the part of the request consists of."""
    return _KINDS.get(reading.attribute, "field")


def getter_diff(diagnostic: DiagnosticContext, reading: Reading) -> str:
    """The edit that reads an empty text if the field is missing; ``None`` may be the next error."""
    if reading.node is None:
        return ""
    edit = FileEdit(reading.path)
    value, key = edit.source(reading.node.value), edit.source(reading.node.slice)
    edit.replace_node(reading.node, f"{value}.get({key}, '')")
    return diff_of(diagnostic.folder, edit)


def replaced(diagnostic: DiagnosticContext, line: Line, changes: Mapping[Any, str]) -> str:
    """The diff that replaces nodes of the file of a line."""
    edit = FileEdit(line.file)
    for node, new in changes.items():
        edit.replace_node(node, new)
    return diff_of(diagnostic.folder, edit)


def source_text(line: Line, node: ast.AST) -> str:
    """The source text of a node of the file of a line."""
    return FileEdit(line.file).source(node)


def values_of(line: Line, name: str) -> list[ast.expr | None]:
    """The values that are assigned to a name in the function of a line; ``None``: unknown."""
    source = source_at(line)
    around = [
        function
        for function in (source.functions() if source else ())
        if function.lineno <= line.line <= (function.end_lineno or 0)
    ]
    if not around:
        return []
    function = max(around, key=lambda one: one.lineno)
    known = {
        node.targets[0]: node.value
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and len(node.targets) == 1
    }
    stores = [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id == name and not isinstance(node.ctx, ast.Load)
    ]
    return [known.get(node) for node in stores]
