"""Takes a schema apart: references, ``allOf``, and alternatives that are none.

A schema becomes a list of parts. A value is valid if it is valid for each part. What is written in
several ways becomes one: ``nullable`` of OpenAPI 3.0 and ``oneOf`` with null, alternatives of plain
types, and alternatives of constants.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .document import Place

ANNOTATIONS = frozenset(
    (
        *("title", "description", "example", "examples", "$comment", "externalDocs", "xml"),
        *("deprecated", "default", "readOnly", "writeOnly", "nullable", "discriminator"),
        *("$defs", "definitions", "$schema", "$id", "$anchor", "$vocabulary"),
    )
)
ALTERNATIVES = ("oneOf", "anyOf")


class Schema(NamedTuple):
    """A schema that is compared: the places that say what is valid. Without one, all is.

    :param pointer: for messages.
    """

    places: tuple[Place, ...]
    pointer: str

    @property
    def key(self) -> tuple[str, ...]:
        """The same for schemas that allow the same."""
        return tuple(sorted({_owner(place).pointer for place in self.places}))


def schema_at(place: Place | None, default: str) -> Schema:
    """The schema at a place, or the one that allows everything.

    :param default: the pointer, if there is no place.
    """
    if place is None:
        return Schema((), default)
    return Schema((place,), _owner(place).pointer)


def _owner(place: Place) -> Place:
    """The schema that a reference stands for; itself, if it has more conditions."""
    while place.reference is not None:
        if len(place.mapping()) > 1 and place.document.version != "3.0":
            break
        place = place.target()
    return place


@dataclass
class Part:
    """The keywords of one schema object.

    :param allows_null: null is valid, whatever the type says.
    """

    place: Place
    allows_null: bool
    keywords: dict[str, Any] = field(default_factory=dict)

    def has(self, keyword: str) -> bool:
        return keyword in self.keywords


def parts_of(schema: Schema) -> list[Part]:
    """The parts of a schema.

    :raises DocumentError: if an ``allOf`` leads back to its schema.
    """
    return [part for place in schema.places for part in _expanded(place, frozenset(), False)]


def _expanded(place: Place, trail: frozenset[str], allows_null: bool) -> Iterator[Part]:
    if place.pointer in trail:
        raise place.document.error(place.pointer, "the schema contains itself, by $ref or allOf.")
    trail |= {place.pointer}
    if isinstance(place.value, bool):
        yield Part(place, allows_null, {} if place.value else {"type": []})
        return
    keywords = dict(place.mapping())
    allows_null = allows_null or keywords.get("nullable") is True
    if place.reference is not None:
        yield from _expanded(place.target(), trail, allows_null)
        if place.document.version == "3.0":  # the others are ignored there
            return
        del keywords["$ref"]
    for inner in place.elements("allOf"):
        yield from _expanded(inner, trail, allows_null)
    keywords.pop("allOf", None)
    for keyword in ALTERNATIVES:
        if keyword in keywords:
            simple, only, has_null = _simplified(place, keyword)
            if simple is not None:
                del keywords[keyword]
                keywords = _both(keywords, simple)
            if only is not None:
                del keywords[keyword]
                yield from _expanded(only, trail, allows_null or has_null)
            allows_null = allows_null or has_null
    yield Part(place, allows_null, keywords)


def _simplified(place: Place, keyword: str) -> tuple[dict[str, Any] | None, Place | None, bool]:
    """Alternatives as keywords or as one schema, if they are not really alternatives.

    The last value is whether null is one of them.
    """
    every = place.elements(keyword)
    branches = [branch for branch in every if not is_null(branch)]
    has_null = len(branches) < len(every)
    if len(branches) == 1:
        return None, branches[0], has_null
    plain = [_plain_keywords(branch) for branch in branches]
    if plain and all(one.keys() == {"type"} for one in plain):
        return {"type": [name for one in plain for name in _listed(one["type"])]}, None, has_null
    if plain and all("enum" in one for one in plain):
        return {"enum": [value for one in plain for value in one["enum"]]}, None, has_null
    return None, None, has_null


def is_null(branch: Place) -> bool:
    """Whether null alone is valid for a schema."""
    return _plain_keywords(branch) in ({"type": "null"}, {"type": ["null"]}, {"enum": [None]})


def _plain_keywords(branch: Place) -> dict[str, Any]:
    """The conditions of a schema without references; ``const`` as ``enum``, which says the type."""
    value = branch.value
    if not isinstance(value, dict) or value.get("nullable") is True:
        return {"": value}
    found = {name: value[name] for name in value if not is_annotation(name)}
    if "const" in found:
        found["enum"] = [found.pop("const")]
    if isinstance(found.get("enum"), list):
        return {"enum": found["enum"]} if found.keys() <= {"enum", "type"} else found
    return found


def is_annotation(keyword: str) -> bool:
    """Whether a keyword restricts nothing."""
    return keyword in ANNOTATIONS or keyword.startswith("x-")


def _both(keywords: dict[str, Any], simple: dict[str, Any]) -> dict[str, Any]:
    """Keywords together with those of alternatives; an own type or enum is the narrower one."""
    return {**simple, **keywords}


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
