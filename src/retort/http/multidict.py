"""Dictionaries of what may come several times: fields of queries and forms, cookies."""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import ImmutableMultiDict

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.datastructures import MultiDict

Kind = t.TypeVar("Kind", bound="MultiDict[str, t.Any]")

_new, _list_of = dict.__new__, dict.setdefault


def multi_dict(kind: type[Kind], pairs: Iterable[tuple[str, t.Any]]) -> Kind:
    """``kind(pairs)``.

    PERF: most are of Werkzeug's immutable kind, which has a list for each name, and whose
    constructor takes longer to find out what it is given than to fill itself.
    """
    if kind is not ImmutableMultiDict:
        return kind(pairs)
    made = _new(kind)
    for name, value in pairs:
        _list_of(made, name, []).append(value)
    return made


def split_fields(kind: type[Kind], text: str) -> Kind:
    """The fields of a query or a form in which nothing is escaped but spaces."""
    if "+" in text:
        text = text.replace("+", " ")
    if kind is not ImmutableMultiDict:
        return kind([field.partition("=")[::2] for field in text.split("&") if field])
    made = _new(kind)
    for field in text.split("&"):
        if field:
            name, _, value = field.partition("=")
            _list_of(made, name, []).append(value)
    return made
