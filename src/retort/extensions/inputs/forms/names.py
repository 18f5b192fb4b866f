"""Names of fields: their parts, the indexes of rows, and names that most forms have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

V = TypeVar("V")

MAX_INDEX: Final = 1_000
BUTTONS: Final = frozenset({"submit", "button", "action", "commit"})
"""Names that pages give to their buttons; such a field is never unknown."""


def split(given: Mapping[str, V]) -> dict[str, dict[str, V]]:
    """The names with parts, by their first part."""
    found: dict[str, dict[str, V]] = {}
    for name, values in given.items():
        head, dot, rest = name.partition(".")
        if dot:
            found.setdefault(head, {})[rest] = values
    return found


def row_indexes(names: Iterable[str]) -> set[int]:
    """The indexes with which names begin; others are left out."""
    found = {name.partition(".")[0] for name in names}
    return {int(head) for head in found if _is_index(head) and not is_beyond(head)}


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and (text[0] != "0" or text == "0")


def is_beyond(text: str) -> bool:
    """Whether a text is an index that is too high."""
    return _is_index(text) and (len(text) > len(str(MAX_INDEX)) or int(text) >= MAX_INDEX)


def is_ignored(name: str, given: Mapping[str, Any]) -> bool:
    """Whether a field that no type declares is part of most forms: a token, or a button.

    An image button sends the place of the click, as two numbers: ``name.x`` and ``name.y``.
    """
    if name.startswith("_") or name == "csrf_token" or name in BUTTONS:
        return True
    if name not in ("x", "y") and not name.endswith((".x", ".y")):
        return False
    pair = [given.get(name[:-1] + letter, [""])[0] for letter in "xy"]
    return all(isinstance(each, str) and each.isascii() and each.isdigit() for each in pair)
