"""Advice on a value that JSON lacks: where it is in what was returned, and what to write."""

from __future__ import annotations

import ast
import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ....json import jsonify
from ....json.provider import DefaultJSONProvider
from ....lifecycle.run import convert, finish_without_response
from ....sessions import SecureCookieSessionInterface
from ...checks.source import UNKNOWN, Code
from ..diagnostic import DiagnosticContext, frame_value, source_at
from ..edit import FileEdit, diff_of
from ..record import Advice
from .conversions import for_json
from .sources import candidates, is_called_by_program, ran
from .unwritable import Unwritable, expression_at, find_unwritable, shown_path

if TYPE_CHECKING:
    from ..record import Place
    from .conversions import Conversion

_JSON_HAS = (
    "JSON has text, numbers, true, false, null, lists, and objects whose keys are text. Dates,"
    " Decimal, UUID and dataclasses are converted by app.json."
)


@dataclass(frozen=True)
class _Written:
    """A value that was to be written, and the expression that gave it, if it is known."""

    value: Any
    path: str
    line: int
    function: str
    code: Code | None
    node: ast.expr | None
    verb: str = "returned"


def not_json(diagnostic: DiagnosticContext) -> Advice | None:
    """Name the key of the value."""
    error, app = diagnostic.error, diagnostic.app
    if not isinstance(error, (TypeError, ValueError, RecursionError)) or app is None:
        return None
    if not isinstance(app.json, DefaultJSONProvider):
        return None
    root = _root(error)
    if root is UNKNOWN:
        return None
    found = find_unwritable(root, app.json.default, sort_keys=app.json.sort_keys)
    if found is None:
        return None
    written = _written(diagnostic, root)
    edit, fix = _edit(app, written, found)
    return Advice(
        what=_sentence(_source(diagnostic.error, written), found),
        why=_JSON_HAS,
        place=_place(diagnostic, written, root),
        fix=fix.replace("Send", "Store") if _is_in_session(error) else fix,
        diff="" if edit is None else diff_of(diagnostic.folder, edit),
        facts=(("Place in the value", shown_path(found.path)),) if found.path else (),
    )


def _root(error: BaseException) -> Any:
    """The value that was to be written."""
    value = frame_value(error, DefaultJSONProvider.dumps, "obj")
    if value is not UNKNOWN:
        return value
    value = _returned(error)
    return value if type(value) in (dict, list) else UNKNOWN


def _written(diagnostic: DiagnosticContext, root: Any) -> _Written | None:
    """Where the value comes from, if that is certain."""
    last = diagnostic.last_line
    if is_called_by_program(diagnostic, jsonify) and last is not None:
        return _Written(
            root,
            last.file,
            last.line,
            last.function,
            None,
            _argument(diagnostic),
            "passed to jsonify()",
        )
    returned = _returned(diagnostic.error)
    if not _is_root(root, returned):
        return None
    found = candidates(ran(diagnostic), returned)
    if len(found) != 1 or found[0].body is None:
        return None
    code, node = found[0].code, found[0].node
    body = found[0].body if type(returned) is tuple else node.value
    return _Written(root, code.path, node.lineno, code.node.name, code, body)


def _is_root(root: Any, returned: Any) -> bool:
    """Whether a value is what was returned, or the body of a tuple that was."""
    body = returned[0] if type(returned) is tuple and returned else returned
    return root is body


def _returned(error: BaseException) -> Any:
    """The return value that was to be sent, or `UNKNOWN`."""
    value = frame_value(error, finish_without_response, "rv")
    return frame_value(error, convert, "value") if value is UNKNOWN else value


def _argument(diagnostic: DiagnosticContext) -> ast.expr | None:
    """The argument of ``jsonify()``, or the call itself if it has keywords."""
    last = diagnostic.last_line
    source = None if last is None else source_at(last)
    if last is None or source is None:
        return None
    calls = [
        node
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Call)
        and node.lineno <= last.line <= (node.end_lineno or node.lineno)
        and isinstance(node.func, (ast.Name, ast.Attribute))
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "jsonify"
    ]
    if len(calls) != 1:
        return None
    call = calls[0]
    if len(call.args) == 1 and not call.keywords and not isinstance(call.args[0], ast.Starred):
        return call.args[0]
    return None if call.args else call


