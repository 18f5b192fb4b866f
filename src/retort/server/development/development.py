"""Serve one program from one process, as a developer wants it: `run` and `serve --debug` meet here.

Without the reloader, this process serves; so ``breakpoint()`` has the terminal and the
objects of the script are the ones that answer. With it, this process becomes the parent of
`reloader.py`, and its child arrives here a second time with the socket to serve on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from ...http.cross_origin import is_loopback
from ..console import echo, echo_all, log_request, start_lines
from ..limits import WrongLimit, with_limits_of
from ..operations.middleware import prepare_single_process
from ..process.monkeypatching import PatchedProgram, load_unpatched
from ..process.serving import Worker, end_process, serve_here
from ..sockets.address import actual_host, actual_port, open_address
from ..sockets.listen import CannotListen
from ..sockets.unix_socket import SocketFile
from .host_check import HostCheck, listened_hosts
from .reloaded import forget_foreign_reloader, this_child
from .reloader import supervise
from .werkzeug_server import WerkzeugWorker, socket_user

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import WSGIApplication

    from ..options import Settings
    from .reloaded import Child


@dataclass(frozen=True)
class Development:
    """What was asked for. ``console``: may the debugger run code; only on loopback it does."""

    host: str
    port: int
    name: str
    settings: Settings
    reload: bool = False
    imports_twice: bool = False
    debugger: bool = False
    console: bool = True
    extra_files: tuple[str, ...] = ()
    exclude_patterns: tuple[str, ...] = ()
    polls: bool = False
    change_port: str = "--port {port}"
    announce: Callable[[WSGIApplication], Iterable[str]] | None = None
    allow_public: bool = False
    unix_mode: int = 0o666
    fd: int | None = None

    @property
    def is_public(self) -> bool:
        """Whether others than this machine can reach a program in debug mode."""
        shows_errors = self.settings.debug or self.debugger
        return shows_errors and not (is_loopback(self.host) or self.host.startswith("unix:"))


class PublicDebug(click.ClickException):
    """The program is not to be served in debug mode where others can reach it."""


def develop(load: Callable[[], WSGIApplication], wish: Development) -> None:
    """Serve what ``load`` returns; returns when stopped.

    :raises SystemExit: if the port cannot be used (1), in a reloader's parent (0), and with the
        status that the program's own handler of SIGINT or SIGTERM asked for.
    """
    forget_foreign_reloader()
    child = this_child()
    if child is not None:
        serve_as_child(child, load, wish)
        return
    listener, wish = open_or_exit(wish)
    if wish.reload:
        echo_all(start_lines_for(listener, wish))
        with SocketFile(listener):
            raise SystemExit(supervise(listener))
    try:
        app = load_unpatched(load)
        wish = settled_with(app, wish)
    except (PatchedProgram, PublicDebug, WrongLimit) as refusal:
        echo(f"Error: {refusal.message}", fg="red")
        raise SystemExit(1) from None
    echo_all(start_lines_for(listener, wish))
    with SocketFile(listener):
        is_clean, status = serve_here(make_worker(app, listener, wish, is_first=True))
    listener.close()
    if not is_clean:
        end_process(status or 0)
    if status is not None:
        raise SystemExit(status)


def serve_as_child(child: Child, load: Callable[[], WSGIApplication], wish: Development) -> None:
    """Serve on the parent's socket; if the program does not load, serve the reason."""
    wish = replace(wish, host=actual_host(child.listener, wish.host))
    child.watcher.add(wish.extra_files, wish.exclude_patterns, polls=wish.polls)
    try:
        app = load_unpatched(load)
        wish = settled_with(app, wish)
    except PatchedProgram as refusal:
        # This process can serve nothing, not even a page: the parent starts one that does.
        echo(f"Error: {refusal.message}", fg="red")
        end_process(1)
    except Exception as error:
        from ...debug import Failure

        child.serve_failure(Failure.from_exception(error), error, host=wish.host)
        return
    worker = make_worker(app, child.listener, wish, is_first=child.is_first)
    if not child.is_first:
        echo(" * Loaded again, ready", fg="cyan")
    child.serve(worker)


