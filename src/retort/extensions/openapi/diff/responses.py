"""Compares responses: statuses, header fields, bodies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bodies import compare_content
from .facts import facts_of, names_in_order, shown_types
from .notes import compare_notes
from .parts import schema_at
from .schemas import compare_schemas

if TYPE_CHECKING:
    from .changes import Log, Scope
    from .document import Place
from .parts import Schema

_DEFAULT = "default"


def compare_responses(log: Log, scope: Scope, old: Place, new: Place) -> None:
    """Compare the responses of two operations."""
    olds, news = _responses(old), _responses(new)
    direction = scope.direction.opposite
    for status in names_in_order(olds, news):
        inner = scope.at(f"response {status}", direction)
        before = olds.get(status) or _covering(status, olds)
        after = news.get(status) or _covering(status, news)
        if before is not None and after is not None:
            _compare_response(log, inner, before, after)
        elif before is not None:
            rule = "error-status-removed" if _is_error(status) else "status-removed"
            log.add(rule, inner, before.pointer, status, is_in_old=True)
        elif after is not None:
            rule = "error-status-added" if _is_error(status) else "status-added"
            log.add(rule, inner, after.pointer, after=status)


def _responses(operation: Place) -> dict[str, Place]:
    return {
        status.upper() if status != _DEFAULT else status: place.resolved()
        for status, place in operation.members("responses").items()
        if not status.startswith("x-")
    }


def _covering(status: str, among: dict[str, Place]) -> Place | None:
    """What stands for a status that is not listed: its class, as ``4XX``, or ``default``."""
    if status == _DEFAULT:
        return None
    return among.get(f"{status[0]}XX") or among.get(_DEFAULT)


def _is_error(status: str) -> bool:
    """Whether a status is of an error; ``default`` usually stands for those."""
    return status == _DEFAULT or status[0] in "45"


def _compare_response(log: Log, scope: Scope, before: Place, after: Place) -> None:
    compare_notes(log, scope, after.pointer, before.mapping(), after.mapping())
    compare_content(log, scope, before, after)
    olds, news = _headers(before), _headers(after)
    for name in names_in_order(olds, news):
        inner = scope.at(f"{scope.part}, header {name!r}")
        _compare_header(log, inner, olds.get(name), news.get(name))


def _headers(response: Place) -> dict[str, Place]:
    """The header fields; ``Content-Type`` is that of the body."""
    found = {
        "-".join(word.capitalize() for word in name.split("-")): place.resolved()
        for name, place in response.members("headers").items()
    }
    found.pop("Content-Type", None)
    return found


def _schema(header: Place) -> Schema:
    return schema_at(header.get("schema"), header.pointer)


def _compare_header(log: Log, scope: Scope, before: Place | None, after: Place | None) -> None:
    if before is not None and after is not None:
        was, is_now = before.flag("required"), after.flag("required")
        if was != is_now:
            rule = "header-required" if is_now else "header-optional"
            log.add(rule, scope, after.pointer, was, is_now)
        compare_schemas(log, scope, _schema(before), _schema(after))
    elif after is not None:
        rule = "required-header-added" if after.flag("required") else "header-added"
        log.add(rule, scope, after.pointer, after=shown_types(facts_of(_schema(after))))
    elif before is not None:
        rule = "required-header-removed" if before.flag("required") else "header-removed"
        shown = shown_types(facts_of(_schema(before)))
        log.add(rule, scope, before.pointer, shown, is_in_old=True)
