"""Read the values of one name of a form: one value, or all of a list."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast, get_args

from msgspec import inspect as kinds
from werkzeug.datastructures import FileStorage

from ....bounded import BoundedCache
from ..check import Misread
from ..errors import MAX_ERRORS, FieldError
from ..types import describe, strip
from .files import read_file
from .text import NOT_FILLED, make_reader, read_empty

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..types import Described

    Path = tuple[str | int, ...]

Value: TypeAlias = "str | FileStorage"

MAX_ITEMS: Final = 1_000
"""The length of a list in a form, and the number of names in a mapping."""


class Reading:
    """What is found while a form is read.

    :param is_form: whether a box that is not checked is not sent; false for a query and the like.
    :param keeps_empty: whether an empty text is a value. In a form or a query, which a form may
        have made, it means that nothing was filled in.
    :ivar errors: the errors of its structure.
    :ivar filled: how many fields were filled in so far; a box that is not checked is not.
    :ivar rows: for a list of which rows are missing or blank, the index of each row in the form.
    """

    def __init__(self, *, is_form: bool = True, keeps_empty: bool = False) -> None:
        self.is_form = is_form
        self.keeps_empty = keeps_empty
        self.errors: list[FieldError] = []
        self.filled = 0
        self.rows: dict[Path, list[int]] = {}

    def add(self, path: Path, code: str, limit: Any = None) -> None:
        """Add an error."""
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(FieldError("form", path, code, limit))


class Scalar:
    """A field with one value.

    :param is_loose: a text that cannot be read is an error here, since the converter of the type
        would take it for a value.
    """

    def __init__(self, described: Described, *, is_loose: bool = False) -> None:
        self.described = described
        self.is_bool = isinstance(described.type, kinds.BoolType)
        self.is_loose = is_loose or described.is_opaque or isinstance(described.type, kinds.AnyType)
        self.read_value = make_reader(described)

    def read(self, reading: Reading, values: Sequence[Value] | None, path: Path) -> Any:
        """The value, a `Misread`, or `NOT_FILLED`."""
        if values is None:
            return NOT_FILLED
        value = self.read_one(values[0]) if len(values) == 1 else self._of_several(values)
        if value is NOT_FILLED and reading.keeps_empty:
            value = read_empty(self.described)
        if value is NOT_FILLED:
            return value
        if self.is_loose and type(value) is Misread:
            reading.add(path, *value)
            value = values[0]
        reading.filled += value is not False
        return value

    def read_one(self, value: Any) -> Any:
        """What one text or file is."""
        if isinstance(value, str):
            return self.read_value(value)
        # A converter of the rule may have made another object of a variable of the URL.
        return read_file(self.described, value) if isinstance(value, FileStorage) else value

    def _of_several(self, values: Sequence[Value]) -> Any:
        """The value of a name that was sent more than once."""
        different = dict.fromkeys(values)
        found = [self.read_one(value) for value in different]
        if not self.is_bool:
            if len(different) == 1:
                return found[0]
            found = [value for value, sent in zip(found, different, strict=True) if _counts(sent)]
            return found[0] if len(found) == 1 else Misread("repeated")
        wrong = [value for value in found if type(value) is Misread]
        # A hidden field gives the value for a box that is not checked.
        return wrong[0] if wrong else True in found or (False if False in found else NOT_FILLED)


def _counts(value: Value) -> bool:
    """Whether a value of several is one: an empty file input beside another is not."""
    return isinstance(value, str) or bool(value.filename)


class Many:
    """A list, a set or a tuple: it has all values of the name."""

    def __init__(self, described: Described, *, is_loose: bool = False) -> None:
        item = cast("Described", described.item)
        if item.control is None and described.control is not None:
            item = dataclasses.replace(item, control=described.control)
        self.item = Scalar(item, is_loose=is_loose)

    def read(self, reading: Reading, values: Sequence[Value] | None, path: Path) -> Any:
        """The values that were filled in, some of them a `Misread`; or `NOT_FILLED`."""
        items: list[Any] = []
        for value in values or ():
            if len(items) >= MAX_ITEMS and path:
                reading.add(path, "max_items", MAX_ITEMS)
                break
            item = self.item.read(reading, (value,), (*path, len(items)))
            if item is not NOT_FILLED:
                items.append(item)
        return items or NOT_FILLED


class Several:
    """A tuple with a type for each place: the values of the name, in their order."""

    def __init__(self, described: Described) -> None:
        annotation = strip(described.annotation)[0]
        self.items = [Scalar(describe(each), is_loose=True) for each in get_args(annotation)]

    def read(self, reading: Reading, values: Sequence[Value] | None, path: Path) -> Any:
        """The values, or `NOT_FILLED` if none was filled in."""
        values = values or ()
        if all(value == "" for value in values):
            return NOT_FILLED
        if len(values) != len(self.items):
            reading.add(path, "list")
            return list(values)
        found = [
            item.read(reading, (value,), (*path, index))
            for index, (item, value) in enumerate(zip(self.items, values, strict=True))
        ]
        for index, value in enumerate(found):
            if value is NOT_FILLED and values[index] == "":
                reading.add((*path, index), "required")
        return found


def make_field(described: Described, *, is_loose: bool = False) -> Scalar | Many | Several:
    """The reader of the values of one name."""
    if described.is_many and described.item is not None:
        return Many(described, is_loose=is_loose)
    if isinstance(described.type, kinds.TupleType):
        return Several(described)
    return Scalar(described, is_loose=is_loose)


_fields: BoundedCache[int, tuple[Described, Scalar | Many | Several]] = BoundedCache(1_000)


def field_of(described: Described) -> Scalar | Many | Several:
    """The reader of the values of one name; made once for each description."""
    # A description has no hash. While it is in the cache, no other one has its identity.
    known = _fields.get(id(described))
    if known is None:
        known = described, make_field(described)
        _fields.keep(id(described), known)
    return known[1]
