"""Handle a request on the event loop, if its view is a coroutine function.

`start` is the first step in the plan of such a view. The context moves from the thread of the
server to a copy of its context variables, unless the request began on the loop, in variables of its
own (`context.OWN_VARIABLES`). All steps of the request run there, in the order of
`run.py`: `respond_async` is the counterpart of `run.respond`, and `LoopRequest.handle` that of
`gateways/wsgi.py`. Coroutine functions are awaited on the loop. Synchronous functions of the
program run in threads, and so do those of Retort that call functions of the program.
"""

from __future__ import annotations

import asyncio
import sys
import typing as t
from functools import partial
from inspect import iscoroutinefunction
from itertools import groupby

from werkzeug.wsgi import ClosingIterator

from ..aio.bodies import AsyncBody
from ..aio.steps import InContext, step_in_thread
from ..class_guard import UNCHANGED
from ..context import PRESERVE_CONTEXT, preserve
from ..http.file_body import FileBody
from ..http.spool import needs_spooling, spool
from ..http.unread import leave_unread
from ..routing import options_of
from ..sessions import may_save_unopened
from ..signals import (
    appcontext_popped,
    appcontext_tearing_down,
    request_finished,
    request_started,
    request_tearing_down,
)
from . import policies, run
from .deferred import Deferred

if t.TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Iterable
    from contextvars import Context

    from ..app import Flask
    from ..context import RequestContext
    from ..http.unread import UnreadBody
    from .plan import Hooks


def start(app: Flask, context: RequestContext) -> LoopRequest:
    """Move a request to the event loop, once its body is complete."""
    if app.is_in_setup:
        app.end_setup()
    request = LoopRequest(app, context)
    rule = context.request.url_rule if context.match is None else context.match[0]
    request.finishes_alone = options_of(rule).finishes_alone
    if context.plan.streams_body:
        request.leave_unread()
    elif needs_spooling(context.environ):
        request.spool()
    request.variables = context.move()
    return request


async def respond_async(app: Flask, context: RequestContext, request: LoopRequest) -> t.Any:
    """Handle the request of a moved context; see `run.respond`."""
    variables = request.variables
    context.arrive()
    try:
        if request_started.receivers:
            send = partial(request_started.send, app, _async_wrapper=app.ensure_sync)
            await step_in_thread(variables, send)
        if context.plan.before_view:
            rv = await run_steps_async(app, context, request)
        else:
            rv = await call_view_async(app, context, request)
    except Exception as error:
        rv = await step_in_thread(variables, call_with_error, app.handle_user_exception, error)
    finish = context.plan.finish
    if calls_no_function(context):
        return variables.run(finish, app, context, rv)
    return await step_in_thread(variables, finish, app, context, rv)


def calls_no_function(context: RequestContext) -> bool:
    """Whether finishing the return value calls no function of the program, which might block."""
    return bool(
        context.plan.finish in (run.finish_without_response, run.finish_with_security_fields)
        and not context.needs_response
        and not request_finished.receivers
        and context.plans.guard.__flags__ & UNCHANGED
        and ("HTTP_COOKIE" not in context.environ or not may_save_unopened(context))
    )


async def run_steps_async(app: Flask, context: RequestContext, request: LoopRequest) -> t.Any:
    """Run the steps before the view until one returns a value, then the view."""
    rv = await run_before_view(app, context, request.variables)
    return await call_view_async(app, context, request) if rv is None else rv


async def run_before_view(app: Flask, context: RequestContext, variables: Context) -> t.Any:
    """Run the steps before the view until one returns a value."""
    for step in context.plan.before_view:
        if step is run.preprocess:
            rv = await preprocess_async(context, variables)
        elif step is policies.admit and not app.config.get("METHOD_OVERRIDE"):
            rv = variables.run(step, app, context)
        else:
            rv = await step_in_thread(variables, step, app, context)
        if rv is not None:
            return rv
    return None


def call_view_async(app: Flask, context: RequestContext, request: LoopRequest) -> Awaitable[t.Any]:
    """Call the view, or the step in its place; see `run.call_view`."""
    if request.input_error is not None:
        raise request.input_error
    variables, plan = request.variables, context.plan
    if not plan.is_async:  # a hook has changed it
        return step_in_thread(variables, plan.dispatch, app, context)
    rv = variables.run(plan.dispatch, app, context)
    return InContext(variables, rv) if asyncio.iscoroutine(rv) else _value(rv)


async def _value(rv: t.Any) -> t.Any:
    return rv


