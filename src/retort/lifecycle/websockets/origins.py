"""Refuse handshakes from pages of other sites: the same-origin policy does not apply to WebSockets.

Browsers send cookies with the handshake of any page, so a page of another site could use the
session of a visitor. A step of plans; `http/cross_origin.py` has the decision.
"""

from __future__ import annotations

import typing as t

from ...http import cross_origin
from ...routing import options_of
from ...tracebacks import where

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from ...app import Flask
    from ...context import RequestContext
    from ...http import Request
    from ...routing import WebSocketOptions

# The method by which a rule is exempt in ``CROSS_ORIGIN_EXEMPT_RULES``.
_METHOD = "GET"


def refuse_other_origins(app: Flask, context: RequestContext) -> None:
    """Refuse the handshake unless its origin may connect.

    :raises CrossOriginRefused: if it is refused; the log message has the setting that allows it.
    :raises ValueError: if a configured origin or rule can never match.
    """
    request = context.request
    options = t.cast("WebSocketOptions", options_of(request.url_rule).websocket)
    if options.origins == "*":
        return
    source = cross_origin.RequestOrigin.of(request.environ)
    if options.origins is not None:
        if not source.opens_from_this_site and source.origin not in options.origins:
            hint = f"Add it to the route {request.url_rule}: origins=[..., {source.origin!r}]."
            raise _refused(app, request, source, hint)
        return
    if not app.config.get("CROSS_ORIGIN_PROTECTION"):
        return
    policy = cross_origin.read_origin_policy(app.config)  # checks it, too
    if not source.opens_from_this_site:
        _decide(app, request, source, policy)


def _decide(
    app: Flask,
    request: Request,
    source: cross_origin.RequestOrigin,
    policy: cross_origin.OriginPolicy,
) -> None:
    view: Callable[..., t.Any] | None = app.view_functions.get(request.endpoint or "")
    verdict = cross_origin.decide_about_origin(
        source,
        policy,
        is_exempt=policy.takes_rule(_METHOD, request.url_rule, request.path)
        or cross_origin.is_exempt(view, _METHOD),
        is_developing=app.debug and cross_origin.is_loopback(request.remote_addr or ""),
    )
    if verdict is cross_origin.Verdict.REFUSED:
        hint = cross_origin.how_to_allow(source, policy, None if view is None else where(view))
        raise _refused(app, request, source, hint)
    if verdict in cross_origin.TAKEN_WITH_CARE:
        app.logger.warning(cross_origin.TAKEN_WITH_CARE[verdict], _name_of(request), source)


def _refused(
    app: Flask, request: Request, source: cross_origin.RequestOrigin, hint: str
) -> cross_origin.CrossOriginRefused:
    app.logger.warning(
        "Refused %s, opened by a page of another site (%s). %s", _name_of(request), source, hint
    )
    return cross_origin.CrossOriginRefused(source, f"({source}.) {hint}" if app.debug else "")


def _name_of(request: Request) -> str:
    return f"the WebSocket {request.path!r}"
