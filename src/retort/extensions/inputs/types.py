"""What a type is: one description for all families of types.

msgspec describes types of Python and most objects. This module adds what it does not describe:
pydantic's models, objects as ``NamedTuple``, uploads, and limits of other libraries.
"""

from __future__ import annotations

import dataclasses
import sys
import types
import typing as t
from functools import cached_property, lru_cache
from weakref import WeakKeyDictionary

import msgspec
from msgspec import NODEFAULT, Meta
from msgspec import inspect as kinds
from werkzeug.datastructures import FileStorage

from ...errors import SetupError
from .attrs_limits import limited
from .markers import Control, Marker, Name

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

NUMBER_LIMITS = ("gt", "ge", "lt", "le", "multiple_of")
LENGTH_LIMITS = ("min_length", "max_length")
_LIMITS = (*NUMBER_LIMITS, *LENGTH_LIMITS, "pattern")
_NONE = type(None)


@dataclasses.dataclass(frozen=True)
class Described:
    """The description of a type.

    :param annotation: the type for ``msgspec.convert``, without ``None`` and with its limits.
    :param type: msgspec's description of it.
    :param limits: by name, as those of ``msgspec.Meta``: ``ge``, ``max_length``, ``pattern``...
    :param is_nullable: ``None`` is one of its values.
    :param record: set for an object with fields.
    :param item: of a list, set or tuple of any length; the values of a mapping.
    :param keys: of a mapping.
    :param options: of a union, without ``None``.
    :param is_native: msgspec reads it, and knows all its limits.
    :param is_opaque: only its own library can check it.
    :param control: how a form shows it.
    """

    annotation: t.Any
    type: kinds.Type
    limits: Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    is_nullable: bool = False
    record: Record | None = None
    item: Described | None = None
    keys: Described | None = None
    options: tuple[Described, ...] = ()
    is_native: bool = True
    is_opaque: bool = False
    control: Control | None = None
    title: str | None = None
    description: str | None = None
    examples: tuple[t.Any, ...] = ()

    @cached_property
    def is_native_throughout(self) -> bool:
        """Whether msgspec reads it and all types in it, and knows all their limits."""
        return all(
            each.is_native and (each.record is None or each.record.family not in _BUILT)
            for each in _all_types(self)
        )

    @cached_property
    def converts_at_once(self) -> bool:
        """Whether one call of msgspec makes the object, and refuses all that is not valid."""
        return is_native(self) and not has_pattern(self)

    @property
    def is_structured(self) -> bool:
        """Whether it takes a whole source, not one field: an object, or a mapping."""
        return (
            self.record is not None
            or isinstance(self.type, kinds.DictType)
            or any(option.is_structured for option in self.options)
        )

    @property
    def is_upload(self) -> bool:
        """Whether it is a file, or several."""
        item = self if self.item is None else self.item
        return isinstance(item.type, kinds.CustomType) and item.type.cls is FileStorage

    @property
    def is_many(self) -> bool:
        """Whether it takes all values of a name."""
        return isinstance(
            self.type,
            (kinds.ListType, kinds.SetType, kinds.FrozenSetType, kinds.VarTupleType),
        )


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """A field of an object.

    :param name: the name of the attribute.
    :param key: the name in a form or in JSON.
    :param argument: the name of the parameter of the constructor.
    """

    name: str
    key: str
    type: Described
    is_required: bool
    default: t.Any = NODEFAULT
    default_factory: Callable[[], t.Any] | None = None
    argument: str = ""

    @property
    def has_default(self) -> bool:
        """Whether there is a value to show for an empty field."""
        return self.default is not NODEFAULT or self.default_factory is not None

    def make_default(self) -> t.Any:
        """A new default value, if there is one."""
        return self.default if self.default_factory is None else self.default_factory()


