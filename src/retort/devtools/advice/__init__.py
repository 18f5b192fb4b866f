"""Advice on errors for the developer: a sentence, a source line, and a fix.

Each advisor handles one kind of error, and returns ``None`` for others. The parent package outputs
advice as pages, plain text, JSON and log lines.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from .async_blocks import needless_async_for, wrong_with
from .awaiting import iterated_without_async, needless_await, not_awaited
from .contexts import outside_of_context
from .converters import value_not_accepted
from .databases import locked, no_such_table, other_thread
from .diagnostic import DiagnosticContext
from .endpoints import shared_endpoint
from .event_loop import loop_in_loop, waited_for_on_loop
from .inputs import ADVISORS as OF_INPUTS
from .keys import no_secret_key
from .loading import ADVISORS as OF_LOADING
from .names import hidden_package, unknown_name
from .none import none_used
from .record import Advice, Place
from .registration import methods_as_text, module_called, rule_without_slash
from .requests import REQUEST_ADVISORS
from .returned import ADVISORS as OF_RETURN_VALUES
from .shadowed import hidden_by_function, hidden_by_variable, read_before_assignment
from .sockets import outside_of_websocket
from .templates import ADVISORS as OF_TEMPLATES
from .tokens import from_another_site, no_csrf_token
from .urls import cannot_build, no_such_route
from .view_arguments import arguments_do_not_fit

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ADVISORS", "Advice", "Place", "advise"]

_log = logging.getLogger("retort.devtools")


if TYPE_CHECKING:
    Advisor = Callable[[DiagnosticContext], Advice | None]

# Called in this order; the first advice is used.
ADVISORS: tuple[Advisor, ...] = (
    hidden_package,
    *OF_LOADING,
    *REQUEST_ADVISORS,
    no_csrf_token,
    value_not_accepted,
    no_such_route,
    from_another_site,
    cannot_build,
    arguments_do_not_fit,
    *OF_INPUTS,
    *OF_TEMPLATES,
    outside_of_context,
    outside_of_websocket,
    no_secret_key,
    *OF_RETURN_VALUES,
    needless_await,
    iterated_without_async,
    not_awaited,
    needless_async_for,
    wrong_with,
    loop_in_loop,
    waited_for_on_loop,
    shared_endpoint,
    rule_without_slash,
    methods_as_text,
    module_called,
    hidden_by_variable,
    hidden_by_function,
    read_before_assignment,
    other_thread,
    no_such_table,
    locked,
    unknown_name,
    none_used,
)


def advise(error: BaseException, app: Any, environ_or_request: Any) -> Advice | None:
    """The advice of the first advisor that handles ``error``, or ``None``.

    Never raises: an advisor that fails is skipped, so that it cannot hide the original error.
    """
    try:
        diagnostic = DiagnosticContext.of(error, app, environ_or_request)
    except Exception:
        _log.debug("The context of %r could not be made.", error, exc_info=True)
        return None
    for advisor in ADVISORS:
        try:
            advice = advisor(diagnostic)
        except Exception:
            _log.debug("The advisor %r failed on %r.", advisor, error, exc_info=True)
            continue
        if advice is not None:
            return advice
    return None
