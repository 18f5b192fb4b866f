"""Responses that need no rule: 501 for unknown methods, and ``OPTIONS *``.

Werkzeug handles all other requests that the routing tables do not match.
"""

from __future__ import annotations

import typing as t

from werkzeug import exceptions
from werkzeug.wrappers import Response

from .methods import STANDARD

if t.TYPE_CHECKING:
    from werkzeug.routing import Map
    from werkzeug.wrappers import Request


def respond_without_rule(request: Request, url_map: Map) -> exceptions.HTTPException | None:
    """The response to an unknown method or to ``OPTIONS *``; otherwise ``None``."""
    method = request.method
    if method == "OPTIONS" and request.environ.get("PATH_INFO") in {"*", "/*"}:
        return _Options(named_methods(url_map))
    if method in STANDARD or takes_method(url_map, method):
        return None
    return exceptions.NotImplemented(
        f"No URL here supports the method {method[:40]!r} (RFC 9110 section 15.6.2)."
        " Methods are written in capital letters."
    )


def named_methods(url_map: Map) -> set[str]:
    """All methods that occur in the rules."""
    methods: set[str] = set()
    for rule in url_map.iter_rules():
        methods.update(rule.methods or ())
    return methods


def takes_method(url_map: Map, method: str) -> bool:
    """Whether any rule accepts ``method``; CONNECT is for proxies (RFC 9110 section 9.3.6)."""
    return method != "CONNECT" and any(
        rule.methods is None or method in rule.methods for rule in url_map.iter_rules()
    )


class _Options(exceptions.HTTPException):
    """Respond to ``OPTIONS *``, which applies to the whole server (RFC 9110 section 9.3.7)."""

    def __init__(self, methods: set[str]) -> None:
        response = Response()
        response.allow.update(sorted(methods | {"GET", "HEAD", "OPTIONS"}))
        super().__init__(response=response)