class Record:
    """The description of a class whose objects have fields.

    :param cls: the class, or an alias with arguments such as ``Page[int]``.
    """

    def __init__(self, cls: t.Any) -> None:
        self.annotation = cls
        self.cls: t.Any = t.get_origin(cls) or cls

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The fields; described at their first use, since a type may contain itself.

        :raises SetupError: if the type of a field cannot be read.
        """
        return tuple(_FAMILIES[self.family](self))

    @cached_property
    def family(self) -> str:
        """``struct``, ``dataclass``, ``attrs``, ``typeddict``, ``namedtuple`` or ``pydantic``."""
        return t.cast("str", family_of(self.cls))

    @cached_property
    def by_key(self) -> dict[str, Member]:
        """The fields by their name in the request."""
        return {member.key: member for member in self.members}

    @property
    def is_pydantic(self) -> bool:
        """Whether pydantic makes its objects."""
        return self.family == "pydantic"

    @cached_property
    def is_opaque(self) -> bool:
        """Whether a validator sees the whole input before its fields."""
        return self.is_pydantic and any(
            decorator.info.mode in _EARLY
            for decorator in self.cls.__pydantic_decorators__.model_validators.values()
        )

    @cached_property
    def forbids_unknown(self) -> bool:
        """Whether other fields are an error."""
        if self.family == "struct":
            return bool(self.cls.__struct_config__.forbid_unknown_fields)
        if self.is_pydantic:
            config = getattr(self.cls, "model_config", None) or {}
            return config.get("extra") == "forbid"
        return False

    @property
    def tag(self) -> tuple[str, str | int] | None:
        """Name and value of the field that names the type of a tagged ``Struct``."""
        config = getattr(self.cls, "__struct_config__", None)
        if config is None or config.tag_field is None:
            return None
        return config.tag_field, config.tag


def is_native(described: Described) -> bool:
    """Whether msgspec reads a type and all types in it, and knows all their limits."""
    return described.is_native_throughout


# Families whose objects msgspec does not make of a mapping.
_BUILT = frozenset({"namedtuple", "pydantic"})


def _all_types(described: Described) -> Iterator[Described]:
    """A type and all types in it, each class once: a type may contain itself."""
    seen: set[int] = set()
    rest = [described]
    while rest:
        each = rest.pop()
        yield each
        rest.extend(each.options)
        rest.extend(inner for inner in (each.item, each.keys) if inner is not None)
        if each.record is not None and id(each.record) not in seen:
            seen.add(id(each.record))
            rest.extend(member.type for member in each.record.members)


def has_pattern(described: Described) -> bool:
    """Whether a text is given to a regular expression.

    msgspec applies one to a text of any length, and its ``$`` ignores a line break at the end.
    """
    return any("pattern" in each.limits for each in _all_types(described))


def describe(annotation: t.Any) -> Described:
    """Describe a type.

    :raises SetupError: if no library can read it; the message names it.
    """
    base, metadata = strip(annotation)
    if isinstance(base, str):
        raise SetupError(f"The type {base!r} is a text: its name is not known here.")
    origin = t.get_origin(base)
    if origin in (t.Union, types.UnionType):
        return _describe_union(base, metadata)
    limits = dict(_limits_of(metadata))
    own = {**_about(metadata), "limits": limits}
    if family_of(origin or base) is not None:
        record = record_of(base)
        return Described(base, kinds.CustomType(record.cls), record=record, **own)
    kind, plain, knows_all = _kind(base, limits)
    _check_kind(kind, base)
    if isinstance(kind, kinds.LiteralType):  # msgspec sorts the values
        kind = kinds.LiteralType(t.get_args(base))
    is_foreign = any(not isinstance(each, Meta) and _has_limit(each) for each in metadata)
    return Described(
        plain,
        kind,
        item=_item(base, kind),
        keys=_keys(base, kind),
        is_native=knows_all and not is_foreign,
        **own,
    )


def strip(annotation: t.Any) -> tuple[t.Any, list[t.Any]]:
    """A type without ``Annotated`` and the like, and its metadata, the outermost last."""
    metadata: list[t.Any] = []
    while True:
        origin = t.get_origin(annotation)
        if hasattr(annotation, "__metadata__"):
            metadata[:0] = annotation.__metadata__
            annotation = annotation.__origin__
        elif hasattr(annotation, "__supertype__"):  # NewType
            annotation = annotation.__supertype__
        elif type(annotation).__name__ == "TypeAliasType":  # Python 3.12
            annotation = annotation.__value__
        elif getattr(origin, "_name", "") in ("Required", "NotRequired", "ReadOnly", "Final"):
            annotation = t.get_args(annotation)[0]
        else:
            return annotation, metadata


def _annotate(base: t.Any, metadata: list[t.Any]) -> t.Any:
    arguments = (base, *metadata)
    return t.Annotated[arguments] if metadata else base


def _describe_union(base: t.Any, metadata: list[t.Any]) -> Described:
    given = [each for each in t.get_args(base) if each is not _NONE]
    is_nullable = len(given) < len(t.get_args(base))
    if len(given) == 1:
        # The limits belong to the type, not to None.
        inner = _annotate(given[0], metadata)
        return dataclasses.replace(describe(inner), is_nullable=is_nullable)
    options = tuple(describe(each) for each in given)
    natives = all(map(is_native, options))
    try:
        kind = kinds.type_info(base) if natives else kinds.AnyType()
    except TypeError as error:
        raise SetupError(f"The union {base} cannot be read: {error}.") from error
    return Described(
        base, kind, is_nullable=is_nullable, options=options, is_native=natives, **_about(metadata)
    )


def _about(metadata: list[t.Any]) -> dict[str, t.Any]:
    """The control and the texts in the metadata of a type; the last one counts."""
    found: dict[str, t.Any] = {}
    for each in metadata:
        if isinstance(each, Control):
            found["control"] = each
        elif not isinstance(each, (Marker, Name)):
            for name in ("title", "description"):
                if isinstance(getattr(each, name, None), str):
                    found[name] = getattr(each, name)
            examples = getattr(each, "examples", None)
            if isinstance(examples, (list, tuple)):
                found["examples"] = tuple(examples)
    return found


def _limits_of(metadata: list[t.Any]) -> Iterator[tuple[str, t.Any]]:
    """The limits in metadata of msgspec, annotated-types and pydantic: their names are equal."""
    for each in metadata:
        if isinstance(each, (Control, Marker, Name, type)):
            continue
        inner = getattr(each, "metadata", None)  # pydantic's Field()
        if isinstance(inner, list):
            yield from _limits_of(inner)
        for name in _LIMITS:
            limit = getattr(each, name, None)
            if limit is not None and not callable(limit):
                yield name, getattr(limit, "pattern", limit)
        if isinstance(each, Meta) and each.tz is not None:
            yield "tz", each.tz


def _has_limit(metadata: t.Any) -> bool:
    return any(True for _ in _limits_of([metadata]))


def _kind(base: t.Any, limits: Mapping[str, t.Any]) -> tuple[kinds.Type, t.Any, bool]:
    """Msgspec's description, the type for its ``convert``, and whether that has all limits."""
    if limits:
        try:
            limited = t.Annotated[base, Meta(**limits)]
            return kinds.type_info(limited), limited, True
        except (TypeError, ValueError):
            pass  # msgspec has no such limit for the type, such as the least date
    try:
        return kinds.type_info(base), base, not limits
    except (TypeError, NameError) as error:
        raise SetupError(f"The type {base!r} cannot be read: {error}.") from error


