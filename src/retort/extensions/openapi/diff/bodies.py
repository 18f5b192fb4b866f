"""Compares bodies: the request body, and the media types of any body."""

from __future__ import annotations

import fnmatch
from typing import TYPE_CHECKING

from .changes import ABSENT
from .facts import json_of, names_in_order
from .parts import schema_at
from .schemas import compare_schemas

if TYPE_CHECKING:
    from .changes import Log, Scope
    from .document import Place


def compare_request_body(log: Log, scope: Scope, old: Place, new: Place) -> None:
    """Compare the request bodies of two operations."""
    before, after = (_body(operation) for operation in (old, new))
    if before is not None and after is not None:
        was, is_now = before.flag("required"), after.flag("required")
        if was != is_now:
            rule = "body-required" if is_now else "body-optional"
            log.add(rule, scope, after.pointer, was, is_now)
        compare_content(log, scope, before, after)
    elif after is not None:
        rule = "required-body-added" if after.flag("required") else "body-added"
        log.add(rule, scope, after.pointer, after=list(after.members("content")))
    elif before is not None:
        shown = list(before.members("content"))
        log.add("body-removed", scope, before.pointer, shown, is_in_old=True)


def _body(operation: Place) -> Place | None:
    body = operation.get("requestBody")
    return None if body is None else body.resolved()


def compare_content(log: Log, scope: Scope, old: Place, new: Place) -> None:
    """Compare the media types of two bodies, or of two responses."""
    olds, news = _media_types(old), _media_types(new)
    several = len(olds) > 1 or len(news) > 1
    for name, before in olds.items():
        after = news.get(name) or _covering(name, news)
        if after is None:
            log.add("media-type-removed", scope, before.pointer, name, is_in_old=True)
            continue
        part = f"{scope.part} ({name})" if several else scope.part
        _compare_media_type(log, scope.at(part), before, after)
    for name, after in news.items():
        if name not in olds and _covering(name, olds) is None:
            log.add("media-type-added", scope, after.pointer, after=name)


def _media_types(body: Place) -> dict[str, Place]:
    """The media types without parameters such as ``charset``."""
    found: dict[str, Place] = {}
    for name, place in body.members("content").items():
        found.setdefault(name.partition(";")[0].strip().lower(), place.resolved())
    return found


def _covering(name: str, among: dict[str, Place]) -> Place | None:
    """The range that a media type is in, as ``image/*``."""
    matching = [one for one in among if "*" in one and fnmatch.fnmatchcase(name, one)]
    return among[max(matching, key=len)] if matching else None


def _compare_media_type(log: Log, scope: Scope, before: Place, after: Place) -> None:
    for keyword in ("schema", "itemSchema"):  # itemSchema: of an element of a stream, OpenAPI 3.2
        old, new = before.get(keyword), after.get(keyword)
        if old is not None or new is not None:
            compare_schemas(
                log, scope, schema_at(old, before.pointer), schema_at(new, after.pointer)
            )
    olds, news = before.members("encoding"), after.members("encoding")
    for name in names_in_order(olds, news):
        was, is_now = (one[name].value if name in one else ABSENT for one in (olds, news))
        if ABSENT in (was, is_now) or json_of(was) != json_of(is_now):
            log.add("encoding-changed", scope.inside(name), after.pointer, was, is_now)
