"""Advice on a name or an attribute that a template uses, and that has no value."""

from __future__ import annotations

import builtins
import difflib
import os
import re
from typing import TYPE_CHECKING, Any

from jinja2 import UndefinedError

from ...checks.source import is_own
from ..diagnostic import DiagnosticContext, joined
from ..edit import FileEdit, diff_of
from ..record import Advice
from .owners import attribute_names, owner_of
from .rendering import described_rendering, rendering

if TYPE_CHECKING:
    from types import FrameType

    from ..record import Place
    from .rendering import Rendering

_NAME = re.compile(r"'(\w+)' is undefined")
_ATTRIBUTE = re.compile(r"'(.+)' has no attribute '(.+)'")
_UNQUOTED = re.compile(r"(\{%[-+]?\s*(?:extends|include|import|from)\s+)([\w./-]+\.\w+)")
# Functions of Python, and the filters that do the same.
_FILTERS = {"len": "length", "str": "string", "sorted": "sort", "enumerate": ""}
_FILTERS |= dict.fromkeys(("int", "float", "abs", "round", "sum", "min", "max", "list"), "=")
# Names that something else defines in templates: what defines them, and what to do.
_DEFINED_ELSEWHERE = {
    "csrf_token": ("Flask-WTF's CSRFProtect(app) defines csrf_token().", "Set up CSRFProtect."),
    "current_user": ("Flask-Login's LoginManager defines current_user.", "Set up LoginManager."),
    "moment": ("Flask-Moment's Moment(app) defines moment().", "Set up Moment."),
    "_": ("Flask-Babel's Babel(app) defines _().", "Set up Babel."),
    "gettext": ("Flask-Babel's Babel(app) defines gettext().", "Set up Babel."),
    "loop": ("Jinja defines loop inside of a {% for %}.", "Use loop inside of the {% for %}."),
    "caller": ("Jinja defines caller() in a macro that {% call %} calls.", "Use {% call %}."),
    "super": (
        "Jinja defines super() in a block of a template that extends another.",
        "Use super() in such a block.",
    ),
}
_NEAR = 0.65  # the least similarity of a near name
_AS_NEAR = 0.75  # of a second one
_MAX_NAMED = 6
_MAX_SHOWN = 15


def undefined_in_template(diagnostic: DiagnosticContext) -> Advice | None:
    """The variables that the view passed, or the attributes that the object has."""
    error, frame = diagnostic.error, template_frame(diagnostic.error)
    if not isinstance(error, UndefinedError) or frame is None or diagnostic.app is None:
        return None
    message = str(error)
    name, attribute = _NAME.fullmatch(message), _ATTRIBUTE.fullmatch(message)
    place = diagnostic.last_place
    if name is not None:
        return _unquoted(diagnostic, place, name[1]) or _undefined_name(
            diagnostic, frame, place, name[1]
        )
    if attribute is not None:
        return _no_attribute(diagnostic, frame, place, attribute[1], attribute[2])
    return Advice(
        what=f"In {_template(frame)}, {message.removesuffix('.')}.",
        place=place,
        fix=_fix_of(message),
    )


def _fix_of(message: str) -> str:
    if message.startswith("parameter "):
        return "Pass a value in the call of the macro, or write a default in its definition."
    if "does not export" in message:
        return "Correct the name in the import, or define it in the imported template."
    return "Test the value before it is used, or write a default."


def template_frame(error: BaseException) -> FrameType | None:
    """The frame of the template that raised an error; its locals are the template's variables.

    ``None`` if a function of the program raised it, which a template called.
    """
    found, step = None, error.__traceback__
    while step is not None:
        if "__jinja_exception__" in step.tb_frame.f_globals:
            found = step.tb_frame
        elif is_own(step.tb_frame.f_code.co_filename):
            found = None
        step = step.tb_next
    return found


def _template(frame: FrameType) -> str:
    file = frame.f_code.co_filename
    return "the template string" if file == "<template>" else os.path.basename(file)


def _undefined_name(
    diagnostic: DiagnosticContext, frame: FrameType, place: Place | None, name: str
) -> Advice:
    found = rendering(diagnostic)
    is_called = place is not None and re.search(rf"(?<![.\w]){name}\s*\(", place.source)
    if is_called and name in _FILTERS and hasattr(builtins, name):
        return _python_function(diagnostic, place, name)
    known = set(frame.f_locals) if is_called else _variables(frame)
    close = _near(name, known - {name})
    what = _not_passed(frame, found, name)
    if found is not None and not found.has_more and name in found.local_names - set(found.names):
        fix, diff = f"Pass {name}={name} to {found.renders}().", _pass(diagnostic, found, name)
    elif close:
        fix = f"Write {' or '.join(close)} in the template."
        pattern = rf"(?<![.\w]){name}\b"
        diff = _renamed(diagnostic, place, pattern, close[0]) if len(close) == 1 else ""
        what = f"{what.removesuffix('.')}; did you mean {' or '.join(map(repr, close))}?"
    elif found is not None and name in found.names:
        fix, diff = "Import the template of a macro 'with context', or pass it to the macro.", ""
    elif name in _DEFINED_ELSEWHERE:
        fix, diff = _DEFINED_ELSEWHERE[name][1], ""
    else:
        fix, diff = _how_to_define(name, bool(is_called)), ""
    why = _DEFINED_ELSEWHERE[name][0] if name in _DEFINED_ELSEWHERE else ""
    return Advice(what=what, why=why, place=place, fix=fix, diff=diff)


