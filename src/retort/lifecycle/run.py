"""Run the plan of a request: the steps before the view, the view, the response, the teardown.

The steps are Flask's, in Flask's order ("Application Structure and Lifecycle"). Each function
implements a method of the application. `compose.py` puts the function into the plan, or the method
if a program overrides it. If a request changes a later step, that step is taken from the new plan.
"""

from __future__ import annotations

import typing as t
from functools import partial

from ..class_guard import UNCHANGED
from ..declared import bound
from ..http.conditional import tag_complete_response
from ..http.convert import to_response
from ..http.protection import add_security_headers, security_fields
from ..http.response import OK, Response
from ..sessions import may_save_unopened
from ..signals import (
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from ..tracebacks import where
from .returned import respond_declared

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..app import Flask
    from ..context import AppContext, RequestContext
    from ..http.response import Reply

    Registry = Mapping[str | None, list[Callable[..., t.Any]]]
    Scopes = tuple[str | None, ...]

# Before the response


def respond(app: Flask, context: RequestContext) -> Response | Reply:
    """Handle the request of a context; `gateways/wsgi.py` sends the return value.

    Only an exception without an error handler leaves this function.
    """
    try:
        if request_started.receivers:
            request_started.send(app, _async_wrapper=app.ensure_sync)
        rv = context.plan.run(app, context)
    except Exception as error:
        rv = app.handle_user_exception(error)
    return context.plan.finish(app, context, rv)  # type: ignore[no-any-return]


def run_steps(app: Flask, context: RequestContext) -> t.Any:
    """Run the steps before the view until one returns a value; if none does, call the view."""
    for step in context.plan.before_view:
        rv = step(app, context)
        if rv is not None:
            return rv
    return context.plan.dispatch(app, context)


def preprocess(app: Flask, context: RequestContext) -> t.Any:
    """Run the URL value preprocessors and the before hooks, until a hook returns a value."""
    plan = context.plan
    for preprocess_values in plan.preprocessors:
        preprocess_values(plan.endpoint, context.request.view_args)
    for before in plan.before:
        rv = before()
        if rv is not None:
            return rv
    return None


def call_view(app: Flask, context: RequestContext) -> t.Any:
    """Call the view and return its value, or the response of the check, such as for OPTIONS."""
    request = context.made_request
    if request is None:  # no hook can have changed the match
        view, arguments = context.plan.view, context.match[1]  # type: ignore[index]
    else:
        if request.routing_exception is not None:
            app.raise_routing_exception(request)
        plan = context.find_plan()
        if plan.check is not None:
            rv = plan.check(app, context)
            if rv is not None:
                return rv
        view, arguments = plan.view, request.view_args
    return view(**arguments) if arguments else view()


def check_and_call_view(app: Flask, context: RequestContext) -> t.Any:
    """`call_view`, for a plan with a check."""
    _ = context.request  # creates it, so that `call_view` uses it
    return call_view(app, context)


# The response


def finish_without_response(app: Flask, context: RequestContext, rv: t.Any) -> Response | Reply:
    """Status, header fields and body of a return value, if no step needs a response object.

    The plan contains it if no registered function needs one. Conditions that depend on the request
    are checked here. Decision 22 has the measured benefit.
    """
    plans = context.plans
    if (
        not context.needs_response
        and not request_finished.receivers
        and plans.guard.__flags__ & UNCHANGED
        and ("HTTP_COOKIE" not in context.environ or not may_save_unopened(context))
    ):
        if type(rv) is str:
            data = rv.encode()
            return OK, [plans.text_type, ("Content-Length", str(len(data)))], [data]  # type: ignore[list-item]
        if type(rv) is Response:
            reply = rv.reply()
            if reply is not None:
                return reply
        elif plans.write_json is not None and (type(rv) is dict or type(rv) is list):
            data = (plans.write_json(rv) + "\n").encode()
            return OK, [plans.json_type, ("Content-Length", str(len(data)))], [data]  # type: ignore[list-item]
    elif not plans.guard.__flags__ & UNCHANGED:
        context.renew_plans()  # a class was monkeypatched
    return context.plans.finalize(app, context, rv)  # type: ignore[no-any-return]


def finish_with_security_fields(app: Flask, context: RequestContext, rv: t.Any) -> t.Any:
    """`finish_without_response` with the security header fields that `process_response` adds."""
    response = finish_without_response(app, context, rv)
    if type(response) is tuple:
        response[1].extend(security_fields(context.plans.config, context.environ))
    return response


def finalize(
    app: Flask, context: RequestContext, rv: t.Any, from_error_handler: bool = False
) -> Response:
    """Convert ``rv`` to a response and run the steps after the view.

    :param from_error_handler: it is for an unhandled error; a further one is logged, not raised.
    """
    plans = context.plans
    response: Response = plans.convert(app, context, rv)
    try:
        response = context.plans.process_response(app, context, response)
        if plans.tags_responses:
            tag_complete_response(response, context.environ)
        if request_finished.receivers:
            request_finished.send(app, _async_wrapper=app.ensure_sync, response=response)
    except Exception:
        if not from_error_handler:
            raise
        app.logger.exception("Request finalizing failed with an error while handling an error")
    return response


def convert(app: Flask, context: RequestContext | None, value: t.Any) -> Response:
    """Convert the return value of a view to a response; the context may be ``None``."""
    response_class = app.response_class
    if response_class is Response and type(value) is str:
        return Response(value)
    if type(value) is response_class:
        return value
    if type(value) is dict or type(value) is list:
        if context is None or context.plans.write_json is None:
            return app.json.response(value)
        text = context.plans.write_json(value) + "\n"  # by a DefaultJSONProvider
        return Response(text, mimetype=app.json.mimetype)  # type: ignore[attr-defined]
    return to_response(
        value,
        response_class,
        app.json.response,
        None if context is None else context.environ,
        partial(_source, app, context),
        partial(respond_declared, app, context),
    )


def _source(app: Flask, context: RequestContext | None) -> str:
    endpoint = None if context is None else context.request.endpoint
    view = app.view_functions.get(endpoint or "")
    if view is None:
        return "The view function"
    return f"The view function {where(view)} of the endpoint {endpoint!r}"


def process_response(app: Flask, context: RequestContext, response: Response) -> Response:
    """Run the after hooks, the request's own first, and save the session."""
    if context.after_functions is not None:
        for after in context.after_functions:
            response = app.ensure_sync(after)(response)
    for after in context.plan.after:
        response = after(response)
    plans = context.plans
    if plans.sends_security_fields:
        add_security_headers(response.headers, plans.config, context.environ)
    if (
        context.opened_session is not None
        or plans.opens_session_first
        or ("HTTP_COOKIE" in context.environ and may_save_unopened(context))
    ):
        interface = app.session_interface
        session = context.opened_session
        if session is None:
            session = context.open_session()
        if not interface.is_null_session(session):
            interface.save_session(app, session, response)
    if not plans.describes_empty_responses and response.status_code == 204:
        response.headers.pop("Content-Type", None)
    return response


# The end of a request


def teardown_request(app: Flask, context: RequestContext, error: BaseException | None) -> None:
    """Run the ``teardown_request`` functions, the innermost blueprint's first."""
    for teardown in context.plan.teardown:
        teardown(error)
    if request_tearing_down.receivers:
        request_tearing_down.send(app, _async_wrapper=app.ensure_sync, exc=error)


def teardown_appcontext(
    app: Flask, context: AppContext | None, error: BaseException | None
) -> None:
    """Run the ``teardown_appcontext`` functions, the last one registered first."""
    for teardown in reversed(app.teardown_appcontext_funcs):
        app.ensure_sync(teardown)(error)
    if appcontext_tearing_down.receivers:
        appcontext_tearing_down.send(app, _async_wrapper=app.ensure_sync, exc=error)


# Functions in a plan that call overridden methods, or wrap functions of the program


def call_method(name: str, app: Flask, context: object, *args: t.Any) -> t.Any:
    """Run a step by the application's overridden method, which uses the current context."""
    return getattr(app, name)(*args)


def respond_first(app: Flask, context: RequestContext) -> t.Any:
    """Handle the first request, which ends set-up."""
    app.end_setup()  # invalidates the plans; new ones do not contain this function
    return respond(app, context)


def call_synced(
    app: Flask, function: Callable[..., t.Any], /, *args: t.Any, **kwargs: t.Any
) -> t.Any:
    """Call a function through `Flask.ensure_sync`.

    Wrapped for each call, since the wrapper may depend on the thread and its event loop.
    """
    return app.ensure_sync(function)(*args, **kwargs)


def raise_without_view(endpoint: str | None, **arguments: t.Any) -> t.NoReturn:
    """The view of an endpoint that has none.

    :raises KeyError: always.
    """
    raise KeyError(
        f"The rule for the endpoint {endpoint!r} has no view. Give it one:"
        f" app.add_url_rule(..., view_func=...) or @app.endpoint({endpoint!r})."
    )


# Plain containers, which do not record changes, are read for each request.


def functions_of(
    registry: Registry, scopes: Scopes, *, is_inward: bool
) -> Iterator[Callable[..., t.Any]]:
    """The functions of ``scopes``, in the order in which they run."""
    for scope in scopes:
        if scope in registry:
            functions = registry[scope]
            yield from functions if is_inward else reversed(functions)


def preprocess_live(
    app: Flask, registry: Registry, scopes: Scopes, endpoint: str | None, values: t.Any
) -> None:
    """Call the current URL value preprocessors of a registry."""
    for preprocess in functions_of(registry, scopes, is_inward=True):
        preprocess(endpoint, values)


def run_before_live(app: Flask, registry: Registry, scopes: Scopes) -> t.Any:
    """Call the current before hooks of a registry."""
    for before in functions_of(registry, scopes, is_inward=True):
        rv = app.ensure_sync(before)()
        if rv is not None:
            return rv
    return None


def run_after_live(app: Flask, registry: Registry, scopes: Scopes, response: t.Any) -> t.Any:
    """Call the current after hooks of a registry."""
    for after in functions_of(registry, scopes, is_inward=False):
        response = app.ensure_sync(after)(response)
    return response


def run_teardown_live(
    app: Flask, registry: Registry, scopes: Scopes, error: BaseException | None
) -> None:
    """Call the current teardown functions of a registry."""
    for teardown in functions_of(registry, scopes, is_inward=False):
        app.ensure_sync(teardown)(error)


def call_live_view(
    app: Flask, views: Mapping[t.Any, t.Any], endpoint: str | None, /, **arguments: t.Any
) -> t.Any:
    """Call the current view of an endpoint."""
    view = views.get(endpoint)
    if view is None:
        raise_without_view(endpoint)
    return app.ensure_sync(bound(view))(**arguments)
