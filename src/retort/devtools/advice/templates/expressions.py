"""Corrections of what stands between the braces of a template."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .broken import BrokenTemplate, Correction

if TYPE_CHECKING:
    from collections.abc import Callable

    Rule = Callable[[BrokenTemplate], Correction | None]

# A tag or expression with a wrong end in one line; the second group is that end.
_WRONG_ENDS = (
    (re.compile(r"(\{\{[^{}%]*)(\})(?!\})"), "}}"),
    (re.compile(r"(\{\{[^{}%]*)(%\})"), "}}"),
    (re.compile(r"(\{%[^{}%]*)(\}\})"), "%}"),
    (re.compile(r"(\{%[^{}%]*)(\})"), "%}"),
)
_SINGLE_PERCENT = re.compile(r"(\{%[^{}%\n]*)(%)[ \t]*$", re.M)
_NOT_ENDED = re.compile(r"(\{\{|\{%)([^{}%\n]*)$", re.M)
_CLOSERS = {"{{": "}}", "{%": "%}"}
_NAME_ONLY = re.compile(r"([ \t]*[\w.]+)[ \t]*(?=</|$)", re.M)
# Signs of other languages: in Jinja's message, in the line, what Jinja has.
_OPERATORS = (
    ("unexpected char '&'", re.compile(r"\s*&&\s*"), " and "),
    ("expected token 'name', got '|'", re.compile(r"\s*\|\|\s*"), " or "),
    ("unexpected char '!'", re.compile(r"!==?"), "!="),
    ("unexpected char '!'", re.compile(r"!(?!=)\s*"), "not "),
    ("unexpected '='", re.compile(r"(?<=[=!])=="), "="),
    ("got '='", re.compile(r"(?<![=!<>])=(?![=])"), "=="),
    ("expected token 'in', got 'of'", re.compile(r"(?<=\s)of(?=\s)"), "in"),
)
_CURLY = str.maketrans({"\u201c": '"', "\u201d": '"', "\u201e": '"', "\u2018": "'", "\u2019": "'"})
_BRACKET = re.compile(r"unexpected '[}%]', expected '([)\]}])'")
_OPENERS = {")": "(", "]": "[", "}": "{"}


def _wrong_end(broken: BrokenTemplate) -> Correction | None:
    """``{{ name }``, ``{% if name }}``."""
    if broken.message not in ("unexpected '}'", "unexpected '%'"):
        return None
    for pattern, end in _WRONG_ENDS:
        found = pattern.search(broken.line)
        if found is not None:
            return Correction(
                what=f"{found[0]} in {broken.where()} must end with {end}",
                fix=f"Write {end} in place of {found[2]}",
                changes=(broken.change(found, end, 2),),
            )
    return None


def _single_percent(broken: BrokenTemplate) -> Correction | None:
    """``{% if name %``, which Jinja notices at the end of the template, or at the next word."""
    found = None
    if "end of statement block" in broken.message:
        text = broken.text[: broken.offset(broken.number + 1)]
        found = next(reversed(list(_SINGLE_PERCENT.finditer(text))), None)
    if found is None:
        return None
    return Correction(
        what=f"{found[0]} in {broken.where(broken.line_of(found))} must end with %}}",
        fix="Write %} in place of %",
        changes=((found.start(2), found.end(2), "%}"),),
        line=broken.line_of(found),
    )


def _not_ended(broken: BrokenTemplate) -> Correction | None:
    """``{{ name`` without an end, which Jinja notices at the next word."""
    if "expected token 'end of " not in broken.message and "unexpected" not in broken.message:
        return None
    text = broken.text[: broken.offset(broken.number + 1)]
    found = next(reversed(list(_NOT_ENDED.finditer(text))), None)
    if found is None or broken.line_of(found) > broken.number:
        return None
    end, line = _CLOSERS[found[1]], broken.line_of(found)
    name = _NAME_ONLY.match(broken.text, found.end(1))
    written = found[0].strip()
    return Correction(
        what=f"{written} in {broken.where(line)} does not end with {end} in its line.",
        fix=f"Write {end} where it ends.",
        changes=((name.end(1), name.end(1), f" {end}"),) if name else (),
        line=line,
    )


def _operator(broken: BrokenTemplate) -> Correction | None:
    """``&&``, ``||``, ``!``, and ``=`` in a condition."""
    for message, sign, meant in _OPERATORS:
        found = sign.search(broken.line) if message in broken.message else None
        if found is not None:
            return Correction(
                what=f"Jinja cannot parse {found[0].strip()!r} in {broken.where()}.",
                fix=f"Write {meant.strip()!r} in its place.",
                changes=(broken.change(found, meant),),
            )
    return None


def _curly_quotes(broken: BrokenTemplate) -> Correction | None:
    found = re.match(r"unexpected char '([\u2018-\u201e])'", broken.message)
    straight = broken.line.translate(_CURLY)
    if found is None or straight == broken.line:
        return None
    start = broken.offset(broken.number)
    return Correction(
        what=f"The quote {found[1]} in {broken.where()} is typographic.",
        fix="Write a straight quote, \" or ', in its place.",
        changes=((start, start + len(broken.line), straight),),
    )


def _open_text(broken: BrokenTemplate) -> Correction | None:
    found = re.match(r"unexpected char (?:\"(')\"|'(\")')", broken.message)
    if found is None:
        return None
    quote = found[1] or found[2]
    return Correction(
        what=f"The text that begins with {quote} in {broken.where()} does not end.",
        fix=f"Write {quote} where the text ends.",
    )


def _open_bracket(broken: BrokenTemplate) -> Correction | None:
    """``{{ url_for('index' }}``."""
    found = _BRACKET.search(broken.message)
    ends = list(re.finditer(r"\s*[-+]?(\}\}|%\})", broken.line))
    if found is None:
        return None
    return Correction(
        what=f"{_OPENERS[found[1]]} in {broken.where()} is not closed.",
        fix=f"Write {found[1]} at its end.",
        changes=(_before(broken, ends[0], found[1]),) if len(ends) == 1 else (),
    )


def _before(broken: BrokenTemplate, found: re.Match[str], new: str) -> tuple[int, int, str]:
    start = broken.offset(broken.number) + found.start()
    return start, start, new


def _conditional(broken: BrokenTemplate) -> Correction | None:
    if "unexpected char '?'" not in broken.message:
        return None
    return Correction(
        what=f"Jinja has no operator '?', in {broken.where()}.",
        fix="Write {{ a if condition else b }}.",
    )


def _empty(broken: BrokenTemplate) -> Correction | None:
    if not broken.message.startswith("Expected an expression, got 'end of"):
        return None
    return Correction(
        what=f"An expression is missing in {broken.where()}.",
        fix="Write what is to be evaluated, or remove the braces.",
    )


def _no_end(broken: BrokenTemplate) -> Correction | None:
    """A comment or a raw part that is not closed."""
    begins = {"comment tag": ("{#", "#}"), "raw directive": ("{% raw %}", "{% endraw %}")}
    for name, (begin, end) in begins.items():
        if broken.message == f"Missing end of {name}":
            return Correction(
                what=f"The {begin} in {broken.where()} is not closed.",
                fix=f"Write {end} at its end.",
            )
    return None


EXPRESSION_RULES: tuple[Rule, ...] = (
    _open_bracket,
    _wrong_end,
    _single_percent,
    _operator,
    _not_ended,
    _curly_quotes,
    _open_text,
    _conditional,
    _empty,
    _no_end,
)
