"""Warn in the log about mistakes that raise no error, once for each place.

The responses are not changed: most checks run at the signal `request_finished`, and warnings are
records of the application's logger. Only the server in debug mode calls `watch`.
The checks are in the modules ``warnings_*.py``.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ..globals import current_request_context
from ..logging import escape_controls
from ..setup import App
from ..signals import request_finished
from .advice import Advice, advise
from .advice.diagnostic import DiagnosticContext
from .redirects import record_redirect, repeated_redirect
from .report import as_line
from .warnings_async import time_views
from .warnings_forms import form_elsewhere, method_in_query
from .warnings_hints import hint_warnings
from .warnings_responses import large_cookie, secure_cookie, unescaped_input
from .warnings_session import changed_in_place
from .warnings_templates import watch_templates

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..http import Response

_log = logging.getLogger("retort.devtools")

# Each check is called with each response, until it has warned about the endpoint.
RESPONSE_CHECKS: tuple[Callable[[DiagnosticContext, Response], Advice | None], ...] = (
    unescaped_input,
    form_elsewhere,
    method_in_query,
    secure_cookie,
    large_cookie,
    changed_in_place,
    repeated_redirect,
)

_given: WeakKeyDictionary[Any, dict[tuple[str, object], Advice]] = WeakKeyDictionary()


def watch(app: object) -> None:
    """Start the checks for ``app``; other kinds of applications are ignored."""
    if not isinstance(app, App) or app in _given:
        return
    _given[app] = {}
    request_finished.connect(_check_response, app)
    time_views(lambda advice: _give(app, ("held loop", advice.place), advice))
    watch_templates(app, lambda advice: _give(app, ("printed", advice.what), advice))
    _explain_failed_threads(app)


def warnings_of(app: object) -> list[Advice]:
    """The warnings so far, the oldest first, and the hints on forms."""
    return [] if app is None else [*_given.get(app, {}).values(), *hint_warnings(app)]


def _check_response(app: Any, response: Response, **_: object) -> None:
    context = current_request_context.get(None)
    if context is None:
        return
    request = context.request
    try:
        record_redirect(app, context.environ, response)
    except ValueError:  # an address that cannot be parsed, such as that of the Host "[::1"
        _log.debug("The redirect %r was not recorded.", response, exc_info=True)
    diagnostic = DiagnosticContext(Exception(), app, request)
    for check in RESPONSE_CHECKS:
        key = (check.__name__, request.endpoint)
        if key in _given[app]:
            continue
        try:
            advice = check(diagnostic, response)
        except Exception:
            _log.debug("The check %r failed.", check, exc_info=True)
            continue
        if advice is not None:
            _give(app, key, advice)


def _give(app: Any, key: tuple[str, object], advice: Advice) -> None:
    given = _given[app]
    if key not in given:
        given[key] = advice
        app.logger.warning("%s", escape_controls(as_line(advice)))


def _explain_failed_threads(app: Any) -> None:
    """Print advice below the traceback of a thread that failed without a context."""
    before = threading.excepthook

    def hook(failed: threading.ExceptHookArgs) -> None:
        before(failed)
        error = failed.exc_value
        advice = None if error is None else advise(error, app, None)
        if advice is not None:
            _give(app, ("thread", advice.place), advice)

    threading.excepthook = hook
