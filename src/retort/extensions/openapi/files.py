"""Documents as text: JSON, and YAML where PyYAML is installed. How two of them differ."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...json.pointer import pointer_step

if TYPE_CHECKING:
    from collections.abc import Iterator

YAML_ENDINGS = (".yaml", ".yml")

_LONGEST_SHOWN = 80  # characters of a value
_ABSENT = object()


class DocumentError(Exception):
    """A document that cannot be read or written; the message names the file."""


def as_json(document: dict[str, Any]) -> str:
    """A document as indented JSON, which ends with a line feed."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def as_text(document: dict[str, Any], file: str) -> str:
    """A document in the format of a file with this name.

    :raises DocumentError: for YAML without PyYAML.
    """
    if not _is_yaml(file):
        return as_json(document)
    text: str = _yaml(file).safe_dump(
        json.loads(json.dumps(document)), sort_keys=False, allow_unicode=True, width=100
    )
    return text


def read(file: str) -> dict[str, Any]:
    """The document in a file.

    :raises DocumentError: if the file cannot be read, or has no document.
    """
    try:
        text = Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise DocumentError(f"{file} cannot be read: {error}.") from error
    value = _parse_yaml(text, file) if _is_yaml(file) else _parse_json(text, file)
    if not isinstance(value, dict) or "openapi" not in value:
        raise DocumentError(
            f"{file} is not an OpenAPI document: it has no member 'openapi' at its top."
        )
    return value


def differences(old: Any, new: Any, place: str = "") -> Iterator[str]:
    """A line for each part that differs, with its place as a JSON pointer.

    :param old: what the file says.
    :param new: what the program says.
    """
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            inner = f"{place}/{pointer_step(key)}"
            yield from differences(old.get(key, _ABSENT), new.get(key, _ABSENT), inner)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (first, second) in enumerate(zip(old, new, strict=True)):
            yield from differences(first, second, f"{place}/{number}")
    elif old is _ABSENT:
        yield f"{place}: only in the program: {_shown(new)}"
    elif new is _ABSENT:
        yield f"{place}: only in the file: {_shown(old)}"
    elif old != new or type(old) is not type(new):
        yield f"{place}: the file has {_shown(old)}, the program {_shown(new)}"


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _is_yaml(file: str) -> bool:
    return file.lower().endswith(YAML_ENDINGS)


def _yaml(file: str) -> Any:
    try:
        return importlib.import_module("yaml")  # not a dependency
    except ImportError:
        raise DocumentError(
            f"{file} is YAML, which needs PyYAML: pip install pyyaml. Or use a file that ends with"
            " .json."
        ) from None


def _parse_yaml(text: str, file: str) -> Any:
    yaml = _yaml(file)
    try:
        value = yaml.safe_load(text)
        return json.loads(json.dumps(value, default=str))  # numbers as keys, dates
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise DocumentError(f"{file} is not YAML: {error}.") from error


def _parse_json(text: str, file: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise DocumentError(f"{file} is not JSON: {error}.") from error