def settled_with(app: object, wish: Development) -> Development:
    """The wish, with what the program's config has to say to it.

    :raises PublicDebug: if that is not to be.
    :raises WrongLimit: if a limit in its config is none.
    """
    refuse_public_debug(app, wish)
    return replace(wish, settings=with_limits_of(app, wish.settings))


def refuse_public_debug(app: object, wish: Development) -> None:
    """Warn loudly that others can reach a program in debug mode, or do not serve it.

    :raises PublicDebug: if its config says that this is not to be (as in a `Retort`), and
        the command line does not say otherwise.
    """
    if not wish.is_public:
        return
    config: Mapping[str, object] = getattr(app, "config", {})
    if not (wish.allow_public or config.get("ALLOW_PUBLIC_DEBUG", True)):
        raise PublicDebug(
            f"Debug mode is on, and others can reach {wish.host}: they would see tracebacks, code"
            " and values of this program. Listen on 127.0.0.1, or leave debug mode out. If you"
            " mean it, in a container for instance: --allow-public-debug, or"
            ' app.config["ALLOW_PUBLIC_DEBUG"] = True.'
        )
    echo(
        f" * WARNING: debug mode is on, and others can reach {wish.host}. They see tracebacks, code"
        " and values of this program. Never do this in production.",
        fg="red",
        bold=True,
    )


def open_or_exit(wish: Development) -> tuple[socket.socket, Development]:
    """Open the socket, or say why not.

    :returns: the socket, and the wish with the host that it really listens on.
    :raises SystemExit: with status 1.
    """
    try:
        listener = open_address(
            wish.host,
            wish.port,
            change_port=wish.change_port,
            unix_mode=wish.unix_mode,
            fd=wish.fd,
        )
    except CannotListen as error:
        echo(f"Error: {error}", fg="red")
        raise SystemExit(1) from None
    return listener, replace(wish, host=actual_host(listener, wish.host))


def start_lines_for(listener: socket.socket, wish: Development, workers: int = 1) -> list[str]:
    """Where the server is, and what is on."""
    return start_lines(
        name=wish.name,
        scheme=wish.settings.scheme,
        host=wish.host,
        port=actual_port(listener),
        debug=wish.settings.debug,
        reload=wish.reload,
        imports_twice=wish.imports_twice,
        debugger=wish.debugger,
        workers=workers,
    )


def make_worker(
    app: WSGIApplication, listener: socket.socket, wish: Development, *, is_first: bool
) -> Worker | WerkzeugWorker:
    """The worker for ``app``, with the debugger around it; says what it knows of the app."""
    program = app
    if is_first and wish.announce is not None:
        echo_all(wish.announce(app))
    if wish.settings.debug:
        from ...debug.notes import notes
        from ...debug.warnings import watch

        watch(app)
        echo_all(notes(app, wish.settings.threads, is_first=is_first))
    user = socket_user(app)
    if wish.debugger:
        from ...debug import with_debugger

        debugger = with_debugger(app, console=wish.console and is_loopback(wish.host))
        app = debugger
        if is_first and debugger.evalex:
            echo(f" * Debugger on: its console asks for the PIN {debugger.pin}")
    if wish.settings.debug or wish.debugger:
        app = HostCheck(app, program, listened_hosts(listener, wish.host))
    settings = replace(wish.settings, ops_listener=prepare_single_process(wish.settings.operations))
    if user is not None:
        if is_first:
            reason = f"it hands its socket to {user}."
            echo(f" * Served by Werkzeug's development server: {reason}", fg="yellow")
        return WerkzeugWorker(app, listener, settings)
    log = log_request if wish.settings.debug else None
    return Worker(app, listener, settings, log=log)
