"""Compare what a view returns with its return annotation, in debug mode and in tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

import msgspec
from werkzeug.wrappers import Response as BaseResponse

from ...errors import SetupError
from ...globals import current_app
from ...lifecycle.returned import return_annotation
from ...tracebacks import where
from .check import errors_in
from .types import describe

if TYPE_CHECKING:
    from collections.abc import Callable

    from .types import Described


class Returned:
    """The declared return type of a function; empty without one that has fields."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.place = where(function)
        self.described = _describe(return_annotation(function))

    def check(self, value: Any) -> Any:
        """Return the value.

        :raises TypeError: in debug mode and in tests, if it is not what the annotation says.
        """
        described = self.described
        if described is None or not (current_app.debug or current_app.testing):
            return value
        body = value[0] if type(value) is tuple and value else value
        if not isinstance(body, (dict, list)) and not hasattr(type(body), "__struct_fields__"):
            return value  # a response, text; or an object whose class has made its fields
        try:
            plain = _plain(body)
        except (TypeError, ValueError, NotImplementedError, RecursionError):
            return value  # the JSON provider of the program may know what is in it
        errors = errors_in(described, plain, "return value")
        if errors:
            listed = "; ".join(f"{each.field or 'the value'}: {each.message}" for each in errors)
            raise TypeError(
                f"{self.place} returned a value that is not what its annotation says:"
                f" {listed} Return another value, or change the annotation. This is checked in"
                " debug mode and in tests only."
            )
        return value


def _describe(annotation: Any) -> Described | None:
    if get_origin(annotation) is tuple and get_args(annotation):
        annotation = get_args(annotation)[0]  # a value with its status
    if isinstance(annotation, type) and issubclass(annotation, BaseResponse):
        return None
    try:
        described = None if annotation is None else describe(annotation)
    except SetupError:  # a type that Flask knows, such as ResponseReturnValue
        return None
    if described is None:
        return None
    item = described if described.item is None else described.item
    return described if item.record is not None else None


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(value, enc_hook=_dump)


def _dump(value: Any) -> Any:
    dump = getattr(value, "model_dump", None)
    if dump is None:
        raise NotImplementedError
    return dump(mode="json")
