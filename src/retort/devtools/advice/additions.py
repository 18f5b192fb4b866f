"""Views that a diff adds to a program: a page with a form, and one that sends a file."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from ..checks.program import first_line
from .diagnostic import ROUTE_DECORATORS, DiagnosticContext
from .edit import FileEdit, add_import, diff_of, quote_like

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from ..checks.program import View
    from ..checks.source import Source


def page_with_form(
    diagnostic: DiagnosticContext, rule: Rule, view: View | None, fields: list[str]
) -> str:
    """A page at the address of a view for POST, with a form for it."""
    found = diagnostic.route_of(rule)
    if view is None or found is None or found[1] not in view.code.node.decorator_list:
        return ""
    source, call = found
    edit = FileEdit(source.path)
    owner = _owner_of(edit, call)
    name = f"{view.code.node.name}_form"
    if not owner or view.code.node.col_offset or _is_taken(diagnostic, source, name):
        return ""
    inputs = "".join(f'  <input name="{name}" placeholder="{name}">\n' for name in fields)
    edit.insert_line(
        first_line(view),
        f"@{owner}.get({edit.source(call.args[0])})\n"
        f"def {name}({', '.join(sorted(rule.arguments))}):\n"
        f'    return """<form method="post">\n{inputs}  <button>Send</button>\n</form>"""\n\n',
    )
    return diff_of(diagnostic.folder, edit)


def page_with_file(diagnostic: DiagnosticContext, name: str) -> str:
    """A view that sends a file beside the program, at the address of its name."""
    for view in diagnostic.program.views:
        route = next(
            (each for each in view.code.node.decorator_list if _is_of(diagnostic, view, each)), None
        )
        if not isinstance(route, ast.Call) or view.code.node.col_offset:
            continue
        edit = FileEdit(view.code.path)
        written = edit.source(route)
        function = re.sub(r"\W", "_", name.rpartition(".")[0]) + "_page"
        if _is_taken(diagnostic, view.code.source, function):
            return ""
        edit.insert_line(
            first_line(view),
            f"@{_owner_of(edit, route)}.get({quote_like(written, '/' + name)})\n"
            f"def {function}():\n"
            f"    return send_file({quote_like(written, name)})\n\n",
        )
        add_import(edit, view.code.source.tree, "flask", "send_file")
        return diff_of(diagnostic.folder, edit)
    return ""


def _is_taken(diagnostic: DiagnosticContext, source: Source, name: str) -> bool:
    """Whether a new view of this name would replace something, or share its endpoint."""
    names = {node.id for node in ast.walk(source.tree) if isinstance(node, ast.Name)}
    functions = {node.name for node in source.functions()}
    return name in names | functions or any(
        str(rule.endpoint).rpartition(".")[2] == name for rule in diagnostic.program.rules
    )


def _is_of(diagnostic: DiagnosticContext, view: View, decorator: ast.expr) -> bool:
    """Whether this is a route of the application, not of a blueprint."""
    called = decorator.func if isinstance(decorator, ast.Call) else None
    if not isinstance(called, ast.Attribute) or called.attr not in ROUTE_DECORATORS:
        return False
    return view.code.resolve(called.value) is diagnostic.app


def _owner_of(edit: FileEdit, call: ast.Call) -> str:
    """The object of a route decorator: ``app`` in ``@app.get("/")``."""
    if isinstance(call.func, ast.Attribute) and call.func.attr in ROUTE_DECORATORS:
        return edit.source(call.func.value)
    return ""
