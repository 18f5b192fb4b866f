"""Advice on a view that reads JSON: the body is none, is not valid, or has other members."""

from __future__ import annotations

import ast
import difflib
import json
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from ....http.hints import FORM_TYPES, MULTIPART, URLENCODED
from ...checks.source import text_in
from ..diagnostic import DiagnosticContext, Line, joined, source_at
from ..edit import FileEdit, diff_of, quote_like
from ..record import Advice
from .readings import is_request, nodes_at, value_of, values_of

if TYPE_CHECKING:
    from ....http import Request

_JSON = "application/json"
_SMALL_BODY = 64 * 1024  # the maximum size in bytes of a body that is parsed
_OBJECT_AS_TEXT = "[object Object]"  # what JavaScript makes of an object that is sent as it is


def not_json(diagnostic: DiagnosticContext) -> Advice | None:
    """415: ``request.json`` of a form, of no body, or of JSON with another type."""
    request, line = diagnostic.request, diagnostic.last_line
    if not isinstance(diagnostic.error, UnsupportedMediaType) or request is None or line is None:
        return None
    reads = _json_reads(diagnostic, line)
    if not reads or request.is_json:
        return None
    shown = FileEdit(line.file).source(reads[0])
    fix, diff = _instead(diagnostic, line, reads[0], request)
    return Advice(
        what=f"{shown} reads JSON, but {_body_of(diagnostic, request)}.",
        why=_why(request),
        place=diagnostic.last_place,
        fix=fix,
        diff=diff,
        facts=(("Content-Type", request.content_type or "none"),),
    )


def _json_reads(diagnostic: DiagnosticContext, line: Line) -> list[ast.expr]:
    """``request.json`` and ``request.get_json()`` in a line."""
    found: list[ast.expr] = [
        node
        for node in nodes_at(line, ast.Attribute)
        if node.attr == "json" and is_request(diagnostic, line, node.value)
    ]
    found += [
        call
        for call in nodes_at(line, ast.Call)
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == "get_json"
        and is_request(diagnostic, line, call.func.value)
    ]
    return found


# What was sent


def _has_body(request: Request) -> bool:
    return bool(request.content_length) or "HTTP_TRANSFER_ENCODING" in request.environ


def _is_json_text(request: Request) -> bool:
    """Whether a small body, which was not parsed as a form, is an object or array of JSON."""
    if not 0 < (request.content_length or 0) <= _SMALL_BODY or request.mimetype == MULTIPART:
        return False
    if "form" in vars(request):
        return is_json_in_form(request)
    return _is_json(request.get_data(cache=True))


def is_json_in_form(request: Request) -> bool:
    """Whether a form is an object or array of JSON that was sent as a form."""
    pairs = list(request.form.items(multi=True))
    if request.mimetype != URLENCODED or len(pairs) != 1:
        return False
    name, value = pairs[0]
    return _is_json(f"{name}={value}" if value else name)


def _is_json(text: str | bytes) -> bool:
    try:
        return isinstance(json.loads(text), (dict, list))
    except (ValueError, RecursionError):
        return False


def _body_of(diagnostic: DiagnosticContext, request: Request) -> str:
    """What the request has in place of JSON, as a part of a sentence."""
    if not _has_body(request):
        return f"{diagnostic.what} has no body"
    if _is_json_text(request):
        kind = request.mimetype or "no type"
        return f"the JSON of {diagnostic.what} was sent as {kind}"
    if request.mimetype in FORM_TYPES:
        return f"the body of {diagnostic.what} is a form"
    return f"the body of {diagnostic.what} is {request.mimetype or 'of no type'}"


def _why(request: Request) -> str:
    if _has_body(request) and _is_json_text(request):
        if request.user_agent.string.startswith("curl/") and request.mimetype == URLENCODED:
            return f"curl -d sends a form, unless -H 'Content-Type: {_JSON}' is given."
        return f"A body is read as JSON if its Content-Type is {_JSON}."
    if request.mimetype in FORM_TYPES:
        return "The fields of a form are in request.form."
    return ""


def _instead(
    diagnostic: DiagnosticContext, line: Line, read: ast.expr, request: Request
) -> tuple[str, str]:
    """The fix, and its diff if the fields that are read have been sent in another part."""
    if _has_body(request) and _is_json_text(request):
        return f"Set the header Content-Type: {_JSON} where the request is sent.", ""
    part = ""
    if _has_body(request) and request.mimetype in FORM_TYPES:
        part = "form"
    elif request.args:
        part = "args"
    if not part:
        return f"Send JSON in the body, with the header Content-Type: {_JSON}.", ""
    edit = FileEdit(line.file)
    owner = read.func.value if isinstance(read, ast.Call) else read.value  # type: ignore[attr-defined]
    new = f"{edit.source(owner)}.{part}"
    edit.replace_node(read, new)
    key, is_whole = _key_of(line, read)
    names = request.form if part == "form" else request.args
    fix = f"Read {new}[{key!r}]" if key else f"Read {new}"
    diff = diff_of(diagnostic.folder, edit) if is_whole or key in names else ""
    return f"{fix}, or send JSON with the header Content-Type: {_JSON}.", diff


