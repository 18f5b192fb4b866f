"""Schemas of OpenAPI 3.0 as those of 3.1, which are JSON Schema."""

from __future__ import annotations

from typing import Any

_LIMITS = {"exclusiveMinimum": "minimum", "exclusiveMaximum": "maximum"}
# Members whose values are values of the program, not schemas.
_VALUES = frozenset({"default", "enum", "example", "examples", "const"})


def modernised(document: dict[str, Any]) -> dict[str, Any]:
    """A document of OpenAPI 3.0 with the schemas of 3.1; other documents are returned as is."""
    if not str(document.get("openapi", "")).startswith("3.0"):
        return document
    found: dict[str, Any] = _modern(document)
    return found


def _modern(value: Any, *, is_names: bool = False) -> Any:
    """:param is_names: whether the keys are names of the program, as in ``properties``."""
    if isinstance(value, list):
        return [_modern(each) for each in value]
    if not isinstance(value, dict):
        return value
    found = {
        key: each
        if key in _VALUES and not is_names
        else _modern(each, is_names=key == "properties" and not is_names)
        for key, each in value.items()
    }
    return found if is_names else _schema(found)


def _schema(found: dict[str, Any]) -> dict[str, Any]:
    for exclusive, limit in _LIMITS.items():
        is_flag = isinstance(found.get(exclusive), bool)
        if is_flag and found.pop(exclusive) and limit in found:
            found[exclusive] = found.pop(limit)
    if not isinstance(found.get("nullable"), bool):
        return found
    if not found.pop("nullable"):
        return found
    if isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
        if "enum" in found and None not in found["enum"]:
            found["enum"] = [*found["enum"], None]
        return found
    inner = {key: found.pop(key) for key in ("$ref", "allOf", "oneOf", "anyOf") if key in found}
    return {**found, "anyOf": [inner, {"type": "null"}]} if inner else found
