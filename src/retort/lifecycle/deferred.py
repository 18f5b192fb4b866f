"""A response that is not known yet, because its request is handled on the event loop.

It is the body that a WSGI application returns, so that middleware of Retort and its server can pass
it on without a thread that waits. `on_loop.py` makes it.
"""

from __future__ import annotations

import typing as t
from functools import partial

from ..class_guard import UNCHANGED
from ..signals import appcontext_pushed
from .early import early_plan

if t.TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ..app import Flask
    from .plan import Plans

    Outcome = Callable[[], t.Any]
    Layer = Callable[[Outcome], t.Any]

# The status of a response whose connection has become a WebSocket. Servers recognize this object:
# a program cannot respond with 101.
SWITCHED = "101 Switching Protocols"

# Environ key: the application from which the server awaits a `Deferred`; all middleware around it
# passes that on. Another application may be called inside of middleware that does not.
MAY_DEFER = "retort.may_defer"

# The status, in logs and metrics, of a request whose client disconnected before the response.
CLIENT_GONE = 499


class Deferred:
    """A request that is handled on the event loop, and the body of its response.

    The server awaits `run`, if it and all middleware know this class. Otherwise the thread that
    calls the application waits.
    """

    # PERF: one is made for each request to a coroutine function.
    __slots__ = ("_layers", "app", "environ", "finishes_alone", "plans", "start_response")

    def __init__(self, app: Flask, plans: Plans, environ: WSGIEnvironment) -> None:
        self.app = app
        self.plans = plans
        self.environ = environ
        #: Whether the request goes on after its client has disconnected.
        self.finishes_alone = False
        self.start_response: StartResponse = _not_started
        self._layers: tuple[Layer, ...] = ()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> t.Any:
        """This object, if the server awaits it; else the body, for which the thread waits."""
        self.start_response = start_response
        if environ.get(MAY_DEFER) is self.app and self.plans.may_defer:
            return self
        from ..aio.loop import wait_for

        return wait_for(self.run())

    async def handle(self) -> t.Any:
        """Handle the request: call ``start_response`` and return the body."""
        raise NotImplementedError

    def run(self) -> Coroutine[t.Any, t.Any, t.Any]:
        """Handle the request, and call the layers; a coroutine function.

        :returns: the body, as defined by PEP 3333 or an `AsyncBody`.
        :raises BaseException: what the application raises; ``CancelledError``, if it was cancelled.
        """
        return self._run_layers() if self._layers else self.handle()

    async def _run_layers(self) -> t.Any:
        outcome: Outcome
        try:
            outcome = returning(await self.handle())
        except BaseException as error:
            outcome = raising(error)
        for layer in self._layers:
            outcome = partial(layer, outcome)
        return outcome()

    def add_layer(self, layer: Layer) -> None:
        self._layers += (layer,)


def call_through(call: Outcome, layer: Layer) -> t.Any:
    """The body of middleware that processes the body of its application.

    :param call: calls the application.
    :param layer: called with a function that returns the application's body or raises what the
        application has raised; returns the new body. Called later, if the request is deferred.
    """
    try:
        body = call()
    except BaseException as error:
        return layer(raising(error))
    if isinstance(body, Deferred):
        body.add_layer(layer)
        return body
    return layer(returning(body))


def returning(body: t.Any) -> Outcome:
    """The outcome of an application that has returned this body."""
    return lambda: body


def raising(error: BaseException) -> Outcome:
    """The outcome of an application that has raised this exception."""

    def outcome() -> t.NoReturn:
        raise error

    return outcome


def may_defer(program: object) -> bool:
    """Whether calling a program may return a `Deferred`."""
    return hasattr(type(program).__call__, "may_defer") if callable(program) else False


def passes_through(app: Flask) -> bool:
    """Whether all middleware of an application passes a `Deferred` on.

    Other middleware may use the status and the body at once, so it gets them.
    """
    return waiting_layer(app) is None


def waiting_layer(app: Flask) -> t.Any:
    """The outermost middleware for which a thread waits, as `passes_through` says.

    It is a method of the application if its class replaces ``wsgi_app`` or ``__call__``.
    """
    wrapped: t.Any = app.wsgi_app
    while type(wrapped).__qualname__ == "ProxyFix" and type(wrapped).__module__.startswith(
        "werkzeug."
    ):
        wrapped = wrapped.app
    if not hasattr(wrapped, "may_defer"):
        return wrapped
    return None if may_defer(app) else app.__call__


def starts_on_loop(app: Flask, method: str, path: str) -> bool:
    """Whether calling the application returns a `Deferred` and calls no function of the program.

    Such a call can be made on the event loop. Others may block.

    :param path: as in ``PATH_INFO``.
    """
    plans = app.registry_changes.plans
    if plans is None or not plans.may_start_on_loop:
        return False
    plan = early_plan(plans, method, path)
    return bool(
        plan is not None
        and plan.is_async
        and plans.guard.__flags__ & UNCHANGED
        and not plans.opens_session_first
        and not appcontext_pushed.receivers
    )


def _not_started(*args: object) -> t.NoReturn:
    raise AssertionError("The response was not called as a WSGI application (PEP 3333).")