def _key_of(line: Line, read: ast.expr) -> tuple[str | None, bool]:
    """The member that is read, and whether the JSON as a whole gets a name."""
    source = source_at(line)
    for node in ast.walk(source.tree) if source else ():
        if isinstance(node, ast.Subscript) and node.value is read:
            return text_in(node.slice), False
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            is_get = node.func.value is read and node.func.attr == "get"
            if is_get and node.args:
                return text_in(node.args[0]), False
        if isinstance(node, ast.Assign) and node.value is read:
            return None, isinstance(node.targets[0], ast.Name)
    return None, False


# JSON that is not valid


def invalid_json(diagnostic: DiagnosticContext) -> Advice | None:
    """400: the body is not JSON, although its type is."""
    error, request, line = diagnostic.error, diagnostic.request, diagnostic.last_line
    cause = error.__context__
    if type(error) is not BadRequest or request is None or line is None:
        return None
    if not isinstance(cause, json.JSONDecodeError) or not _json_reads(diagnostic, line):
        return None
    where = f"line {cause.lineno}, column {cause.colno}"
    what, why = f"The body is not valid JSON: {cause.msg} ({where}).", ""
    fix = "Correct the JSON where the request is sent."
    if not cause.doc.strip():
        what = f"The body is empty, but its Content-Type is {request.mimetype}."
        fix = "Send JSON in the body, or omit the header Content-Type."
    elif cause.doc == _OBJECT_AS_TEXT:
        why = f"{_OBJECT_AS_TEXT} is what JavaScript sends for an object."
        fix = "Send JSON.stringify(...) of the object."
    elif cause.doc.lstrip()[:2] in ("{'", "['"):
        why = "JSON has double quotes around names and text."
    return Advice(
        what=what,
        why=why,
        place=diagnostic.last_place,
        fix=fix,
        facts=(("Content-Type", request.content_type or "none"),),
    )


# JSON without the member, or None


def missing_member(diagnostic: DiagnosticContext) -> Advice | None:
    """``request.json["nm"]`` of an object without this member."""
    error, request, line = diagnostic.error, diagnostic.request, diagnostic.last_line
    if type(error) is not KeyError or request is None or line is None or not request.is_json:
        return None
    key = error.args[0] if error.args else None
    sent = request.get_json(silent=True)
    if not isinstance(key, str) or not isinstance(sent, dict) or key in sent:
        return None
    for node in nodes_at(line, ast.Subscript):
        is_read = node.value in _json_reads(diagnostic, line) or value_of(line, node.value) is sent
        if not is_read or text_in(node.slice) != key:
            continue
        received = [str(name) for name in sent]
        close = difflib.get_close_matches(key, received, n=1)
        edit = FileEdit(line.file)
        value = edit.source(node.value)
        if close:
            edit.replace_node(node.slice, quote_like(edit.source(node.slice), close[0]))
        return Advice(
            what=f"The JSON that was sent has no member {key!r}."
            + (f" Did you mean {close[0]!r}?" if close else ""),
            why=f"Received: {joined(received) if received else 'an empty object'}.",
            place=diagnostic.last_place,
            fix=f"Read {value}[{close[0]!r}]."
            if close
            else f"Send the member, or read {value}.get({key!r}), which returns None without it.",
            diff=diff_of(diagnostic.folder, edit) if close else "",
        )
    return None


def json_is_none(diagnostic: DiagnosticContext) -> Advice | None:
    """``data["nm"]`` after ``data = request.get_json(silent=True)``, which returned ``None``."""
    error, request, line = diagnostic.error, diagnostic.request, diagnostic.last_line
    if type(error) not in (TypeError, AttributeError) or request is None or line is None:
        return None
    if "NoneType" not in str(error):
        return None
    owners: list[ast.expr] = [node.value for node in nodes_at(line, ast.Subscript)]
    owners += [node.value for node in nodes_at(line, ast.Attribute)]
    for owner in owners:
        read = _silent_read(diagnostic, line, owner)
        if read is None:
            continue
        shown = FileEdit(line.file).source(owner)
        body, fix, diff = "the body cannot be parsed, or is null", "", ""
        if not request.is_json:
            body = _body_of(diagnostic, request)
            fix, diff = _instead(diagnostic, line, read, request)
        return Advice(
            what=f"{shown} is None: get_json(silent=True) found no JSON, since {body}.",
            why=_why(request),
            place=diagnostic.place(line.file, read.lineno, line.function),
            fix=fix or "Remove silent=True, so that the response to such a body is 400.",
            diff=diff,
        )
    return None


def _silent_read(diagnostic: DiagnosticContext, line: Line, node: ast.expr) -> ast.Call | None:
    """The call of ``get_json(silent=True)`` that alone gave a name its value."""
    read: Any = node
    if isinstance(node, ast.Name):
        if value_of(line, node) is not None:
            return None
        values = values_of(line, node.id)
        read = values[0] if len(values) == 1 else None
    if not isinstance(read, ast.Call) or not isinstance(read.func, ast.Attribute):
        return None
    is_silent = any(
        each.arg == "silent" and isinstance(each.value, ast.Constant) and each.value.value is True
        for each in read.keywords
    )
    if read.func.attr != "get_json" or not is_silent:
        return None
    return read if is_request(diagnostic, line, read.func.value) else None
