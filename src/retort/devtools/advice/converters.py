"""Advice on 404: a converter of a route does not accept a part of the address."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkzeug.exceptions import NotFound
from werkzeug.routing import (
    AnyConverter,
    FloatConverter,
    UnicodeConverter,
    UUIDConverter,
    ValidationError,
)
from werkzeug.routing import IntegerConverter as _IntegerConverter

from ...routing.converters import IntegerConverter
from .record import Advice

if TYPE_CHECKING:
    from werkzeug.routing import Rule

    from .diagnostic import DiagnosticContext

_LIKENESS = 0.85  # of a path to the address of a route without variables
_LENGTH = re.compile(r"\[\^/\]\{(\d+)(?:(,)(\d*))?\}")


@dataclass
class _Refusal:
    """A variable of a rule, and the part of the address that its converter does not accept."""

    rule: Rule
    name: str
    text: str

    @property
    def converter(self) -> Any:
        return self.rule._converters[self.name]

    @property
    def variable(self) -> str:
        """The variable as in the rule: ``<int:id>``."""
        found = re.search(rf"<(?:[^<>]*:)?{re.escape(self.name)}>", self.rule.rule)
        return found[0] if found else f"<{self.name}>"

    @property
    def accepted(self) -> str:
        return accepted_by(self.converter, self.text)


def value_not_accepted(diagnostic: DiagnosticContext) -> Advice | None:
    """``/user/ada`` for the route ``/user/<int:id>``."""
    request = diagnostic.request
    if not isinstance(diagnostic.error, NotFound) or request is None:
        return None
    if request.url_rule is not None or _is_another_mistake(diagnostic, request.path):
        return None
    refusals = [
        refusal
        for rule in diagnostic.program.rules
        if not (rule.build_only or rule.host or rule.subdomain)
        and (refusal := _refusal_of(rule, request.path)) is not None
    ]
    if not refusals:
        return None
    first, *others = refusals
    view = diagnostic.view_of(first.rule)
    fix = (
        f"Write <{first.name}> in place of {first.variable} to accept any text, or correct the"
        " address."
    )
    like = _route_like(diagnostic, request.path)
    if like:
        fix = f"Correct the address: {like} is a route."
    return Advice(
        what=(
            f"{request.path} was not found: {first.variable} in {first.rule.rule} accepts"
            f" only {first.accepted}, and the address has {first.text!r}."
        ),
        why="\n\n".join(f"{one.rule.rule} accepts only {one.accepted}." for one in others),
        place=None if view is None else diagnostic.place_of(view),
        fix=fix,
    )


def _is_another_mistake(diagnostic: DiagnosticContext, path: str) -> bool:
    """Whether the path is that of a file, or where a form is sent."""
    if Path(diagnostic.app.root_path, path.lstrip("/")).is_file():
        return True
    return any(sent.place == path for sent in diagnostic.forms)


def _route_like(diagnostic: DiagnosticContext, path: str) -> str:
    """The address of a route without variables that the path resembles; else empty."""
    fixed = [rule.rule for rule in diagnostic.program.rules if not rule.arguments]
    close = difflib.get_close_matches(path, fixed, n=1, cutoff=_LIKENESS)
    return close[0] if close else ""


def _refusal_of(rule: Rule, path: str) -> _Refusal | None:
    """The variable that makes a rule not match, where its other parts do."""
    parts = rule._trace[rule._trace.index((False, "|")) + 1 :]
    names = [name for is_variable, name in parts if is_variable]
    pattern = "".join(
        (r"([^/]+)" if rule._converters[text].part_isolating else r"(.+)")
        if is_variable
        else re.escape(text)
        for is_variable, text in parts
    )
    found = re.fullmatch(pattern, path)
    if found is None:
        return None
    for name, text in zip(names, found.groups(), strict=True):
        if not _accepts(rule._converters[name], text):
            return _Refusal(rule, name, text)
    return None


def _accepts(converter: Any, text: str) -> bool:
    if re.fullmatch(converter.regex, text) is None:
        return False
    try:
        converter.to_python(text)
    except ValidationError:
        return False
    return True


def accepted_by(converter: Any, text: str) -> str:
    """What a converter accepts, as a part of a sentence.

    :param text: a text that it does not accept.
    """
    kind = type(converter)
    if kind in (IntegerConverter, _IntegerConverter):
        return _numbers("whole numbers", converter)
    if kind is FloatConverter:
        return _numbers("numbers with a decimal point (1.5)", converter)
    if kind is UUIDConverter:
        return "UUIDs (123e4567-e89b-12d3-a456-426614174000)"
    if kind is AnyConverter:
        return " or ".join(repr(item) for item in sorted(converter.items))
    length = _LENGTH.fullmatch(converter.regex)
    if kind is UnicodeConverter and length is not None:
        return _text_of_length(length)
    if re.fullmatch(converter.regex, text) is None:
        return f"text that matches {converter.regex}"
    return f"what to_python() of {kind.__name__} accepts"


def _numbers(what: str, converter: Any) -> str:
    parts = [what]
    if not converter.signed:
        parts.append("without a sign")
    if converter.fixed_digits:
        parts.append(f"with {converter.fixed_digits} digits")
    if converter.min is not None:
        parts.append(f"from {converter.min}")
    if converter.max is not None:
        parts.append(f"up to {converter.max}")
    return " ".join(parts)


def _text_of_length(length: re.Match[str]) -> str:
    least, comma, most = length.groups()
    if not comma:
        return f"text of {least} characters"
    return (
        f"text of {least} to {most} characters" if most else f"text of {least} characters or more"
    )
