"""Build multi-value dictionaries of query fields, form fields and cookies."""

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

    PERF: most are Werkzeug's immutable type with a list for each name. Its constructor spends more
    time on checking the type of its argument than on filling itself.
    """
    if kind is not ImmutableMultiDict:
        return kind(pairs)
    made = _new(kind)
    for name, value in pairs:
        _list_of(made, name, []).append(value)
    return made
