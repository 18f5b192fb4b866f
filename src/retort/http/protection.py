"""Security header fields, built from the configuration.

`lifecycle/run.py` adds them where they are configured. Fields set by the program are not changed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import Headers

from .cross_origin import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from _typeshed.wsgi import WSGIEnvironment

Fields = tuple[tuple[str, str], ...]

# `X-Frame-Options` has only these two (RFC 7034); browsers prefer frame-ancestors over it.
_FRAME_OPTIONS = {"'self'": "SAMEORIGIN", "'none'": "DENY"}
_FRAMES = frozenset({"x-frame-options", "content-security-policy"})
_NAMES = _FRAMES | {"x-content-type-options", "referrer-policy", "strict-transport-security"}


def add_security_headers(
    headers: Headers, config: Mapping[str, Any], environ: WSGIEnvironment
) -> None:
    """Add the configured fields that ``headers`` does not have yet.

    :raises TypeError: if a configured value is neither a string nor ``None``.
    """
    fields = security_fields(config, environ)
    present = {name.lower() for name, _ in headers._list}
    if not present.isdisjoint(_NAMES):
        if _says_who_may_frame(headers):
            present |= _FRAMES  # another field could weaken the program's policy
        fields = tuple(field for field in fields if field[0].lower() not in present)
    # PERF: `add` would check each value again; `_fields` has checked them.
    headers._list.extend(fields)


def security_fields(config: Mapping[str, Any], environ: WSGIEnvironment) -> Fields:
    """The configured fields.

    :raises TypeError: if a configured value is neither a string nor ``None``.
    """
    values = (
        config.get("X_CONTENT_TYPE_OPTIONS"),
        config.get("REFERRER_POLICY"),
        config.get("FRAME_ANCESTORS"),
        _transport_security(config, environ),
    )
    try:
        return _fields(*values)
    except TypeError:
        raise TypeError(
            "X_CONTENT_TYPE_OPTIONS, REFERRER_POLICY, FRAME_ANCESTORS and"
            f" STRICT_TRANSPORT_SECURITY are {values}. Write a string, or None, for each."
        ) from None


def _transport_security(config: Mapping[str, Any], environ: WSGIEnvironment) -> str | None:
    """HSTS, for https only: browsers ignore it in plain http (RFC 6797 section 8.1).

    Not in debug mode, and not for loopback names: the browser would require https for every
    program on every port of them for the configured time.
    """
    if environ.get("wsgi.url_scheme") != "https" or config.get("DEBUG"):
        return None
    if is_loopback(environ.get("HTTP_HOST", "")):
        return None
    value: str | None = config.get("STRICT_TRANSPORT_SECURITY")
    return value


def _says_who_may_frame(headers: Headers) -> bool:
    policies = headers.getlist("Content-Security-Policy")
    return "X-Frame-Options" in headers or any("frame-ancestors" in p.lower() for p in policies)


@lru_cache(maxsize=64)
def _fields(
    type_options: str | None,
    referrer_policy: str | None,
    frame_ancestors: str | None,
    transport_security: str | None,
) -> Fields:
    named = {
        "X-Content-Type-Options": type_options,
        "Referrer-Policy": referrer_policy,
        "X-Frame-Options": _FRAME_OPTIONS.get(frame_ancestors or ""),
        "Content-Security-Policy": frame_ancestors and f"frame-ancestors {frame_ancestors}",
        "Strict-Transport-Security": transport_security,
    }
    if not all(isinstance(value, str) for value in named.values() if value):
        raise TypeError
    return tuple(Headers([(name, value) for name, value in named.items() if value]))
