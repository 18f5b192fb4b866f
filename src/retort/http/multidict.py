"""Dictionaries of what may come several times: fields of queries and forms, cookies."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import ImmutableMultiDict, MultiDict

if t.TYPE_CHECKING:
    from collections.abc import Iterable

V = t.TypeVar("V")
Kind = t.TypeVar("Kind", bound="MultiDict[str, t.Any]")

_INIT = MultiDict.__init__
# A multidict without asking the class; it keeps a list for each name.
_new, _fill = dict.__new__, dict.__init__


def multi_dict(kind: type[Kind], pairs: Iterable[tuple[str, t.Any]]) -> Kind:
    """``kind(pairs)``."""
    if kind is not ImmutableMultiDict or MultiDict.__init__ is not _INIT:
        return kind(pairs)
    # PERF: Werkzeug first asks what ``pairs`` may be. It keeps a list for each name.
    found: dict[str, list[t.Any]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    made = _new(kind)
    _fill(made, found)
    return made


def split_fields(kind: type[Kind], text: str) -> Kind:
    """The fields of a query or a form in which nothing is escaped but spaces."""
    if "+" in text:
        text = text.replace("+", " ")
    fields = text.split("&")
    if kind is not ImmutableMultiDict or MultiDict.__init__ is not _INIT:
        return kind([field.partition("=")[::2] for field in fields if field])
    # PERF: one loop, and no pairs.
    found: dict[str, list[t.Any]] = {}
    for field in fields:
        if field:
            name, _, value = field.partition("=")
            if name in found:
                found[name].append(value)
            else:
                found[name] = [value]
    made = _new(kind)
    _fill(made, found)
    return made
