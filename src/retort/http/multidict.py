"""Dictionaries of what may come several times: fields of queries and forms, cookies."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import ImmutableMultiDict, MultiDict

if t.TYPE_CHECKING:
    from collections.abc import Iterable

V = t.TypeVar("V")
Kind = t.TypeVar("Kind", bound="MultiDict[str, t.Any]")

_INIT = MultiDict.__init__


def multi_dict(kind: type[Kind], pairs: Iterable[tuple[str, t.Any]]) -> Kind:
    """``kind(pairs)``."""
    if kind is not ImmutableMultiDict or MultiDict.__init__ is not _INIT:
        return kind(pairs)
    # PERF: Werkzeug first asks what ``pairs`` may be. It keeps a list for each name.
    found: dict[str, list[t.Any]] = {}
    for name, value in pairs:
        if name in found:
            found[name].append(value)
        else:
            found[name] = [value]
    made = kind.__new__(kind)
    dict.__init__(made, found)
    return made
