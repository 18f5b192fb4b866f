"""Count the nesting depth of JSON before it is decoded.

A decoder recurses for each level, on the stack of its thread, and the recursion limit of CPython
3.12 and 3.13 does not depend on the size of that stack: some kilobytes of brackets would crash the
process. So the depth is limited here, for every decoder.
"""

from __future__ import annotations

import json
import re
from itertools import accumulate

MAX_DEPTH = 1000
"""Maximum depth of arrays and objects; deeper text is refused."""

TOO_DEEP = f"It is nested too deeply: at most {MAX_DEPTH:,} levels of arrays and objects are read."

# Maximum number of rounds; each removes the innermost level of all arrays and objects.
_ROUNDS = 8
_ESCAPED = re.compile(rb'\\["\\]')
_SQUARE = bytes.maketrans(b"{}", b"[]")
_NEITHER_BRACKET_NOR_QUOTE = bytes(set(range(256)) - set(b'[]{}"'))
_STEPS = {ord("["): 1, ord("]"): -1}


def depth_of(text: str | bytes | bytearray, shallow: int) -> int:
    """The nesting depth of arrays and objects in a text.

    :param text: JSON, well-formed or not; bytes are UTF-8, UTF-16 or UTF-32.
    :param shallow: a depth at or below which the exact number is not needed.
    :returns: never less than the depth; at most ``shallow`` if there are no more brackets than
        that, else for a well-formed text of more than 8 levels exactly the depth. Beyond
        `MAX_DEPTH`, any number greater than it.
    :raises UnicodeDecodeError: if the text begins as UTF-16 or UTF-32, but is invalid.
    """
    # PERF: most bodies have few brackets, and need two counts at most.
    if len(text) <= shallow:
        return len(text)
    if isinstance(text, str):
        opening = text.count("[") + text.count("{")
    else:
        opening = text.count(b"[") + text.count(b"{")
    return opening if opening <= shallow else _levels(_brackets(_as_utf_8(text)))


def _as_utf_8(text: str | bytes | bytearray) -> bytes | bytearray:
    if not isinstance(text, str):
        encoding = json.detect_encoding(text)
        if encoding.startswith("utf-8"):
            return text
        text = text.decode(encoding, "surrogatepass")
    return text.encode("utf-8", "surrogatepass")


def _brackets(text: bytes | bytearray) -> bytes | bytearray:
    """The brackets of a text outside of strings; braces are converted to square brackets.

    Up to the first error in the text, where a decoder stops, they are those that it parses.
    """
    if b"\\" in text:
        text = _ESCAPED.sub(b"", text)
    text = text.translate(_SQUARE, _NEITHER_BRACKET_NOR_QUOTE)
    text = text.replace(b'""', b"")  # strings without brackets
    return b"".join(text.split(b'"')[::2])


def _levels(brackets: bytes | bytearray) -> int:
    removed = 0
    while brackets and removed < _ROUNDS:
        size = len(brackets)
        brackets = brackets.replace(b"[]", b"")
        removed += 1
        if len(brackets) > size // 2:  # deeper than wide: count one by one
            break
    deepest = 0
    for depth in accumulate(map(_STEPS.__getitem__, brackets)):
        if depth > deepest:
            deepest = depth
            if deepest > MAX_DEPTH:
                break
    return removed + deepest
