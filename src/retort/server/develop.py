"""Serve one program from one process, as a developer wants it: `run` and `serve --debug` meet here.

Without the reloader, this process serves; so ``breakpoint()`` has the terminal and the
objects of the script are the ones that answer. With it, this process becomes the parent of
`reload.py`, and its child arrives here a second time with the socket to serve on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..debug import Failure, with_debugger
from .announce import log_request, say, say_all, start_lines
from .listen import CannotListen, open_listener
from .options import Settings, is_loopback
from .reload import supervise
from .rerun import forget_foreign_reloader, this_child
from .worker import Worker, end_process, serve_here

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import WSGIApplication

    from .rerun import Child


@dataclass(frozen=True)
class Development:
    """What was asked for. ``console``: may the debugger run code; only on loopback it does."""

    host: str
    port: int
    name: str
    settings: Settings
    reload: bool = False
    debugger: bool = False
    console: bool = True
    extra_files: tuple[str, ...] = ()
    exclude_patterns: tuple[str, ...] = ()
    polls: bool = False
    change_port: str = "--port {port}"
    announce: Callable[[WSGIApplication], Iterable[str]] | None = None


def develop(load: Callable[[], WSGIApplication], wish: Development) -> None:
    """Serve what ``load`` returns; returns when stopped.

    :raises SystemExit: if the port cannot be used (1), and in a reloader's parent (0).
    """
    forget_foreign_reloader()
    child = this_child()
    if child is not None:
        serve_as_child(child, load, wish)
        return
    listener = open_or_exit(wish.host, wish.port, wish.change_port)
    if wish.reload:
        say_all(start_lines_for(listener, wish))
        raise SystemExit(supervise(listener))
    app = load()
    say_all(start_lines_for(listener, wish))
    is_clean = serve_here(make_worker(app, listener, wish, is_first=True))
    listener.close()
    if not is_clean:
        end_process(0)


def serve_as_child(child: Child, load: Callable[[], WSGIApplication], wish: Development) -> None:
    """Serve on the parent's socket; if the program does not load, serve the reason."""
    child.watcher.add(wish.extra_files, wish.exclude_patterns, polls=wish.polls)
    try:
        app = load()
    except Exception as error:
        child.serve_failure(Failure.from_exception(error), error)
        return
    worker = make_worker(app, child.listener, wish, is_first=child.is_first)
    if not child.is_first:
        say(" * Loaded again, ready", fg="cyan")
    child.serve(worker)


def open_or_exit(host: str, port: int, change_port: str) -> socket.socket:
    """Open the port, or say why not.

    :raises SystemExit: with status 1.
    """
    try:
        return open_listener(host, port, change_port=change_port)
    except CannotListen as error:
        say(f"Error: {error}", fg="red")
        raise SystemExit(1) from None


def start_lines_for(listener: socket.socket, wish: Development, workers: int = 1) -> list[str]:
    """Where the server is, and what is on."""
    return start_lines(
        name=wish.name,
        scheme=wish.settings.scheme,
        host=wish.host,
        port=listener.getsockname()[1],
        debug=wish.settings.debug,
        reload=wish.reload,
        debugger=wish.debugger,
        workers=workers,
    )


def make_worker(
    app: WSGIApplication, listener: socket.socket, wish: Development, *, is_first: bool
) -> Worker:
    """The worker for ``app``, with the debugger around it; says what it knows of the app."""
    if is_first and wish.announce is not None:
        say_all(wish.announce(app))
    if wish.debugger:
        debugger = with_debugger(app, console=wish.console and is_loopback(wish.host))
        app = debugger
        if is_first and debugger.evalex:
            say(f" * Debugger on: its console asks for the PIN {debugger.pin}")
    log = log_request if wish.settings.debug else None
    return Worker(app, listener, wish.settings, log=log)
