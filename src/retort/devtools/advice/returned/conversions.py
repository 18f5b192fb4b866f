"""What to write around a value that is no response, or that JSON lacks.

A conversion is offered only if its result was tried and can be sent.
"""

from __future__ import annotations

import ast
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import inspect
import pathlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter, methodcaller
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBERS = (bool, int, float, complex, decimal.Decimal)
_TEXT = (uuid.UUID, pathlib.PurePath, dt.timedelta, BaseException)
_SERIES: tuple[type, ...] = (
    set,
    frozenset,
    range,
    collections.deque,
    type({}.keys()),
    type({}.values()),
)
_MOMENTS = (dt.date, dt.time)
# The mapping of a row of SQLAlchemy; the name is public there.
_mapping_of = attrgetter("_mapping")
# Methods by which classes of programs and libraries give themselves as a dict.
_OWN_METHODS = ("to_dict", "as_dict", "model_dump")


@dataclass(frozen=True)
class Conversion:
    """A change of an expression.

    :param pattern: the new source; ``{}`` is the old one, in parentheses if it needs them.
    :param needs: the name of ``flask`` that the new source uses, or empty.
    """

    pattern: str
    apply: Callable[[Any], Any]
    needs: str = ""

    def around(self, source: str) -> str:
        """The new source of an expression."""
        is_prefix = "{}." in self.pattern
        return self.pattern.format(f"({source})" if is_prefix and _is_compound(source) else source)


def for_response(value: Any) -> Conversion | None:
    """The conversion of a return value to text, or to what is sent as JSON."""
    if isinstance(value, (*_NUMBERS, *_TEXT)):
        return Conversion("str({})", str)
    if isinstance(value, _MOMENTS):
        return Conversion("{}.isoformat()", methodcaller("isoformat"))
    if isinstance(value, enum.Enum) and not isinstance(value.value, str):
        return Conversion("str({}.value)", lambda given: str(given.value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return Conversion("jsonify({})", lambda given: [given], "jsonify")
    return _for_both(value)


def for_json(value: Any) -> Conversion | None:
    """The conversion of a value that JSON lacks to one that it has."""
    if isinstance(value, (bytes, bytearray)):
        return Conversion("{}.decode()", methodcaller("decode"))
    if isinstance(value, dt.time):
        return Conversion("{}.isoformat()", methodcaller("isoformat"))
    if isinstance(value, dt.timedelta):
        return Conversion("{}.total_seconds()", methodcaller("total_seconds"))
    if isinstance(value, (complex, *_TEXT)):
        return Conversion("str({})", str)
    if _is_scalar_array(value):
        return Conversion("{}.item()", methodcaller("item"))
    if callable(getattr(type(value), "tolist", None)):
        return Conversion("{}.tolist()", methodcaller("tolist"))
    return _for_both(value)


def _for_both(value: Any) -> Conversion | None:
    if isinstance(value, enum.Enum):
        return Conversion("{}.value", attrgetter("value"))
    if isinstance(value, _SERIES):
        return Conversion("list({})", list)
    if isinstance(value, memoryview):
        return Conversion("bytes({})", bytes)
    # SQLAlchemy's rows have this public attribute, sqlite3's have `keys`.
    if isinstance(getattr(type(value), "_mapping", None), property):
        return Conversion("dict({}._mapping)", lambda row: dict(_mapping_of(row)))
    if isinstance(value, Mapping) or _has_keys(value):
        return Conversion("dict({})", dict)
    for name in _OWN_METHODS:
        method = getattr(type(value), name, None)
        if inspect.isfunction(method):
            return Conversion(f"{{}}.{name}()", methodcaller(name))
    return None


def _has_keys(value: Any) -> bool:
    kind = type(value)
    return all(callable(getattr(kind, name, None)) for name in ("keys", "__getitem__"))


def _is_scalar_array(value: Any) -> bool:
    """Whether a value is a number of NumPy."""
    return callable(getattr(type(value), "item", None)) and getattr(value, "shape", None) == ()


def _is_compound(source: str) -> bool:
    """Whether an attribute of the source needs parentheses around it."""
    node = ast.parse(source, mode="eval").body
    return not isinstance(node, (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.Constant))
