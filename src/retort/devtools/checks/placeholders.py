"""Replace a template's expressions by placeholders, so that the rest is parsable HTML.

A placeholder is a number between two characters of Unicode's private use area. Line numbers do not
change. This file also decides which expressions cannot add a field to a form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Environment

VALUE, BLOCK = "v", "b"  # {{ an expression }}, {% a statement %}
_PLACEHOLDER = re.compile("\ue000([a-z])([0-9]+)\ue001")
# The fields of a format string: "%s", "%(name)s", "{}", "{name}".
_FORMATS = re.compile(r"%\(\w+\)[sdr]|%[sdr]|\{\w*\}")
_ADDS_CONTENT = frozenset({"include", "call", "block", "filter"})
# Calls whose result has no fields, or only one that the checks ignore.
_HARMLESS = re.compile(
    r"""^\s*(?:url_for|csrf_token|_|gettext|ngettext)\s*\(|^\s*(?:'[^']*'|"[^"]*"|\d+)\s*$"""
    r"|\|\s*(?:e|escape|int|float|length|count|tojson|forceescape)\s*$"
    r"|^\s*\w+(?:\.\w+|\[[^\]]*\])*\.(?:errors|form_errors)\s*$"  # of a form: texts
)


class PlaceholderText:
    """Text with placeholders, and the expressions they replace."""

    def __init__(self) -> None:
        self.text = ""
        self.expressions: list[str] = []

    def add(self, text: str) -> None:
        """Add unchanged text."""
        self.text += text

    def add_placeholder(self, kind: str, expression: str) -> None:
        """Add a placeholder, and the line ends of the expression it replaces."""
        self.text += f"\ue000{kind}{len(self.expressions)}\ue001" + "\n" * expression.count("\n")
        self.expressions.append(expression)

    def expression_of(self, value: str) -> str | None:
        """The expression, if ``value`` is exactly one placeholder."""
        found = _PLACEHOLDER.fullmatch(value.strip())
        return self.expressions[int(found[2])] if found and found[1] == VALUE else None


def has_placeholder(text: str) -> bool:
    """Whether the text has a placeholder of any kind."""
    return "\ue000" in text


def placeholders_in(text: str) -> Iterator[str]:
    """The placeholders in a text."""
    return (found[0] for found in _PLACEHOLDER.finditer(text))


def kind_of(placeholder: str) -> str:
    """`VALUE` or `BLOCK`."""
    return placeholder[1]


def replace_expressions(source: str, environment: Environment) -> PlaceholderText:
    """Replace Jinja's expressions and statements by placeholders.

    Conditions and loops leave no placeholder in text, because all fields inside them are in the
    text.
    """
    placeholders = PlaceholderText()
    expression: list[str] = []
    kind = None
    try:
        tokens = list(environment.lex(source))
    except TemplateSyntaxError:
        placeholders.add(source)
        return placeholders
    for line, token, value in tokens:
        missing = line - 1 - placeholders.text.count("\n")
        if token in {"data", "raw_begin", "raw_end"}:
            placeholders.add("\n" * missing + (value if token == "data" else ""))
        elif token in {"variable_begin", "block_begin"}:
            placeholders.add("\n" * missing)
            kind, expression = (VALUE if token[0] == "v" else BLOCK), []
        elif token in {"variable_end", "block_end"}:
            _close(placeholders, kind or VALUE, "".join(expression))
            kind = None
        elif kind:
            expression.append(value)
    return placeholders


def replace_format_fields(text: str) -> PlaceholderText:
    """Replace the fields of a format string by placeholders."""
    placeholders = PlaceholderText()
    position = 0
    for found in _FORMATS.finditer(text):
        placeholders.add(text[position : found.start()])
        placeholders.add_placeholder(VALUE, found[0])
        position = found.end()
    placeholders.add(text[position:])
    return placeholders


def _close(placeholders: PlaceholderText, kind: str, expression: str) -> None:
    """End an expression. A tag keeps every placeholder, text those that may add fields."""
    in_tag = placeholders.text.rfind("<") > placeholders.text.rfind(">")
    word = expression.split(maxsplit=1)[0] if expression.strip() else ""
    adds = word in _ADDS_CONTENT if kind == BLOCK else not _HARMLESS.search(expression)
    if in_tag or adds:
        placeholders.add_placeholder(kind, expression)
    else:
        placeholders.add("\n" * expression.count("\n"))