def _check_kind(kind: kinds.Type, base: t.Any) -> None:
    if isinstance(kind, kinds.CustomType) and not is_foreign_type(kind.cls):
        if kind.cls is FileStorage:
            return
        raise SetupError(
            f"A value of the type {base!r} cannot be read from a request. Use a type of Python,"
            " a msgspec.Struct, a dataclass, or a pydantic model whose validator makes the value."
        )


def is_foreign_type(cls: type) -> bool:
    """Whether pydantic has a rule of its own for a class."""
    return hasattr(cls, "__get_pydantic_core_schema__")


def _keys(base: t.Any, kind: kinds.Type) -> Described | None:
    if not isinstance(kind, kinds.DictType):
        return None
    arguments = t.get_args(base)
    return describe(arguments[0] if arguments else str)


def _item(base: t.Any, kind: kinds.Type) -> Described | None:
    arguments = t.get_args(base)
    if isinstance(kind, kinds.DictType):
        return describe(arguments[1]) if arguments else describe(t.Any)
    if isinstance(kind, (kinds.TupleType, kinds.CustomType)) or not hasattr(kind, "item_type"):
        return None
    return describe(arguments[0]) if arguments else describe(t.Any)


# Families of objects

_EARLY = frozenset({"before", "wrap", "plain"})
_EARLY_CLASSES = frozenset({"BeforeValidator", "WrapValidator", "PlainValidator"})
_records: WeakKeyDictionary[t.Any, Record] = WeakKeyDictionary()


