"""Advice on filters and tests that Jinja does not have."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING

from jinja2 import TemplateAssertionError, TemplateRuntimeError

from ..edit import FileEdit, diff_of
from ..record import Advice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..diagnostic import DiagnosticContext
    from ..record import Place

_UNKNOWN = re.compile(r"No (filter|test) named '([^']+)'")
# Names in Python, Django and other template languages.
_SYNONYMS = {
    "uppercase": "upper",
    "toupper": "upper",
    "lowercase": "lower",
    "tolower": "lower",
    "len": "length",
    "size": "length",
    "str": "string",
    "strip": "trim",
    "json": "tojson",
    "escapejs": "tojson",
    "raw": "safe",
    "truncatechars": "truncate",
    "sorted": "sort",
}


def unknown_filter(diagnostic: DiagnosticContext) -> Advice | None:
    """The filter or test with a near name."""
    error, app = diagnostic.error, diagnostic.app
    found = _UNKNOWN.match(str(error.args[0])) if error.args else None
    is_jinja = isinstance(error, (TemplateAssertionError, TemplateRuntimeError))
    if app is None or not is_jinja or found is None:
        return None
    kind, name = found[1], found[2]
    known = app.jinja_env.filters if kind == "filter" else app.jinja_env.tests
    meant = _meant(name, known)
    place = _place(diagnostic)
    decorator = f"@app.template_{kind}({name!r})"
    return Advice(
        what=f"There is no {kind} {name!r}{f'; did you mean {meant!r}?' if meant else '.'}",
        place=place,
        fix=f"Write {meant}." if meant else f"Write a function with {decorator} in the program.",
        diff=_diff(diagnostic, place, kind, name, meant) if meant and place else "",
        facts=((f"The {kind}s", ", ".join(sorted(known))),),
    )


def _meant(name: str, known: Iterable[str]) -> str:
    names = {each: each for each in known}
    names |= {other: own for other, own in _SYNONYMS.items() if own in names} | names
    close = difflib.get_close_matches(name.lower(), sorted(names), n=1, cutoff=0.8)
    return names[close[0]] if close else ""


def _place(diagnostic: DiagnosticContext) -> Place | None:
    error = diagnostic.error
    if isinstance(error, TemplateAssertionError) and error.filename:
        return diagnostic.place(error.filename, error.lineno)
    return diagnostic.last_place


def _diff(diagnostic: DiagnosticContext, place: Place, kind: str, name: str, meant: str) -> str:
    edit = FileEdit(place.file)
    if place.file.endswith(".py") or place.line > len(edit.lines):
        return ""
    before = r"\|\s*" if kind == "filter" else r"\bis\s+(?:not\s+)?"
    uses = list(re.finditer(rf"({before}){re.escape(name)}\b", edit.lines[place.line - 1]))
    start = edit.offset(place.line)
    for use in uses:
        edit.replace(start + use.end(1), start + use.end(), meant)
    return diff_of(diagnostic.folder, edit)
