r"""Write a regular expression of Python for a document, whose readers take it for ECMA-262.

The two differ in what ``\s`` is: the separators U+001C to U+001F and U+0085 are white space for
Python alone, U+FEFF for ECMA-262 alone. The characters are written out, so that both read the same.
"""

from __future__ import annotations

import re
from typing import Final

#: The white space of Python, as the inside of a class of characters.
_SPACES: Final = r"\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
# A bracket behind the one that opens a class is a character.
_TOKEN: Final = re.compile(r"\\.|\[\^?\]?|.", re.DOTALL)
_IN_CLASS: Final = re.compile(r"\\.|.", re.DOTALL)
_EVERYTHING: Final = (r"[\s\S]", r"[\S\s]")


def document_pattern(pattern: str) -> str:
    r"""The pattern, with the characters of ``\s`` and ``\S`` written out.

    In a class, ``\S`` stays: its characters cannot be written there for both languages.
    """
    written: list[str] = []
    position, is_in_class = 0, False
    while position < len(pattern):
        if pattern.startswith(_EVERYTHING, position) and not is_in_class:
            token = text = pattern[position : position + len(_EVERYTHING[0])]
        else:
            match = (_IN_CLASS if is_in_class else _TOKEN).match(pattern, position)
            token = match[0] if match is not None else ""  # any character is a token
            text = _written(token, is_in_class=is_in_class)
            is_in_class = token != "]" and (is_in_class or token.startswith("["))
        written.append(text)
        position += len(token)
    return "".join(written)


def _written(token: str, *, is_in_class: bool) -> str:
    if token == r"\s":
        return _SPACES if is_in_class else f"[{_SPACES}]"
    return f"[^{_SPACES}]" if token == r"\S" and not is_in_class else token