def _near(name: str, known: set[str]) -> list[str]:
    """The nearest name; a second one too, if that is hardly less near: ``post``, ``posts``."""
    close = difflib.get_close_matches(name, sorted(known), n=2, cutoff=_NEAR)
    return [*close[:1], *(each for each in close[1:] if _likeness(name, each) >= _AS_NEAR)]


def _likeness(one: str, other: str) -> float:
    return difflib.SequenceMatcher(None, other, one).ratio()


def _how_to_define(name: str, is_called: bool) -> str:
    if is_called:
        return f"Pass {name} to the template, or define it with @app.template_global()."
    return f"Pass {name} to the template, or write {{% if {name} %}} around its use."


def _variables(frame: FrameType) -> set[str]:
    """The variables of a template that are no functions."""
    return {name for name, value in frame.f_locals.items() if not callable(value)}


def _not_passed(frame: FrameType, found: Rendering | None, name: str) -> str:
    template = _template(frame)
    if found is None or found.has_more:
        return f"{template} uses {name!r}, which is not defined there."
    where = described_rendering(found)
    if name in found.names:
        return f"{template} uses {name!r}, which {where} passed, but which is not defined there."
    names, more = found.names[:_MAX_NAMED], len(found.names) - _MAX_NAMED
    passed = joined([*names, *([f"{more} more"] if more > 0 else [])]) or "no variables"
    return f"{template} uses {name!r}, but {where} passed {passed}."


def _pass(diagnostic: DiagnosticContext, found: Rendering, name: str) -> str:
    """Add a keyword argument to the call that renders."""
    call = found.call
    arguments = [*call.args, *(each.value for each in call.keywords)]
    if not arguments:
        return ""
    edit = FileEdit(found.source.path)
    edit.insert(max(map(edit.end, arguments)), f", {name}={name}")
    return diff_of(diagnostic.folder, edit)


def _unquoted(diagnostic: DiagnosticContext, place: Place | None, name: str) -> Advice | None:
    """``{% extends base.html %}``."""
    found = None if place is None else _UNQUOTED.search(place.source)
    if found is None or place is None or name not in re.split(r"[./-]", found[2]):
        return None
    return Advice(
        what=f"The name {found[2]} in {os.path.basename(place.file)} has no quotes.",
        why="Without quotes it is an expression of variables.",
        place=place,
        fix=f"Write '{found[2]}' in quotes.",
        diff=_renamed(diagnostic, place, rf"(?<=\s){re.escape(found[2])}", f"'{found[2]}'"),
    )


def _python_function(diagnostic: DiagnosticContext, place: Place | None, name: str) -> Advice:
    """``{{ len(users) }}``."""
    own = name if _FILTERS[name] == "=" else _FILTERS[name]
    fix = f"Write the filter {own}: {{{{ value|{own} }}}}."
    if not own:
        fix = "Write loop.index in the loop in its place."
    return Advice(
        what=f"Templates have no function {name}(), which is Python's.",
        place=place,
        fix=fix,
        diff=_renamed(diagnostic, place, rf"(?<![.\w]){name}\(([\w.]+)\)", rf"\1|{own}")
        if own
        else "",
    )


def _no_attribute(
    diagnostic: DiagnosticContext, frame: FrameType, place: Place | None, kind: str, name: str
) -> Advice:
    template = _template(frame)
    source = "" if place is None or place.file.endswith(".py") else FileEdit(place.file).text
    line = 0 if place is None else place.line
    owner = owner_of(diagnostic.app.jinja_env, source, line, frame.f_locals, kind, name)
    if owner is None:
        return Advice(
            what=f"In {template}, '{kind}' has no attribute {name!r}.",
            place=place,
            fix="Correct the name, or test the value before it is used.",
        )
    if owner.value is None:
        return Advice(
            what=f"{owner.source} is None in {template}, so it has no {name!r}.",
            place=place,
            fix=f"Write {{% if {owner.source} %}} around its use, or pass a value.",
        )
    names = attribute_names(owner.value)
    close = difflib.get_close_matches(name, names, n=1, cutoff=_NEAR)
    of = "keys" if isinstance(owner.value, dict) else "attributes"
    shown = ", ".join(names[:_MAX_SHOWN]) or "none"
    meant = f"; did you mean {close[0]!r}?" if close else "."
    return Advice(
        what=f"{owner.source} in {template} has no {name!r}{meant}",
        place=place,
        fix=f"Write {owner.source}.{close[0]}." if close else f"Use one of its {of}.",
        diff=_renamed(diagnostic, place, rf"(?<=\.){name}\b", close[0]) if close else "",
        facts=((f"The {of} of {owner.source}", shown),),
    )


def _renamed(diagnostic: DiagnosticContext, place: Place | None, old: Any, new: str) -> str:
    """Replace a pattern between the braces of a line of a template."""
    if place is None or place.file.endswith(".py"):
        return ""
    edit = FileEdit(place.file)
    line, start = edit.lines[place.line - 1], edit.offset(place.line)
    for part in re.finditer(r"\{\{.*?\}\}|\{%.*?%\}", line):
        for use in re.finditer(old, line[: part.end()]):
            if use.start() >= part.start():
                edit.replace(start + use.start(), start + use.end(), use.expand(new))
    return diff_of(diagnostic.folder, edit)
