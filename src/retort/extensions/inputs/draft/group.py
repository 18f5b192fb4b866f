"""The fields of a form that have fields themselves: objects, lists of objects, mappings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from ..forms.fields import MAX_ITEMS
from ..forms.names import row_indexes
from ..forms.tree import is_nested
from ..types import describe
from .field import MISSING, DraftField, FieldErrors, readable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..types import Described, Member, Record
    from .field import Path, Source


class ByName:
    """Fields as items, and as attributes where no other attribute has the name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # such as __html__, for which libraries look
            raise AttributeError(name)
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(error.args[0]) from None

    def __getitem__(self, name: str) -> Any:
        raise NotImplementedError


class DraftGroup(ByName):
    """A field that is an object: its fields are its attributes.

    :param records: the type of the object, or those of a union; then the fields of all of them
        are there, and the field of their tag, which chooses one.
    """

    def __init__(
        self,
        records: tuple[Record, ...],
        source: Source,
        path: Path,
        initial: Any,
        *,
        is_optional: bool,
    ) -> None:
        self._records = records
        self._is_optional = is_optional
        self._source = source
        self._path = path
        self._initial = initial

    def __repr__(self) -> str:
        return f"<DraftGroup {'.'.join(map(str, self._path))!r}>"

    def __getitem__(self, name: str) -> Any:
        if len(self._records) > 1 and name == _tag_field(self._records):
            return self._tag(name)
        records = [each for each in self._records if _has_member(each, name)]
        return field_of_record(
            records[0] if records else self._records[0],
            self._source,
            self._path,
            self._initial,
            name,
            is_optional=self._is_optional,
        )

    def _tag(self, name: str) -> DraftField:
        tags = tuple(record.tag[1] for record in self._records if record.tag is not None)
        initial: Any = MISSING
        for record in self._records:
            if isinstance(self._initial, record.cls) and record.tag is not None:
                initial = record.tag[1]
        return DraftField(
            describe(Literal[tags]),
            self._source,
            (*self._path, name),
            initial,
            is_optional=self._is_optional,
            label=readable(name),
        )

    def __iter__(self) -> Iterator[Any]:
        tag = _tag_field(self._records) if len(self._records) > 1 else None
        names = [] if tag is None else [tag]
        names += [member.name for record in self._records for member in record.members]
        return (self[name] for name in dict.fromkeys(names))


def _tag_field(records: tuple[Record, ...]) -> str | None:
    return records[0].tag[0] if records[0].tag is not None else None


class DraftRows:
    """A field that is a list of objects, or a mapping: each row has an index, or a key."""

    def __init__(self, described: Described, source: Source, path: Path, initial: Any) -> None:
        self.name = ".".join(map(str, path))
        self._described = described
        self._source = source
        self._path = path
        self._initial = initial

    def __repr__(self) -> str:
        return f"<DraftRows {self.name!r}>"

    @property
    def errors(self) -> FieldErrors:
        """The errors of the list as a whole, such as too few rows."""
        found = (error for error in self._source.errors if error.path == self._path)
        return FieldErrors(found, f"{self.name}-errors")

    @cached_property
    def _steps(self) -> list[int | str]:
        is_mapping = not self._described.is_many
        if self._source.given is not None:
            below = self._source.names_below(self.name)
            return list(below) if is_mapping else sorted(row_indexes(below))
        if is_mapping:
            return list(self._initial) if isinstance(self._initial, Mapping) else []
        return list(range(len(self._rows)))

    @property
    def _rows(self) -> Sequence[Any]:
        return self._initial if isinstance(self._initial, (list, tuple)) else ()

    def __len__(self) -> int:
        return len(self._steps)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return map(self.__getitem__, self._steps)

    def __getitem__(self, step: int | str) -> Any:
        """A row; one that was not sent is blank, for a page that shows rows to fill in."""
        described = self._described
        if described.is_many and not (isinstance(step, int) and 0 <= step < MAX_ITEMS):
            raise IndexError(f"{self.name!r} has rows 0 to {MAX_ITEMS - 1}, not {step!r}.")
        initial: Any = MISSING
        if isinstance(step, int) and step < len(self._rows):
            initial = self._rows[step]
        elif isinstance(self._initial, Mapping) and step in self._initial:
            initial = self._initial[step]
        if described.item is None:
            raise KeyError(f"{self.name!r} has no fields.")
        return make_draft_field(
            described.item, self._source, (*self._path, step), initial, is_optional=True
        )


def make_draft_field(
    described: Described, source: Source, path: Path, initial: Any, **about: Any
) -> DraftField | DraftGroup | DraftRows:
    """The field for a type."""
    options = (described, *described.options)
    records = tuple(each.record for each in options if each.record is not None)
    if records:
        is_optional = about.get("has_default") or about.get("is_optional") or described.is_nullable
        return DraftGroup(records, source, path, initial, is_optional=bool(is_optional))
    if is_nested(described):
        return DraftRows(described, source, path, initial)
    return DraftField(described, source, path, initial, **about)


def field_of_record(
    record: Record,
    source: Source,
    path: Path,
    initial: Any,
    name: str,
    *,
    is_optional: bool = False,
) -> Any:
    """The field of an object by its name in Python, or in the form.

    :param is_optional: whether the whole object may be left blank.
    :raises KeyError: if there is none; the message has those that there are.
    """
    member = _member_of(record, name)
    # A blank row shows no defaults: the browser would send them, and the row would not be blank.
    is_blank = is_optional and (initial is MISSING or initial is None)
    return make_draft_field(
        member.type,
        source,
        (*path, member.key),
        MISSING if is_blank else initial_of(member, initial),
        has_default=not member.is_required,
        is_optional=is_optional,
        label=readable(member.name),
    )


def _has_member(record: Record, name: str) -> bool:
    return name in record.by_key or any(member.name == name for member in record.members)


def _member_of(record: Record, name: str) -> Member:
    for member in record.members:
        if member.name == name:
            return member
    if name in record.by_key:
        return record.by_key[name]
    names = ", ".join(member.name for member in record.members)
    raise KeyError(f"{record.cls.__name__} has no field {name!r}. Its fields are: {names}.")


def initial_of(member: Member, owner: Any) -> Any:
    """The value of a field of an object, a mapping or a row of a database."""
    if owner is not MISSING and owner is not None:
        for name in (member.name, member.key):
            value = _look_up(owner, name)
            if value is not MISSING:
                return value
    return member.make_default() if member.has_default else MISSING


def _look_up(owner: Any, name: str) -> Any:
    # sqlite3.Row is no Mapping.
    if isinstance(owner, Mapping) or all(hasattr(type(owner), each) for each in _OF_A_MAPPING):
        try:
            return owner[name]
        except (KeyError, IndexError):
            return MISSING
    return getattr(owner, name, MISSING)


_OF_A_MAPPING = ("keys", "__getitem__")


def path_of(described: Described, name: str) -> Path:
    """The path of a field by its name, such as ``address.street``.

    :raises KeyError: if there is none; the message has those that there are.
    """
    path: list[str | int] = []
    for part in name.split("."):
        if described.record is not None:
            member = _member_of(described.record, part)
            path.append(member.key)
            described = member.type
        elif described.item is not None:
            path.append(int(part) if described.is_many and part.isdecimal() else part)
            described = described.item
        else:
            raise KeyError(f"The field {'.'.join(map(str, path))!r} has no field {part!r}.")
    return tuple(path)
