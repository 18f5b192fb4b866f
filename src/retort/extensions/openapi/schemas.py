"""The schemas of declared types: JSON Schema, as OpenAPI 3.1 has it.

They are made of the descriptions that `extensions/inputs` validates by, so that a document says
what is accepted. Objects become components.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect as kinds

from ...errors import SetupError
from ..inputs.types import Described, describe
from .components import new_names, renamed
from .patterns import document_pattern

if TYPE_CHECKING:
    import enum
    from collections.abc import Iterable

    from ..inputs.types import Member, Record

    Schema = dict[str, Any]

_REFERENCES = "#/components/schemas/"
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")
# No format of JSON Schema, so its grammar is written out.
_DECIMAL = r"^[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"
_PLAIN: dict[type, Schema] = {
    kinds.NoneType: {"type": "null"},
    kinds.BoolType: {"type": "boolean"},
    kinds.IntType: {"type": "integer"},
    kinds.FloatType: {"type": "number"},
    kinds.StrType: {"type": "string"},
    kinds.BytesType: {"type": "string", "contentEncoding": "base64"},
    kinds.ByteArrayType: {"type": "string", "contentEncoding": "base64"},
    kinds.MemoryViewType: {"type": "string", "contentEncoding": "base64"},
    kinds.DateTimeType: {"type": "string", "format": "date-time"},
    kinds.DateType: {"type": "string", "format": "date"},
    kinds.TimeType: {"type": "string", "format": "time"},
    kinds.TimeDeltaType: {"type": "string", "format": "duration"},
    kinds.UUIDType: {"type": "string", "format": "uuid"},
    kinds.DecimalType: {"type": "string", "format": "decimal", "pattern": _DECIMAL},
}
_NUMBER_LIMITS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
    "multiple_of": "multipleOf",
}
_SIZES = {"array": "Items", "object": "Properties"}


class Schemas:
    """Makes schemas, and the components that they refer to.

    :param components: those of the document.
    """

    def __init__(self, components: dict[str, dict[str, Any]]) -> None:
        self._components = components
        self._names: dict[Any, str] = {}

    @property
    def _known(self) -> dict[str, Any]:
        return self._components.setdefault("schemas", {})

    def of(self, described: Described) -> Schema:
        """The schema of a type."""
        schema = self._kind(described)
        for key in ("title", "description"):
            text = getattr(described, key)
            if text:
                schema[key] = text
        if described.examples:
            schema["examples"] = [_plain(example) for example in described.examples]
        return _nullable(schema) if described.is_nullable else schema

    def of_text(self, described: Described) -> Schema:
        """The schema of a type outside of JSON, where ``None`` is the absence of a field."""
        return self.of(replace(described, is_nullable=False))

    def of_annotation(self, annotation: Any) -> Schema | None:
        """The schema of an annotation; ``None`` if it is not a type of data."""
        try:
            return self.of(describe(annotation))
        except SetupError:
            return None

    def member(self, member: Member) -> Schema:
        """The schema of a field in JSON, with its default."""
        return self._with_default_of(member, self.of(member.type))

    def text_member(self, member: Member) -> Schema:
        """The schema of a field outside of JSON, with its default."""
        return self._with_default_of(member, self.of_text(member.type))

    def _with_default_of(self, member: Member, schema: Schema) -> Schema:
        default = member.default
        if member.default_factory is not None:
            # Others may give another value each time.
            is_empty = member.default_factory in (list, dict, set, frozenset, tuple)
            default = member.make_default() if is_empty else msgspec.NODEFAULT
        return with_default(schema, default)

    def component(self, name: str, schema: Schema) -> Schema:
        """A reference to a component; its name gets a number if another one has it."""
        unique = new_names({"schemas": {name: schema}}, self._components)["schemas", name]
        self._known[unique] = schema
        return {"$ref": f"{_REFERENCES}{unique}"}

    def _kind(self, described: Described) -> Schema:
        if described.is_upload and described.item is None:
            return _file(described)
        if described.record is not None:
            return {"$ref": f"{_REFERENCES}{self._record(described.record)}"}
        if described.options:
            return {"anyOf": [self.of(option) for option in described.options]}
        kind = described.type
        if isinstance(kind, kinds.CustomType):
            return self._foreign(described.annotation)
        if isinstance(kind, kinds.EnumType):
            return self._enum(kind.cls)
        if isinstance(kind, kinds.LiteralType):
            return _choice(kind.values)
        return _limited(self._shape(described), described)

    def _shape(self, described: Described) -> Schema:
        kind = described.type
        if isinstance(kind, kinds.TupleType):
            items = [self.of(_described(each)) for each in kind.item_types]
            return {"type": "array", "prefixItems": items, "items": False}
        if isinstance(kind, kinds.DictType):
            schema: Schema = {"type": "object"}
            inner = self.of(described.item) if described.item is not None else {}
            return {**schema, "additionalProperties": inner} if inner else schema
        if described.item is not None:
            return {"type": "array", "items": self.of(described.item)}  # a set takes one item twice
        return dict(_PLAIN.get(type(kind), {}))

    def _enum(self, cls: type[enum.Enum]) -> Schema:
        if cls not in self._names:
            values = [member.value for member in cls]
            reference = self.component(cls.__name__, {"title": cls.__name__, **_choice(values)})
            self._names[cls] = reference["$ref"].removeprefix(_REFERENCES)
        return {"$ref": f"{_REFERENCES}{self._names[cls]}"}

    def _record(self, record: Record) -> str:
        """The name of the component of an object; made at the first use."""
        key = record.annotation
        if key not in self._names:
            if record.is_pydantic:
                self._names[key] = self._pydantic(key)
            else:
                reference = self.component(_name_of(key), {})
                self._names[key] = reference["$ref"].removeprefix(_REFERENCES)
                self._known[self._names[key]] = {"title": _name_of(key), **self._object(record)}
        return self._names[key]

    def _object(self, record: Record) -> Schema:
        schema: Schema = {"type": "object", "properties": {}}
        text = _own_docstring(record.cls)
        if text:
            schema["description"] = text
        if record.tag is not None:
            name, value = record.tag
            schema["properties"][name] = {"const": value}
        schema["properties"].update({one.key: self.member(one) for one in record.members})
        required = [record.tag[0]] if record.tag is not None else []
        required += [one.key for one in record.members if one.is_required]
        if required:
            schema["required"] = required
        if record.forbids_unknown:
            schema["additionalProperties"] = False
        return schema

    def _foreign(self, annotation: Any) -> Schema:
        """The schema of a type that pydantic has a rule for."""
        try:
            return self._of_adapter(annotation)
        except Exception:  # each library has its own for a type without a schema
            return {}

    def _pydantic(self, cls: Any) -> str:
        schema = self._of_adapter(cls)
        if schema.keys() == {"$ref"}:  # a model that contains itself
            return str(schema["$ref"]).removeprefix(_REFERENCES)
        return str(self.component(_name_of(cls), schema)["$ref"]).removeprefix(_REFERENCES)

    def _of_adapter(self, annotation: Any) -> Schema:
        import pydantic  # the program has it

        template = f"{_REFERENCES}{{model}}"
        schema = pydantic.TypeAdapter(annotation).json_schema(ref_template=template)
        definitions = {"schemas": schema.pop("$defs", {})}
        names = new_names(definitions, self._components)
        for name, definition in definitions["schemas"].items():
            self._known[names["schemas", name]] = renamed(definition, names)
        found: Schema = renamed(schema, names)
        return found


def with_default(schema: Schema, default: Any) -> Schema:
    """A schema with a default, if there is one that JSON has."""
    if default is msgspec.NODEFAULT or default is None:
        return schema
    plain = _plain(default)
    return schema if plain is None else {**schema, "default": plain}


def filled(schema: Schema, *, is_required: bool) -> Schema:
    """The schema of a field of a form, a query or a header, where an empty text may be no value.

    An empty text is not enough for a required field, and no item of a list.
    """
    if schema.get("type") == "array":
        return {**schema, "items": filled(schema["items"], is_required=True)}
    if not is_required or schema.get("type") != "string" or schema.keys() & {"format", "enum"}:
        return schema
    return {**schema, "minLength": max(1, schema.get("minLength", 0))}


def _file(described: Described) -> Schema:
    """A file: generators of clients know the format, OpenAPI 3.1 has the media type."""
    control = described.control
    accepted = control.accept if control is not None else None
    media_type = accepted if accepted and re.fullmatch(r"\w+/[\w.+-]+", accepted) else None
    schema: Schema = {"type": "string", "format": "binary"}
    schema["contentMediaType"] = media_type or "application/octet-stream"
    if control is not None and control.max_bytes is not None:
        schema["maxLength"] = control.max_bytes
    return schema


def _limited(schema: Schema, described: Described) -> Schema:
    size = _SIZES.get(schema.get("type", ""), "Length")
    for name, limit in described.limits.items():
        if name in _NUMBER_LIMITS:
            is_number = schema.get("type") in ("integer", "number")
            schema[_NUMBER_LIMITS[name]] = limit if is_number else _plain(limit)
        elif name == "pattern":
            schema["pattern"] = document_pattern(limit)
        else:
            schema[f"{name.partition('_')[0]}{size}"] = limit
    return {key: value for key, value in schema.items() if value is not None}


def _choice(values: Iterable[Any]) -> Schema:
    listed = [_plain(value) for value in values]
    types = {type(value) for value in listed}
    name = {str: "string", int: "integer"}.get(types.pop()) if len(types) == 1 else None
    return {**({"type": name} if name else {}), "enum": listed}


def _nullable(schema: Schema) -> Schema:
    """A schema that ``null`` fits as well."""
    # Tools read a format of several types in different ways.
    if isinstance(schema.get("type"), str) and not schema.keys() & {"enum", "format"}:
        return {**schema, "type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else schema


def _described(kind: kinds.Type) -> Described:
    """The description of an item of a tuple: its kind alone."""
    cls = getattr(kind, "cls", None)
    return describe(cls) if cls is not None else Described(Any, kind)


def _plain(value: Any) -> Any:
    """A value as JSON has it; ``None`` if it has none."""
    try:
        return msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError):
        return None


def _name_of(annotation: Any) -> str:
    """The name of a class, or of an alias with arguments: ``Page_int``."""
    arguments = getattr(annotation, "__args__", ())
    base = getattr(annotation, "__origin__", annotation)
    names = [getattr(base, "__name__", str(base)), *map(_name_of, arguments)]
    return _NO_NAME.sub("_", "_".join(names)).strip("_") or "Object"


def _own_docstring(cls: type) -> str | None:
    """The docstring of a class, if the program wrote it."""
    text = vars(cls).get("__doc__") or ""
    is_made = text.startswith((f"{cls.__name__}(", "Usage docs:"))
    return None if is_made or not text.strip() else " ".join(text.split())
