"""Check the text of a field: characters, length, pattern."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_PATTERN_LENGTH = 10_000
"""The length of a text, in characters, above which no regular expression is applied to it."""

# NUL, and halves of characters: neither can be stored by databases, nor sent as UTF-8.
_REFUSED = re.compile("[\0\ud800-\udfff]")


def has_refused_character(text: str) -> bool:
    """Whether a text has a NUL, or one half of a pair of surrogates."""
    return _REFUSED.search(text) is not None


def error_of_text(text: str, limits: Mapping[str, Any]) -> tuple[str, Any] | None:
    """Code and limit of the first error of a text; ``None`` if it keeps the limits."""
    if has_refused_character(text):
        return "character", None
    if len(text) < limits.get("min_length", 0):
        return "min_length", limits["min_length"]
    if "max_length" in limits and len(text) > limits["max_length"]:
        return "max_length", limits["max_length"]
    if "pattern" in limits:
        if len(text) > MAX_PATTERN_LENGTH:
            return "max_length", MAX_PATTERN_LENGTH
        if not _matches(limits["pattern"], text):
            return "pattern", None
    return None


def _matches(pattern: str, text: str) -> bool:
    """Whether a pattern is in a text; ``$`` at its end is the end of the text.

    In Python, a line break may follow, which browsers and pydantic refuse.
    """
    if text.endswith("\n") and pattern.endswith("$") and not pattern.endswith("\\$"):
        pattern = pattern[:-1] + r"\Z"
    return _compiled(pattern).search(text) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
