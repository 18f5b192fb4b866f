"""Run one request along its plan: hooks, view, error handlers, response.

The steps are Flask's, in Flask's order ("Application Structure and Lifecycle"). Each is a
method of the application, so that a subclass or an extension can replace it; the methods
hand their work on to the functions here, and `plan.Steps` leaves the methods out where
nobody has replaced them. Reading a request and sending a response is left to the gateways.
"""

from __future__ import annotations

import sys
import typing as t
from functools import partial

from werkzeug.exceptions import BadRequest, BadRequestKeyError, HTTPException, InternalServerError
from werkzeug.routing import RequestRedirect, RoutingException

from .context import _unset
from .errors import RoutingRedirectError
from .globals import _cv_request
from .http import Response, cross_origin
from .http.conditional import tag_whole_answer
from .http.convert import to_response
from .http.demands import accept_list, check
from .http.forms import OVERRIDING_METHODS, overriding_method
from .http.hints import FORM_TYPES
from .http.methods import ACCEPT_FIELDS
from .http.protection import add_security_headers
from .http.request import split_blueprint_path
from .plan import compose
from .routing import options_of
from .setup import where
from .signals import (
    appcontext_tearing_down,
    got_request_exception,
    request_finished,
    request_started,
    request_tearing_down,
)

if t.TYPE_CHECKING:
    from collections.abc import Callable

    from werkzeug.routing import Rule

    from .app import Flask
    from .context import AppContext, RequestContext
    from .http import Request
    from .plan import Plan, Steps
    from .routing import MediaTypes
    from .typing import ResponseReturnValue

# What may stand for an answer before it is a response.
Answer = t.Union["ResponseReturnValue", HTTPException]

# Where the debugger asks in an environ to be told of an HTTP error that becomes a short page.
ON_PLAIN_ERROR = "retort.on_plain_error"

# Redirects that keep method and body: a form sent there is not lost.
_KEEPS_BODY = (307, 308)


def respond(app: Flask, context: RequestContext) -> Response:
    """The response for the request of ``context``, whatever happens on the way but a 500."""
    answer = find_answer(app, context)  # first: it may replace the next step
    response: Response = context.steps.finalize_request(app, context, answer)
    return response


def find_answer(app: Flask, context: RequestContext) -> t.Any:
    """What the view, a hook before it, or an error handler returns."""
    steps = context.steps
    if not steps._got_first_request:
        app._got_first_request = True
    try:
        if request_started.receivers:
            request_started.send(app, _async_wrapper=app.ensure_sync)
        if context.environ.get("REQUEST_METHOD") != "GET" or context._request is not None:
            let_in(app, context)
        answer: t.Any = steps.preprocess_request(app, context)
        if answer is None:
            answer = steps.dispatch_request(app, context)
    except Exception as error:
        return app.handle_user_exception(error)
    return answer


def let_in(app: Flask, context: RequestContext) -> None:
    """Look at who sent a request that may change something, and with which method it goes on."""
    if context.request.method in cross_origin.PASSING_METHODS:
        return
    refuse_other_sites(app, context)
    if context.request.method == "POST" and app.config.get("METHOD_OVERRIDE"):
        override_method(app, context)


def refuse_other_sites(app: Flask, context: RequestContext) -> None:
    """Let no page of another site send what may change something; `cross_origin` has the rules.

    :raises CrossOriginRefused: if it is not to be taken; the log says what would allow it.
    :raises ValueError: if what is configured about it can never match.
    """
    if not app.config.get("CROSS_ORIGIN_PROTECTION"):
        return
    trust = cross_origin.read_trust(app.config)
    request = context.request
    sender = cross_origin.Sender.of(request.environ)
    if sender.is_this_site:
        return
    rule = request.url_rule
    view = None if rule is None else app.view_functions.get(rule.endpoint)
    verdict = cross_origin.decide(
        request.method,
        sender,
        trust,
        is_exempt=trust.takes_rule(request.method, rule, _path_as_sent(request))
        or cross_origin.is_exempt(view, request.method),
        is_developing=app.debug and cross_origin.is_loopback(request.remote_addr or ""),
    )
    what = f"{request.method} {request.path!r}"
    if verdict is cross_origin.Verdict.REFUSED:
        hint = cross_origin.how_to_allow(sender, trust, None if view is None else where(view))
        app.logger.warning("Refused %s, sent by another site (%s). %s", what, sender, hint)
        raise cross_origin.CrossOriginRefused(sender, f"({sender}.) {hint}" if app.debug else "")
    if verdict in cross_origin.TAKEN_WITH_CARE:
        app.logger.warning(cross_origin.TAKEN_WITH_CARE[verdict], what, sender)