def record_of(cls: t.Any) -> Record:
    """The description of a class of objects, made once."""
    if not isinstance(cls, type):  # an alias with arguments; they are equal, not the same
        return _record_of_alias(cls)
    record = _records.get(cls)
    if record is None:
        record = _records[cls] = Record(cls)
    return record


@lru_cache(maxsize=256)
def _record_of_alias(alias: t.Any) -> Record:
    return Record(alias)


def family_of(cls: t.Any) -> str | None:
    """The family of a class whose objects have fields; ``None`` for other types."""
    if not isinstance(cls, type):
        return "typeddict" if t.is_typeddict(cls) else None
    if hasattr(cls, "__pydantic_validator__"):
        return "pydantic"
    if issubclass(cls, msgspec.Struct):
        return "struct"
    if dataclasses.is_dataclass(cls):
        return "dataclass"
    if hasattr(cls, "__attrs_attrs__"):
        return "attrs"
    if t.is_typeddict(cls):
        return "typeddict"
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return "namedtuple"
    return None


def _hints(record: Record) -> dict[str, t.Any]:
    """The types of the fields, with the arguments of an alias put in.

    :raises SetupError: if a name in them is not known.
    """
    cls = record.cls
    try:
        hints = t.get_type_hints(cls, include_extras=True)
    except NameError as error:
        raise SetupError(
            f"A type in {cls.__qualname__} is not known where the class is written: {error}."
            " Import it at the top of that module, not below `if TYPE_CHECKING:`, and define"
            " the class in the module, not in a function."
        ) from error
    variables = dict(
        zip(getattr(cls, "__parameters__", ()), t.get_args(record.annotation), strict=False)
    )
    if variables:
        return {name: _with(hint, variables) for name, hint in hints.items()}
    return hints


def _with(hint: t.Any, variables: dict[t.Any, t.Any]) -> t.Any:
    if hint in variables:
        return variables[hint]
    parameters = getattr(hint, "__parameters__", ())
    if not parameters or t.get_origin(hint) is None:  # in Python 3.10, list[T] is a type
        return hint
    return hint[tuple(variables.get(each, each) for each in parameters)]


def _member(record: Record, name: str, hint: t.Any, **more: t.Any) -> Member:
    try:
        described = describe(hint)
    except SetupError as error:
        raise SetupError(f"{record.cls.__qualname__}.{name}: {error}") from error
    return Member(name, type=described, **{"key": name, "argument": name, **more})


def _struct_members(record: Record) -> Iterator[Member]:
    hints = _hints(record)
    for field in msgspec.structs.fields(record.cls):
        factory = None if field.default_factory is NODEFAULT else field.default_factory
        yield _member(
            record,
            field.name,
            hints[field.name],
            key=field.encode_name,
            is_required=field.required,
            default=field.default,
            default_factory=factory,
        )


