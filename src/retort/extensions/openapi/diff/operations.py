"""Compares paths, webhooks, and the operations of one path."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .bodies import compare_request_body
from .changes import ABSENT, Log, Scope
from .facts import names_in_order
from .notes import compare_notes
from .parameters import compare_parameters, parameters_of
from .responses import compare_responses
from .rules import Direction
from .security import compare_security

if TYPE_CHECKING:
    from .document import Place

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_VARIABLE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class PathItem:
    """The operations of one path, or of one webhook or callback."""

    path: str
    place: Place

    def operations(self) -> dict[str, Place]:
        """The operations by their method, in capital letters except for those of a program."""
        item = self.place
        found = {name.upper(): item.child(name) for name in _METHODS if name in item.mapping()}
        return {**found, **item.members("additionalOperations")}


def compare_documents(log: Log, old: Place, new: Place) -> None:
    """Compare two documents, given by their roots."""
    before, after = (_info(root) for root in (old, new))
    compare_notes(log, Scope(), "/info", before, after)
    _compare_servers(log, Scope(), old, new)
    _compare_paths(log, old, new)
    _compare_webhooks(log, old, new)


def _info(root: Place) -> dict[str, Any]:
    info = root.get("info")
    return {} if info is None else info.mapping()


def _compare_paths(log: Log, old: Place, new: Place) -> None:
    olds = _by_shape(old)
    news = _by_shape(new)
    for shape in names_in_order(olds, news):
        before, after = olds.get(shape), news.get(shape)
        if before is not None and after is not None:
            _compare_variables(log, before, after)
            _compare_path_items(log, before, after, old, new, Direction.REQUEST)
        elif before is not None:
            scope = Scope("", before.path)
            methods = sorted(before.operations())
            log.add("path-removed", scope, before.place.pointer, methods, is_in_old=True)
        elif after is not None:
            methods = sorted(after.operations())
            log.add("path-added", Scope("", after.path), after.place.pointer, after=methods)


def _by_shape(root: Place) -> dict[str, PathItem]:
    """The paths; the names of variables do not distinguish them."""
    found: dict[str, PathItem] = {}
    for path, place in root.members("paths").items():
        if path.startswith("x-"):
            continue
        shape = _VARIABLE.sub("{}", path)
        found[path if shape in found else shape] = PathItem(path, place.resolved())
    return found


def _variables(path: str) -> list[str]:
    return _VARIABLE.findall(path)


def _compare_variables(log: Log, before: PathItem, after: PathItem) -> None:
    for was, is_now in zip(_variables(before.path), _variables(after.path), strict=False):
        if was != is_now:
            pointer = after.place.pointer
            log.add("path-variable-renamed", Scope("", after.path), pointer, was, is_now)


def _compare_path_items(
    log: Log,
    before: PathItem,
    after: PathItem,
    old_root: Place,
    new_root: Place,
    direction: Direction,
) -> None:
    """Compare the operations of one path.

    :param direction: of requests: those of webhooks and callbacks go to the client.
    """
    olds, news = before.operations(), after.operations()
    for method in names_in_order(olds, news):
        scope = Scope(method, after.path, direction)
        was, is_now = olds.get(method), news.get(method)
        if was is not None and is_now is not None:
            _compare_operations(log, scope, (before, was, old_root), (after, is_now, new_root))
        elif was is not None:
            log.add("method-removed", scope, was.pointer, method, is_in_old=True)
        elif is_now is not None:
            log.add("method-added", scope, is_now.pointer, after=method)


def _compare_operations(
    log: Log,
    scope: Scope,
    old: tuple[PathItem, Place, Place],
    new: tuple[PathItem, Place, Place],
) -> None:
    """Compare two operations, each given with its path and its document."""
    (old_item, before, old_root), (new_item, after, new_root) = old, new
    _compare_names(log, scope, before, after)
    compare_security(log, scope, (before, old_root), (after, new_root))
    _compare_servers(
        log, scope, _servers_of(old_item, before), _servers_of(new_item, after), is_optional=True
    )
    renamed = dict(zip(_variables(old_item.path), _variables(new_item.path), strict=False))
    compare_parameters(
        log,
        scope,
        parameters_of(old_item.place, before, renamed),
        parameters_of(new_item.place, after, {}),
        after.pointer,
    )
    compare_request_body(log, scope.at("request body"), before, after)
    compare_responses(log, scope, before, after)
    _compare_callbacks(log, scope, before, after, old_root, new_root)


def _compare_names(log: Log, scope: Scope, before: Place, after: Place) -> None:
    was, is_now = before.text("operationId"), after.text("operationId")
    if was != is_now:
        log.add("operation-id-changed", scope, after.pointer, was or ABSENT, is_now or ABSENT)
    tags = [[tag.value for tag in place.elements("tags")][:1] for place in (before, after)]
    if tags[0] != tags[1]:
        shown = [names[0] if names else ABSENT for names in tags]
        log.add("tag-changed", scope, after.pointer, *shown)
    compare_notes(log, scope, after.pointer, before.mapping(), after.mapping())


def _servers_of(item: PathItem, operation: Place) -> Place:
    """The place with the servers of an operation, if they are not those of the document."""
    return operation if "servers" in operation.mapping() else item.place


def _compare_servers(
    log: Log, scope: Scope, old: Place, new: Place, *, is_optional: bool = False
) -> None:
    """Compare the base addresses.

    :param is_optional: without own ones, those of the document apply, which are compared there.
    """
    before, after = ([one.text("url") for one in place.elements("servers")] for place in (old, new))
    if is_optional and not (before and after):
        if before or after:
            log.add("server-removed", scope, new.pointer, before or ABSENT, after or ABSENT)
        return
    before, after = before or ["/"], after or ["/"]
    for url in names_in_order(before, after):
        if url not in after:
            log.add("server-removed", scope, f"{old.pointer}/servers", url, is_in_old=True)
        elif url not in before:
            log.add("server-added", scope, f"{new.pointer}/servers", after=url)


def _compare_webhooks(log: Log, old: Place, new: Place) -> None:
    olds, news = old.members("webhooks"), new.members("webhooks")
    for name in names_in_order(olds, news):
        before, after = olds.get(name), news.get(name)
        scope = Scope("webhook", name)
        if before is None and after is not None:
            log.add("webhook-added", scope, after.pointer, after=name)
        elif before is not None and after is None:
            log.add("webhook-removed", scope, before.pointer, name, is_in_old=True)
        elif before is not None and after is not None:
            first, second = (PathItem(f"webhook {name}", one.resolved()) for one in (before, after))
            _compare_path_items(log, first, second, old, new, Direction.RESPONSE)


def _compare_callbacks(
    log: Log, scope: Scope, before: Place, after: Place, old_root: Place, new_root: Place
) -> None:
    olds, news = _callbacks(before), _callbacks(after)
    for name in names_in_order(olds, news):
        was, is_now = olds.get(name), news.get(name)
        inner = scope.at(f"callback {name}")
        if was is None and is_now is not None:
            log.add("callback-added", inner, is_now.pointer, after=name)
        elif was is not None and is_now is None:
            log.add("callback-removed", inner, was.pointer, name, is_in_old=True)
        elif was is not None and is_now is not None:
            label = f"callback {name} of {scope.operation}"
            first, second = PathItem(label, was), PathItem(label, is_now)
            direction = scope.direction.opposite
            _compare_path_items(log, first, second, old_root, new_root, direction)


def _callbacks(operation: Place) -> dict[str, Place]:
    """The callbacks, by name and address."""
    return {
        f"{name} {address}": item.resolved()
        for name, callback in operation.members("callbacks").items()
        for address, item in _members_of(callback.resolved()).items()
    }


def _members_of(place: Place) -> dict[str, Place]:
    return {name: place.child(name) for name in place.mapping() if not name.startswith("x-")}
