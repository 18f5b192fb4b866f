"""Check a plain value against a type, and make the object.

A value is converted in one call if msgspec knows the type. Only if it refuses, the fields are
checked one by one, since msgspec reports one error; for types that it does not know in full they
are checked first. The result does not depend on the family of the type.
"""

from __future__ import annotations

import typing as t
from itertools import islice

import msgspec
from msgspec import NODEFAULT
from msgspec import inspect as kinds
from werkzeug.datastructures import FileStorage

from .errors import MAX_ERRORS, FieldError, InvalidInput
from .texts import error_of_text, has_refused_character
from .types import is_native
from .validators import errors_of_pydantic, raise_bug, text_of_validator

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .types import Described, Member, Record

    Path = tuple[str | int, ...]


MAX_NESTING = 100
"""How many levels of declared objects and lists are read."""


class Misread(t.NamedTuple):
    """Takes the place of a text that could not be read as its type.

    :param code: the error, a key of `errors.MESSAGES`.
    """

    code: str
    limit: t.Any = None


def convert(described: Described, value: t.Any, source: str) -> t.Any:
    """The object for a plain value, such as from JSON or a form.

    :raises InvalidInput: if it is not valid, with all errors.
    """
    if described.converts_at_once:
        if value is None and described.is_nullable:
            return None
        try:
            return msgspec.convert(value, described.annotation)
        except (msgspec.ValidationError, UnicodeEncodeError, RecursionError) as error:
            raise refusal(described, value, source, error) from None
    check = _Check(source)
    check.value(described, value, ())
    if check.errors:
        raise InvalidInput(check.errors)
    return _Builder(source).build(described, value, ())


def refusal(described: Described, value: t.Any, source: str, error: Exception) -> InvalidInput:
    """All errors of a value that msgspec has refused.

    :param error: raised by msgspec; its cause is the error of a validator, if one has failed.
    """
    raise_bug(error.__cause__)
    found = errors_in(described, value, source)
    if not found:
        found = list(islice(_errors_of_validators(described, value, source, ()), MAX_ERRORS))
    return InvalidInput(found or [FieldError(source, (), "invalid")])


def errors_in(described: Described, value: t.Any, source: str, path: Path = ()) -> list[FieldError]:
    """All errors of a plain value, at most 100."""
    check = _Check(source)
    check.value(described, value, path)
    return check.errors


