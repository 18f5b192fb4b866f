"""The interactive debugger: Werkzeug's, with a console only where nobody else can reach it."""

from __future__ import annotations

import contextlib
import re
import threading
from typing import TYPE_CHECKING, Any

import werkzeug.debug

from ..http.cross_origin import is_loopback
from .layer import Debugger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# Request headers that proxies, tunnels and content delivery networks add, as an environ has them:
# X-Forwarded-For and its kin, Forwarded (RFC 7239), Via (RFC 9110 section 7.6.3), CDN-Loop
# (RFC 8586), CF-Connecting-IP, True-Client-IP, X-Azure-ClientIP, X-Envoy-External-Address...
# Behind a proxy, every request comes from this machine. One that is taken for a proxy's by
# mistake only does without the console.
_FORWARDING = re.compile(r"HTTP_(?:.*FORWARDED.*|VIA|CDN_LOOP|.*IP(?:V[46])?|.*_ADDR(?:ESS)?)")


class FailedPins:
    """How many wrong PINs were given, counted in this process.

    Has the interface of the ``multiprocessing.Value`` that Werkzeug counts in. That is for servers
    that fork for each request, and cannot be made where ``/dev/shm`` is missing or read-only.
    """

    def __init__(self, typecode: str) -> None:
        self.value = 0
        self._lock = threading.Lock()

    def get_lock(self) -> threading.Lock:
        """What to hold while the value changes."""
        return self._lock


@contextlib.contextmanager
def counted_in_this_process() -> Iterator[None]:
    """Have debuggers that are made meanwhile count wrong PINs with `FailedPins`."""
    library: Any = werkzeug.debug
    shared, library.Value = library.Value, FailedPins
    try:
        yield
    finally:
        library.Value = shared


class LocalDebugger(Debugger):
    """A debugger whose console is for browsers on this machine, whoever else can connect."""

    def check_host_trust(self, environ: WSGIEnvironment) -> bool:
        """Whether this request may have the console: asked for the page and each command."""
        return is_local(environ) and super().check_host_trust(environ)


def is_local(environ: WSGIEnvironment) -> bool:
    """Whether the request comes from this machine, and without a proxy."""
    is_forwarded = any(map(_FORWARDING.fullmatch, environ))
    return not is_forwarded and is_loopback(environ.get("REMOTE_ADDR") or "")


def with_debugger(app: WSGIApplication, *, console: bool) -> LocalDebugger:
    """Explain the errors of ``app`` that nothing in it handles, under their own status.

    :param console: let the reader run code in each frame, after typing the PIN. Never
        where other machines can reach the server: that is running code for anybody who
        guesses the PIN. Where it is on, it is still for clients on this machine only.
    """
    with counted_in_this_process():
        return LocalDebugger(app, evalex=console, pin_security=True, pin_logging=False)
