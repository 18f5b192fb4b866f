"""Read a JSON body, or one member of it."""

from __future__ import annotations

import json
import typing as t
from functools import partial
from math import isfinite

import msgspec
from msgspec import NODEFAULT

from ...json.depth import MAX_DEPTH, depth_of
from .check import MAX_NESTING, Misread, convert, errors_in
from .errors import FieldError, InvalidInput, Unreadable, UnsupportedInput
from .forms import NOT_FILLED
from .parameters import checked, require
from .texts import MAX_PATTERN_LENGTH
from .types import has_pattern, is_native

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ...http import Request
    from .parameters import Parameter
    from .types import Described

JSON_TYPE = "application/json"
# The escape of NUL. A half of a pair of surrogates is an error of msgspec.
_NUL = b"\\u0000"
_BOM = b"\xef\xbb\xbf"
_MAX_DIGITS = 4_000


def json_reader(parameter: Parameter) -> Callable[[Request], t.Any]:
    """The function that reads the whole body as the type of a parameter."""
    described = parameter.described
    if not is_native(described):
        return partial(_read_plain, parameter)
    annotation = described.annotation
    if described.is_nullable:
        annotation = t.Optional[annotation]  # noqa: UP045  # of a value
    decode = msgspec.json.Decoder(annotation).decode
    checks_texts = has_pattern(described)

    def read(request: Request) -> t.Any:
        body = body_of(request)
        if _NUL in body or (checks_texts and _is_odd_for_patterns(body)):
            return _read_plain(parameter, request)
        if not body:
            return missing(parameter)
        if _depth_of(body) > MAX_NESTING:
            return _read_plain(parameter, request)
        try:
            return decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return _read_plain(parameter, request)  # which finds all errors

    return read


def _is_odd_for_patterns(body: bytes) -> bool:
    """Whether a text in a body may be too long for a pattern, or end with a line break."""
    return len(body) > MAX_PATTERN_LENGTH or b"\\n" in body or b"\\u000" in body


def _read_plain(parameter: Parameter, request: Request) -> t.Any:
    body = body_of(request)
    if not body:
        return missing(parameter)
    value = parse(body)
    check_plain(parameter.described, value)
    return convert(parameter.described, value, "body")


def check_plain(described: Described, value: t.Any, path: tuple[str, ...] = ()) -> None:
    """Refuse characters that are no text, which msgspec accepts.

    `convert` itself checks the values of types that msgspec does not know in full.
    """
    if described.converts_at_once:
        errors = errors_in(described, value, "body", path)
        if errors:
            raise InvalidInput(errors)


def missing(parameter: Parameter) -> t.Any:
    """The value for a request without a body.

    :raises Unreadable: if the body is required.
    """
    if parameter.default is not NODEFAULT:
        return NOT_FILLED
    if parameter.described.is_nullable:
        return None
    raise Unreadable("The request has no body. Send JSON.")


def read_member(parameter: Parameter, request: Request) -> t.Any:
    """One member of the object in the body."""
    key = t.cast("str", parameter.key)
    body = body_of(request)
    value = parse(body) if body else {}
    if not isinstance(value, dict):
        raise InvalidInput([FieldError("body", (), "object")])
    if key not in value:
        return require(parameter, NOT_FILLED, (key,))
    check_plain(parameter.described, value[key], (key,))
    return checked(parameter, value[key], (key,))


def body_of(request: Request) -> bytes:
    """The body of a request that is declared as JSON.

    :raises UnsupportedInput: (415) if it is declared as something else.
    """
    body = request.get_data()
    if not request.is_json and body:
        raise UnsupportedInput((JSON_TYPE,))
    return body.removeprefix(_BOM)  # as Flask and RFC 8259 section 8.1 permit


_NOT_UTF_8 = "The body is not UTF-8, which JSON must be."
_TOO_DEEP = f"The JSON is nested too deeply: at most {MAX_DEPTH:,} levels are read."


def parse(body: bytes) -> t.Any:
    """The plain value of JSON: RFC 8259.

    :raises Unreadable: (400) if it is not well-formed; the text has the place, not the content.
    """
    if _depth_of(body) > MAX_DEPTH:
        raise Unreadable(_TOO_DEEP)
    try:
        return _with_integers(msgspec.json.decode(body))
    except (ValueError, RecursionError):
        pass
    # Python's decoder reads halves of surrogates, and numbers of any size: the errors of those
    # are errors of fields.
    try:
        text = body.decode("utf-8", "strict")
        return json.loads(text, parse_constant=_refuse, parse_int=_integer, parse_float=_number)
    except UnicodeDecodeError:
        raise Unreadable(_NOT_UTF_8) from None
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"The body is not JSON: error in line {error.lineno}, column {error.colno}."
        ) from None
    except RecursionError:
        raise Unreadable(_TOO_DEEP) from None
    except ValueError:
        raise Unreadable("The body is not JSON: it contains NaN or Infinity.") from None


def _depth_of(body: bytes) -> int:
    try:
        return depth_of(body, MAX_NESTING)
    except UnicodeDecodeError:  # it begins as UTF-16 or UTF-32
        raise Unreadable(_NOT_UTF_8) from None


def _with_integers(value: t.Any) -> t.Any:
    """The value with 40.0 as 40: in JSON these are the same number, and JSON Schema's integer.

    A loop, not a recursion, since the depth is that of the request.
    """
    whole = [value]
    containers: list[t.Any] = [whole]
    while containers:
        container = containers.pop()
        places = container.items() if type(container) is dict else enumerate(container)
        for place, each in places:
            if type(each) is float and each.is_integer() and abs(each) <= _MAX_EXACT:
                container[place] = int(each)
            elif type(each) is dict or type(each) is list:
                containers.append(each)
    return whole[0]


_MAX_EXACT = 2**53  # RFC 8259 section 6: above, numbers are not exact everywhere


def _refuse(constant: str) -> t.Any:
    raise ValueError(constant)


def _integer(text: str) -> t.Any:
    return Misread("number") if len(text) > _MAX_DIGITS else int(text)


def _number(text: str) -> t.Any:
    number = float(text)
    return number if isfinite(number) else Misread("number")
