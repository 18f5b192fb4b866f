"""Check the declared inputs of a view where it is registered for a rule."""

from __future__ import annotations

import typing as t

from ...errors import SetupError
from ...tracebacks import where
from .signatures import function_of, parameters_of
from .types import is_native

if t.TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from .parameters import Parameter

_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE", "QUERY"})


def check_route(
    rule: str, variables: Collection[str] | None, view: Callable[..., t.Any], methods: set[str]
) -> None:
    """Check the declared inputs of a view that is registered for a rule.

    A type that is not defined yet is checked with the first request.

    :param variables: those of the whole rule, if it is known.
    :raises SetupError: if they do not fit the rule.
    """
    for function, own in _functions_of(view, methods):
        try:
            parameters = parameters_of(function)
            for parameter in parameters:
                is_native(parameter.described)  # describes the types of all fields
        except SetupError as error:
            if _may_be_defined_later(error):
                continue
            raise
        for parameter in parameters:
            _check_upload(parameter, function)
        if variables is not None:
            for parameter in parameters:
                _check_variable(rule, variables, parameter, function)
        _check_bodies(rule, parameters, function, own)


def _may_be_defined_later(error: BaseException | None) -> bool:
    while error is not None and not isinstance(error, NameError):
        error = error.__cause__
    return error is not None


def _functions_of(
    view: Callable[..., t.Any], methods: set[str]
) -> Iterator[tuple[Callable[..., t.Any], set[str]]]:
    """The functions that a view calls, each with its methods."""
    for method, each in getattr(view, "views_by_method", {}).items():
        yield each, {method}
    cls = getattr(view, "view_class", None)
    if cls is None:
        if not hasattr(view, "views_by_method"):
            yield view, methods
        return
    for method in methods:
        function = getattr(cls, method.lower(), None)
        if function is not None:
            yield function, {method}
    yield cls.dispatch_request, methods


def _place(function: t.Any) -> str:
    return where(function_of(function))


def _check_variable(
    rule: str, variables: Collection[str], parameter: Parameter, function: t.Any
) -> None:
    name = parameter.name
    place = f"{name!r} in {_place(function)}"
    if parameter.source == "path":
        missing = [key for key in _keys(parameter) if key not in variables]
        if missing:
            raise SetupError(
                f"{place} is marked with Path, and the rule {rule!r} has no variable"
                f" {missing[0]!r}. Add <{missing[0]}> to the rule, or write another marker, such"
                " as Query."
            )
    elif name in variables:
        marker = parameter.source.title()
        raise SetupError(
            f"{place} is a variable of the rule {rule!r}, and it is marked with {marker}. Mark it"
            " with Path, remove the marker, or give the parameter another name."
        )


def _check_upload(parameter: Parameter, function: t.Any) -> None:
    if parameter.source in ("form", "draft"):
        return
    record = parameter.described.record
    members = () if record is None else record.members
    fields = [
        f"the field {member.name!r}"
        for member in members
        if member.is_required and member.type.is_upload
    ]
    if parameter.described.is_upload or fields:
        raise SetupError(
            f"{parameter.name!r} in {_place(function)} is marked with {parameter.source.title()},"
            f" and {fields[0] if fields else 'its type'} is a file. Files are sent in forms only:"
            " mark it with Form."
        )


def _keys(parameter: Parameter) -> list[str]:
    """The variables that a parameter needs."""
    if parameter.key is not None:
        return [parameter.key]
    record = parameter.described.record
    members = () if record is None else record.members
    return [member.key for member in members if member.is_required]


def _check_bodies(
    rule: str, parameters: Collection[Parameter], function: t.Any, methods: set[str]
) -> None:
    bodies = [each for each in parameters if each.source in ("body", "form", "draft")]
    kinds = {"body" if each.source == "body" else "form" for each in bodies}
    if len(kinds) > 1:
        names = " and ".join(repr(each.name) for each in bodies)
        raise SetupError(
            f"{names} in {_place(function)}: a request has one body, either JSON (Body) or a form"
            " (Form, Draft). Use one of them, or write two views."
        )
    whole = [each.name for each in bodies if each.key is None]
    if len(whole) > 1:
        raise SetupError(
            f"{' and '.join(map(repr, whole))} in {_place(function)} take the whole body each."
            " Write one class with the fields of both."
        )
    if any(each.source != "draft" for each in bodies) and methods.isdisjoint(_BODY_METHODS):
        raise SetupError(
            f"{bodies[0].name!r} in {_place(function)} is read from the body of the request, and"
            f" the rule {rule!r} takes {', '.join(sorted(methods))} only. Add"
            " methods=['POST'], or write Query, if it is in the address."
        )
