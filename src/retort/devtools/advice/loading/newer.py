"""Syntax that the running Python does not have yet."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .parsing import is_better, line_of, place_of, with_line

if TYPE_CHECKING:
    from collections.abc import Iterator

Version = tuple[int, int]


@dataclass(frozen=True)
class Feature:
    """Syntax of a newer Python.

    :param instead: what to write for an older one.
    """

    name: str
    since: Version
    instead: str


_GENERICS = Feature("the type parameters [...]", (3, 12), "use typing.TypeVar")

# What a line with the feature looks like: no older Python accepts such a line.
_PATTERNS = (
    (re.compile(r"\s*except\s*\*"), Feature("except*", (3, 11), "use except")),
    (
        re.compile(r"\s*(?:(?:async\s+)?def|class|type)\s+\w+\s*\[[^\]=]*\w\s*=[^=]"),
        Feature("a default of a type parameter", (3, 13), "leave the default out"),
    ),
    (
        re.compile(r"\s*type\s+\w+\s*(?:\[.*\]\s*)?=[^=]"),
        Feature("the statement type", (3, 12), "write Name = ... without 'type'"),
    ),
    (re.compile(r"\s*(?:async\s+)?def\s+\w+\s*\[[^\]]+\]\s*\("), _GENERICS),
    (re.compile(r"\s*class\s+\w+\s*\[[^\]]+\]\s*[:(]"), _GENERICS),
)
_IN_BRACES = Feature(
    "a backslash or a comment in the braces of an f-string", (3, 12), "use a variable"
)
_SAME_QUOTES = Feature(
    "the quotes of an f-string again in its braces", (3, 12), "write other quotes in the braces"
)
_TEMPLATE = Feature("a t-string", (3, 14), "use an f-string or str.format")
_TEMPLATE_PREFIX = re.compile(r"(?<![\w\"'])[tT]([rR]?[\"'])")


def newer_feature(
    text: str, error: SyntaxError, version: Version = sys.version_info[:2]
) -> Feature | None:
    """The feature at an error that Python ``version`` lacks."""
    line = line_of(text, error.lineno or 1)
    for pattern, feature in _PATTERNS:
        if version < feature.since and pattern.match(line):
            return feature
    if version < (3, 12):
        if (error.msg or "").startswith("f-string expression part cannot include"):
            return _IN_BRACES
        if with_other_quotes(text, error) is not None:
            return _SAME_QUOTES
    if version < _TEMPLATE.since and _is_template_string(text, error):
        return _TEMPLATE
    return None


def with_other_quotes(text: str, error: SyntaxError) -> str | None:
    """The f-strings of a line with other quotes in their braces, if that removes the error."""
    number = error.lineno or 1
    line = line_of(text, number)
    for found in re.finditer(r"(?<![\w])[fF][rR]?([\"'])", line):
        quote = found[1]
        other = "'" if quote == '"' else '"'
        inner = [*_quotes_in_braces(line, found.end(), quote)]
        if not inner:
            continue
        new = "".join(other if at in inner else one for at, one in enumerate(line))
        changed = with_line(text, number, new)
        if is_better(changed, (number, len(line))):
            return changed
    return None


def _quotes_in_braces(line: str, start: int, quote: str) -> Iterator[int]:
    depth = 0
    for at in range(start, len(line)):
        depth += (line[at] == "{") - (line[at] == "}")
        if line[at] == quote:
            if not depth:
                return
            yield at


def _is_template_string(text: str, error: SyntaxError) -> bool:
    """Whether the line has no error if its t-strings are f-strings."""
    number = error.lineno or 1
    line = line_of(text, number)
    new = _TEMPLATE_PREFIX.sub(r"f\1", line)
    return new != line and is_better(
        with_line(text, number, new), max(place_of(error), (number, 1))
    )
