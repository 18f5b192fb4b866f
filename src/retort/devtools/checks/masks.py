"""Put marks in the place of a template's expressions, so that the rest reads as HTML.

A mark is two characters from Unicode's private area around a number; line numbers stay as they
are. Which expressions cannot bring a field into a form is decided here as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Environment

VALUE, BLOCK = "v", "b"  # {{ an expression }}, {% a statement %}
_MARK = re.compile("\ue000([a-z])([0-9]+)\ue001")
# What a format string has: "%s", "%(name)s", "{}", "{name}".
_FORMATS = re.compile(r"%\(\w+\)[sdr]|%[sdr]|\{\w*\}")
_ADDS_CONTENT = frozenset({"include", "call", "block", "filter"})
# Calls that give text without fields, or the one field that is nobody's concern.
_HARMLESS = re.compile(
    r"""^\s*(?:url_for|csrf_token|_|gettext|ngettext)\s*\(|^\s*(?:'[^']*'|"[^"]*"|\d+)\s*$"""
    r"|\|\s*(?:e|escape|int|float|length|count|tojson|forceescape)\s*$"
)


class Masked:
    """Text with marks, and the expressions they stand for."""

    def __init__(self) -> None:
        self.text = ""
        self.expressions: list[str] = []

    def add(self, text: str) -> None:
        """Add text as it is."""
        self.text += text

    def mark(self, kind: str, expression: str) -> None:
        """Add a mark, and the line ends of what it stands for."""
        self.text += f"\ue000{kind}{len(self.expressions)}\ue001" + "\n" * expression.count("\n")
        self.expressions.append(expression)

    def expression_of(self, value: str) -> str | None:
        """The expression, if ``value`` is a single one and nothing else."""
        found = _MARK.fullmatch(value.strip())
        return self.expressions[int(found[2])] if found and found[1] == VALUE else None


def has_mark(text: str) -> bool:
    """Whether anything in the text is masked, harmless or not."""
    return "\ue000" in text


def marks_in(text: str) -> Iterator[str]:
    """The marks in a text, each as it stands."""
    return (found[0] for found in _MARK.finditer(text))


def kind_of(mark: str) -> str:
    """`VALUE` or `BLOCK`."""
    return mark[1]


def mask_template(source: str, environment: Environment) -> Masked:
    """Mask what Jinja would replace.

    Statements that only choose or repeat leave no mark in text: all the fields they choose
    from are there to see.
    """
    masked = Masked()
    expression: list[str] = []
    kind = None
    try:
        tokens = list(environment.lex(source))
    except TemplateSyntaxError:
        masked.add(source)
        return masked
    for line, token, value in tokens:
        missing = line - 1 - masked.text.count("\n")
        if token in {"data", "raw_begin", "raw_end"}:
            masked.add("\n" * missing + (value if token == "data" else ""))
        elif token in {"variable_begin", "block_begin"}:
            masked.add("\n" * missing)
            kind, expression = (VALUE if token[0] == "v" else BLOCK), []
        elif token in {"variable_end", "block_end"}:
            _close(masked, kind or VALUE, "".join(expression))
            kind = None
        elif kind:
            expression.append(value)
    return masked


def mask_formats(text: str) -> Masked:
    """Mask the places of a format string."""
    masked = Masked()
    position = 0
    for found in _FORMATS.finditer(text):
        masked.add(text[position : found.start()])
        masked.mark(VALUE, found[0])
        position = found.end()
    masked.add(text[position:])
    return masked


def _close(masked: Masked, kind: str, expression: str) -> None:
    """End an expression. In a tag every mark counts, in text only what can bring fields."""
    in_tag = masked.text.rfind("<") > masked.text.rfind(">")
    word = expression.split(maxsplit=1)[0] if expression.strip() else ""
    adds = word in _ADDS_CONTENT if kind == BLOCK else not _HARMLESS.search(expression)
    if in_tag or adds:
        masked.mark(kind, expression)
    else:
        masked.add("\n" * expression.count("\n"))