def _path_as_sent(request: Request) -> str:
    """The path with all slashes that it began with; `Request.path` has one."""
    sent: str = request.environ.get("PATH_INFO", "")
    return f"/{request.path}" if sent.startswith("//") else request.path


def override_method(app: Flask, context: RequestContext) -> None:
    """Let a form's ``_method`` stand for its POST, where the URL takes such a method.

    The request has been let in as the POST it is; it has to be let in as the other one too.

    :raises CrossOriginRefused: if it is not.
    """
    request, adapter = context.request, context.url_adapter
    if request.mimetype not in FORM_TYPES or adapter is None:
        return
    if not any(adapter.test(method=other) for other in OVERRIDING_METHODS):
        return  # so a long upload is left to its view to read
    method = overriding_method(request)
    if method is None:
        return
    request.method = adapter.default_method = method
    request.url_rule = request.view_args = request.routing_exception = None
    context.match_request()
    refuse_other_sites(app, context)


def preprocess(app: Flask, context: RequestContext) -> t.Any:
    """Run what comes before the view; the first hook that answers ends it."""
    steps = context.steps
    if not steps.url_value_preprocessors and not steps.before_request_funcs:
        return None
    plan = _plan(app, context)
    for preprocess_values in plan.preprocessors:
        preprocess_values(plan.endpoint, context.request.view_args)
    for before in plan.before:
        answer = before()
        if answer is not None:
            return answer
    return None


def call_view(app: Flask, context: RequestContext) -> t.Any:
    """What the view for the request returns, or OPTIONS where it does not take it."""
    rule: Rule | None
    if context._match is None or context._request is not None:
        request = context.request
        if request.routing_exception is not None:
            app.raise_routing_exception(request)
        rule, arguments, method = request.url_rule, request.view_args, request.method
        media_types = options_of(rule).media_types
    else:  # nobody has asked for the request object, so nobody has changed it
        rule, arguments = context._match
        method = context.environ["REQUEST_METHOD"]
        options = rule.route_options  # type: ignore[attr-defined]  # see `compile.py`
        media_types = options.media_types
    if method == "OPTIONS" and getattr(rule, "provide_automatic_options", False):
        return app.make_default_options_response()
    if method == "PUT" and "HTTP_CONTENT_RANGE" in context.environ:
        _check_partial_put(app)
    if media_types is not None:
        check_media_types(context, media_types)
    plan = plan_for(app, context.steps, rule)
    view = plan.view
    if view is None:
        raise _without_view(plan)
    return view(**arguments) if arguments else view()


def _check_partial_put(app: Flask) -> None:
    if not app.config.get("ACCEPT_PARTIAL_PUT"):
        raise BadRequest(
            "A PUT with Content-Range would replace the whole by a part (RFC 9110 section"
            " 14.5). Use PATCH."
        )


def check_media_types(context: RequestContext, media_types: MediaTypes) -> None:
    """Refuse a request without the types its route wants; a QUERY is told them."""
    check(context.request, media_types)
    if context.request.method == "QUERY" and media_types.consumes is not None:
        types = accept_list(media_types.consumes)

        def tell(response: Response) -> Response:
            response.headers.setdefault("Accept-Query", types)
            return response

        context._after_request_functions.append(tell)


def options(app: Flask, context: RequestContext) -> Response:
    """The answer to OPTIONS: the methods of the URL, and the types that some of them take."""
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


