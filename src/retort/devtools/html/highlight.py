"""Source in colours, if Pygments is installed.

Its colours are classes of the page's own style sheet, for light and dark. Only files of the program
are parsed whole, so that the lines of a long string are recognised as such.
"""

from __future__ import annotations

import importlib
import linecache
import logging
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..frames import Frame, Line

    Piece = tuple[str, str]  # a class, or an empty string, and the text

_log = logging.getLogger("retort.devtools")

_MAX_LINES = 1_000  # of a file that is parsed whole
_MAX_CHARS = 100_000
_TEMPLATES = (".html", ".htm", ".xml", ".txt", ".j2", ".jinja", ".jinja2")

# The first that matches, of tokens and their parents.
_CLASSES = {
    "Token.Comment": "comment",
    "Token.Literal.String": "string",
    "Token.Literal.Number": "number",
    "Token.Keyword": "keyword",
    "Token.Operator.Word": "keyword",
    "Token.Name.Tag": "keyword",
    "Token.Name.Function": "name",
    "Token.Name.Class": "name",
    "Token.Name.Decorator": "name",
    "Token.Name.Builtin": "builtin",
    "Token.Name.Attribute": "builtin",
}


def coloured_lines(frame: Frame) -> list[Markup]:
    """The lines of a frame as HTML; the part that failed is in ``<mark>``."""
    texts = ["".join(line.text) for line in frame.lines]
    pieces = _pieces_of(frame, texts)
    return [_as_html(line, pieces[index]) for index, line in enumerate(frame.lines)]


def coloured_source(source: str, file: str) -> Markup:
    """One line of a file as HTML."""
    return _joined(_parsed(source, is_template=file.endswith(_TEMPLATES))[0])


def _pieces_of(frame: Frame, texts: list[str]) -> list[list[Piece]]:
    """The pieces of each line; those of a line that is redacted have no colours."""
    whole = linecache.getlines(frame.path) if frame.is_own else []
    if 0 < len(whole) <= _MAX_LINES:
        parsed = _parsed("".join(whole), frame.is_template)
        numbers = [line.number - 1 for line in frame.lines]
        found = [parsed[number] if number < len(parsed) else [] for number in numbers]
    else:
        found = _parsed("\n".join(texts), frame.is_template)
    pairs = zip(texts, [*found, *[[]] * len(texts)], strict=False)
    return [pieces if _text(pieces) == text else [("", text)] for text, pieces in pairs]


def _text(pieces: Sequence[Piece]) -> str:
    return "".join(text for _, text in pieces)


@lru_cache(maxsize=16)
def _parsed(source: str, is_template: bool) -> list[list[Piece]]:
    """The lines of a source, each in pieces. Never raises."""
    lexer = _lexer(is_template)
    lines = [[("", line)] for line in source.expandtabs(4).split("\n")]
    if lexer is None or len(source) > _MAX_CHARS:
        return lines
    try:
        return list(_lines_of(lexer.get_tokens(source.expandtabs(4))))
    except Exception:
        _log.debug("Pygments could not parse a source.", exc_info=True)
        return lines


def _lines_of(tokens: Any) -> Iterator[list[Piece]]:
    current: list[Piece] = []
    for kind, text in tokens:
        first, *others = text.split("\n")
        current.append((_class_of(kind), first))
        for other in others:
            yield current
            current = [(_class_of(kind), other)]
    yield current


@cache
def _class_of(kind: Any) -> str:
    while kind is not None:
        if str(kind) in _CLASSES:
            return _CLASSES[str(kind)]
        kind = kind.parent
    return ""


@cache
def _lexer(is_template: bool) -> Any:
    """A lexer of Pygments; ``None`` if it is not installed."""
    try:
        lexers: Any = importlib.import_module("pygments.lexers")
    except ImportError:
        return None
    lexer = lexers.HtmlDjangoLexer if is_template else lexers.PythonLexer
    return lexer(stripnl=False, ensurenl=False)


def _as_html(line: Line, pieces: list[Piece]) -> Markup:
    before, failed, _ = line.text
    if not failed:
        return _joined(pieces)
    start, end = len(before), len(before) + len(failed)
    parts = [_joined(_cut(pieces, *span)) for span in ((0, start), (start, end), (end, None))]
    return Markup("{}<mark>{}</mark>{}").format(*parts)


def _cut(pieces: list[Piece], start: int, end: int | None) -> Iterator[Piece]:
    """The pieces between two columns."""
    column = 0
    for kind, text in pieces:
        low, high = max(0, start - column), None if end is None else max(0, end - column)
        if text[low:high]:
            yield kind, text[low:high]
        column += len(text)


def _joined(pieces: Any) -> Markup:
    return Markup("").join(
        Markup('<span class="{}">{}</span>').format(f"token-{kind}", text) if kind else text
        for kind, text in pieces
        if text
    )
