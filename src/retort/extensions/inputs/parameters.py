"""One declared input of a view, and what its value may be."""

from __future__ import annotations

import typing as t

from msgspec import NODEFAULT

from .check import convert
from .errors import FieldError, InvalidInput
from .forms import NOT_FILLED

if t.TYPE_CHECKING:
    from .types import Described


class Parameter(t.NamedTuple):
    """One declared input of a view.

    :param name: the parameter of the function.
    :param source: ``path``, ``query``, ``form``, ``body``, ``header``, ``cookie`` or ``draft``.
    :param key: the name in the request; ``None``: the whole source.
    :param default: of the function; ``NODEFAULT`` if it has none.
    """

    name: str
    source: str
    key: str | None
    described: Described
    default: t.Any = NODEFAULT

    @property
    def has_default(self) -> bool:
        """Whether the function has a value for a request without it."""
        return self.default is not NODEFAULT

    @property
    def is_required(self) -> bool:
        """Whether a request without it is an error."""
        return not self.has_default and not self.described.is_nullable


def require(parameter: Parameter, value: t.Any, path: tuple[str, ...]) -> t.Any:
    """The value, ``None`` or ``NOT_FILLED`` if it is missing and may be.

    :raises InvalidInput: if it is missing and required.
    """
    if value is not NOT_FILLED or parameter.default is not NODEFAULT:
        return value
    if parameter.described.is_nullable:
        return None
    if parameter.described.is_many and parameter.source != "body":
        return checked(parameter, [], path)  # no value of the name was sent
    raise InvalidInput(
        [FieldError(parameter.source, path, "required")], 404 if parameter.source == "path" else 422
    )


def read_value(parameter: Parameter, value: t.Any, path: tuple[str, ...]) -> t.Any:
    """The object for the value of one field, which may be missing; see `require` and `checked`.

    :raises InvalidInput: if it is missing and required, or not valid.
    """
    value = require(parameter, value, path)
    if value is NOT_FILLED or value is None:
        return value
    return checked(parameter, value, path)


def checked(parameter: Parameter, value: t.Any, path: tuple[str, ...]) -> t.Any:
    """Convert the value of one field.

    :raises InvalidInput: with the name of the field in the path of each error.
    """
    try:
        return convert(parameter.described, value, parameter.source)
    except InvalidInput as invalid:
        errors = [each._replace(path=path + each.path) for each in invalid.errors]
        raise InvalidInput(errors, 404 if parameter.source == "path" else 422) from None