async def preprocess_async(context: RequestContext, variables: Context) -> t.Any:
    """Run the URL value preprocessors and the before hooks, until a hook returns a value."""
    plan = context.plan
    if plan.preprocessors:
        values = context.request.view_args
        await step_in_thread(variables, call_each, plan.preprocessors, plan.endpoint, values)
    for is_async, hooks in groupby(plan.before, iscoroutinefunction):
        if not is_async:  # neighbours share a thread
            rv = await step_in_thread(variables, first_value, tuple(hooks))
            if rv is not None:
                return rv
            continue
        for hook in hooks:
            rv = await InContext(variables, hook())
            if rv is not None:
                return rv
    return None


def call_each(functions: Hooks, *args: t.Any) -> None:
    """Call all functions with the same arguments."""
    for function in functions:
        function(*args)


def first_value(hooks: Iterable[Callable[[], t.Any]]) -> t.Any:
    """Call the hooks until one returns a value."""
    for hook in hooks:
        rv = hook()
        if rv is not None:
            return rv
    return None


def call_with_error(function: Callable[[t.Any], t.Any], error: Exception) -> t.Any:
    """Call an error handling method as in an ``except`` block, where it finds the traceback."""
    try:
        raise error
    except Exception:
        return function(error)


class LoopRequest(Deferred):
    """A request on the event loop.

    :ivar variables: the context variables in which all its steps run.
    :ivar input_error: what reading the body raised; the view is not called then.
    """

    __slots__ = ("_input", "context", "input_error", "variables")

    variables: Context

    def __init__(self, app: Flask, context: RequestContext) -> None:
        super().__init__(app, context.plans, context.environ)
        self.context = context
        self.input_error: Exception | None = None
        self._input: t.IO[bytes] | UnreadBody | None = None

    def spool(self) -> None:
        """Read the body, in the thread of the server."""
        try:
            self._input = spool(self.environ, self.context.request.max_content_length)
        except Exception as error:
            self.input_error = error

    def leave_unread(self) -> None:
        """Let the view read the body."""
        try:
            self._input = leave_unread(self.environ)
        except Exception as error:
            self.input_error = error

    def handle(self) -> Coroutine[t.Any, t.Any, t.Any]:
        """Handle the request; see `Deferred.handle`."""
        return self._handle() if self._input is None else self._handle_input()

    async def _handle_input(self) -> t.Any:
        """Handle a request with a body, and close that."""
        try:
            body = await self._handle()
        except BaseException:
            self._close_input()
            raise
        if type(body) is list or isinstance(body, FileBody):
            self._close_input()
            return body
        if isinstance(body, AsyncBody):  # it may read the request while it is sent
            return body.close_with(self._close_input)
        return ClosingIterator(body, self._close_input)

    def _close_input(self) -> None:
        if self._input is not None and not self.context.is_shared:
            self._input.close()

    async def _handle(self) -> t.Any:
        """Handle the request; see `gateways/wsgi.py`."""
        app, context, variables = self.app, self.context, self.variables
        error: BaseException | None = None
        try:
            try:
                response = await respond_async(app, context, self)
            except Exception as unhandled:
                error = unhandled
                response = await step_in_thread(
                    variables, call_with_error, app.handle_exception, unhandled
                )
            except BaseException:
                error = sys.exc_info()[1]
                raise
            return self.send(response)
        finally:
            popping = self.pop_context(error)
            if popping is not None:
                await popping

    def send(self, response: t.Any) -> t.Any:
        """Call ``start_response``, and return the body."""
        if type(response) is tuple:  # see `run.finish_without_response`
            status, fields, body = response
            self.start_response(status, fields)
            return body
        return self.variables.run(response, self.environ, self.start_response)

    def pop_context(self, error: BaseException | None) -> Awaitable[None] | None:
        """Pop the context; what is returned does it in a thread, and has to be awaited.

        It is popped in a thread if that calls functions of the program.
        """
        context, variables = self.context, self.variables
        if PRESERVE_CONTEXT in self.environ:
            variables.run(preserve, context)
        if error is not None and self.app.should_ignore_error(error):
            error = None
        plans, plan = context.plans, context.plan
        has_receivers = (
            request_tearing_down.receivers
            or appcontext_tearing_down.receivers
            or appcontext_popped.receivers
        )
        if plan.has_teardown or plans.ends_app_context or has_receivers:
            return step_in_thread(variables, context.pop, error)
        variables.run(context.pop, error)
        return None
