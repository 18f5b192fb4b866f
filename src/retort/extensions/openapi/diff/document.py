"""Reads an OpenAPI document, and follows the references in it."""

from __future__ import annotations

import importlib
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from ....json.pointer import pointer_step

if TYPE_CHECKING:
    from collections.abc import Iterator

STANDARD_INPUT = "-"

# Their members have names that the program chose: none of them is a keyword.
_NAMED = frozenset(
    (
        *("properties", "patternProperties", "dependentSchemas", "$defs", "definitions", "schemas"),
        *("responses", "parameters", "requestBodies", "headers", "securitySchemes", "callbacks"),
        *("pathItems", "paths", "webhooks", "content", "encoding", "mapping"),
    )
)
_DATA = frozenset({"example", "examples", "default", "enum", "const", "value", "links"})


class DocumentError(Exception):
    """A document that cannot be compared; the message has its file and the place."""

    def __init__(self, file: str, pointer: str, problem: str) -> None:
        shown = "standard input" if file == STANDARD_INPUT else file
        super().__init__(f"{shown}{f' at #{pointer}' if pointer else ''}: {problem}")


@dataclass(frozen=True)
class Document:
    """A document of OpenAPI 3.

    :param file: its name, for messages.
    :param version: as ``3.1``.
    """

    file: str
    version: str
    content: dict[str, Any]

    @property
    def root(self) -> Place:
        return Place(self, "", self.content)

    def error(self, pointer: str, problem: str) -> DocumentError:
        return DocumentError(self.file, pointer, problem)


@dataclass(frozen=True)
class Place:
    """A value in a document, and its JSON pointer."""

    document: Document
    pointer: str
    value: Any

    def child(self, key: str | int) -> Place:
        """A member or an element that is there."""
        return Place(self.document, f"{self.pointer}/{pointer_step(key)}", self.value[key])

    def get(self, key: str) -> Place | None:
        """The member of an object, if there is one."""
        return self.child(key) if key in self.mapping() else None

    def mapping(self) -> dict[str, Any]:
        """The value, which must be an object."""
        if isinstance(self.value, dict):
            return self.value
        raise self.wrong("an object")

    def members(self, key: str) -> dict[str, Place]:
        """The members of an object inside of this one; none if it is absent."""
        inner = self.get(key)
        if inner is None:
            return {}
        return {name: inner.child(name) for name in inner.mapping()}

    def elements(self, key: str) -> list[Place]:
        """The elements of a list inside of this object; none if it is absent."""
        inner = self.get(key)
        if inner is None:
            return []
        if not isinstance(inner.value, list):
            raise inner.wrong("a list")
        return [inner.child(number) for number in range(len(inner.value))]

    def text(self, key: str, default: str = "") -> str:
        """The member of an object, which must be a string."""
        inner = self.get(key)
        if inner is None:
            return default
        if not isinstance(inner.value, str):
            raise inner.wrong("a string")
        return inner.value

    def flag(self, key: str) -> bool:
        """Whether a member is true."""
        return self.mapping().get(key) is True

    def wrong(self, expected: str) -> DocumentError:
        """The error of a value of another kind."""
        return self.document.error(self.pointer, f"expected {expected}, found {_kind(self.value)}.")

    @property
    def reference(self) -> str | None:
        """The target, if this is a reference."""
        target = self.value.get("$ref") if isinstance(self.value, dict) else None
        return target if isinstance(target, str) else None

    def resolved(self) -> Place:
        """The end of a chain of references; the place itself if it is none."""
        place, passed = self, {self.pointer}
        while place.reference is not None:
            place = place.target()
            if place.pointer in passed:
                raise self.document.error(
                    self.pointer, f"$ref {self.reference!r} leads back to itself."
                )
            passed.add(place.pointer)
        return place

    def target(self) -> Place:
        """Where a reference leads, one step."""
        reference = str(self.reference)
        if not reference.startswith("#"):
            raise self.document.error(
                self.pointer,
                f"$ref {reference!r} leads to another file. Only references inside of the document"
                " are followed: put all parts into one file first.",
            )
        place = self.document.root
        for step in unquote(reference[1:]).split("/")[1:]:
            place = self._step(place, step.replace("~1", "/").replace("~0", "~"), reference)
        if reference != "#" and not reference.startswith("#/"):
            raise self._unresolvable(reference, "it is no JSON pointer")
        return place

    def _step(self, place: Place, step: str, reference: str) -> Place:
        if isinstance(place.value, dict) and step in place.value:
            return place.child(step)
        is_number = isinstance(place.value, list) and re.fullmatch("0|[1-9][0-9]{0,8}", step)
        if is_number and int(step) < len(place.value):
            return place.child(int(step))
        where = f"#{place.pointer}"
        raise self._unresolvable(reference, f"there is no {step!r} in {where}")

    def _unresolvable(self, reference: str, reason: str) -> DocumentError:
        return self.document.error(
            self.pointer, f"$ref {reference!r} cannot be resolved: {reason}."
        )


