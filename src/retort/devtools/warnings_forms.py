"""Warnings: form data or a method override is read from the wrong part of the request."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..http.hints import FORM_TYPES
from .advice import Advice
from .advice.edit import FileEdit, diff_of
from .advice.requests.verbs import sent_with_verb
from .checks.flow import reached_nodes
from .checks.reads import all_reads, direct_reads

if TYPE_CHECKING:
    from ..http import Request, Response
    from .advice.diagnostic import DiagnosticContext
    from .checks.program import View
    from .checks.reads import Read

_SMALL_FORM = 65_536  # the maximum body size in bytes that is searched for a field


def form_elsewhere(diagnostic: DiagnosticContext, response: Response) -> Advice | None:
    """A field that the view did not find, although another part of the request has it."""
    request = diagnostic.request
    if request is None or response.status_code >= 400 or request.url_rule is None:
        return None
    if request.method == "GET" and not request.args:
        return None
    view = diagnostic.view
    if view is None:
        return None
    reads = direct_reads(view.code).fields
    lines = _lines_reached(view, request.method)
    for read in reads:
        found = _where(read, request) if read.line in lines else None
        both = found is not None and any(
            other.name == read.name and other.source in (found, "values") for other in reads
        )
        if found == "args":
            by_verb = sent_with_verb(diagnostic, diagnostic.program.rules_like([request.url_rule]))
            if by_verb is not None:
                return by_verb
        if found is not None and not both:
            return _advice(diagnostic, view, read, found)
    return None


def _lines_reached(view: View, method: str) -> set[int]:
    """The lines of a view that a request with a method can reach."""
    reached = [node for node, methods in reached_nodes(view.code, {method}) if method in methods]
    return {
        inner.lineno for node in reached for inner in ast.walk(node) if isinstance(inner, ast.expr)
    }


def method_in_query(diagnostic: DiagnosticContext, response: Response) -> Advice | None:
    """A method override in the query, which has no effect."""
    request, view = diagnostic.request, diagnostic.view
    if request is None or "_method" not in request.args:
        return None
    if "wsgi_app" in vars(diagnostic.app):  # middleware may read it
        return None
    if view is not None and _may_read(view, "_method"):
        return None
    return Advice(
        what=(
            f"{diagnostic.what} has _method in the query, and Retort reads it in the form of a"
            " POST only."
        ),
        why='HTML forms support only get and post, and any other method="..." acts as get.',
        place=diagnostic.place_of(diagnostic.view) if diagnostic.view else None,
        fix=(
            'Write <form method="post"> with <input type="hidden" name="_method" value="DELETE">,'
            " and set app.config['METHOD_OVERRIDE'] = True."
        ),
    )


def _may_read(view: View, name: str) -> bool:
    reads = all_reads(view.code)
    return reads.is_open or name in reads.names()


def _where(read: Read, request: Request) -> str | None:
    """Find a field in another part of the request than the one that was read."""
    if read.source == "form" and "form" in request.__dict__ and not request.form:
        if request.is_json and request.content_length:
            return "get_json()"
        return "args" if read.name in request.args else None
    if read.source == "args" and read.name not in request.args and _may_read_form(request):
        return "form" if read.name in request.form else None
    return None


def _may_read_form(request: Request) -> bool:
    return (
        request.mimetype in FORM_TYPES
        and (request.content_length or 0) <= _SMALL_FORM
        and not request.is_read_by_parts
    )


def _advice(diagnostic: DiagnosticContext, view: View, read: Read, found: str) -> Advice:
    request = diagnostic.request
    assert request is not None
    new = found
    if found in ("args", "form") and {"GET", "POST"} <= view.methods:
        new = "values"
    came = {
        "args": "Data came in the query string (request.args)",
        "form": "Data came in a form (request.form)",
        "get_json()": f"The body is {request.mimetype}",
    }[found]
    fix = f"Read request.{new}."
    if found == "args":
        fix = f'{fix[:-1]}, or write <form method="post">.'
    edit = FileEdit(view.code.path)
    for node in ast.walk(view.code.node):
        if not isinstance(node, ast.Attribute) or node.lineno != read.line:
            continue
        if node.attr == read.source and view.code.is_request(node.value):
            edit.replace_node(node, f"{edit.source(node.value)}.{new}")
    return Advice(
        what=f"{came}, but {view.name} reads {read.name!r} from request.{read.source}.",
        place=diagnostic.place(view.code.path, read.line, view.code.node.name),
        fix=fix,
        diff=diff_of(diagnostic.folder, edit),
    )
