"""Characters of word processors and web pages in source code: “curly quotes”, no-break spaces."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from .parsing import is_better, line_of, with_line

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUOTES = {
    **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\uff02", '"'),
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u2039\u203a\u2032\uff07\u00b4", "'"),
}
_OPENING = "\u201c\u201e\u201f\u00ab\u2018\u201a\u201b\u2039"
_PLAIN = {
    **_QUOTES,
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"),
    **dict.fromkeys("\u00a0\u2002\u2003\u2007\u2009\u202f\u3000", " "),
    **dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff", ""),
    # The full-width forms of Chinese and Japanese keyboards.
    **{chr(code): chr(code - 0xFEE0) for code in map(ord, "\uff08\uff09\uff0c\uff1a\uff1b\uff1d")},
    **{chr(code): chr(code - 0xFEE0) for code in map(ord, "\uff3b\uff3d\uff5b\uff5d\uff0b")},
}


def foreign_character(text: str, error: SyntaxError) -> tuple[str, str] | None:
    """The character that Python does not accept at an error, and what it needs in its place."""
    found = _found(text, error)
    if found is None:
        return None
    if (error.msg or "").startswith("unterminated"):
        return found[1], line_of(text, error.lineno or 1)[(error.offset or 1) - 1]
    return found[1], _PLAIN[found[1]]


def described(character: str) -> str:
    """A character, its number and its name."""
    name = f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()
    return f"{character} ({name})" if character.isprintable() else name


def has_typographic_quote(line: str) -> bool:
    """Whether a line has a quotation mark that Python does not read as one."""
    return any(character in _QUOTES for character in line)


def with_plain_characters(text: str, error: SyntaxError) -> str | None:
    """Replace the character of an error, and for a quotation mark the closing one."""
    found = _found(text, error)
    if found is None:
        return None
    column, character = found
    line_number = error.lineno or 1
    line = line_of(text, line_number)
    if character in _QUOTES:
        return _with_plain_quotes(text, line_number, column, error)
    new = line[:column] + _PLAIN[character] + line[column + 1 :]
    return with_line(text, line_number, new)


def _found(text: str, error: SyntaxError) -> tuple[int, str] | None:
    """The column (from 0) and the character."""
    line = line_of(text, error.lineno or 1)
    said = re.match(r"invalid (?:non-printable )?character .*U\+([0-9A-F]+)", error.msg or "")
    if said:
        character = chr(int(said[1], 16))
        start = (error.offset or 1) - 1
        at = start if line[start : start + 1] == character else line.find(character)
        return (at, character) if at >= 0 and character in _PLAIN else None
    if (error.msg or "").startswith("unterminated string literal"):
        return _wrong_end(text, error)
    if re.match(r"invalid \w+ literal", error.msg or ""):  # Python 3.10, behind a number
        return _in_number(text, error)
    return None


def _in_number(text: str, error: SyntaxError) -> tuple[int, str] | None:
    """The first character that is not plain, if its plain form removes the error."""
    number = error.lineno or 1
    line = line_of(text, number)
    for at, character in enumerate(line):
        if character in _PLAIN and character not in _QUOTES:
            new = with_line(text, number, line[:at] + _PLAIN[character] + line[at + 1 :])
            return (at, character) if is_better(new, (number, at + 1)) else None
    return None


def _wrong_end(text: str, error: SyntaxError) -> tuple[int, str] | None:
    """The typographic mark at the end of a text that a plain quote begins."""
    number, start = error.lineno or 1, (error.offset or 1) - 1
    line = line_of(text, number)
    for at in range(start + 1, len(line)):
        if line[at] in _QUOTES:
            new = line[:at] + line[start] + line[at + 1 :]
            if is_better(with_line(text, number, new), (number, len(line) + 1)):
                return at, line[at]
    return None


def _with_plain_quotes(text: str, number: int, column: int, error: SyntaxError) -> str | None:
    line = line_of(text, number)
    if (error.msg or "").startswith("unterminated"):
        start = (error.offset or 1) - 1
        return with_line(text, number, line[:column] + line[start] + line[column + 1 :])
    quote = _QUOTES[line[column]]
    found: list[str] = []
    for end in _ends(line, column):
        new = line[:column] + quote + line[column + 1 : end] + quote + line[end + 1 :]
        changed = with_line(text, number, new)
        if is_better(changed, (number, len(line) + 1)):
            return changed
        if is_better(changed, (number, end + 1)):
            found.append(changed)
    return found[0] if found else None


def _ends(line: str, column: int) -> Iterator[int]:
    """Where the text may end: not behind the next opening mark."""
    opening = line[column]
    for at in range(column + 1, len(line)):
        if line[at] == opening and opening in _OPENING:
            return
        if _QUOTES.get(line[at], line[at]) == _QUOTES[opening]:
            yield at
            if opening not in _OPENING:
                return
