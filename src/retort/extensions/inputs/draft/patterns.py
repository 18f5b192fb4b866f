r"""Translate a regular expression of Python into the attribute ``pattern`` of HTML.

Python's is searched in the text; a browser's must match all of it, and is JavaScript with the
flag ``v``. Only what both read in the same way is translated: without an attribute the server alone
checks, while a wrong one would refuse a valid text in the browser.

A class such as ``\d`` is Unicode's in Python and ASCII's in JavaScript, so its characters are
written out.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# The inside of a class of characters, for each shorthand of Python.
_CLASSES: Final = {
    "d": r"\p{Nd}",
    "w": r"\p{L}\p{N}_",
    "s": r"[[\s\x1c-\x1f\x85]--\ufeff]",
}
_LETTERS: Final = {"n": r"\n", "r": r"\r", "t": r"\t", "f": r"\f", "v": r"\v"}
_TOKEN: Final = re.compile(
    r"""
      (?P<escape>\\.)
    | (?P<open>\((?:\?(?:[:=!]|<[=!]))?)
    | (?P<close>\))
    | (?P<quantifier>(?:[*+?]|\{[0-9]+(?:,[0-9]*)?\})\??)
    | (?P<anchor>[\^$])
    | (?P<any>\.)
    | (?P<or>\|)
    | (?P<set>\[)
    | (?P<literal>[^\\()*+?{}\[\]^$.|])
    """,
    re.VERBOSE | re.DOTALL,
)
_AROUND: Final = r"[\s\S]*"


class _UntranslatableError(ValueError):
    """The pattern has something that the two languages may read differently."""


@lru_cache(maxsize=256)
def html_pattern(pattern: str) -> str | None:
    """The attribute for a pattern that is searched; ``None`` if the two might not agree."""
    try:
        return _translate(pattern)
    except _UntranslatableError:
        return None


def _translate(pattern: str) -> str:
    written: list[str] = []
    position, last = 0, ""
    groups: list[str] = []
    has_choice = False
    while position < len(pattern):
        match = _TOKEN.match(pattern, position)
        if match is None:
            raise _UntranslatableError
        kind, text, position = str(match.lastgroup), match[0], match.end()
        if kind == "set":
            text, position = _translate_set(pattern, position)
        elif kind == "quantifier" and last not in _REPEATABLE:
            raise _UntranslatableError  # such as a possessive one, or one of a lookahead
        elif kind == "escape":
            kind, text = _translate_escape(text[1])
        elif kind == "any":
            text = r"[^\n]"
        elif kind == "literal":
            text = _literal(text)
        elif kind == "open":
            groups.append(text)
        elif kind == "close" and groups and groups.pop() in _LOOKS:
            kind = "look"
        has_choice = has_choice or (kind == "or" and not groups)
        last = kind
        written.append(text)
    return _search(written, has_choice=has_choice, is_open=bool(groups))


_LOOKS: Final = frozenset({"(?=", "(?!", "(?<=", "(?<!"})
_REPEATABLE: Final = frozenset({"escape", "any", "literal", "set", "close"})


def _search(written: list[str], *, has_choice: bool, is_open: bool) -> str:
    """Search for a translated pattern: other text may be around it."""
    if is_open:  # a group does not end
        raise _UntranslatableError
    if has_choice:
        return f"{_AROUND}(?:{''.join(written)}){_AROUND}"
    starts = bool(written) and written[0] == "^"
    ends = bool(written) and written[-1] == "$"
    inner = "".join(written[starts : len(written) - ends])
    return f"{'' if starts else _AROUND}{inner}{'' if ends else _AROUND}"


def _translate_escape(letter: str) -> tuple[str, str]:
    if letter in ("A", "Z"):
        return "anchor", "^" if letter == "A" else "$"
    if letter in _CLASSES:
        return "escape", f"[{_CLASSES[letter]}]"
    if letter.lower() in _CLASSES:
        return "escape", f"[^{_CLASSES[letter.lower()]}]"
    return "escape", _escaped(letter)


def _escaped(letter: str) -> str:
    """The character that follows a backslash, if it stands for itself or for a control."""
    if letter in _LETTERS:
        return _LETTERS[letter]
    if letter.isalnum() or not letter.isascii():
        raise _UntranslatableError  # \b, \x41, a reference to a group
    return _literal(letter)


def _literal(character: str) -> str:
    return f"\\{character}" if character in r"^$\.*+?()[]{}|/" else character


# Characters in a class


def _translate_set(pattern: str, position: int) -> tuple[str, int]:
    """A class of characters, and the position behind it."""
    is_negated = pattern.startswith("^", position)
    position += is_negated
    written, previous = ["[^" if is_negated else "["], ""
    is_first = True
    while True:
        letter = pattern[position : position + 1]
        if not letter or (letter == "]" and is_first) or letter == "[":
            raise _UntranslatableError
        if letter == "]":
            return "".join([*written, "]"]), position + 1
        text, position = _member(pattern, position)
        if _is_range(pattern, position):
            if len(text) > 2:
                raise _UntranslatableError
            end, position = _member(pattern, position + 1)
            if len(end) > 2:
                raise _UntranslatableError
            text = f"{text}-{end}"
        elif letter == previous and not letter.isalnum():
            raise _UntranslatableError  # && and the like: reserved in both languages
        previous, is_first = letter, False
        written.append(text)


def _is_range(pattern: str, position: int) -> bool:
    return pattern.startswith("-", position) and not pattern.startswith("-]", position)


def _member(pattern: str, position: int) -> tuple[str, int]:
    """One character or shorthand of a class, and the position behind it."""
    letter = pattern[position : position + 1]
    if letter != "\\":
        return _in_set(letter), position + 1
    letter = pattern[position + 1 : position + 2]
    if letter in _CLASSES:
        return _CLASSES[letter], position + 2
    if letter.lower() in _CLASSES:
        return f"[^{_CLASSES[letter.lower()]}]", position + 2
    if letter in _LETTERS:
        return _LETTERS[letter], position + 2
    if not letter or letter.isalnum() or not letter.isascii():
        raise _UntranslatableError
    return _in_set(letter, escaped=True), position + 2


def _in_set(character: str, *, escaped: bool = False) -> str:
    """A character of a class: most punctuation may be escaped, and some of it must be."""
    if character in "()[]{}/-\\|^" or (escaped and character in "&!#%,:;<=>@`~$*+.?"):
        return f"\\{character}"
    if not character.isprintable() and character != " ":
        raise _UntranslatableError
    return character
