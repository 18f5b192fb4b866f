"""Compares what changes no message: descriptions, and marks of deprecation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .changes import ABSENT
from .facts import json_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .changes import Log, Scope

_TEXTS = ("title", "summary", "description", "example", "examples")


def compare_notes(
    log: Log, scope: Scope, pointer: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> None:
    """Record other texts and another ``deprecated`` of an operation, a parameter or a schema."""
    for keyword in _TEXTS:
        before, after = (_shown(keyword, one) for one in (old, new))
        if before is not after and (ABSENT in (before, after) or json_of(before) != json_of(after)):
            log.add("text-changed", scope, pointer, before, after)
    was, is_now = (one.get("deprecated") is True for one in (old, new))
    if was != is_now:
        log.add("deprecated" if is_now else "deprecation-withdrawn", scope, pointer)


def _shown(keyword: str, notes: Mapping[str, Any]) -> Any:
    return {keyword: notes[keyword]} if notes.get(keyword, "") != "" else ABSENT
