"""Join what is read of a view, of the functions before it, and of its decorators."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...extensions.openapi.inferred import Inferred, InferredField
from ...http.methods import SAFE
from ...http.request import split_blueprint_path
from ..checks.reading.libraries import may_read
from ..checks.reading.origins import JSON, RAW
from ..checks.reading.outcomes import never_returns
from ..checks.reading.reader import read
from ..checks.source import code_of
from ..checks.wrappers import is_of_known_package
from .statuses import raised_by, returned_by

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from ...app import Flask
    from ...extensions.openapi.inferred import Infer
    from ...extensions.openapi.operations import Operation
    from ..checks.reading.reader import Use, Uses

#: Header fields that OpenAPI has other places for, or that describe the body or the connection.
_NO_PARAMETERS = frozenset(
    {"accept", "authorization", "content-type", "content-length", "cookie", "host", "connection"}
)
_BODIES = {"form": "form", "files": "files", JSON: "json", RAW: "raw"}
_AFTER_SAFE = 302


def infer_from(app: Flask) -> Infer:
    """The function that reads the source of the operations of an application."""
    return lambda operation: _infer(app, operation)


def _infer(app: Flask, operation: Operation) -> Inferred | None:
    code = code_of(operation.function)
    if code is None:
        return None
    methods = frozenset({operation.method})
    owner = getattr(operation.chain[0], "view_class", None)
    found = [read(code, methods, owner)]
    statuses: set[int] = set()
    for function in (*_hooks_of(app, operation), *operation.chain[:-1]):
        inner = code_of(function)
        if inner is not None:
            found.append(read(inner, methods, owner))
            returned = returned_by(inner, methods, _after(app, operation))
            statuses |= {status for status in returned.statuses if status >= 300}
    is_open = any(_is_foreign_reader(one) for one in operation.chain[:-1])
    for each in {each.function for uses in found for each, _ in uses.codes}:
        statuses |= raised_by(each, methods)
    returned = returned_by(code, methods, _after(app, operation))
    parts = _Parts(operation)
    for uses in found:
        parts.add(uses)
    if is_open:
        parts.open.add("request")
    inferred = parts.inferred()
    if any(one.is_required for one in inferred.fields):
        statuses.add(400)
    if not returned.statuses and not never_returns(code):
        statuses.add(200)  # what it returns is not in its source
    return Inferred(
        inferred.fields,
        inferred.bodies,
        inferred.open,
        frozenset(statuses | returned.statuses),
        frozenset(returned.content) if returned.is_known else frozenset(),
    )


def _after(app: Flask, operation: Operation) -> int:
    """The status of a redirect without one."""
    if operation.method in SAFE:
        return _AFTER_SAFE
    return int(app.config.get("REDIRECT_AFTER_UNSAFE") or _AFTER_SAFE)


def _hooks_of(app: Flask, operation: Operation) -> Iterator[Callable[..., Any]]:
    blueprint = operation.blueprint
    for scope in (None, *(split_blueprint_path(blueprint) if blueprint else ())):
        yield from app.before_request_funcs.get(scope, ())


def _is_foreign_reader(function: Callable[..., Any]) -> bool:
    """Whether a decorator of a library, which may read the request, is around a view."""
    return code_of(function) is None and not is_of_known_package(function) and may_read(function)


class _Parts:
    """The fields of an operation, joined by their place."""

    def __init__(self, operation: Operation) -> None:
        self.operation = operation
        self.fields: dict[tuple[str, tuple[str, ...]], InferredField] = {}
        self.bodies: set[str] = set()
        self.open: set[str] = set()

    def add(self, uses: Uses) -> None:
        """Add what a function uses with the method of the operation."""
        method = self.operation.method
        for source, methods, _ in uses.touched:
            body = _BODIES.get(self._source(source))
            if method in methods and body is not None:
                self.bodies.add(body)
        self.open |= {self._source(source) for source, methods in uses.open if method in methods}
        for use in uses.fields:
            if method in use.methods:
                self._field(use)

    def _source(self, source: str) -> str:
        if source != "values":
            return source
        return "form" if self.operation.has_body else "query"

    def _field(self, use: Use) -> None:
        source, path = self._source(use.origin.source), use.origin.path
        if source == "header" and path[0].lower() in _NO_PARAMETERS:
            return
        if source in _BODIES and not self.operation.has_body:
            return
        is_required = self.operation.method in use.required and use.origin.source != "values"
        known = self.fields.get((source, path))
        schema = {**_schema(source, use), **(known.schema if known else {})}
        if known is not None:
            is_required = is_required or known.is_required
        is_list = use.is_list or (known is not None and known.is_list)
        self.fields[source, path] = InferredField(source, path, is_required, is_list, schema)

    def inferred(self) -> Inferred:
        """The fields, in order."""
        return Inferred(
            tuple(self.fields[key] for key in self._order(self.fields)),
            frozenset(self.bodies) if self.operation.has_body else frozenset(),
            frozenset(self.open),
        )

    def _order(self, keys: Iterable[tuple[str, tuple[str, ...]]]) -> list[Any]:
        # The longest paths first, so that the objects that they need are made.
        return sorted(keys, key=lambda key: (key[0], -len(key[1]), key[1]))


def _schema(source: str, use: Use) -> dict[str, Any]:
    schema: dict[str, Any] = {} if use.kind is None else {"type": use.kind}
    default = use.default
    if default is None:
        return schema
    if source != JSON:
        default = _converted(default, use.kind)
    return schema if default is None else {**schema, "default": default}


def _converted(default: Any, kind: str | None) -> Any:
    """The default of a text or a number; ``None`` if it is of another type."""
    if kind is None:
        return default if isinstance(default, str) else None
    try:
        return int(default) if kind == "integer" else float(default)
    except (TypeError, ValueError):
        return None
