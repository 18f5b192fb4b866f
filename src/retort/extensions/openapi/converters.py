"""The schemas of URL variables, from their converters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from werkzeug.routing import (
    AnyConverter,
    FloatConverter,
    PathConverter,
    UnicodeConverter,
    UUIDConverter,
)
from werkzeug.routing import IntegerConverter as WerkzeugsIntegerConverter
from werkzeug.routing.converters import NumberConverter

from ...routing.converters import IntegerConverter

if TYPE_CHECKING:
    from werkzeug.routing import BaseConverter

_NUMBERS: dict[type, str] = {
    IntegerConverter: "integer",
    WerkzeugsIntegerConverter: "integer",
    FloatConverter: "number",
}
_LENGTH = re.compile(r"\{(\d+)(,(\d*))?\}\Z")  # at the end of a UnicodeConverter's pattern


def schema_of(converter: BaseConverter) -> dict[str, Any]:
    """``schema`` and, where it says more, ``description`` of a variable with this converter.

    The values of a program's own converters are strings: what they accept is not known.
    """
    cls = type(converter)
    if cls is UnicodeConverter:
        return {"schema": _text(converter)}
    if isinstance(converter, NumberConverter) and cls in _NUMBERS:
        return {"schema": _number(_NUMBERS[cls], converter)}
    if cls is UUIDConverter:
        return {"schema": {"type": "string", "format": "uuid"}}
    if isinstance(converter, AnyConverter) and cls is AnyConverter:
        return {"schema": {"type": "string", "enum": sorted(converter.items)}}
    if cls is PathConverter:
        return {"description": "The value may contain slashes.", "schema": {"type": "string"}}
    return {"schema": {"type": "string"}}


def _text(converter: BaseConverter) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "string"}
    found = _LENGTH.search(converter.regex)
    if found is None:
        return schema
    shortest, has_end, longest = found.groups()
    if not has_end:
        longest = shortest
    if int(shortest) > 1:  # a segment of a path is never empty
        schema["minLength"] = int(shortest)
    if longest:
        schema["maxLength"] = int(longest)
    return schema


def _number(kind: str, converter: NumberConverter) -> dict[str, Any]:
    if converter.fixed_digits:  # a number such as 007, which a client would send as 7
        return {"type": "string", "pattern": f"^[0-9]{{{converter.fixed_digits}}}$"}
    schema: dict[str, Any] = {"type": kind}
    least = converter.min if converter.signed else max(converter.min or 0, 0)
    if least is not None:
        schema["minimum"] = least
    if converter.max is not None:
        schema["maximum"] = converter.max
    return schema
