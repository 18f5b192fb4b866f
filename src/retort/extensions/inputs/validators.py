"""Errors of validators: those of the program, and those of pydantic.

The text of a validator of the program is shown. The texts of libraries contain the value that was
sent, so only the kind of their errors is used.
"""

from __future__ import annotations

from dis import opmap
from typing import TYPE_CHECKING, Any

from .errors import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

_LIBRARIES = ("attr.", "attrs.", "pydantic.", "msgspec.")


_RAISE = opmap["RAISE_VARARGS"]


def text_of_validator(error: BaseException) -> str | None:
    """The text of an exception that the program has raised; ``None`` for others.

    The texts of functions contain the value: ``invalid literal for int() with base 10: 'secret'``.
    """
    raised_at = _innermost(error)
    if raised_at is None or not _is_raised(raised_at):
        return None
    module = str(raised_at.tb_frame.f_globals.get("__name__", ""))
    if f"{module}.".startswith((*_LIBRARIES, __name__.rpartition(".")[0])):
        return None
    return str(error) or None


def raise_bug(error: BaseException | None) -> None:
    """Raise the error of a validator again if it is a bug of the program.

    msgspec takes each ``TypeError`` of a ``__post_init__`` for a refused value. One that no
    ``raise`` statement has raised is a mistake, such as ``None + 1``; pydantic does not catch it.
    """
    if not isinstance(error, TypeError):
        return
    raised_at = _innermost(error)
    if raised_at is not None and not _is_raised(raised_at):
        raise error


def _innermost(error: BaseException) -> TracebackType | None:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback


def _is_raised(raised_at: TracebackType) -> bool:
    """Whether a ``raise`` or ``assert`` statement has raised an exception, and not a function.

    Decision 29 says why.
    """
    return raised_at.tb_frame.f_code.co_code[raised_at.tb_lasti] == _RAISE


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
        place = (*path, *map(_shown, each["loc"]))
        own = context.get("error")
        if isinstance(own, BaseException):
            yield FieldError(source, place, "invalid", text=text_of_validator(own) or None)
            continue
        code, name = _kind(each["type"])
        yield FieldError(source, place, code, context.get(name) if name else None)


def _shown(step: str | int) -> str | int:
    """A step of a place, which may be a name that was sent, as text that can be sent."""
    if isinstance(step, int):
        return step
    return step[:100].encode("utf-8", "replace").decode()


def _kind(kind: str) -> tuple[str, str | None]:
    if kind in _KINDS:
        return _KINDS[kind]
    for beginning, code in _BY_BEGINNING.items():
        if kind.startswith(beginning):
            return code, None
    return "invalid", None
