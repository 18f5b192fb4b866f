"""Values as the reports show them: as text, without secrets, shortened, and without effect.

Control characters and those that change the direction of text are shown as escapes, so that a body
cannot change what a terminal or a page shows beside it.
"""

from __future__ import annotations

import codecs
import difflib
from email.message import Message
from typing import TYPE_CHECKING

from ..messages import NoResponse, Outcome, Response
from .redaction import body_without_secrets, field_value

if TYPE_CHECKING:
    from collections.abc import Sequence

_NOT_IN_TEXT = frozenset(map(chr, range(32))) - frozenset("\t\n\r\f\x08\x1b") | {"\x7f"}
_MAX_PAIRS = 250_000  # of lines that are matched; the time grows with their number


def visible(text: str) -> str:
    """``text`` with escapes in place of what is no visible character, line break or tab."""
    if text.isprintable():
        return text
    text = text.replace("\r\n", "\n")
    return "".join(one if one.isprintable() or one in "\n\t" else _escaped(one) for one in text)


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()


def shortened(text: str, most: int) -> str:
    """``text`` in one line of at most ``most`` characters."""
    line = visible(text[: most + 1].replace("\r", "\\r").replace("\n", "\\n").replace("\t", " "))
    return line if len(line) <= most else f"{line[: most - 3]}..."


def around_difference(left: str, right: str, most: int) -> tuple[str, str]:
    """Both texts, shortened so that the first difference is shown."""
    size = min(len(left), len(right))
    at = next((n for n in range(size) if left[n] != right[n]), size)
    start = max(0, at - most // 2) if max(len(left), len(right)) > most else 0
    mark = "..." if start else ""
    return shortened(mark + left[start:], most), shortened(mark + right[start:], most)


def outcome_text(outcome: Outcome, most_bytes: int) -> str:
    """A whole response as text."""
    if isinstance(outcome, NoResponse):
        return f"({outcome.detail})"
    lines = [f"HTTP/1.1 {outcome.status} {outcome.reason}"]
    lines += [f"{name}: {field_value(name, value)}" for name, value in outcome.fields]
    text = body_text(outcome, most_bytes)
    if text is None:
        text = f"({len(outcome.body):,} bytes)"
    elif len(outcome.body) > most_bytes:
        text += f"\n... and {len(outcome.body) - most_bytes:,} more bytes"
    if outcome.problem is not None:
        text += f"\n({outcome.problem})"
    return visible("\n".join([*lines, "", text]))


def body_text(outcome: Response, most_bytes: int) -> str | None:
    """The beginning of a body without secrets; ``None`` if it is no text."""
    return bytes_text(outcome.body, outcome.get("Content-Type") or "", most_bytes)


def bytes_text(body: bytes, content_type: str, most_bytes: int) -> str | None:
    """The beginning of a body as text without secrets; ``None`` if it is no text."""
    try:
        decoder = codecs.getincrementaldecoder(_charset(content_type))()
        # Not final if it is cut: the last character may be incomplete.
        text = decoder.decode(body[:most_bytes], final=len(body) <= most_bytes)
    except UnicodeError:
        return None
    if not _NOT_IN_TEXT.isdisjoint(text):
        return None
    return body_without_secrets(text, content_type)


def _charset(content_type: str) -> str:
    field = Message()
    field["Content-Type"] = content_type
    name = field.get_content_charset("utf-8")
    try:
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):  # unknown, or no encoding of text
        return "utf-8"
    return name


def lines_with_marks(left: str, right: str) -> tuple[list[tuple[str, bool]], ...]:
    """The lines of both texts, each with whether it differs from the other text."""
    lines = left.split("\n"), right.split("\n")
    equal: tuple[set[int], set[int]] = set(), set()
    for one, other in _equal_lines(*lines):
        equal[0].add(one)
        equal[1].add(other)
    return tuple(
        [(line, number not in same) for number, line in enumerate(all_lines)]
        for all_lines, same in zip(lines, equal, strict=True)
    )


def _equal_lines(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    if len(left) * len(right) > _MAX_PAIRS:
        return [(n, n) for n, (one, two) in enumerate(zip(left, right, strict=False)) if one == two]
    blocks = difflib.SequenceMatcher(None, left, right, autojunk=False).get_matching_blocks()
    return [(one.a + n, one.b + n) for one in blocks for n in range(one.size)]
