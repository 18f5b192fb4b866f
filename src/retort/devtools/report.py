"""The report on one error, and its formats plain text and problem details.

`layer.py` and `failure.py` create reports; `pages.py` renders the HTML page.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from .frames import shown_path
from .redaction import redact

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .advice import Advice
    from .frames import Error
    from .requested import Section
    from .route_table import Route

_NEAREST = 5  # the maximum number of routes in plain text
_MAX_HEADLINE = 160
_END_OF_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])|\n")


@dataclass(frozen=True)
class Console:
    """The values a page needs to run code in a frame, by Werkzeug's protocol."""

    secret: str
    is_trusted: bool


@dataclass(frozen=True)
class Report:
    """The report on an error.

    :param heading: the reason phrase of the status, or its replacement.
    :param traceback: as printed by Python; empty without an exception.
    :param routes: all routes of the application, most similar first; empty if not relevant.
    :param warnings: earlier warnings about the running program.
    :param note: a last sentence, such as what to do next.
    :param editor: the address of the editor, for a client on this machine; else empty.
    """

    status: int
    heading: str
    advice: Advice
    method: str = ""
    path: str = ""
    errors: tuple[Error, ...] = ()
    traceback: str = ""
    routes: tuple[Route, ...] = ()
    warnings: tuple[Advice, ...] = ()
    sections: tuple[Section, ...] = ()
    note: str = ""
    console: Console | None = None
    editor: str = ""

    @property
    def headline(self) -> str:
        """The first sentence of the advice, shortened if it is long."""
        first = _first_sentence(self.advice.what)
        if len(first) <= _MAX_HEADLINE:
            return first
        return f"{first[:_MAX_HEADLINE].rpartition(' ')[0] or first[:_MAX_HEADLINE]} …"

    @property
    def below_headline(self) -> str:
        """The rest of the advice's statement; all of it, if the headline is shortened."""
        first = _first_sentence(self.advice.what)
        if len(first) > _MAX_HEADLINE:
            return self.advice.what.strip()
        return self.advice.what.strip()[len(first) :].strip()

    @property
    def place(self) -> tuple[str, int, str, str] | None:
        """The relevant line: file, number, function, source."""
        place = self.advice.place
        if place is not None:
            source = redact(place.source.strip(), by_name=False)
            return shown_path(place.file), place.line, place.function, source
        for error in self.errors:
            for frame in error.own[:1]:
                return frame.file, frame.line, frame.function, frame.source
        return None

    @property
    def facts(self) -> tuple[tuple[str, str], ...]:
        """The advice's rows, without the routes, which are in the table."""
        facts = self.advice.facts
        return tuple(fact for fact in facts if not self.routes or fact[0] != "Nearest routes")


def _first_sentence(text: str) -> str:
    return _END_OF_SENTENCE.split(text.strip(), maxsplit=1)[0].rstrip()


def without_secrets(advice: Advice | None) -> Advice | None:
    """Redact advice, which may quote a message or a value; its diff is source code."""
    if advice is None:
        return None
    facts = tuple((name, redact(value, by_name=False)) for name, value in advice.facts)
    what, why = (redact(text, by_name=False) for text in (advice.what, advice.why))
    return replace(advice, what=what, why=why, facts=facts)


def phrase(status: int) -> str:
    """The reason phrase of a status; ``Error`` for a non-standard one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Error"


def as_text(report: Report) -> str:
    """The report as plain text for a terminal."""
    advice = report.advice
    heading = f"{report.status} {report.heading}"
    parts = [heading, advice.what, _place_lines(report), advice.why]
    parts.append("\n".join(f"{name}: {value}" for name, value in report.facts))
    parts.append(advice.fix)
    parts.append(advice.diff)
    parts.append("\n".join(_route_lines(report)))
    parts.append("\n".join(_warning_lines(report)))
    parts.append(report.traceback)
    parts.append(report.note)
    return "\n\n".join(part.strip("\n") for part in parts if part.strip()) + "\n"


def _place_lines(report: Report) -> str:
    if report.place is None:
        return ""
    file, line, function, source = report.place
    where = f"{file}, line {line}" + (f", in {function}" if function else "")
    return f"{where}\n    {source}" if source else where


def _route_lines(report: Report) -> Iterator[str]:
    nearest = report.routes[:_NEAREST]
    if not nearest:
        return
    yield "The nearest routes:"
    wide = max(len(route.rule) for route in nearest)
    for route in nearest:
        methods = ", ".join(route.methods)
        yield f"  {route.rule:{wide}}  {methods}  {route.endpoint}  {route.place}".rstrip()


def _warning_lines(report: Report) -> Iterator[str]:
    if report.warnings:
        yield "Noticed before, while the program ran:"
    for warning in report.warnings:
        yield f"  {as_line(warning)}"


def as_line(advice: Advice) -> str:
    """Advice as one line, also for the log: what, where, and the fix."""
    where = f" ({place_in_short(advice)})" if advice.place is not None else ""
    return f"{advice.what.removesuffix('.')}{where}. {advice.fix}".strip()


def place_in_short(advice: Advice) -> str:
    """The file and line of the advice; empty if there is none."""
    place = advice.place
    return "" if place is None else f"{os.path.basename(place.file)}:{place.line}"


def as_problem(report: Report) -> str:
    """The report as JSON problem details (RFC 9457), with extension members."""
    advice = report.advice
    members: dict[str, Any] = {
        "type": "about:blank",
        "title": report.heading,
        "status": report.status,
        "detail": advice.what,
        "instance": report.path,
        "why": advice.why,
        "place": _place_members(report),
        "fix": advice.fix,
        "diff": advice.diff,
        "facts": dict(report.facts),
        "routes": [_route_members(route) for route in report.routes[:_NEAREST]],
        "warnings": [as_line(warning) for warning in report.warnings],
        "exception": report.errors[0].name if report.traceback and report.errors else "",
        "traceback": report.traceback.splitlines(),
        "note": report.note,
    }
    return json.dumps({name: value for name, value in members.items() if value}, indent=2) + "\n"


def _place_members(report: Report) -> dict[str, Any]:
    if report.place is None:
        return {}
    return dict(zip(("file", "line", "function", "source"), report.place, strict=True))


def _route_members(route: Route) -> dict[str, Any]:
    return {
        "rule": route.rule,
        "methods": route.methods,
        "endpoint": route.endpoint,
        "place": route.place,
    }