class _Check:
    """Collects the errors of a value."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.errors: list[FieldError] = []

    def add(self, path: Path, code: str, limit: t.Any = None) -> None:
        if len(self.errors) < MAX_ERRORS:
            self.errors.append(FieldError(self.source, path, code, limit))

    def value(self, described: Described, value: t.Any, path: Path) -> None:
        if len(self.errors) >= MAX_ERRORS:
            return
        if len(path) > MAX_NESTING:
            self.add(path[:1], "depth", MAX_NESTING)
            return
        if type(value) is Misread:
            self.add(path, *value)
        elif value is None and not _takes_none(described):
            self.add(path, "null")
        elif value is None:
            return
        elif described.is_opaque or isinstance(described.type, kinds.AnyType):
            self.contents(value, path)
        elif described.record is not None:
            self.record(described.record, value, path)
        elif described.options:
            self.union(described, value, path)
        elif described.item is not None:
            self.container(described, value, path)
        else:
            self.leaf(described, value, path)

    def contents(self, value: t.Any, path: Path) -> None:
        """Check what JSON has in a value of any type: texts and numbers."""
        rest = [(value, path)]
        while rest:
            each, place = rest.pop()
            if type(each) is Misread:
                self.add(place, *each)
            elif isinstance(each, str):
                if has_refused_character(each):
                    self.add(place, "character")
            elif isinstance(each, dict):
                names = [(shown_key(name), name, inner) for name, inner in each.items()]
                rest.extend((inner, (*place, shown)) for shown, _, inner in reversed(names))
                rest.extend((name, (*place, shown)) for shown, name, _ in reversed(names))
            elif isinstance(each, list):
                rest.extend((inner, (*place, index)) for index, inner in enumerate(each))

    def record(self, record: Record, value: t.Any, path: Path) -> None:
        if record.is_opaque:
            self.contents(value, path)
            return
        if _is_array(record):
            self.leaf_of(record, value, path)
            return
        if not isinstance(value, dict):
            self.add(path, "object")
            return
        tag = record.tag
        if tag is not None and value.get(tag[0], tag[1]) != tag[1]:
            self.add((*path, tag[0]), "choice", (tag[1],))
        for member in record.members:
            if member.key in value:
                self.value(member.type, value[member.key], (*path, member.key))
            elif member.is_required:
                self.add((*path, member.key), "required")
        if record.forbids_unknown:
            self.unknown(record, value, path)

    def unknown(self, record: Record, value: dict[t.Any, t.Any], path: Path) -> None:
        known = {*record.by_key, *(record.tag or ())[:1]}
        for key in value:
            if key not in known:
                self.add((*path, shown_key(key)), "unknown")

    def leaf_of(self, record: Record, value: t.Any, path: Path) -> None:
        """A ``Struct`` that is an array in JSON."""
        try:
            msgspec.convert(value, record.annotation)
        except msgspec.ValidationError as error:
            if error.__cause__ is None:
                self.add(path, "invalid" if isinstance(value, list) else "list")

    def union(self, described: Described, value: t.Any, path: Path) -> None:
        found: list[list[FieldError]] = []
        for option in described.options:
            errors = errors_in(option, value, self.source, path)
            if not errors:
                return
            found.append(errors)
        self.errors.extend(_best(described, found, path))
        del self.errors[MAX_ERRORS:]

    def container(self, described: Described, value: t.Any, path: Path) -> None:
        item = t.cast("Described", described.item)
        if isinstance(described.type, kinds.DictType):
            self.mapping(described, item, value, path)
            return
        if not isinstance(value, (list, tuple, set, frozenset)):
            self.add(path, "list")
            return
        self.length(described, value, path, "items")
        for index, each in enumerate(value):
            self.value(item, each, (*path, index))

    def mapping(self, described: Described, item: Described, value: t.Any, path: Path) -> None:
        if not isinstance(value, dict):
            self.add(path, "object")
            return
        self.length(described, value, path, "items")
        keys = t.cast("Described", described.keys)
        for key, each in value.items():
            place = (*path, shown_key(key))
            if keys.annotation is not str or has_refused_character(str(key)):
                self.value(keys, key, place)
            self.value(item, each, place)

    def length(self, described: Described, value: t.Sized, path: Path, what: str) -> None:
        limits = described.limits
        if "min_length" in limits and len(value) < limits["min_length"]:
            self.add(path, f"min_{what}", limits["min_length"])
        if "max_length" in limits and len(value) > limits["max_length"]:
            self.add(path, f"max_{what}", limits["max_length"])

    def leaf(self, described: Described, value: t.Any, path: Path) -> None:
        kind = described.type
        if isinstance(value, str) and has_refused_character(value):
            self.add(path, "character")
            return
        if isinstance(kind, kinds.StrType) and isinstance(value, str):
            error = error_of_text(value, described.limits)
            if error is not None:
                self.add(path, *error)
            return
        if isinstance(kind, kinds.CustomType) and kind.cls is FileStorage:
            if not isinstance(value, FileStorage):
                self.add(path, "file")
            return
        try:
            converted = msgspec.convert(value, _without_limits(described))
        except (msgspec.ValidationError, RecursionError):
            self.add(path, *_mistake(kind))
            return
        self.limits(described, converted, path)

    def limits(self, described: Described, value: t.Any, path: Path) -> None:
        limits = described.limits
        for name, (code, keeps) in _RULES.items():
            if name in limits and not keeps(value, limits[name]):
                self.add(path, code, limits[name])
                return
        if isinstance(value, (bytes, tuple)):
            self.length(described, value, path, "items" if isinstance(value, tuple) else "length")


def shown_key(key: t.Any) -> str:
    """The name of a field that the type does not name, as text that can be sent."""
    return str(key)[:_MAX_SHOWN].encode("utf-8", "replace").decode()


_MAX_SHOWN = 100  # characters

_RULES: dict[str, tuple[str, t.Callable[[t.Any, t.Any], bool]]] = {
    "ge": ("minimum", lambda value, limit: value >= limit),
    "gt": ("exclusive_minimum", lambda value, limit: value > limit),
    "le": ("maximum", lambda value, limit: value <= limit),
    "lt": ("exclusive_maximum", lambda value, limit: value < limit),
    "multiple_of": ("multiple_of", lambda value, limit: value % limit == 0),
}

_CODES: dict[type[kinds.Type], str] = {
    kinds.StrType: "text",
    kinds.IntType: "integer",
    kinds.FloatType: "number",
    kinds.BoolType: "boolean",
    kinds.DateType: "date",
    kinds.TimeType: "time",
    kinds.DateTimeType: "datetime",
    kinds.TimeDeltaType: "duration",
    kinds.UUIDType: "uuid",
    kinds.DecimalType: "decimal",
    kinds.BytesType: "bytes",
    kinds.ByteArrayType: "bytes",
    kinds.MemoryViewType: "bytes",
    kinds.TupleType: "list",
    kinds.NoneType: "invalid",
}


def _mistake(kind: kinds.Type) -> tuple[str, t.Any]:
    """Code and limit for a value that is not of a type at all."""
    if isinstance(kind, (kinds.EnumType, kinds.LiteralType)):
        return "choice", choices_of(kind)
    return _CODES.get(type(kind), "invalid"), None


def choices_of(kind: kinds.Type) -> tuple[t.Any, ...]:
    """The values in a request that an enumeration or a ``Literal`` has."""
    if isinstance(kind, kinds.EnumType):
        return tuple(each.value for each in kind.cls)
    return tuple(kind.values) if isinstance(kind, kinds.LiteralType) else ()


def _without_limits(described: Described) -> t.Any:
    annotation = described.annotation
    if "tz" in described.limits:  # an offset that is missing is no time of the type
        return t.Annotated[annotation.__origin__, msgspec.Meta(tz=described.limits["tz"])]
    return annotation.__origin__ if described.limits and _is_annotated(annotation) else annotation


def _is_annotated(annotation: t.Any) -> bool:
    return hasattr(annotation, "__metadata__")


def _takes_none(described: Described) -> bool:
    return described.is_nullable or isinstance(described.type, (kinds.NoneType, kinds.AnyType))


def _is_array(record: Record) -> bool:
    config = getattr(record.cls, "__struct_config__", None)
    return config is not None and config.array_like


def _best(described: Described, found: list[list[FieldError]], path: Path) -> list[FieldError]:
    """The errors of the option of a union that a value was probably meant to be."""
    tags = [
        option.record.tag
        for option in described.options
        if option.record is not None and option.record.tag is not None
    ]
    if tags:
        field = tags[0][0]
        of_tag = [
            errors for errors in found if not any(error.path == (*path, field) for error in errors)
        ]
        if len(of_tag) > 1 or not of_tag:
            source = found[0][0].source
            return [FieldError(source, (*path, field), "choice", tuple(tag[1] for tag in tags))]
        return of_tag[0]
    # An error of a limit, or inside an object, means that the type was right.
    return min(found, key=lambda errors: errors[0].path == path and _is_of_type(errors[0]))


_OF_TYPE = frozenset({*_CODES.values(), "list", "object", "file", "null"})


def _is_of_type(error: FieldError) -> bool:
    return error.code in _OF_TYPE


# Objects that msgspec does not make


class _Builder:
    """Makes objects of values that have been checked."""

    def __init__(self, source: str) -> None:
        self.source = source

    def build(self, described: Described, value: t.Any, path: Path) -> t.Any:
        """The object for a value.

        :raises InvalidInput: if a validator of the program refuses it.
        """
        if value is None or described.is_opaque:
            return value
        if is_native(described):
            return self.native(described, value, path)
        if described.record is not None:
            return self.record(described.record, value, path)
        if described.options:
            return self.union(described, value, path)
        if described.item is None:
            return self.native(described, value, path)
        item = described.item
        if isinstance(value, dict):
            return {key: self.build(item, each, (*path, key)) for key, each in value.items()}
        items = [self.build(item, each, (*path, index)) for index, each in enumerate(value)]
        kind = described.type
        if isinstance(kind, kinds.SetType):
            return set(items)
        if isinstance(kind, kinds.FrozenSetType):
            return frozenset(items)
        return tuple(items) if isinstance(kind, kinds.VarTupleType) else items

    def native(self, described: Described, value: t.Any, path: Path) -> t.Any:
        try:
            return msgspec.convert(value, described.annotation)
        except msgspec.ValidationError as error:
            raise refusal(described, value, self.source, error) from None

    def union(self, described: Described, value: t.Any, path: Path) -> t.Any:
        for option in described.options:
            if not errors_in(option, value, self.source):
                return self.build(option, value, path)
        raise AssertionError("a value of no option has errors")

    def record(self, record: Record, value: t.Any, path: Path) -> t.Any:
        values: t.Any = value
        if not record.is_opaque:
            values = {
                _argument(record, member): self.build(
                    member.type, value[member.key], (*path, member.key)
                )
                for member in record.members
                if member.key in value
            }
        if record.is_pydantic:
            extra = {} if record.is_opaque else _extra(record, value)
            return self.pydantic(record, {**values, **extra} if extra else values, path)
        try:
            return record.cls(**values)
        except (ValueError, TypeError) as error:
            raise_bug(error)
            text = text_of_validator(error)
            raise InvalidInput([FieldError(self.source, path, "invalid", text=text)]) from None

    def pydantic(self, record: Record, values: t.Any, path: Path) -> t.Any:
        validator = record.cls.__pydantic_validator__
        try:
            return validator.validate_python(values)
        except ValueError as error:
            found = errors_of_pydantic(error, self.source, path)
            if found is None:
                raise
            raise InvalidInput(found[:MAX_ERRORS]) from None


def _argument(record: Record, member: Member) -> str:
    return member.key if record.is_pydantic else member.argument


def _extra(record: Record, value: dict[str, t.Any]) -> dict[str, t.Any]:
    """Fields that a model does not name: pydantic ignores, allows or forbids them."""
    return {key: each for key, each in value.items() if key not in record.by_key}


def _errors_of_validators(
    described: Described, value: t.Any, source: str, path: Path
) -> Iterator[FieldError]:
    """The errors of the innermost objects whose own validators refuse them."""
    try:
        msgspec.convert(value, described.annotation)
    except msgspec.ValidationError as error:
        refused = error
    else:
        return
    is_inside = False
    for inner, each, name in _parts(described, value, source):
        for found in _errors_of_validators(inner, each, source, (*path, name)):
            is_inside = True
            yield found
    if not is_inside:
        raise_bug(refused.__cause__)
        text = text_of_validator(refused.__cause__) if refused.__cause__ else None
        yield FieldError(source, path, "invalid", text=text)


def _parts(
    described: Described, value: t.Any, source: str
) -> Iterator[tuple[Described, t.Any, str | int]]:
    """The parts of a value that may have validators, with their types and names."""
    for option in described.options:
        if not errors_in(option, value, source):
            described = option
            break
    if described.record is not None and isinstance(value, dict):
        for member in described.record.members:
            if value.get(member.key) is not None:
                yield member.type, value[member.key], member.key
    elif described.item is not None:
        named = value.items() if isinstance(value, dict) else enumerate(value)
        for name, each in named:
            if each is not None:
                yield described.item, each, name


def default_of(member: Member) -> t.Any:
    """The default of a field, or ``None``."""
    value = member.make_default() if member.has_default else None
    return None if value is NODEFAULT else value
