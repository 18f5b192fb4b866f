"""Build multi-value dictionaries of query fields, form fields and cookies."""

from __future__ import annotations

import typing as t
from operator import methodcaller
from urllib.parse import unquote_to_bytes

from werkzeug.datastructures import ImmutableMultiDict

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

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


def split_fields(kind: type[Kind], text: str, errors: str) -> Kind:
    """Parse a query string or a urlencoded form.

    The URL standard, "application/x-www-form-urlencoded parsing".

    :param errors: the error handler for escaped bytes that are not UTF-8; as for ``bytes.decode``.
    """
    if "+" in text:
        text = text.replace("+", " ")
    fields: Iterable[tuple[str, str, str]] = map(_at_equals_sign, filter(None, text.split("&")))
    if "%" in text:
        fields = _unescaped(fields, errors)
    if kind is not ImmutableMultiDict:
        return kind([(name, value) for name, _, value in fields])
    made = _new(kind)
    for name, _, value in fields:  # PERF: as in multi_dict()
        _list_of(made, name, []).append(value)
    return made


# PERF: in C, for each field.
_at_equals_sign: Callable[[str], tuple[str, str, str]] = methodcaller("partition", "=")


def _unescaped(
    fields: Iterable[tuple[str, str, str]], errors: str
) -> Iterator[tuple[str, str, str]]:
    for name, sign, value in fields:
        yield _unescape(name, errors), sign, _unescape(value, errors)


def _unescape(text: str, errors: str) -> str:
    return unquote_to_bytes(text).decode("utf-8", errors) if "%" in text else text
