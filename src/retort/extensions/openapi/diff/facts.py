"""What a schema allows, from all of its parts: the form in which two schemas are compared."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from .changes import ABSENT
from .parts import ALTERNATIVES, Part, Schema, is_annotation, is_null, parts_of, schema_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .document import Place
    from .rules import Direction

_FRACTION = "fraction"  # the numbers that are no integers
_TYPES = frozenset({"null", "boolean", "object", "array", "string", "integer", _FRACTION})
_OF_OBJECTS = ("properties", "additionalProperties", "required", "patternProperties")
_OF_LISTS = ("items", "prefixItems")

# Keywords that are read here; each other one that is no annotation is in `Facts.others`.
_READ = frozenset(
    (
        *("$ref", "type", "enum", "const", "format", "pattern", "multipleOf", "uniqueItems"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "allOf", *ALTERNATIVES),
        *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
        *("properties", "required", "additionalProperties", "unevaluatedProperties"),
        *(
            "minContains",
            "maxContains",
            "items",
            "prefixItems",
            "contentEncoding",
            "contentMediaType",
        ),
    )
)
LOWER_LIMITS = {"minLength": 0, "minItems": 0, "minProperties": 0, "minContains": 1}  # defaults
UPPER_LIMITS = ("maxLength", "maxItems", "maxProperties", "maxContains")


class Bound(NamedTuple):
    """The lowest or the highest number."""

    value: float
    is_exclusive: bool


class Union(NamedTuple):
    """Alternatives, without null."""

    keyword: str
    place: Place
    branches: list[Schema]


@dataclass
class Facts:
    """What a schema allows.

    :param types: `None` is any. A ``number`` is an ``integer`` or a ``fraction``.
    :param values: of ``enum`` and ``const``, by their JSON, without null.
    :param allowed_more: fields without an own schema: all, none, or those of a schema.
    """

    schema: Schema
    parts: list[Part]
    types: frozenset[str] | None = None
    allows_null: bool = True
    values: dict[str, Any] | None = None
    low: Bound | None = None
    high: Bound | None = None
    limits: dict[str, int] = field(default_factory=dict)
    is_unique: bool = False
    multiples: frozenset[float] = frozenset()
    patterns: frozenset[str] = frozenset()
    format: str | None = None
    default: Any = ABSENT
    properties: dict[str, Schema] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    allowed_more: bool | Schema = True
    items: Schema | None = None
    first_items: list[Schema] = field(default_factory=list)
    unions: list[Union] = field(default_factory=list)
    others: dict[str, list[Place]] = field(default_factory=dict)

    @property
    def pointer(self) -> str:
        return self.schema.pointer

    def field(self, name: str) -> Schema:
        """The schema of a field."""
        return self.properties.get(name) or Schema((), self.pointer)

    def text(self, keyword: str) -> Any:
        """The value of an annotation; that of a part that refers to others is preferred."""
        found = [part.keywords[keyword] for part in self.parts if part.has(keyword)]
        return found[-1] if found else ABSENT

    def notes(self) -> dict[str, Any]:
        """All annotations."""
        return {
            keyword: value
            for part in self.parts
            for keyword, value in part.keywords.items()
            if is_annotation(keyword)
        }

    def is_hidden(self, direction: Direction) -> bool:
        """Whether a field of this schema is in no message of this direction."""
        keyword = "readOnly" if direction.value == "request" else "writeOnly"
        return self.text(keyword) is True


def facts_of(schema: Schema) -> Facts:
    """Read a schema.

    :raises DocumentError: if a keyword has a value of a wrong kind.
    """
    facts = Facts(schema, parts_of(schema))
    for part in facts.parts:
        _read_types(facts, part)
        _read_numbers(facts, part)
        _read_texts(facts, part)
        _read_fields(facts, part)
        _read_items(facts, part)
        _read_unions(facts, part)
        for keyword in part.place.mapping() if isinstance(part.place.value, dict) else ():
            if keyword not in _READ and not is_annotation(keyword):
                facts.others.setdefault(keyword, []).append(part.place.child(keyword))
    default = facts.text("default")
    facts.default = default
    return facts


def _read_types(facts: Facts, part: Part) -> None:
    values = _values(part)
    types = _types(part, values)
    if types is not None:
        facts.types = types if facts.types is None else facts.types & types
    has_null = part.allows_null or types is None or "null" in types
    if types is None and any(map(part.has, ALTERNATIVES)):
        has_null = part.allows_null  # one of the alternatives would be null
    if values is not None:
        has_null = part.allows_null or "null" in values
        values.pop("null", None)
        if facts.values is not None:
            values = {key: value for key, value in values.items() if key in facts.values}
        facts.values = values
    facts.allows_null = facts.allows_null and has_null
    if facts.types is not None:
        facts.types -= {"null"}


def _values(part: Part) -> dict[str, Any] | None:
    """The values of ``enum`` and ``const`` of a part."""
    found: dict[str, Any] | None = None
    if part.has("enum"):
        listed = part.keywords["enum"]
        if not isinstance(listed, list):
            raise part.place.child("enum").wrong("a list")
        found = {json_of(value): value for value in listed}
    if part.has("const"):
        const = part.keywords["const"]
        found = {json_of(const): const}
    return found


def _types(part: Part, values: dict[str, Any] | None) -> frozenset[str] | None:
    """The types of a part; without ``type``, those of its values or of what it says about them."""
    if part.has("type"):
        given = part.keywords["type"]
        names = given if isinstance(given, list) else [given]
        if "number" in names:
            names = [*names, "integer", _FRACTION]
        found = {name for name in names if isinstance(name, str)} - {"number"}
        if len(found) < len({*map(str, names)} - {"number"}) or not found <= _TYPES:
            raise part.place.child("type").wrong("the name of a type, or a list of them")
        return frozenset(found)
    if values is not None:
        return frozenset({_type_of(value) for value in values.values()})
    if any(map(part.has, _OF_OBJECTS)):
        return frozenset({"object"})
    if any(map(part.has, _OF_LISTS)):
        return frozenset({"array"})
    return None


def _type_of(value: Any) -> str:
    names = {bool: "boolean", int: "integer", float: _FRACTION, str: "string", list: "array"}
    return "null" if value is None else names.get(type(value), "object")


def shown_types(facts: Facts) -> list[str] | str:
    """Types as a document has them."""
    if facts.types is None:
        return "any"
    names = set(facts.types)
    if _FRACTION in names:
        names = names - {"integer", _FRACTION} | {"number"}
    if facts.allows_null:
        names.add("null")
    listed = sorted(names, key=lambda name: (name == "null", name))
    if not listed:
        return "none"
    return listed[0] if len(listed) == 1 else listed


def _read_numbers(facts: Facts, part: Part) -> None:
    if not isinstance(part.place.value, dict):
        return
    low = _bound(part.place, "minimum", "exclusiveMinimum")
    high = _bound(part.place, "maximum", "exclusiveMaximum")
    if low is not None and (facts.low is None or low > facts.low):
        facts.low = low
    if high is not None and (
        facts.high is None or (high.value, not high[1]) < (facts.high.value, not facts.high[1])
    ):
        facts.high = high
    for keyword in (*LOWER_LIMITS, *UPPER_LIMITS):
        limit = _number(part.place, keyword)
        if limit is not None:
            tighter = max if keyword in LOWER_LIMITS else min
            facts.limits[keyword] = int(tighter(limit, facts.limits.get(keyword, limit)))
    multiple = _number(part.place, "multipleOf")
    if multiple:
        facts.multiples |= {multiple}
    facts.is_unique = facts.is_unique or part.place.flag("uniqueItems")


def _bound(place: Place, inclusive: str, exclusive: str) -> Bound | None:
    """A limit of numbers; OpenAPI 3.0 has a boolean for exclusive ones."""
    limit = _number(place, inclusive)
    if isinstance(place.mapping().get(exclusive), bool):
        return None if limit is None else Bound(limit, place.flag(exclusive))
    other = _number(place, exclusive)
    if other is None:
        return None if limit is None else Bound(limit, False)
    is_lower = inclusive == "minimum"
    if limit is not None and (limit > other if is_lower else limit < other):
        return Bound(limit, False)
    return Bound(other, True)


def _number(place: Place, keyword: str) -> float | None:
    inner = place.get(keyword)
    if inner is None:
        return None
    if isinstance(inner.value, bool) or not isinstance(inner.value, (int, float)):
        raise inner.wrong("a number")
    return inner.value


def _read_texts(facts: Facts, part: Part) -> None:
    if part.has("pattern"):
        facts.patterns |= {part.place.text("pattern")}
    found = part.place.text("format") if part.has("format") else None
    encoding, media = part.keywords.get("contentEncoding"), part.keywords.get("contentMediaType")
    if found is None and encoding is not None:  # how OpenAPI 3.1 writes format: byte
        found = "byte" if encoding == "base64" else str(encoding)
    elif found is None and media is not None:
        found = "binary" if media == "application/octet-stream" else str(media)
    facts.format = facts.format or found


def _read_fields(facts: Facts, part: Part) -> None:
    if not isinstance(part.place.value, dict):
        return
    for name, place in part.place.members("properties").items():
        known = facts.properties.get(name)
        added = schema_at(place, "")
        facts.properties[name] = (
            added if known is None else Schema((*known.places, place), known.pointer)
        )
    names = [inner.value for inner in part.place.elements("required")]
    facts.required |= {name for name in names if isinstance(name, str)}
    for keyword in ("additionalProperties", "unevaluatedProperties"):
        more = part.place.get(keyword)
        if more is None or more.value in (True, {}):
            continue
        if more.value is False:
            facts.allowed_more = False
        elif facts.allowed_more is True:
            facts.allowed_more = schema_at(more, "")


def _read_items(facts: Facts, part: Part) -> None:
    if not isinstance(part.place.value, dict):
        return
    items = part.place.get("items")
    if items is not None:
        known = facts.items
        facts.items = (
            schema_at(items, "") if known is None else Schema((*known.places, items), known.pointer)
        )
    facts.first_items += [schema_at(one, "") for one in part.place.elements("prefixItems")]


def _read_unions(facts: Facts, part: Part) -> None:
    for keyword in ALTERNATIVES:
        if part.has(keyword):
            branches = [one for one in part.place.elements(keyword) if not is_null(one)]
            union = Union(keyword, part.place.child(keyword), [schema_at(b, "") for b in branches])
            facts.unions.append(union)


def json_of(value: Any) -> str:
    """The same for values that are equal in JSON."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return json.dumps(value, sort_keys=True)


def names_in_order(*groups: Iterable[str]) -> list[str]:
    """The names of all groups, each once, as they come."""
    return list(dict.fromkeys(name for group in groups for name in group))
