"""Read one input from its part of a request."""

from __future__ import annotations

import typing as t
from functools import partial

from werkzeug.datastructures import MultiDict

from .check import convert
from .draft import make_draft
from .errors import InvalidInput
from .form_type import check_form_type
from .forms import NOT_FILLED, read_field, read_form, read_form_field
from .json_body import json_reader, read_member
from .parameters import checked, require

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ...http import Request
    from .forms import FormReading
    from .parameters import Parameter
    from .types import Described

    Read = Callable[[Request], t.Any]


def reader_of(parameter: Parameter) -> Read:
    """The function that reads a parameter; it returns ``NOT_FILLED`` for the default.

    It raises `InvalidInput` for a value that is not valid.
    """
    if parameter.source == "draft":
        return partial(make_draft, parameter.described)
    if parameter.source == "body":
        if parameter.key is None:
            return json_reader(parameter)
        return partial(read_member, parameter)
    if parameter.source == "form":
        return partial(_read_form, parameter)
    if parameter.source == "path" and parameter.key is not None:
        return partial(_read_variable, parameter)
    if parameter.key is None:
        return partial(_read_all, parameter)
    return partial(_read_values, parameter, _VALUES[parameter.source])


def _read_values(
    parameter: Parameter, values_of: Callable[[Request, str], list[str]], request: Request
) -> t.Any:
    key = t.cast("str", parameter.key)
    described = parameter.described
    values = values_of(request, key)
    if parameter.source == "header" and described.is_many:
        values = _listed(values)
    value = read_field(described, values, keeps_empty=parameter.source != "query")
    value = require(parameter, value, (key,))
    if value is NOT_FILLED or value is None:
        return value
    return checked(parameter, value, (key,))


def _read_variable(parameter: Parameter, request: Request) -> t.Any:
    key = t.cast("str", parameter.key)
    value = (request.view_args or {}).get(key, NOT_FILLED)
    if isinstance(value, str):  # else a converter has made it
        value = read_field(parameter.described, [value], keeps_empty=True)
    value = require(parameter, value, (key,))
    if value is NOT_FILLED or value is None:
        return value
    return checked(parameter, value, (key,))


def _read_all(parameter: Parameter, request: Request) -> t.Any:
    source = parameter.source
    fields = _fields(source, request)
    if source == "header":
        _split_lists(parameter.described, fields)
    reading = read_form(parameter.described, fields, None, keeps_empty=source != "query")
    return _complete(parameter, reading)


def _split_lists(described: Described, fields: MultiDict[str, str]) -> None:
    for member in described.record.members if described.record is not None else ():
        if member.type.is_many and member.key in fields:
            fields.setlist(member.key, _listed(fields.getlist(member.key)))


def _listed(lines: list[str]) -> list[str]:
    """The elements of a header that is a list; a server may join its lines: RFC 9110 section 5.6.1.

    Empty elements do not count.
    """
    elements = (element.strip(" \t") for line in lines for element in line.split(","))
    return [element for element in elements if element]


def _fields(source: str, request: Request) -> MultiDict[str, str]:
    if source == "query":
        return request.args
    if source == "cookie":
        return request.cookies
    if source == "path":
        return MultiDict(request.view_args or {})
    pairs = ((name.lower().replace("-", "_"), value) for name, value in request.headers)
    return MultiDict(pairs)


def _complete(parameter: Parameter, reading: FormReading) -> t.Any:
    source = parameter.source
    errors = reading.errors
    try:
        value = convert(parameter.described, reading.tree, source)
    except InvalidInput as invalid:
        errors = [*errors, *reading.placed(invalid.errors)]
    if errors:
        raise InvalidInput([each._replace(source=source) for each in errors])
    return value


def _read_form(parameter: Parameter, request: Request) -> t.Any:
    check_form_type(request)
    described, key = parameter.described, parameter.key
    if key is None:
        return _complete(parameter, read_form(described, request.form, request.files))
    value = read_form_field(described, key, request.form, request.files)
    value = require(parameter, value, (key,))
    if value is NOT_FILLED or value is None:
        return value
    return checked(parameter, value, (key,))


def _query_values(request: Request, key: str) -> list[str]:
    return request.args.getlist(key)


def _header_values(request: Request, key: str) -> list[str]:
    return request.headers.getlist(key)


def _cookie_values(request: Request, key: str) -> list[str]:
    return request.cookies.getlist(key)[:1]


_VALUES: dict[str, Callable[[Request, str], list[str]]] = {
    "query": _query_values,
    "header": _header_values,
    "cookie": _cookie_values,
}
