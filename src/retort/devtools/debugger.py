"""Werkzeug's interactive debugger, with a console only for clients on this machine."""

from __future__ import annotations

import contextlib
import re
import threading
from typing import TYPE_CHECKING, Any

import werkzeug.debug

from ..http.cross_origin import is_loopback
from .layer import Debugger
from .redirects import RedirectPages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# Request headers that proxies, tunnels and content delivery networks add, as environ keys:
# X-Forwarded-For and similar fields, Forwarded (RFC 7239), Via (RFC 9110 section 7.6.3), CDN-Loop
# (RFC 8586), CF-Connecting-IP, True-Client-IP, X-Azure-ClientIP, X-Envoy-External-Address...
# Behind a proxy, every request comes from this machine. A false positive only disables the
# console for the request.
_FORWARDING = re.compile(r"HTTP_(?:.*FORWARDED.*|VIA|CDN_LOOP|.*IP(?:V[46])?|.*_ADDR(?:ESS)?)")


class FailedPins:
    """Counts wrong PINs in this process.

    Has the interface of the ``multiprocessing.Value`` that Werkzeug uses for servers that fork for
    each request, and that cannot be created if ``/dev/shm`` is missing or read-only.
    """

    def __init__(self, typecode: str) -> None:
        self.value = 0
        self._lock = threading.Lock()

    def get_lock(self) -> threading.Lock:
        """The lock for changes of the value."""
        return self._lock


@contextlib.contextmanager
def counted_in_this_process() -> Iterator[None]:
    """While entered, new debuggers count wrong PINs with `FailedPins`."""
    library: Any = werkzeug.debug
    shared, library.Value = library.Value, FailedPins
    try:
        yield
    finally:
        library.Value = shared


class LocalDebugger(Debugger):
    """A debugger with a console only for browsers on this machine."""

    def check_host_trust(self, environ: WSGIEnvironment) -> bool:
        """Whether this request may use the console; checked for the page and each command."""
        return is_local(environ) and super().check_host_trust(environ)


def is_local(environ: WSGIEnvironment) -> bool:
    """Whether the request comes from this machine without a proxy."""
    is_forwarded = any(map(_FORWARDING.fullmatch, environ))
    return not is_forwarded and is_loopback(environ.get("REMOTE_ADDR") or "")


def with_debugger(app: WSGIApplication, *, console: bool) -> LocalDebugger:
    """Wrap ``app`` in the debugger: unhandled errors get an error page with their status.

    :param console: allow code execution in each frame, after the PIN. It must be off if other
        machines can reach the server, because the PIN could be guessed. If it is on, it is still
        limited to clients on this machine.
    """
    with counted_in_this_process():
        return LocalDebugger(
            RedirectPages(app), evalex=console, pin_security=True, pin_logging=False
        )