def _plan(app: Flask, context: RequestContext) -> Plan:
    """The plan for the request's endpoint."""
    if context._match is not None and context._request is None:
        return plan_for(app, context.steps, context._match[0])
    return plan_for(app, context.steps, context.request.url_rule)


def plan_for(app: Flask, steps: Steps, rule: Rule | None) -> Plan:
    """The plan for a rule's endpoint; ``None`` is that of a request without a rule."""
    endpoint = None if rule is None else rule.endpoint
    plan = steps.plans.get(endpoint)
    if (
        plan is None
        or plan.number != steps.registry_changes.number
        or (plan.plain_lists is not None and plan.plain_lists.have_changed())
    ):
        plan = steps.plans[endpoint] = compose(
            app, endpoint, keeps_ensure_sync=steps.keeps_ensure_sync
        )
    return plan


def _without_view(plan: Plan) -> KeyError:
    return KeyError(
        f"The rule for the endpoint {plan.endpoint!r} has no view. Give it one:"
        f" app.add_url_rule(..., view_func=...) or @app.endpoint({plan.endpoint!r})."
    )


def raise_routing_exception(app: Flask, request: Request) -> t.NoReturn:
    """Raise what matching found wrong; in debug mode say it if form data would be lost."""
    error = request.routing_exception
    assert error is not None
    if (
        app.debug
        and isinstance(error, RequestRedirect)
        and error.code not in _KEEPS_BODY
        and request.method not in {"GET", "HEAD", "OPTIONS"}
    ):
        raise RoutingRedirectError(request)
    raise error


# Errors


def handle_user_exception(app: Flask, error: Exception) -> Answer:
    """The answer for an exception that the program raised or let pass.

    :raises Exception: the same one, if nothing in the program handles it.
    """
    if isinstance(error, BadRequestKeyError) and (
        app.debug or app.config["TRAP_BAD_REQUEST_ERRORS"]
    ):
        error.show_exception = True  # say which key, but in debug mode only
    if isinstance(error, HTTPException) and not app.trap_http_exception(error):
        return app.handle_http_exception(error)
    handler = app._find_error_handler(error, _blueprints())
    if handler is None:
        raise error
    return t.cast("Answer", app.ensure_sync(handler)(error))


def handle_http_exception(app: Flask, error: HTTPException) -> Answer:
    """The answer for an HTTP exception: its handler's, or the exception itself."""
    if error.code is None:
        return error  # made to carry a response of its own
    if isinstance(error, RoutingException):
        return error  # a redirect of the router's, no error of the program's
    handler = app._find_error_handler(error, _blueprints())
    if handler is None:
        _tell_debugger(app, error)
        return error
    return t.cast("Answer", app.ensure_sync(handler)(error))


def _tell_debugger(app: Flask, error: HTTPException) -> None:
    context = _cv_request.get(None)
    if context is not None and ON_PLAIN_ERROR in context.environ:
        context.environ[ON_PLAIN_ERROR](app, error)


def handle_exception(app: Flask, error: Exception) -> Response:
    """The 500 for an exception that nothing handled; it is logged.

    :raises Exception: the same one, if it is to reach the debugger or a test.
    """
    exc_info = sys.exc_info()
    got_request_exception.send(app, _async_wrapper=app.ensure_sync, exception=error)
    propagate = app.config["PROPAGATE_EXCEPTIONS"]
    if propagate is None:
        propagate = app.testing or app.debug
    if propagate:
        if exc_info[1] is error:
            raise  # noqa: PLE0704  with the traceback as it is
        raise error
    app.log_exception(exc_info)
    answer: t.Any = InternalServerError(original_exception=error)
    handler = app._find_error_handler(answer, _blueprints())
    if handler is not None:
        answer = app.ensure_sync(handler)(answer)
    return app.finalize_request(answer, from_error_handler=True)


def _blueprints() -> list[str]:
    """The blueprints of the current request's endpoint, the innermost first."""
    context = _cv_request.get(None)
    if context is None:
        return []
    if context._match is None or context._request is not None:
        return context.request.blueprints
    blueprint = context._match[0].endpoint.rpartition(".")[0]
    return split_blueprint_path(blueprint) if blueprint else []


# Responses


