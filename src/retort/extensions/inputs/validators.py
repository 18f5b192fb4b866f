"""Errors of validators: those of the program, and those of pydantic.

The text of a validator of the program is shown. The texts of libraries contain the value that was
sent, so only the kind of their errors is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIBRARIES = ("attr.", "attrs.", "pydantic.", "msgspec.")


def text_of_validator(error: BaseException) -> str | None:
    """The text of an exception that code of the program has raised; ``None`` for a library's."""
    traceback = error.__traceback__
    if traceback is None:
        return None
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    module = str(traceback.tb_frame.f_globals.get("__name__", ""))
    if f"{module}.".startswith((*_LIBRARIES, __name__.rpartition(".")[0])):
        return None
    return str(error) or None


# Kinds of pydantic's errors, and where their limit is.
_KINDS: dict[str, tuple[str, str | None]] = {
    "missing": ("required", None),
    "extra_forbidden": ("unknown", None),
    "greater_than_equal": ("minimum", "ge"),
    "greater_than": ("exclusive_minimum", "gt"),
    "less_than_equal": ("maximum", "le"),
    "less_than": ("exclusive_maximum", "lt"),
    "multiple_of": ("multiple_of", "multiple_of"),
    "string_too_short": ("min_length", "min_length"),
    "string_too_long": ("max_length", "max_length"),
    "string_pattern_mismatch": ("pattern", None),
    "too_short": ("min_items", "min_length"),
    "too_long": ("max_items", "max_length"),
    "string_type": ("text", None),
    "none_required": ("null", None),
    "list_type": ("list", None),
    "dict_type": ("object", None),
    "model_type": ("object", None),
}
_BY_BEGINNING = {
    "int_": "integer",
    "float_": "number",
    "bool_": "boolean",
    "datetime_": "datetime",
    "date_": "date",
    "time_delta_": "duration",
    "time_": "time",
    "uuid_": "uuid",
    "decimal_": "decimal",
    "bytes_": "bytes",
}


def errors_of_pydantic(
    error: ValueError, source: str, path: tuple[str | int, ...]
) -> list[FieldError] | None:
    """The errors in pydantic's ``ValidationError``; ``None`` for another exception."""
    if type(error).__module__.partition(".")[0] != "pydantic_core":
        return None
    return list(_errors(error, source, path))


def _errors(error: Any, source: str, path: tuple[str | int, ...]) -> Iterator[FieldError]:
    for each in error.errors(include_url=False, include_input=False):
        context = each.get("ctx", {})
        place = (*path, *each["loc"])
        own = context.get("error")
        if isinstance(own, BaseException):
            yield FieldError(source, place, "invalid", text=text_of_validator(own) or None)
            continue
        code, name = _kind(each["type"])
        yield FieldError(source, place, code, context.get(name) if name else None)


def _kind(kind: str) -> tuple[str, str | None]:
    if kind in _KINDS:
        return _KINDS[kind]
    for beginning, code in _BY_BEGINNING.items():
        if kind.startswith(beginning):
            return code, None
    return "invalid", None
