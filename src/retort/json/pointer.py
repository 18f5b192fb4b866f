"""JSON pointers: RFC 6901."""

from __future__ import annotations


def pointer_step(key: object) -> str:
    """A key or an index as a step of a pointer, without the slash before it."""
    return str(key).replace("~", "~0").replace("/", "~1")