def finalize(
    app: Flask,
    context: RequestContext,
    answer: t.Any,
    from_error_handler: bool = False,
) -> Response:
    """Make a response of ``answer`` and run what comes after the view.

    :param from_error_handler: it answers an error; another one is logged, not raised.
    """
    steps = context.steps
    response: Response = steps.make_response(app, context, answer)
    try:
        response = steps.process_response(app, context, response)
        if steps.config.get("AUTOMATIC_ETAGS"):
            tag_whole_answer(response, context.environ)
        if request_finished.receivers:
            request_finished.send(app, _async_wrapper=app.ensure_sync, response=response)
    except Exception:
        if not from_error_handler:
            raise
        app.logger.exception("Request finalizing failed with an error while handling an error")
    return response


def convert(app: Flask, context: RequestContext | None, value: t.Any) -> Response:
    """Make a response of what a view returned; without a request, of what one might."""
    response_class = app.response_class
    # PERF: what nearly every view returns, before all else that one may return.
    if response_class is Response and type(value) is str:
        return Response.with_text(value)
    if type(value) is response_class:
        return value
    if type(value) is dict or type(value) is list:
        return app.json.response(value)
    return to_response(
        value,
        response_class,
        app.json.response,
        None if context is None else context.environ,
        partial(_source, app, context),
    )


def _source(app: Flask, context: RequestContext | None) -> str:
    endpoint = None if context is None else context.request.endpoint
    view = app.view_functions.get(endpoint or "")
    if view is None:
        return "The view function"
    return f"The view function {where(view)} of the endpoint {endpoint!r}"


def process_response(app: Flask, context: RequestContext, response: Response) -> Response:
    """Run the after-hooks, this request's own first, and save the session."""
    if context._after is not None:
        for after in context._after:
            response = app.ensure_sync(after)(response)
    if context.steps.after_request_funcs:
        for after in _plan(app, context).after:
            response = after(response)
    if context.steps.config.get("SEND_SECURITY_HEADERS"):
        add_security_headers(response.headers, app.config, context.environ)
    if (
        context._given_session is not None
        or context.steps.opens_session_first
        or ("HTTP_COOKIE" in context.environ and context.may_have_unopened_session())
    ):
        _save_session(app, context, response)
    if response._status_code == 204 and not app.config.get("DESCRIBE_EMPTY_RESPONSES"):
        response.headers.pop("Content-Type", None)
    return response


def _save_session(app: Flask, context: RequestContext, response: Response) -> None:
    interface = app.session_interface
    session = context._session
    if not interface.is_null_session(session):
        interface.save_session(app, session, response)


# The end of a request


def handled(error: BaseException | None) -> BaseException | None:
    """``error``, or if none was given the exception being handled."""
    return sys.exc_info()[1] if error is _unset else error


def teardown_request(app: Flask, context: RequestContext, error: BaseException | None) -> None:
    """Run the ``teardown_request`` functions, the innermost blueprint's first."""
    if context.steps.teardown_request_funcs:
        for teardown in _plan(app, context).teardown:
            teardown(error)
    if request_tearing_down.receivers:
        request_tearing_down.send(app, _async_wrapper=app.ensure_sync, exc=error)


def teardown_appcontext(
    app: Flask, context: AppContext | None, error: BaseException | None
) -> None:
    """Run the ``teardown_appcontext`` functions, the last one registered first."""
    if app.teardown_appcontext_funcs:
        for teardown in reversed(app.teardown_appcontext_funcs):
            app.ensure_sync(teardown)(error)
    if appcontext_tearing_down.receivers:
        appcontext_tearing_down.send(app, _async_wrapper=app.ensure_sync, exc=error)


# What `plan.Steps` takes for a method that nobody has replaced.
DIRECT: dict[str, Callable[..., t.Any]] = {
    "full_dispatch_request": respond,
    "preprocess_request": preprocess,
    "dispatch_request": call_view,
    "finalize_request": finalize,
    "make_response": convert,
    "process_response": process_response,
    "do_teardown_request": teardown_request,
    "do_teardown_appcontext": teardown_appcontext,
}
