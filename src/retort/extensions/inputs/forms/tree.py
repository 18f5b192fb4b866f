"""Read a form with nested names, ``address.street`` and ``items.0.name``, into a plain tree.

The time is linear in the length of the form: each name is split once for each level of the type,
and the number of levels is limited.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from msgspec import inspect as kinds

from ..check import Misread
from .fields import MAX_ITEMS, Reading, Scalar, Value, make_field
from .names import MAX_INDEX, is_beyond, is_ignored, row_indexes, split
from .text import NOT_FILLED, make_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from ..types import Described, Member, Record
    from .fields import Many, Path, Several

    Given: TypeAlias = "Mapping[str, list[Value]]"
    AnyField: TypeAlias = "Nested | Scalar | Many | Several"
    Entry: TypeAlias = tuple[str, Callable[[Any], Any] | None, AnyField, Any, Any]

MAX_DEPTH: Final = 8
"""How many parts a name may have."""
MAX_NAME: Final = 100
"""The length of a name in an error, in characters."""

_NOTHING: Given = {}
_NOTHING_BELOW: dict[str, dict[str, list[Value]]] = {}


def read_tree(described: Described, given: Given, reading: Reading) -> Any:
    """The plain tree of a form for an object, a mapping or a union of objects."""
    if described.record is not None:
        plan = plan_of(described.record)
        if plan.nested:
            given = _without_deep(plan.nested, given, reading)
        return plan.read(reading, given, ())
    given = _without_deep(None, given, reading)
    tree = make_nested(described, is_kept=True).read(reading, None, given, ())
    return {} if tree is NOT_FILLED else tree


def _without_deep(heads: Collection[str] | None, given: Given, reading: Reading) -> Given:
    """The fields without those whose names have too many parts.

    :param heads: the first parts of names that may have parts; ``None``: any.
    """
    deep = {name for name in given if name.count(".") >= MAX_DEPTH}
    if not deep:
        return given
    for name in deep:
        parts = name[:MAX_NAME].split(".")[:MAX_DEPTH]
        if heads is None or parts[0] in heads:
            reading.add(tuple(parts), "depth", MAX_DEPTH)
    return {name: values for name, values in given.items() if name not in deep}


class Nested:
    """A field whose name is the beginning of other names."""

    def read(self, reading: Reading, values: Any, inner: Given | None, path: Path) -> Any:
        """The plain tree, a `Misread`, or `NOT_FILLED`.

        :param values: those of the name itself.
        :param inner: those of the names below it, without the beginning that is common.
        """
        raise NotImplementedError


class Object(Nested):
    """A field that is an object: its fields have names below its own.

    :param is_kept: whether it is an object also if none of its fields was filled in.
    """

    def __init__(self, record: Record, *, is_kept: bool) -> None:
        self.record = record
        self.is_kept = is_kept

    def read(self, reading: Reading, values: Any, inner: Given | None, path: Path) -> Any:
        """The plain tree of the object, or `NOT_FILLED`."""
        if inner is None and _is_filled(values):
            return Misread("object")
        if (inner is None and not self.is_kept) or len(path) > 2 * MAX_DEPTH:
            return NOT_FILLED
        before = reading.filled, len(reading.errors)
        tree = plan_of(self.record).read(reading, inner or _NOTHING, path)
        if (reading.filled, len(reading.errors)) == before and not self.is_kept:
            return NOT_FILLED
        return tree


class Choice(Nested):
    """A union of objects: the field with the tag names the type."""

    def __init__(self, described: Described, *, is_kept: bool) -> None:
        records = [each.record for each in described.options if each.record is not None]
        self.records: list[Record] = records
        self.is_kept = is_kept
        others = [each for each in described.options if not each.is_structured]
        self.plain = make_field(described) if others else None

    def read(self, reading: Reading, values: Any, inner: Given | None, path: Path) -> Any:
        """The plain tree of the object that was meant, or `NOT_FILLED`."""
        if inner is None and self.plain is not None:
            return self.plain.read(reading, values, path)
        heads = {name.partition(".")[0] for name in inner or _NOTHING}
        record, tag = self._chosen(inner or _NOTHING, heads)
        tree = Object(record, is_kept=self.is_kept).read(reading, values, inner, path)
        if tag is not None and isinstance(tree, dict):
            tree.update([tag])
        return tree

    def _chosen(
        self, inner: Given, heads: set[str]
    ) -> tuple[Record, tuple[str, str | int | Value] | None]:
        for record in self.records:
            tag = record.tag
            if tag is not None and inner.get(tag[0]) == [str(tag[1])]:
                return record, tag
        best = max(self.records, key=lambda record: len(heads & record.by_key.keys()))
        tag = best.tag
        return best, (tag[0], inner[tag[0]][0]) if tag is not None and tag[0] in inner else None


class Rows(Nested):
    """A list of objects, of mappings or of lists: each row has an index in the name."""

    def __init__(self, item: Described) -> None:
        self.item = make_any(item)

    def read(self, reading: Reading, values: Any, inner: Given | None, path: Path) -> Any:
        """The rows in the order of their indexes, without those in which nothing is filled in."""
        if inner is None:
            return Misread("list") if _is_filled(values) else NOT_FILLED
        below = split(inner)
        rows: list[Any] = []
        sent = sorted(row_indexes(inner))
        for head in {name.partition(".")[0] for name in inner}:
            if is_beyond(head):
                reading.add((*path, head[:MAX_NAME]), "index", MAX_INDEX)
        kept: list[int] = []
        for index in sent:
            name = str(index)
            row = read_any(self.item, reading, inner.get(name), below.get(name), (*path, len(rows)))
            if row is not NOT_FILLED:
                rows.append(row)
                kept.append(index)
        if kept != list(range(len(kept))):
            reading.rows[path] = kept
        return rows or NOT_FILLED


class Names(Nested):
    """A mapping: the last part of the name is the key."""

    def __init__(self, item: Described, keys: Described | None) -> None:
        self.item = make_any(item)
        self.read_key = None if keys is None or keys.annotation is str else make_reader(keys)

    def read(self, reading: Reading, values: Any, inner: Given | None, path: Path) -> Any:
        """The mapping, without keys in which nothing is filled in."""
        if inner is None:
            return Misread("object") if _is_filled(values) else NOT_FILLED
        is_deep = isinstance(self.item, Nested)
        below = split(inner) if is_deep else {}
        tree: dict[Any, Any] = {}
        for name in dict.fromkeys([*inner, *below]):
            if is_deep and "." in name:
                continue
            if len(tree) >= MAX_ITEMS:
                reading.add(path, "max_items", MAX_ITEMS)
                break
            if not path and is_ignored(name, inner):
                continue
            value = read_any(self.item, reading, inner.get(name), below.get(name), (*path, name))
            if value is not NOT_FILLED:
                key = name if self.read_key is None else self.read_key(name)
                if type(key) is Misread or key is NOT_FILLED:
                    reading.add((*path, name[:MAX_NAME]), "unknown")
                else:
                    tree[key] = value
        return tree or NOT_FILLED


def is_nested(described: Described) -> bool:
    """Whether the names of a type have parts."""
    item = described.item
    return described.is_structured or (
        described.is_many and item is not None and (is_nested(item) or item.is_many)
    )


def make_nested(described: Described, *, is_kept: bool) -> Nested:
    """The reader of a type whose names have parts."""
    if described.record is not None:
        return Object(described.record, is_kept=is_kept)
    if any(option.record is not None for option in described.options):
        return Choice(described, is_kept=is_kept)
    item = described.item
    if item is None:  # a union of mappings, which msgspec refuses
        raise AssertionError(f"{described.annotation!r} has no items")
    if isinstance(described.type, kinds.DictType):
        return Names(item, described.keys)
    return Rows(item)


def make_any(described: Described, *, is_kept: bool = False, is_loose: bool = False) -> AnyField:
    """The reader of any type."""
    if is_nested(described):
        return make_nested(described, is_kept=is_kept)
    return make_field(described, is_loose=is_loose)


def read_any(
    field: AnyField, reading: Reading, values: Any, inner: Given | None, path: Path
) -> Any:
    """What a field reads."""
    if isinstance(field, Nested):
        return field.read(reading, values, inner, path)
    return field.read(reading, values, path)


def _is_filled(values: list[Value] | None) -> bool:
    return any(value != "" for value in values or ())


# Objects


class Plan:
    """How the fields of an object are read; made once for each class."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.forbids_unknown = record.forbids_unknown
        config = getattr(record.cls, "model_config", {}) if record.is_pydantic else {}
        self.takes_unknown = config.get("extra") == "allow"
        self.fields = tuple(_entry(member, record) for member in record.members)
        self.nested = {key for key, _, field, *_ in self.fields if isinstance(field, Nested)}

    def read(self, reading: Reading, given: Given, path: Path) -> dict[str, Any]:
        """The plain tree of an object; without the fields that have a default or are missing."""
        inner = split(given) if self.nested else _NOTHING_BELOW
        tree: dict[str, Any] = {}
        for key, read_one, field, in_form, in_query in self.fields:
            values = given.get(key)
            # PERF: most fields have one text.
            is_one = values is not None and len(values) == 1 and not reading.keeps_empty
            if is_one and read_one is not None:
                value = read_one(values[0])  # type: ignore[index]
                reading.filled += value is not NOT_FILLED and value is not False
            else:
                value = read_any(field, reading, values, inner.get(key), (*path, key))
            if value is NOT_FILLED:
                value = in_form if reading.is_form else in_query
                if value is NOT_FILLED:
                    continue
                if value is _EMPTY:
                    value = []
            tree[key] = value
        if self.forbids_unknown:
            for name in self._unknown(given, path):
                reading.add((*path, name[:MAX_NAME]), "unknown")
        elif self.takes_unknown:
            for name in self._unknown(given, path):
                tree[name] = given[name][0] if len(given[name]) == 1 else list(given[name])
        return tree

    def _unknown(self, given: Given, path: Path) -> Iterator[str]:
        tag = self.record.tag
        known = {*self.record.by_key, *(tag[:1] if tag is not None else ())}
        for name in given:
            if name in known or name.partition(".")[0] in self.nested:
                continue
            if path or not is_ignored(name, given):
                yield name


