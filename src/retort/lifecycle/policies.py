"""Checks of a request, composed into the plans of applications and routes that have them.

`admit` runs before all hooks, if cross-origin protection or the method override is configured.
`check_view` runs before the view.
"""

from __future__ import annotations

import typing as t

from werkzeug.exceptions import BadRequest

from ..http import cross_origin
from ..http.forms import OVERRIDING_METHODS, overriding_method
from ..http.hints import FORM_TYPES
from ..http.media_types import accept_list, check
from ..http.methods import ACCEPT_FIELDS
from ..routing import options_of
from ..tracebacks import where
from .plan import ANY_METHOD

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from werkzeug.routing import Rule

    from ..app import Flask
    from ..context import RequestContext
    from ..http import Request, Response
    from ..routing import MediaTypes


def admits(method: str, config: Mapping[str, t.Any]) -> bool:
    """Whether `admit` has an effect for a method."""
    return method not in cross_origin.PASSING_METHODS and bool(
        config.get("CROSS_ORIGIN_PROTECTION") or config.get("METHOD_OVERRIDE")
    )


def admit(app: Flask, context: RequestContext) -> None:
    """Check the origin of an unsafe request, and apply the method override."""
    # PERF: the request object is made at its first use, which may be later or never.
    made = context.made_request
    method = context.environ["REQUEST_METHOD"] if made is None else made.method
    if method in cross_origin.PASSING_METHODS:
        return
    refuse_other_sites(app, context)
    if method == "POST" and app.config.get("METHOD_OVERRIDE"):
        override_method(app, context)


def refuse_other_sites(app: Flask, context: RequestContext) -> None:
    """Refuse unsafe requests from pages of other sites; see `cross_origin`.

    :raises CrossOriginRefused: if it is refused; the log message contains the setting that
        allows it.
    :raises ValueError: if a configured origin or rule can never match.
    """
    if not app.config.get("CROSS_ORIGIN_PROTECTION"):
        return
    policy = cross_origin.read_origin_policy(app.config)
    source = cross_origin.RequestOrigin.of(context.environ)
    if source.is_this_site:
        return
    request = context.request
    rule = request.url_rule
    view = None if rule is None else app.view_functions.get(rule.endpoint)
    verdict = cross_origin.decide(
        request.method,
        source,
        policy,
        is_exempt=policy.takes_rule(request.method, rule, _path_as_sent(request))
        or cross_origin.is_exempt(view, request.method),
        is_developing=app.debug and cross_origin.is_loopback(request.remote_addr or ""),
    )
    what = f"{request.method} {request.path!r}"
    if verdict is cross_origin.Verdict.REFUSED:
        hint = cross_origin.how_to_allow(source, policy, None if view is None else where(view))
        app.logger.warning("Refused %s, sent by another site (%s). %s", what, source, hint)
        raise cross_origin.CrossOriginRefused(source, f"({source}.) {hint}" if app.debug else "")
    if verdict in cross_origin.TAKEN_WITH_CARE:
        app.logger.warning(cross_origin.TAKEN_WITH_CARE[verdict], what, source)


def _path_as_sent(request: Request) -> str:
    """The path with all leading slashes; `Request.path` has one."""
    sent: str = request.environ.get("PATH_INFO", "")
    return f"/{request.path}" if sent.startswith("//") else request.path


def override_method(app: Flask, context: RequestContext) -> None:
    """Use the method in a form's field ``_method``, if the URL has a rule for such a method.

    The POST was admitted. The request is checked again with its new method.

    :raises CrossOriginRefused: if it is refused with the new method.
    """
    request, adapter = context.request, context.url_adapter
    if request.mimetype not in FORM_TYPES or adapter is None:
        return
    if not any(adapter.test(method=other) for other in OVERRIDING_METHODS):
        return  # do not read the body, which may be a long upload
    method = overriding_method(request)
    if method is None:
        return
    request.method = adapter.default_method = method
    request.url_rule = request.view_args = request.routing_exception = None
    context.match_request()
    context.find_plan()
    refuse_other_sites(app, context)


def has_check(method: str, rules: Iterable[Rule], config: Mapping[str, t.Any]) -> bool:
    """Whether `check_view` has an effect for a method and the rules of an endpoint."""
    return (
        method in {"OPTIONS", ANY_METHOD}
        or (method == "PUT" and not config.get("ACCEPT_PARTIAL_PUT"))
        or any(options_of(rule).media_types is not None for rule in rules)
    )


def check_view(app: Flask, context: RequestContext) -> Response | None:
    """Respond to OPTIONS in place of the view, or refuse content that the view does not accept.

    :raises werkzeug.exceptions.BadRequest: for a PUT with ``Content-Range``.
    :raises werkzeug.exceptions.HTTPException: if the media types do not match the route's.
    """
    request = context.request
    rule = request.url_rule
    if request.method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
        return app.make_default_options_response()
    if request.method == "PUT" and "HTTP_CONTENT_RANGE" in context.environ:
        _refuse_partial_put(app)
    media_types = options_of(rule).media_types
    if media_types is not None:
        _check_media_types(context, media_types)
    return None


def _refuse_partial_put(app: Flask) -> None:
    if not app.config.get("ACCEPT_PARTIAL_PUT"):
        raise BadRequest(
            "A PUT with Content-Range would replace the whole with a part (RFC 9110 section"
            " 14.5). Use PATCH."
        )


def _check_media_types(context: RequestContext, media_types: MediaTypes) -> None:
    check(context.request, media_types)
    if context.request.method == "QUERY" and media_types.consumes is not None:
        types = accept_list(media_types.consumes)

        def add_accept_query(response: Response) -> Response:
            response.headers.setdefault("Accept-Query", types)
            return response

        context.add_after_function(add_accept_query)


def answer_options(app: Flask, context: RequestContext) -> Response:
    """The response to OPTIONS: the methods of the URL, and the media types they accept."""
    response = app.response_class()
    adapter = context.url_adapter
    if adapter is None:
        return response
    methods = set(adapter.allowed_methods())
    response.allow.update(methods)
    for method in sorted(methods & ACCEPT_FIELDS.keys()):
        rule, _ = adapter.match(method=method, return_rule=True)
        media_types = options_of(rule).media_types
        if media_types is not None and media_types.consumes is not None:
            response.headers[ACCEPT_FIELDS[method]] = accept_list(media_types.consumes)
    return response
