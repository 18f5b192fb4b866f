"""Components of a document: unique names, and the references to them."""

from __future__ import annotations

import json
import re
from itertools import count
from typing import Any

_REFERENCE = re.compile(r"#/components/([^/]+)/([^/]+)\Z")


def new_names(own: dict[str, Any], known: dict[str, dict[str, Any]]) -> dict[tuple[str, str], str]:
    """The name of each component in the whole document: another one where it is taken."""
    names: dict[tuple[str, str], str] = {}
    for kind, entries in own.items():
        taken = known.get(kind, {})
        for name, entry in entries.items():
            if name not in taken or (taken[name] == entry and "$ref" not in json.dumps(entry)):
                names[kind, name] = name
                continue
            numbered = (f"{name}_{number}" for number in count(2))
            names[kind, name] = next(
                new for new in numbered if new not in taken and new not in entries
            )
    return names


def renamed(value: Any, names: dict[tuple[str, str], str]) -> Any:
    """A part of a document with the new names of the components that it refers to."""
    if isinstance(value, list):
        return [renamed(each, names) for each in value]
    if not isinstance(value, dict):
        return value
    found = {key: renamed(each, names) for key, each in value.items()}
    reference = found.get("$ref")
    match = _REFERENCE.match(reference) if isinstance(reference, str) else None
    if match is not None:
        kind, name = match[1], match[2]
        found["$ref"] = f"#/components/{kind}/{names.get((kind, name), name)}"
    if isinstance(found.get("security"), list):
        found["security"] = renamed_security(found["security"], names)
    return found


def renamed_security(
    security: list[Any], names: dict[tuple[str, str], str]
) -> list[dict[str, Any]]:
    """Security requirements with the new names of their schemes."""
    return [
        {str(names.get(("securitySchemes", name), name)): one[name] for name in one}
        for one in security
    ]