_plans: WeakKeyDictionary[Record, Plan] = WeakKeyDictionary()


def plan_of(record: Record) -> Plan:
    """How the fields of an object are read."""
    plan = _plans.get(record)
    if plan is None:
        plan = _plans[record] = Plan(record)
    return plan


def _entry(member: Member, record: Record) -> Entry:
    """How one field is read, and what it is without a value, in a form and in a query."""
    is_kept = member.is_required and not member.type.is_nullable
    field = make_any(member.type, is_kept=is_kept, is_loose=record.is_opaque)
    read_one = field.read_one if isinstance(field, Scalar) and not field.is_loose else None
    return member.key, read_one, field, _in_form(member), _in_query(member)


_EMPTY: list[Any] = []


def _in_form(member: Member) -> Any:
    """What a field of a form is for which nothing was sent; `NOT_FILLED`: its default, or an error.

    A browser sends nothing for a box that is not checked, and for a list without a choice.
    """
    described = member.type
    if is_checkbox(described):
        return False
    return _EMPTY if described.is_many and not described.is_nullable else _in_query(member)


def _in_query(member: Member) -> Any:
    described = member.type
    if not member.is_required:
        return NOT_FILLED
    if described.is_nullable:
        return None
    return _EMPTY if described.is_many else NOT_FILLED


def is_checkbox(described: Described) -> bool:
    """Whether a field is false if nothing is sent for it."""
    control = described.control.type if described.control is not None else None
    if not isinstance(described.type, kinds.BoolType) or control in ("select", "radio"):
        return False
    return control == "checkbox" or not described.is_nullable


def places(reading: Reading, path: Path) -> Iterator[str | int]:
    """The steps of a path in the tree, with the indexes that the rows have in the form."""
    for length, step in enumerate(path):
        rows = reading.rows.get(path[:length])
        yield rows[step] if rows is not None and isinstance(step, int) else step
