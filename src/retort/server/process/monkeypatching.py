"""Refuse programs in which gevent or eventlet replaced Python's threads and sockets.

The server uses operating system threads. In a monkeypatched program these become greenlets of one
thread, and the server fails with errors that do not name the cause ("cannot release un-acquired
lock").
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed.wsgi import WSGIApplication

# The modules the server uses, by the names that both libraries give them.
_MODULES = ("thread", "socket", "select", "time")


class PatchedProgram(click.ClickException):
    """The program is monkeypatched; the message names a server that supports that."""


def load_unpatched(load: Callable[[], WSGIApplication]) -> WSGIApplication:
    """Load a program and check whether it is monkeypatched, which may be why loading fails.

    :raises PatchedProgram: if it is monkeypatched.
    """
    try:
        app = load()
    except Exception:
        refuse_patched()
        raise
    refuse_patched()
    return app


def refuse_patched() -> None:
    """Check that this process is not monkeypatched.

    :raises PatchedProgram: if it is.
    """
    library = patched_by()
    if library is not None:
        raise PatchedProgram(
            f"This program calls {_CALLS[library]}, which replaces Python's threads and sockets."
            " retort run handles requests in operating system threads and does not work with that."
            " Remove the call (and the import of its module): retort run handles many requests at"
            f" once without it. Or serve the program with gunicorn's {library} workers, on"
            f" Retort: python -m retort -m gunicorn -k {library} MODULE:APP (pip install"
            f" {_PACKAGES[library]})."
        )


_CALLS = {"gevent": "gevent.monkey.patch_all()", "eventlet": "eventlet.monkey_patch()"}

# gunicorn 26 has no worker for eventlet any more.
_PACKAGES = {"gevent": "gunicorn gevent", "eventlet": "'gunicorn<26' eventlet"}


def patched_by() -> str | None:
    """The library that replaced standard library modules the server needs, or ``None``."""
    gevent = sys.modules.get("gevent.monkey")
    if gevent is not None and any(map(gevent.is_module_patched, _MODULES)):
        return "gevent"
    eventlet = sys.modules.get("eventlet.patcher")
    if eventlet is not None and any(map(eventlet.is_monkey_patched, _MODULES)):
        return "eventlet"
    return None