def load(file: str) -> Document:
    """Read a document, and check that its references lead to something.

    :param file: its path; ``-`` is standard input.
    :raises DocumentError: if it is not a document of OpenAPI 3.
    """
    return checked(file, _parse(file, _read(file)))


def checked(file: str, content: Any) -> Document:
    """A parsed document, if it is one of OpenAPI 3 whose references lead to something."""
    if not isinstance(content, dict):
        raise DocumentError(file, "", f"expected an object, found {_kind(content)}.")
    if "swagger" in content:
        raise DocumentError(
            file, "/swagger", "this is Swagger 2, the predecessor of OpenAPI 3. Convert it first."
        )
    version = content.get("openapi")
    if version is None:
        raise DocumentError(file, "", "not an OpenAPI document: it has no member 'openapi'.")
    if not isinstance(version, str) or not re.match(r"3\.[012](\.|$)", version):
        raise DocumentError(
            file, "/openapi", f"version {version!r} is not supported; 3.0, 3.1 and 3.2 are."
        )
    document = Document(file, version[:3], content)
    for place in _references(document.root):
        place.resolved()
    return document


def _references(root: Place) -> Iterator[Place]:
    """Every reference of the document, also where no operation leads to."""
    waiting = [(root, False)]
    while waiting:
        place, has_names = waiting.pop()
        if isinstance(place.value, list):
            waiting += [(place.child(number), False) for number in range(len(place.value))]
        if not isinstance(place.value, dict):
            continue
        if place.reference is not None and not has_names:
            yield place
        for key in place.value:
            if has_names or not (key in _DATA or key.startswith("x-")):
                waiting.append((place.child(key), key in _NAMED and not has_names))


def _read(file: str) -> bytes:
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read()
    try:
        return Path(file).read_bytes()
    except OSError as error:
        raise DocumentError(file, "", f"cannot be read: {error.strerror or error}.") from error


def _parse(file: str, data: bytes) -> Any:
    is_yaml = file.lower().endswith((".yaml", ".yml"))
    if file == STANDARD_INPUT:
        is_yaml = not data.lstrip().startswith((b"{", b"\xef\xbb\xbf{"))
    try:
        text = data.decode("utf-8-sig")
        return _from_yaml(file, text) if is_yaml else json.loads(text)
    except UnicodeDecodeError as error:
        raise DocumentError(file, "", f"not UTF-8: byte {error.start} is invalid.") from error
    except RecursionError as error:
        raise DocumentError(file, "", "its values are nested too deeply.") from error
    except ValueError as error:
        raise DocumentError(file, "", f"not JSON: {error}.") from error


def _from_yaml(file: str, text: str) -> Any:
    try:
        yaml = importlib.import_module("yaml")  # not a dependency
    except ImportError as error:
        raise DocumentError(
            file,
            "",
            "YAML is read with PyYAML, which is not installed: pip install pyyaml. Or use a file"
            " that ends with .json.",
        ) from error
    try:
        return json.loads(json.dumps(yaml.safe_load(text), default=str))  # statuses become text
    except (yaml.YAMLError, TypeError, ValueError) as error:
        raise DocumentError(file, "", f"not YAML: {error}.") from error


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return names.get(type(value), "a number")
