"""The texts of a document: summaries, descriptions, operation ids."""

from __future__ import annotations

import inspect
import re
from itertools import count
from typing import TYPE_CHECKING

from werkzeug.http import HTTP_STATUS_CODES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from .operations import Operation

_NO_LETTER = re.compile(r"[^A-Za-z0-9]+")
_MARKER = "---"  # below it, some extensions have YAML in docstrings


def texts_of(function: Callable[..., Any]) -> dict[str, str]:
    """``summary`` and ``description`` of a function, from its docstring.

    The first paragraph is the summary, the rest is the description.
    """
    doc = inspect.cleandoc(getattr(function, "__doc__", None) or "")
    lines = doc.splitlines()
    if _MARKER in (line.strip() for line in lines):
        lines = lines[: [line.strip() for line in lines].index(_MARKER)]
    summary, _, description = "\n".join(lines).strip().partition("\n\n")
    texts = {"summary": " ".join(summary.split()), "description": description.strip()}
    return {key: text for key, text in texts.items() if text}


def phrase_of(status: int) -> str:
    """The description of a response with a status."""
    # Those of `http.HTTPStatus` differ between versions of Python, and files are compared.
    return HTTP_STATUS_CODES.get(status, f"Status {status}")


def operation_ids(operations: Iterable[Operation]) -> dict[tuple[str, str], str]:
    """The operation id by path and method; each id is unique.

    It is the name of the endpoint. Operations that share an endpoint get their method as a
    suffix, except GET; those with the same method get their path.
    """
    listed = sorted(operations, key=lambda one: (len(one.path), one.path, one.method))
    methods: dict[str, set[str]] = {}
    for one in listed:
        methods.setdefault(one.endpoint, set()).add(one.method)
    ids: dict[tuple[str, str], str] = {}
    taken: set[str] = set()
    for one in listed:
        name = identifier(one.endpoint)
        if one.method != "GET" and len(methods[one.endpoint]) > 1:
            name += f"_{one.method.lower()}"
        if name in taken:
            name = f"{name}_{identifier(one.path)}"
        numbered = (f"{name}_{number}" for number in count(2))
        while name in taken:
            name = next(numbered)
        taken.add(name)
        ids[one.path, one.method] = name
    return ids


def identifier(text: str) -> str:
    """A text as a name for generated code: letters, digits and underscores."""
    return _NO_LETTER.sub("_", text).strip("_") or "index"
