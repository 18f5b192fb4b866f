"""The interactive debugger: Werkzeug's, with a console only where nobody else can reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkzeug.debug import DebuggedApplication

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


def with_debugger(app: WSGIApplication, *, console: bool) -> DebuggedApplication:
    """Show uncaught errors of ``app`` as tracebacks in the browser, with status 500.

    :param console: let the reader run code in each frame, after typing the PIN. Never
        where other machines can reach the server: that is running code for anybody who
        guesses the PIN.
    """
    return DebuggedApplication(app, evalex=console, pin_security=True, pin_logging=False)
