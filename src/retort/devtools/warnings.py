"""Watch an application under development, and warn of what fails in silence: once a place.

Nothing of the application is changed and no answer either: a signal tells of each answer, and
what is wrong with it is written to the application's log. The server calls `watch` in debug
mode; nobody else imports this. What is looked for is in the modules ``warnings_*.py``.
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
from .report import as_line
from .warnings_answers import large_cookie, redirects_in_circle, secure_cookie, unescaped_input
from .warnings_async import time_views
from .warnings_forms import form_elsewhere, method_in_query
from .warnings_session import changed_in_place

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..http import Response

_log = logging.getLogger("retort.devtools")

# Each is asked about each answer, until it has warned of the endpoint.
LOOKS: tuple[Callable[[DiagnosticContext, Response], Advice | None], ...] = (
    unescaped_input,
    form_elsewhere,
    method_in_query,
    secure_cookie,
    large_cookie,
    changed_in_place,
    redirects_in_circle,
)

_given: WeakKeyDictionary[Any, dict[tuple[str, object], Advice]] = WeakKeyDictionary()


def watch(app: object) -> None:
    """Warn of what ``app`` does from now on; another kind of application is left alone."""
    if not isinstance(app, App) or app in _given:
        return
    _given[app] = {}
    request_finished.connect(_look, app)
    time_views(app, lambda advice: _give(app, ("held loop", advice.place), advice))
    _explain_failed_threads(app)


def warnings_of(app: object) -> list[Advice]:
    """The warnings that were given, the first first."""
    return [] if app is None else list(_given.get(app, {}).values())


def _look(app: Any, response: Response, **_: object) -> None:
    context = current_request_context.get(None)
    if context is None:
        return
    request = context.request
    diagnostic = DiagnosticContext(Exception(), app, request)
    for look in LOOKS:
        key = (look.__name__, request.endpoint)
        if key in _given[app]:
            continue
        try:
            advice = look(diagnostic, response)
        except Exception:
            _log.debug("The look %r failed.", look, exc_info=True)
            continue
        if advice is not None:
            _give(app, key, advice)


def _give(app: Any, key: tuple[str, object], advice: Advice) -> None:
    given = _given[app]
    if key not in given:
        given[key] = advice
        app.logger.warning("%s", escape_controls(as_line(advice)))


def _explain_failed_threads(app: Any) -> None:
    """Say below the traceback of a thread what it lacked, if it was a context."""
    before = threading.excepthook

    def hook(failed: threading.ExceptHookArgs) -> None:
        before(failed)
        error = failed.exc_value
        advice = None if error is None else advise(error, app, None)
        if advice is not None:
            _give(app, ("thread", advice.place), advice)

    threading.excepthook = hook
