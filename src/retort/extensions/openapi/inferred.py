"""What the reading of a view's source finds, as parts of a document.

Reading itself is in `devtools/openapi/`. All that comes from it is marked ``x-inferred``.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from .operations import Operation

    #: Reads the source of an operation; ``None``: no source.
    Infer = Callable[[Operation], "Inferred | None"]

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
MARK = {"x-inferred": True}
ITEM = "[]"  # an item of an array, in the path of a field

#: Where a parameter of the document is, by the source of a field.
PLACES = {"query": "query", "header": "header", "cookie": "cookie"}


@dataclass(frozen=True)
class InferredField:
    """A field of the request that a view reads.

    :param source: ``form``, ``files``, ``json``, ``query``, ``header`` or ``cookie``.
    :param path: its name; in JSON, the names that lead to a nested property, with `ITEM`
        for each array on the way.
    :param is_required: whether each way through the view reads it without a default.
    :param is_list: whether all values of the name are read.
    :param schema: its type and default, as far as they are known.
    """

    source: str
    path: tuple[str, ...]
    is_required: bool = False
    is_list: bool = False
    schema: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Inferred:
    """What a view reads and returns.

    :param bodies: how it reads the body: ``form``, ``files``, ``json``, ``raw``.
    :param open: the sources of which it may read further fields; ``request`` means all.
    :param statuses: of its responses; empty: nothing is known.
    :param content: the media types of its successful responses.
    """

    fields: tuple[InferredField, ...] = ()
    bodies: frozenset[str] = frozenset()
    open: frozenset[str] = frozenset()
    statuses: frozenset[int] = frozenset()
    content: frozenset[str] = frozenset()


def parameters_of(found: Inferred) -> Iterator[dict[str, Any]]:
    """The parameters of the query, the header and the cookies."""
    for one in found.fields:
        place = PLACES.get(one.source)
        if place is None:
            continue
        schema = {"type": "string", **one.schema}
        parameter: dict[str, Any] = {"name": one.path[0], "in": place}
        if one.is_required:
            parameter["required"] = True
        if one.is_list:
            schema = {"type": "array", "items": schema}
        yield {**parameter, "schema": schema, **MARK}


def body_of(found: Inferred) -> dict[str, Any] | None:
    """The request body; ``None`` if the view does not read it."""
    content: dict[str, Any] = {}
    if found.bodies & {"form", "files"}:
        content.update(_form(found))
    if "json" in found.bodies:
        content[JSON] = {"schema": _json(found)}
    if "raw" in found.bodies or ("request" in found.open and not content):
        content["*/*"] = {"schema": {"additionalProperties": True, **MARK}}
    if not content:
        return None
    body: dict[str, Any] = {"content": content, **MARK}
    if len(content) == 1 and any(one.is_required for one in _body_fields(found)):
        body["required"] = True
    return body


def _form(found: Inferred) -> dict[str, Any]:
    fields = [one for one in found.fields if one.source in ("form", "files")]
    schema = _object(fields, is_open=bool(found.open & {"form", "files", "request"}))
    return {MULTIPART if "files" in found.bodies else FORM: {"schema": schema}}


def _json(found: Inferred) -> dict[str, Any]:
    fields = [one for one in found.fields if one.source == "json"]
    if not fields:
        return {"additionalProperties": True, **MARK}  # an array is possible too
    if all(one.path[0] == ITEM for one in fields):
        items = [replace(one, path=one.path[1:]) for one in fields if one.path[1:]]
        return {"type": "array", **MARK, "items": _object(items, is_open=False)}
    fields = [one for one in fields if one.path[0] != ITEM]
    return _object(fields, is_open=bool(found.open & {"json", "request"}))


def _object(fields: Iterable[InferredField], *, is_open: bool) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    if is_open:
        schema["additionalProperties"] = True
    schema.update(MARK)
    for one in fields:
        _add(schema, one)
    return schema


def _add(schema: dict[str, Any], one: InferredField) -> None:
    """Add a field to the schema of an object, and the objects that lead to it."""
    *outer, name = one.path
    for key in outer:
        schema = _inner(schema, key)
    if name == ITEM:
        _inner(schema, ITEM)
        return
    schema.setdefault("type", "object")
    properties = schema.setdefault("properties", {})
    if not properties.get(name):
        properties[name] = _value_of(one)
    if one.is_required:
        schema["required"] = sorted({*schema.get("required", ()), name})


def _inner(schema: dict[str, Any], key: str) -> dict[str, Any]:
    """The schema of a property, or of the items of an array."""
    inner: dict[str, Any]
    if key == ITEM:
        schema.setdefault("type", "array")
        inner = schema.setdefault("items", {})
    else:
        schema.setdefault("type", "object")
        inner = schema.setdefault("properties", {}).setdefault(key, {})
    return inner


def _value_of(one: InferredField) -> dict[str, Any]:
    if one.source == "files":
        value = {"type": "string", "format": "binary"}
        value["contentMediaType"] = "application/octet-stream"
    elif one.source == "form":
        value = {"type": "string", **one.schema}
    else:
        value = dict(one.schema)
    return {"type": "array", "items": value} if one.is_list else value


def _body_fields(found: Inferred) -> list[InferredField]:
    return [one for one in found.fields if one.source in found.bodies]
