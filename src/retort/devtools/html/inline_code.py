"""Put the code in a sentence into code font.

Texts of advice have names as a program has them: ``login()``, ``request.form['nm']``,
``@app.get("/")``, ``<form method="post">``, ``/login``, ``--port``. These forms are recognised.
Other code, such as a single word, can be put between backticks.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_CHARS = 3_000  # of a text; the rest is plain
_MAX_CODE_CHARS = 200  # between brackets

_FORMS = re.compile(
    r"""
    `(?P<ticks>[^`\n]{1,200})`
    | (?P<tag></?[a-zA-Z_][^<>\n]{0,200}>)
    | (?P<quoted>(?<![\w'"])(?:'[^'\n]{1,120}'|"[^"\n]{1,120}")(?![\w'"]))
    | (?P<attribute>(?<![\w.])[A-Za-z_][\w-]*=(?:'[^'\n]*'|"[^"\n]*"|\[[^\]\n]*\]|\.\.\.))
    | (?P<file>(?<![\w/.\\-])[\w./\\-]*\w\.(?:py|html?|jinja2?|txt|toml|cfg|json|css|js|env)\b
        (?::\d+)?)
    | (?P<type>(?<![\w/])(?:text|image|multipart|application)/[\w.+-]*\w)
    | (?P<path>(?<![\w/<>.:)])/(?:[\w.~%:<>/-]*[\w>/])?(?![\w/]))
    | (?P<option>(?<![\w-])--[a-z][a-z-]*[a-z])
    | (?P<name>(?<![\w.@])@?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)
    """,
    re.X,
)
_ABBREVIATIONS = frozenset({"e.g", "i.e", "a.m", "p.m"})
_CONSTANTS = frozenset({"True", "False", "None"})
_ERROR = re.compile(r"(?:[a-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Warning)|[A-Z]{3,}(?:_[A-Z0-9]+)+")
_TRAILER = re.compile(r"\.[A-Za-z_]\w*")
_CLOSING = {"(": ")", "[": "]"}
_QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_VALUE = re.compile(r" = (?:True|False|None|\d+|'[^'\n]*'|\"[^\"\n]*\"|\[[^\]\n]*\])")


def inline_code(text: str) -> Markup:
    """The text as HTML, with code in ``<code>``."""
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if is_code else part for is_code, part in split(text)
    )


def split(text: str) -> Iterator[tuple[bool, str]]:
    """The parts of a text, each with whether it is code.

    >>> list(split("login() returned None"))
    [(True, 'login()'), (False, ' returned '), (True, 'None')]
    """
    end = start = 0
    while (found := _FORMS.search(text, end, _MAX_CHARS)) is not None:
        end = _end_of_code(text, found)
        if end <= found.start():  # an ordinary word
            end = found.end()
            continue
        if found.start() > start:
            yield False, text[start : found.start()]
        yield True, found["ticks"] or text[found.start() : end]
        start = end
    if start < len(text):
        yield False, text[start:]


def _end_of_code(text: str, found: re.Match[str]) -> int:
    """Where the code ends that begins with the match; 0 if it is an ordinary word."""
    name = found["name"]
    if name is None:
        return found.end()
    end = _after_trailers(text, found.end())
    if end > found.end() and text[found.end() : end] != "(s)":
        value = _VALUE.match(text, end)
        return value.end() if value is not None else end
    is_dotted = "." in name and name.lower() not in _ABBREVIATIONS
    is_constant = name in _CONSTANTS and not text.startswith(" of ", end)
    is_code = is_dotted or is_constant or "_" in name or name.startswith("@")
    return end if is_code or _ERROR.fullmatch(name) else 0


def _after_trailers(text: str, end: int) -> int:
    """The position after calls, subscripts and attributes that follow a name."""
    while text[end : end + 1] in _CLOSING:
        closed = _closing_position(text, end)
        if closed is None:
            return end
        end = closed
        while (attribute := _TRAILER.match(text, end)) is not None:
            end = attribute.end()
    return end


def _closing_position(text: str, start: int) -> int | None:
    """The position after the bracket that closes the one at ``start``, in the same line."""
    expected = [_CLOSING[text[start]]]
    position = start + 1
    while position < min(len(text), start + _MAX_CODE_CHARS) and text[position] != "\n":
        quoted = _QUOTED.match(text, position)
        if quoted is not None:
            position = quoted.end()
            continue
        letter = text[position]
        position += 1
        if letter in _CLOSING:
            expected.append(_CLOSING[letter])
        elif letter == expected[-1]:
            expected.pop()
            if not expected:
                return position
    return None
