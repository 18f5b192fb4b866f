"""The settings for reading and writing messages, for code without access to an application.

`http/` reads limits and options here. When `globals.py` is imported, it replaces :data:`current`
and :data:`request_context` by functions that use the current context.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .context import RequestContext

#: The settings outside an application: Werkzeug's limits.
WITHOUT_APP: Mapping[str, Any] = MappingProxyType(
    {
        "MAX_CONTENT_LENGTH": None,
        "MAX_COOKIE_SIZE": 4093,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": 1000,
    }
)


def _without_app() -> Mapping[str, Any]:
    return WITHOUT_APP


def _without_request() -> None:
    return None


current: Callable[[], Mapping[str, Any]] = _without_app
"""The configuration of the current application, or :data:`WITHOUT_APP`."""

request_context: Callable[[], RequestContext | None] = _without_request
"""The current request and its application, for messages to the developer."""
