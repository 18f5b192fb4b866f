"""The development server, for ``app.run()`` and ``retort run --debug``: one serving process.

Without the reloader, this process serves. ``breakpoint()`` can use the terminal, and requests use
the script's own objects. With the reloader, this process becomes the parent of `reloader.py`, and
its child calls `develop` again to serve on the parent's socket.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import click

from ...errors import ServingError
from ...http.cross_origin import is_loopback
from ...tracebacks import format_from_program
from ..console import echo, echo_all, log_request, start_lines
from ..limits import WrongLimit, with_limits_of
from ..operations.middleware import prepare_single_process
from ..process.closing import start_serving
from ..process.monkeypatching import PatchedProgram, load_unpatched
from ..process.serving import Worker, end_process, serve_here
from ..sockets.address import actual_host, actual_port, open_address
from ..sockets.listen import CannotListen
from ..sockets.unix_socket import SocketFile, is_unix
from .host_check import HostCheck, listened_hosts
from .reloaded import clear_foreign_reloader, this_child
from .reloader import supervise
from .werkzeug_server import WerkzeugWorker, socket_user, websocket_lines

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import WSGIApplication

    from ...lifecycle.serving import Serving
    from ..options import Settings
    from .reloaded import Child


@dataclass(frozen=True)
class RunOptions:
    """The options of `run` in `script.py` and of `serve` in `command.py`.

    :param console: whether the debugger may run code; it does so only on loopback addresses.
    """

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
    describe: Callable[[WSGIApplication], Iterable[str]] | None = None
    allow_public: bool = False
    unix_mode: int = 0o666
    fd: int | None = None

    @property
    def is_public(self) -> bool:
        """Whether other machines can reach the program in debug mode."""
        shows_errors = self.settings.debug or self.debugger
        return shows_errors and not (is_loopback(self.host) or self.host.startswith("unix:"))


class PublicDebug(click.ClickException):
    """The program must not be served in debug mode where others can reach it."""


def develop(load: Callable[[], WSGIApplication], options: RunOptions) -> None:
    """Serve the application that ``load`` returns; returns when stopped.

    :raises SystemExit: with 1 if the port cannot be used, with 0 in the reloader's parent, or with
        the status set by the program's own handler of SIGINT or SIGTERM.
    """
    clear_foreign_reloader()
    child = this_child()
    if child is not None:
        serve_as_child(child, load, options)
        return
    listener, options = open_or_exit(options)
    if options.reload:
        echo_all(start_lines_for(listener, options))
        with SocketFile(listener):
            raise SystemExit(supervise(listener))
    try:
        app = load_unpatched(load)
        options = with_program_config(app, options)
        serving = start_serving(app)
    except (PatchedProgram, PublicDebug, WrongLimit) as refusal:
        echo(f"Error: {refusal.message}", fg="red")
        raise SystemExit(1) from None
    except ServingError as error:
        echo(traceback_of(error).rstrip())
        echo(f"Error: {error}", fg="red")
        raise SystemExit(1) from None
    echo_all(start_lines_for(listener, options))
    with SocketFile(listener):
        worker = make_worker(app, listener, options, is_first=True, serving=serving)
        is_clean, status = serve_here(worker)
    listener.close()
    if not is_clean:
        end_process(status or 0)
    if status is not None:
        raise SystemExit(status)


def traceback_of(error: ServingError) -> str:
    """The traceback of the program's exception, if there is one."""
    cause = error.__cause__
    return "" if cause is None else format_from_program(cause, cause.__traceback__)


def serve_as_child(child: Child, load: Callable[[], WSGIApplication], options: RunOptions) -> None:
    """Serve on the parent's socket; if the program does not load, serve an error page."""
    options = replace(options, host=actual_host(child.listener, options.host))
    child.watcher.add(options.extra_files, options.exclude_patterns, polls=options.polls)
    try:
        app = load_unpatched(load)
        options = with_program_config(app, options)
        serving = start_serving(app)
    except PatchedProgram as refusal:
        # This process cannot serve an error page either; the parent starts one that can.
        echo(f"Error: {refusal.message}", fg="red")
        end_process(1)
    except Exception as error:
        child.serve_failure(error, host=options.host)
        return
    worker = make_worker(app, child.listener, options, is_first=child.is_first, serving=serving)
    if not child.is_first:
        echo(" * Loaded again, ready", fg="cyan")
    child.serve(worker)