def _place(diagnostic: DiagnosticContext, written: _Written | None, root: Any) -> Place | None:
    if written is not None:
        return diagnostic.place(written.path, written.line, written.function)
    # A returned value has left the program; another was written by its innermost line.
    return None if _is_root(root, _returned(diagnostic.error)) else diagnostic.last_place


def _source(error: BaseException, written: _Written | None) -> str:
    if written is not None:
        return f" that {written.function}() {written.verb}"
    return " that the session stores" if _is_in_session(error) else ""


def _is_in_session(error: BaseException) -> bool:
    """Whether the value was to be stored in the cookie of the session."""
    saves = SecureCookieSessionInterface.save_session
    return frame_value(error, saves, "session") is not UNKNOWN


def _sentence(source: str, found: Unwritable) -> str:
    where = f" at {shown_path(found.path)}" if found.path else ""
    if found.path or found.kind == "key":
        source = f" in the value{source}" if source else ""
    if found.kind == "key":
        shown = f"key {found.value!r} ({_kind(found.value)}){where and f' of the dict{where}'}"
        return f"JSON cannot represent the {shown}{source}."
    if found.kind == "keys":
        kinds = dict.fromkeys(type(key).__name__ for key in found.value)
        return f"The keys of the dict{where}{source} cannot be sorted: {' and '.join(kinds)}."
    if found.kind == "circle":
        return f"The {_kind(found.value)}{where}{source} contains itself."
    return f"JSON cannot represent the {_kind(found.value)}{where}{source}."


def _kind(value: Any) -> str:
    if inspect.iscoroutine(value):
        return f"coroutine of {value.__name__}(), which was not awaited,"
    if inspect.isroutine(value):
        return f"function {value.__name__}"
    return f"class {value.__name__}" if isinstance(value, type) else type(value).__name__


def _edit(app: Any, written: _Written | None, found: Unwritable) -> tuple[FileEdit | None, str]:
    """The change of the source, if the expression is known; and a sentence."""
    if found.kind == "keys":
        return None, "Use keys of one type, or write app.json.sort_keys = False."
    if found.kind == "key":
        return None, "Use text as the key, such as str(key)."
    if found.kind == "circle":
        return None, "Send the part that is needed, not the whole."
    conversion = for_json(found.value)
    if inspect.isroutine(found.value):
        return None, "Call the function, and send its result."
    if conversion is None:
        return None, "Send a dict with the attributes that are needed."
    fix = f"Send {conversion.around('value')} in its place."
    if written is None or written.node is None or not _is_writable(app, conversion, found.value):
        return None, fix
    edit = FileEdit(written.path)
    new = _convert_one(edit, written, found, conversion)
    new = new or _convert_each(app, edit, written, found, conversion)
    return (edit, f"Write {new}.") if new else (None, fix)


def _convert_one(
    edit: FileEdit, written: _Written, found: Unwritable, conversion: Conversion
) -> str:
    assert written.node is not None
    node = expression_at(written.code, written.node, found.path)
    if node is None:
        return ""
    new = conversion.around(edit.source(node))
    edit.replace_node(node, new)
    return new


def _convert_each(
    app: Any, edit: FileEdit, written: _Written, found: Unwritable, conversion: Conversion
) -> str:
    """Convert all items of a list, such as the rows of a query."""
    if not found.path or not isinstance(found.path[-1], int):
        return ""
    assert written.node is not None
    items = written.value
    for key in found.path[:-1]:
        items = items[key]
    node = expression_at(written.code, written.node, found.path[:-1])
    if node is None or not isinstance(items, list) or len(set(map(type, items))) != 1:
        return ""
    if not all(_is_writable(app, conversion, item) for item in items):
        return ""
    new = f"[{conversion.around('item')} for item in {edit.source(node)}]"
    edit.replace_node(node, new)
    return new


def _is_writable(app: Any, conversion: Conversion, value: Any) -> bool:
    """Whether the converted value can be written."""
    try:
        result = conversion.apply(value)
        default, sort_keys = app.json.default, app.json.sort_keys
        return find_unwritable(result, default, sort_keys=sort_keys) is None
    except Exception:
        return False
