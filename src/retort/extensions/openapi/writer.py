"""The OpenAPI document of an application.

It is made of the URL map, of what views declare, and, where it is given, of what their source
says. The order of its parts is that of paths and methods, so that it changes only with the
program.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ...errors import SetupError
from ...routing import options_of
from .declared import declared_of, returned_content
from .foreign import Foreign, documents_of, endpoints_of_extensions
from .inferred import body_of, parameters_of
from .operations import METHODS, is_websocket, operations_of, path_of, path_parameters
from .responses import responses_of
from .schemas import Schemas
from .security import security_of
from .texts import operation_ids, phrase_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ...app import Flask
    from .declared import Declared
    from .inferred import Infer, Inferred
    from .operations import Operation

#: The versions of OpenAPI that can be written, by what selects them.
VERSIONS = {"3.1": "3.1.1", "3.1.1": "3.1.1", "3.2": "3.2.0", "3.2.0": "3.2.0"}

#: The endpoints of the document itself, of the page about it, and of the files of that page.
DOCUMENT_ENDPOINT = "retort_openapi"
DOCS_ENDPOINT = "retort_openapi_docs"
SWAGGER_ENDPOINT = "retort_openapi_ui"
_OWN = {DOCUMENT_ENDPOINT, DOCS_ENDPOINT, SWAGGER_ENDPOINT}

Document = dict[str, Any]


def document(app: Flask, version: str = "3.1.1", *, infer: Infer | None = None) -> Document:
    """The OpenAPI document of an application.

    :param version: ``3.1.1``, or ``3.2.0``, which has QUERY and other methods.
    :param infer: reads the source of views; without it, the document has what is declared.
    :raises SetupError: for an unknown version, or a wrong ``OPENAPI_INFO``.
    """
    if version not in VERSIONS:
        raise SetupError(
            f"OpenAPI {version!r} cannot be written. Choose one of {', '.join(VERSIONS)}."
        )
    return _Writer(app, VERSIONS[version], infer).write()


class _Writer:
    def __init__(self, app: Flask, version: str, infer: Infer | None) -> None:
        self.app = app
        self.version = version
        self.infer = infer
        self.components: dict[str, dict[str, Any]] = {}
        self.schemas = Schemas(self.components)

    def write(self) -> Document:
        app = self.app
        hidden = {*_OWN, *endpoints_of_extensions(app)}
        operations = [one for one in operations_of(app, hidden) if self._has(one.method)]
        chosen = _chosen(operations)
        ids = operation_ids(chosen)
        foreign = Foreign(documents_of(app), self.components)
        paths: dict[str, Any] = {}
        for one in sorted(chosen, key=lambda one: (one.path, _rank(one.method))):
            written = foreign.operation(one)
            if written is None:
                written = self._operation(one, ids[one.path, one.method])
            else:
                written = {"operationId": ids[one.path, one.method], **written}
            self._add(paths.setdefault(one.path, {}), one.method, written)
        tags = _tags(paths, foreign.tags)
        found: Document = {
            "openapi": self.version,
            "info": _info(app),
            "servers": [{"url": _root(app)}],
            **({"tags": tags} if tags else {}),
            "paths": paths,
        }
        components = {
            kind: dict(sorted(self.components[kind].items()))
            for kind in sorted(self.components)
            if self.components[kind]
        }
        return {**found, **({"components": components} if components else {})}

    def _has(self, method: str) -> bool:
        """Whether this version of OpenAPI has a place for a method."""
        return method in METHODS or (self.version >= "3.2" and method != "CONNECT")

    def _add(self, item: dict[str, Any], method: str, written: dict[str, Any]) -> None:
        if method in METHODS or method == "QUERY":
            item[method.lower()] = written
        else:
            item.setdefault("additionalOperations", {})[method] = written

    def _operation(self, one: Operation, name: str) -> dict[str, Any]:
        found = None if self.infer is None else self.infer(one)
        written: dict[str, Any] = {"operationId": name, **texts_of(one.function)}
        if one.blueprint:
            written["tags"] = [one.blueprint]
        declared = declared_of(one, self.schemas)
        parameters = _joined(
            path_parameters(one),
            declared.parameters if declared else (),
            parameters_of(found) if found else (),
        )
        if parameters:
            written["parameters"] = parameters
        body = declared.body if declared else None
        if body is None and found is not None and one.has_body:
            body = body_of(found)
        body = _with_media_types(one, body)
        if body:
            written["requestBody"] = body
        server = _server_of(self.app, one)
        if server is not None:
            written["servers"] = [{"url": server}]
        written["responses"] = self._responses(one, found, declared)
        self._secure(one, written)
        return written

    def _responses(
        self, one: Operation, found: Inferred | None, declared: Declared | None
    ) -> dict[str, Any]:
        content = returned_content(one.function, self.schemas)
        written = responses_of(self.app, one, found, content)
        for status, response in (declared.responses if declared else {}).items():
            written[str(status)] = response
        return dict(sorted(written.items()))

    def _secure(self, one: Operation, written: dict[str, Any]) -> None:
        needed, schemes = security_of(self.app, one)
        if not needed:
            return
        written["security"] = needed
        self.components.setdefault("securitySchemes", {}).update(schemes)
        if all(needed):
            responses = written["responses"]
            responses.setdefault("401", {"description": phrase_of(401)})
            written["responses"] = dict(sorted(responses.items()))


def _chosen(operations: Iterable[Operation]) -> list[Operation]:
    """One operation for each path and method: the first of those that a document cannot have.

    Paths that differ only in the names of their variables count as one path.
    """
    found: dict[tuple[str, str], Operation] = {}
    paths: dict[str, str] = {}
    for one in operations:
        path = paths.setdefault(one.shape, one.path)
        found.setdefault((path, one.method), replace(one, path=path))
    return list(found.values())


def _joined(
    own: Iterable[dict[str, Any]],
    declared: Iterable[dict[str, Any]],
    inferred: Iterable[dict[str, Any]],
) -> list[dict[str, Any]]:
    """The parameters, each place and name once: what is declared counts most."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for one in (*own, *declared):
        found[one["in"], one["name"]] = one
    for one in inferred:
        found.setdefault((one["in"], one["name"]), one)
    return list(found.values())