def with_program_config(app: object, options: RunOptions) -> RunOptions:
    """Check the options against the program's config, and add its limits.

    :raises PublicDebug: if the config forbids public debug mode.
    :raises WrongLimit: if the config has an invalid limit.
    """
    refuse_public_debug(app, options)
    return replace(options, settings=with_limits_of(app, options.settings))


def refuse_public_debug(app: object, options: RunOptions) -> None:
    """Warn if others can reach a program in debug mode.

    :raises PublicDebug: if the config forbids this, as a `Retort` does by default, and the command
        line does not allow it.
    """
    if not options.is_public:
        return
    config: Mapping[str, object] = getattr(app, "config", {})
    if not (options.allow_public or config.get("ALLOW_PUBLIC_DEBUG", True)):
        raise PublicDebug(
            f"Debug mode is on, and others can reach {options.host}: they would see tracebacks,"
            " code and values of this program. Listen on 127.0.0.1, or turn debug mode off. To"
            " allow it, in a container for instance: --allow-public-debug, or"
            ' app.config["ALLOW_PUBLIC_DEBUG"] = True.'
        )
    echo(
        f" * WARNING: debug mode is on, and others can reach {options.host}. They see tracebacks,"
        " code and values of this program. Never do this in production.",
        fg="red",
        bold=True,
    )


def open_or_exit(options: RunOptions) -> tuple[socket.socket, RunOptions]:
    """Open the socket.

    :returns: the socket, and the options with the host it actually listens on.
    :raises SystemExit: with status 1, if it cannot be opened.
    """
    try:
        listener = open_address(
            options.host,
            options.port,
            change_port=options.change_port,
            unix_mode=options.unix_mode,
            fd=options.fd,
        )
    except CannotListen as error:
        echo(f"Error: {error}", fg="red")
        raise SystemExit(1) from None
    return listener, replace(options, host=actual_host(listener, options.host))


def start_lines_for(listener: socket.socket, options: RunOptions, workers: int = 1) -> list[str]:
    """The start lines: address and enabled features."""
    return start_lines(
        name=options.name,
        scheme=options.settings.scheme,
        host=options.host,
        port=actual_port(listener),
        debug=options.settings.debug,
        reload=options.reload,
        imports_twice=options.imports_twice,
        debugger=options.debugger,
        workers=workers,
    )


def make_worker(
    app: WSGIApplication,
    listener: socket.socket,
    options: RunOptions,
    *,
    is_first: bool,
    serving: Serving | None,
) -> Worker | WerkzeugWorker:
    """Make the worker for ``app`` with the debugger, and print notes on the application.

    :param serving: the started program, which the worker ends.
    """
    program = app
    if is_first and options.describe is not None:
        echo_all(options.describe(app))
    user = socket_user(app)
    if options.settings.debug or options.debugger:
        app = add_devtools(app, options, is_first=is_first)
        app = HostCheck(app, program, listened_hosts(listener, options.host))
    settings = replace(
        options.settings, ops_listener=prepare_single_process(options.settings.operations)
    )
    if user is not None and (settings.tls is not None or is_unix(listener)):
        if is_first:
            reason = f"it hands its socket to {user}."
            echo(f" * Served by Werkzeug's development server: {reason}", fg="yellow")
        return WerkzeugWorker(app, listener, settings, serving=serving)
    if is_first and (settings.tls is not None or is_unix(listener)):
        echo_all(websocket_lines(program))
    # An access log on the same terminal has a line for each request already.
    has_lines = options.settings.debug and settings.operations.access_log != "-"
    log = log_request if has_lines else None
    return Worker(app, listener, settings, log=log, serving=serving)


def add_devtools(app: WSGIApplication, options: RunOptions, *, is_first: bool) -> WSGIApplication:
    """Print notes on ``app``, log warnings of it, and wrap it in the debugger, as configured."""
    from ...devtools import with_debugger
    from ...devtools.notes import notes
    from ...devtools.warnings import watch

    if options.settings.debug:
        watch(app)
        echo_all(notes(app, options.settings.threads, is_first=is_first))
    if not options.debugger:
        return app
    debugger = with_debugger(app, console=options.console and is_loopback(options.host))
    if is_first and debugger.evalex:
        echo(f" * Debugger on: its console requires the PIN {debugger.pin}")
    return debugger