def _dataclass_members(record: Record) -> Iterator[Member]:
    hints = _hints(record)
    missing = dataclasses.MISSING
    for field in dataclasses.fields(record.cls):
        if not field.init:
            continue
        factory = None if field.default_factory is missing else field.default_factory
        yield _member(
            record,
            field.name,
            hints[field.name],
            is_required=field.default is missing and factory is None,
            default=NODEFAULT if field.default is missing else field.default,
            default_factory=factory,
        )


def _attrs_members(record: Record) -> Iterator[Member]:
    hints = _hints(record)
    nothing = sys.modules["attr"].NOTHING
    for field in record.cls.__attrs_attrs__:
        if not field.init:
            continue
        default, factory = field.default, getattr(field.default, "factory", None)
        if factory is not None:
            # A factory that takes the object runs in the constructor.
            default, factory = NODEFAULT, None if field.default.takes_self else factory
        yield _member(
            record,
            field.name,
            limited(hints.get(field.name, t.Any), field.validator),
            is_required=field.default is nothing,
            default=NODEFAULT if default is nothing else default,
            default_factory=factory,
            argument=getattr(field, "alias", None) or field.name.lstrip("_"),
        )


def _typed_dict_members(record: Record) -> Iterator[Member]:
    for name, hint in _hints(record).items():
        # Annotations as text are not in `__required_keys__`.
        form = getattr(t.get_origin(hint), "_name", "")
        is_required = name in record.cls.__required_keys__
        if form in ("Required", "NotRequired"):
            is_required = form == "Required"
        yield _member(record, name, hint, is_required=is_required)


def _named_tuple_members(record: Record) -> Iterator[Member]:
    hints, defaults = _hints(record), record.cls._field_defaults
    for name in record.cls._fields:
        yield _member(
            record,
            name,
            hints.get(name, t.Any),
            is_required=name not in defaults,
            default=defaults.get(name, NODEFAULT),
        )


def _pydantic_members(record: Record) -> Iterator[Member]:
    cls = record.cls
    fields = getattr(cls, "__pydantic_fields__", None) or cls.model_fields
    early = {
        name
        for decorator in cls.__pydantic_decorators__.field_validators.values()
        if decorator.info.mode in _EARLY
        for name in decorator.info.fields
    }
    for name, field in fields.items():
        alias = field.validation_alias or field.alias
        is_opaque = not early.isdisjoint({name, "*"}) or any(
            type(each).__name__ in _EARLY_CLASSES for each in field.metadata
        )
        member = _member(
            record,
            name,
            _annotate(field.annotation, [*field.metadata, field]),
            key=alias if isinstance(alias, str) else name,
            is_required=field.is_required(),
            default=NODEFAULT
            if field.is_required() or field.default_factory is not None
            else field.default,
            default_factory=field.default_factory,
        )
        kind = member.type.type
        is_opaque = is_opaque or (isinstance(kind, kinds.CustomType) and is_foreign_type(kind.cls))
        if is_opaque and member.type.record is None:
            opaque = dataclasses.replace(
                member.type, is_native=False, is_opaque=True, control=_control(member.type)
            )
            member = dataclasses.replace(member, type=opaque)
        yield member


def _control(described: Described) -> Control | None:
    """The control for a type of pydantic."""
    cls = getattr(described.type, "cls", None)
    name = getattr(cls, "__name__", "")
    return described.control or _CONTROLS.get(name)


_CONTROLS = {
    "SecretStr": Control(type="password"),
    "EmailStr": Control(type="email"),
    "HttpUrl": Control(type="url"),
    "AnyUrl": Control(type="url"),
}

_FAMILIES: dict[str, Callable[[Record], Iterator[Member]]] = {
    "struct": _struct_members,
    "dataclass": _dataclass_members,
    "attrs": _attrs_members,
    "typeddict": _typed_dict_members,
    "namedtuple": _named_tuple_members,
    "pydantic": _pydantic_members,
}
