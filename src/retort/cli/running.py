"""Where the steps of a plan run: on the event loop or in a thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lifecycle.deferred import waiting_layer
from ..registries import is_recorded
from .places import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..app import Flask
    from ..lifecycle.plan import Plan, Plans
    from .plan import Step

LOOP, THREAD = "event loop", "thread"
_RUNNING = frozenset({"ensure_sync", "async_to_sync"})
_CALLING = frozenset({"full_dispatch_request", "preprocess_request", "dispatch_request"})


def runs_coroutines_itself(plans: Plans) -> bool:
    """Whether a method of the program runs coroutine functions, in its own way."""
    return not plans.replaced.isdisjoint(_RUNNING)


def remarks(app: Flask, plans: Plans, plan: Plan, steps: Sequence[Step]) -> Iterator[str]:
    """What is to be said about the threads of a plan, as lines below its table."""
    if all(step.runs_in != LOOP for step in steps):
        return
    reason = _reason_to_wait(app, plans, plan)
    if reason:
        yield ""
        yield f"A thread waits for the steps on the event loop: {reason}."


def _reason_to_wait(app: Flask, plans: Plans, plan: Plan) -> str:
    if plan.is_async:
        layer = waiting_layer(app)
        return "" if layer is None else f"the middleware {name_of(layer)} handles the response"
    replaced = sorted(plans.replaced & _CALLING)
    if replaced:
        return f"{' and '.join(replaced)} {'are' if len(replaced) > 1 else 'is'} replaced"
    if not is_recorded(app.view_functions, app.registry_changes):
        return "view_functions is a plain dict"
    view = app.view_functions.get(plan.endpoint or "")
    is_dispatcher = hasattr(view, "view_class") or hasattr(view, "views_by_method")
    through = "is called through ensure_sync" if is_dispatcher else "is not a coroutine function"
    return f"the view {through}"
