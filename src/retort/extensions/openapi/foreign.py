"""The documents of APIFlask, flask-openapi3, flask-smorest and spectree.

Each is found by what it leaves on the application or around its views; none is imported. An
operation that one of them documents is taken from there.
"""

from __future__ import annotations

import json
from types import FunctionType
from typing import TYPE_CHECKING, Any

from .components import new_names, renamed, renamed_security
from .modern import modernised
from .operations import path_parameters, shape_of, variables_of
from .security import closure_of
from .texts import phrase_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from ...app import Flask
    from .operations import Operation

_KINDS = (
    *("schemas", "responses", "parameters", "examples", "requestBodies", "headers"),
    *("securitySchemes", "links", "callbacks"),
)

Document = dict[str, Any]


class Foreign:
    """The operations of the other documents, and their components with unique names.

    :param components: those of the whole document; the others are added to them.
    """

    def __init__(self, documents: Iterable[Document], components: dict[str, dict[str, Any]]):
        self.tags: list[dict[str, Any]] = []
        self._operations: dict[tuple[str, str], tuple[str, dict[str, Any]]] = {}
        for document in documents:
            self._take(document, components)

    def operation(self, operation: Operation) -> dict[str, Any] | None:
        """What one of the documents says about an operation; ``None`` if none does."""
        found = self._operations.get((operation.shape, operation.method.lower()))
        if found is None:
            return None
        path, written = found
        own = {one["name"]: one for one in path_parameters(operation)}
        names = dict(zip(variables_of(path), own, strict=True))
        parameters = [
            {**one, "name": names.get(one["name"], one["name"])} if one.get("in") == "path" else one
            for one in written.get("parameters") or ()
        ]
        for one in parameters:
            own.pop(one.get("name"), None)
        parameters = [*own.values(), *parameters]
        return {**written, **({"parameters": parameters} if parameters else {})}

    def _take(self, document: Document, components: dict[str, dict[str, Any]]) -> None:
        document = modernised(document)
        parts = document.get("components") or {}
        own = {kind: parts[kind] for kind in _KINDS if parts.get(kind)}
        names = new_names(own, components)
        for kind, entries in own.items():
            known = components.setdefault(kind, {})
            for name, entry in entries.items():
                known[names[kind, name]] = renamed(entry, names)
        self.tags += document.get("tags") or ()
        general = document.get("security")
        for path, item in (document.get("paths") or {}).items():
            shared = item.get("parameters")
            for method, operation in item.items():
                if not isinstance(operation, dict) or _is_empty(operation):
                    continue
                merged = _with_shared(renamed(operation, names), renamed(shared or [], names))
                merged["responses"] = merged.get("responses") or {
                    "200": {"description": phrase_of(200)}
                }
                if general is not None:
                    merged.setdefault("security", renamed_security(general, names))
                self._operations.setdefault((shape_of(path), method), (path, merged))


def documents_of(app: Flask) -> Iterator[Document]:
    """The documents that extensions have made of the application.

    They are made in an app context of their own.
    """
    with app.app_context():
        found: list[Any] = []
        own = getattr(app, "api_doc", None)  # flask-openapi3
        if not isinstance(own, dict) and _is_of(type(app), "apiflask"):
            own = app.spec  # type: ignore[attr-defined]
        found.append(own)
        smorest = (app.extensions.get("flask-smorest") or {}).get("apis", {})
        found += [entry["ext_obj"].spec.to_dict() for entry in smorest.values()]
        found += [tree.spec for tree in _spectrees(app)]
    for document in found:
        # APIFlask may write YAML; Swagger 2 has other members.
        if isinstance(document, dict) and "openapi" in document:
            yield json.loads(json.dumps(document, default=str))


def endpoints_of_extensions(app: Flask) -> set[str]:
    """The endpoints by which these extensions serve their own documents."""
    found: set[str] = set()
    for endpoint, view in app.view_functions.items():
        package = str(getattr(view, "__globals__", {}).get("__name__", "")).partition(".")[0]
        owner = str(getattr(view, "__module__", None)).partition(".")[0]
        if package in _PACKAGES and owner in _PACKAGES:
            found.add(endpoint)
    return found


_PACKAGES = frozenset({"apiflask", "flask_openapi3", "flask_smorest", "spectree"})


def _spectrees(app: Flask) -> list[Any]:
    found: list[Any] = []
    for view in app.view_functions.values():
        function: Any = view
        while isinstance(function, FunctionType):
            for value in closure_of(function).values():
                if type(value).__name__ == "SpecTree" and _is_of(type(value), "spectree"):
                    found += [] if any(value is one for one in found) else [value]
            function = vars(function).get("__wrapped__")
    return [tree for tree in found if hasattr(tree, "app")]  # registered


def _is_of(cls: type, package: str) -> bool:
    return any(base.__module__.partition(".")[0] == package for base in cls.__mro__)


def _is_empty(operation: dict[str, Any]) -> bool:
    """Whether a document only lists an operation: spectree does so for all routes."""
    parameters = operation.get("parameters") or ()
    has_input = any(one.get("in") != "path" for one in parameters)
    return not (operation.get("responses") or operation.get("requestBody") or has_input)


def _with_shared(operation: dict[str, Any], shared: list[Any]) -> dict[str, Any]:
    """An operation with the parameters that its path has for all methods."""
    if not shared:
        return operation
    own = operation.get("parameters") or []
    named = {(one.get("name"), one.get("in")) for one in own}
    more = [one for one in shared if (one.get("name"), one.get("in")) not in named]
    return {**operation, "parameters": [*own, *more]}
