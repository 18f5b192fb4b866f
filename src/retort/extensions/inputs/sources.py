"""Read one input from its part of a request."""

from __future__ import annotations

import typing as t
from functools import partial

from msgspec import NODEFAULT
from werkzeug.datastructures import MultiDict
from werkzeug.http import parse_list_header

from .check import convert, errors_in
from .draft import make_draft
from .errors import InvalidInput
from .forms import NOT_FILLED, read_field, read_form, read_form_field
from .forms.body import check_form_type, files_of
from .json_body import json_reader, read_member
from .parameters import read_value

if t.TYPE_CHECKING:
    from collections.abc import Callable, Collection

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
    if parameter.source == "header" and parameter.described.is_many:
        return partial(_read_values, parameter, _header_list)
    return partial(_read_values, parameter, _VALUES[parameter.source])


def _read_values(
    parameter: Parameter, values_of: Callable[[Request, str], list[str]], request: Request
) -> t.Any:
    key = t.cast("str", parameter.key)
    described = parameter.described
    keeps_empty = parameter.source != "query"
    value = read_field(described, values_of(request, key), keeps_empty=keeps_empty)
    return read_value(parameter, value, (key,))


def _read_variable(parameter: Parameter, request: Request) -> t.Any:
    key = t.cast("str", parameter.key)
    value = (request.view_args or {}).get(key, NOT_FILLED)
    if isinstance(value, str):  # else a converter has made it
        value = read_field(parameter.described, [value], keeps_empty=True)
    return read_value(parameter, value, (key,))


def _read_all(parameter: Parameter, request: Request) -> t.Any:
    described = parameter.described
    fields = _fields(parameter.source, described, request)
    if _may_be_left_out(parameter) and not _has_any(described, fields):
        return NOT_FILLED if parameter.default is not NODEFAULT else None
    keeps_empty = parameter.source != "query"
    return _complete(parameter, read_form(described, fields, None, keeps_empty=keeps_empty))


def _may_be_left_out(parameter: Parameter) -> bool:
    return parameter.default is not NODEFAULT or parameter.described.is_nullable


def _has_any(described: Described, fields: Collection[str]) -> bool:
    """Whether a field of an object was sent; an address may have others, such as of trackers."""
    if described.record is None:
        return bool(fields)
    names = described.record.by_key
    return any(name.partition(".")[0] in names for name in fields)


def _fields(source: str, described: Described, request: Request) -> MultiDict[str, str]:
    if source == "query":
        return request.args
    if source == "path":
        return MultiDict(request.view_args or {})
    names = None if described.record is None else described.record.by_key
    if source == "cookie":
        return _only(names, request.cookies)
    if names is None:
        return MultiDict((name.lower(), value) for name, value in request.headers)
    # Clients and proxies add fields of their own, which are no errors.
    return MultiDict(
        (name, value)
        for name, member in names.items()
        for value in (_header_list if member.type.is_many else _header_values)(
            request, name.replace("_", "-")
        )
    )


def _only(names: Collection[str] | None, fields: MultiDict[str, str]) -> MultiDict[str, str]:
    """The fields that a type names; a browser sends all cookies of the site."""
    if names is None:
        return fields
    return MultiDict((name, value) for name in names for value in fields.getlist(name)[:1])


def _complete(parameter: Parameter, reading: FormReading) -> t.Any:
    described, source = parameter.described, parameter.source
    status = 404 if source == "path" else 422
    if reading.errors:
        found = [*reading.errors, *reading.placed(errors_in(described, reading.tree, source))]
        raise InvalidInput([each._replace(source=source) for each in found], status)
    try:
        return convert(described, reading.tree, source)
    except InvalidInput as invalid:
        raise InvalidInput(reading.placed(invalid.errors), status) from None


def _read_form(parameter: Parameter, request: Request) -> t.Any:
    check_form_type(request)
    described, key = parameter.described, parameter.key
    if key is None:
        is_left_out = _may_be_left_out(parameter) and not (
            _has_any(described, request.form) or _has_any(described, request.files)
        )
        if is_left_out:
            return NOT_FILLED if parameter.default is not NODEFAULT else None
        return _complete(parameter, read_form(described, request.form, files_of(request)))
    value = read_form_field(described, key, request.form, files_of(request))
    return read_value(parameter, value, (key,))


def _query_values(request: Request, key: str) -> list[str]:
    return request.args.getlist(key)


def _header_values(request: Request, key: str) -> list[str]:
    return request.headers.getlist(key)


def _header_list(request: Request, key: str) -> list[str]:
    """The items of a field: several fields of one name are one list (RFC 9110 section 5.3)."""
    text = ",".join(request.headers.getlist(key))
    # Werkzeug has no items for a list in which a quotation mark is not closed.
    items = parse_list_header(text) or [text.strip()]
    return [item for item in items if item]  # empty ones do not count: section 5.6.1


def _cookie_values(request: Request, key: str) -> list[str]:
    return request.cookies.getlist(key)[:1]


_VALUES: dict[str, Callable[[Request, str], list[str]]] = {
    "query": _query_values,
    "header": _header_values,
    "cookie": _cookie_values,
}
