"""The interactive debugger: Werkzeug's, with a console only where nobody else can reach it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..http.cross_origin import is_loopback
from .layer import Debugger

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# What proxies and tunnels add. Behind one, everybody seems to come from this machine.
_FORWARDED = (
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_REAL_IP",
    "HTTP_VIA",
)


class LocalDebugger(Debugger):
    """A debugger whose console is for browsers on this machine, whoever else can connect."""

    def check_host_trust(self, environ: WSGIEnvironment) -> bool:
        """Whether this request may have the console: asked for the page and each command."""
        return is_local(environ) and super().check_host_trust(environ)


def is_local(environ: WSGIEnvironment) -> bool:
    """Whether the request comes from this machine, and through nothing in between."""
    is_forwarded = any(name in environ for name in _FORWARDED)
    return not is_forwarded and is_loopback(environ.get("REMOTE_ADDR") or "")


def with_debugger(app: WSGIApplication, *, console: bool) -> LocalDebugger:
    """Explain the errors of ``app`` that nothing in it handles, under their own status.

    :param console: let the reader run code in each frame, after typing the PIN. Never
        where other machines can reach the server: that is running code for anybody who
        guesses the PIN. Where it is on, it is still for clients on this machine only.
    """
    return LocalDebugger(app, evalex=console, pin_security=True, pin_logging=False)