def _rank(method: str) -> tuple[int, str]:
    return (METHODS.index(method) if method in METHODS else len(METHODS), method)


def _with_media_types(one: Operation, body: dict[str, Any] | None) -> dict[str, Any] | None:
    """A request body with the media types that the route accepts."""
    media_types = options_of(one.rule).media_types
    if media_types is None or media_types.consumes is None or not one.has_body:
        return body
    content = (body or {}).get("content", {})
    return {
        **(body or {}),
        "content": {name: content.get(name, {}) for name in media_types.consumes},
    }


def _tags(paths: Mapping[str, Any], described: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """All tags that operations have, with the descriptions of other documents."""
    known = {str(tag.get("name")): tag for tag in described}
    operations = (
        operation
        for item in paths.values()
        for operation in [*item.values(), *item.get("additionalOperations", {}).values()]
    )
    used = {str(tag) for operation in operations for tag in operation.get("tags", ())}
    return [known.get(name, {"name": name}) for name in sorted(used)]


def _info(app: Flask) -> dict[str, Any]:
    given = app.config.get("OPENAPI_INFO")
    if given is not None and not isinstance(given, dict):
        raise SetupError(
            f"OPENAPI_INFO is {given!r}. It is a dictionary, such as"
            " {'title': 'Orders', 'version': '1.2.0', 'description': '...'}."
        )
    info = {"title": app.name, "version": "1.0.0", **(given or {})}
    sockets = sorted({path_of(rule) for rule in app.url_map.iter_rules() if is_websocket(rule)})
    if sockets:
        note = f"WebSocket routes are not part of this document: {', '.join(sockets)}."
        info["description"] = "\n\n".join(filter(None, [info.get("description"), note]))
    return info


def _server_of(app: Flask, one: Operation) -> str | None:
    """The address of an operation that only one host or subdomain has, if it is fixed."""
    host, rule, name = one.rule.host, one.rule, app.config.get("SERVER_NAME")
    if not app.url_map.host_matching:
        host = f"{rule.subdomain}.{name}" if rule.subdomain and name else None
    return f"//{host}{_root(app)}" if host and "<" not in host else None


def _root(app: Flask) -> str:
    root = str(app.config.get("APPLICATION_ROOT") or "/")
    return f"/{root.strip('/')}"
