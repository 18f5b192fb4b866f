"""`run`, the function behind ``Flask.run``: accepts the options of Werkzeug's server.

These options are part of Flask's documented interface, so all are accepted. If Granian does not
support one, Werkzeug's development server is used, and a line is printed.
"""

from __future__ import annotations

import http.server
import operator
import os
import socketserver
import sys
import threading
from typing import TYPE_CHECKING, Any

import werkzeug.serving

from .command import tls_or_exit
from .console import echo
from .development.development import RunOptions, develop
from .development.host_check import HostCheck
from .development.reloaded import this_child
from .development.reloader import why_no_reloader
from .options import DEFAULT_THREADS, Settings
from .process.monkeypatching import patched_by

if TYPE_CHECKING:
    from types import ModuleType

    from _typeshed.wsgi import WSGIApplication

_WERKZEUG_DEFAULTS: dict[str, Any] = {
    "use_reloader": False,
    "use_debugger": False,
    "use_evalex": True,
    "extra_files": None,
    "exclude_patterns": None,
    "reloader_interval": 1,
    "reloader_type": "auto",
    "threaded": False,
    "processes": 1,
    "request_handler": None,
    "static_files": None,
    "passthrough_errors": False,
    "ssl_context": None,
}


def run(app: WSGIApplication, host: str, port: int, *, debug: bool = False, **options: Any) -> None:
    """Serve an application object; returns when the server has stopped.

    :param host: address to listen on.
    :param port: 0 lets the system choose; the choice is printed.
    :param debug: the default of ``use_reloader`` and ``use_debugger``, and request lines.
    :param options: those of ``werkzeug.serving.run_simple``. ``threaded=False`` allows one
        view at a time; ``reloader_type="stat"`` polls the files instead of using system events
        (network drives); ``reloader_interval`` has no effect. ``request_handler``,
        ``passthrough_errors``, ``processes`` above 1, an ``ssl_context`` other than two file
        names, and a ``unix://`` host are served by Werkzeug.
    :raises SystemExit: with status 1 if the port cannot be used; in the reloader's parent when the
        program ends.
    :raises TypeError: for an unknown option.

    Follows ``Flask.run``. If a tool has replaced a part of Werkzeug's server, that server is called
    as Flask calls it, and a line is printed. Inside ``retort run`` the call is ignored, because the
    program is served already.
    """
    options = {"use_reloader": debug, "use_debugger": debug, "threaded": True, **options}
    if os.environ.get("FLASK_RUN_FROM_CLI") == "true":
        note_ignored_run()
    elif (replaced := replaced_part()) is not None:
        report_werkzeug(f"something has replaced {replaced}.")
        werkzeug.serving.run_simple(host, port, app, **options)
    else:
        refuse_unknown(options)
        serve_object(app, host, port, debug, {**_WERKZEUG_DEFAULTS, **options})


# The functions that tools replace: `run_simple`, `server_bind` (Flask-Testing gets the chosen port
# from it), and those called in between.
_PARTS: tuple[tuple[ModuleType, str, ModuleType], ...] = (  # module, name, defining module
    (werkzeug.serving, "run_simple", werkzeug.serving),
    (werkzeug.serving, "make_server", werkzeug.serving),
    (werkzeug.serving, "ThreadedWSGIServer.server_bind", http.server),
    (socketserver, "TCPServer.server_bind", socketserver),
)


def replaced_part() -> str | None:
    """The part of Werkzeug's server that a tool has replaced, or ``None``."""
    for module, name, home in _PARTS:
        if is_replaced(operator.attrgetter(name)(module), home):
            return f"{module.__name__}.{name}"
    return None


def is_replaced(function: object, home: ModuleType) -> bool:
    """Whether the function is not defined by the module ``home``.

    A function keeps the namespace it was defined in, whatever `functools.wraps` copies to it. File
    names cannot be compared: in a frozen program, or one without sources, a module's file and the
    file its code was compiled from have different names.
    """
    try:  # not getattr: proxies and mocks return the original's attribute
        namespace = object.__getattribute__(function, "__globals__")
    except AttributeError:
        return True
    return namespace is not vars(home)


def refuse_unknown(options: dict[str, Any]) -> None:
    """Check for unknown options.

    :raises TypeError: if there is one; the message names it.
    """
    unknown = sorted(set(options) - set(_WERKZEUG_DEFAULTS))
    if unknown:
        raise TypeError(
            f"run() got an unexpected keyword argument {unknown[0]!r}."
            f" It accepts host, port, debug, load_dotenv and {', '.join(_WERKZEUG_DEFAULTS)}."
        )


def serve_object(
    app: WSGIApplication, host: str, port: int, debug: bool, options: dict[str, Any]
) -> None:
    """Serve with Granian, or with Werkzeug if an option requires it."""
    reason = why_werkzeug(host, options)
    if reason is not None:
        report_werkzeug(reason)
        if debug or options["use_debugger"]:
            app = HostCheck(app, app, [host])
        werkzeug.serving.run_simple(host, port, app, **options)
        return
    run_options = read_options(host, port, debug, options)
    if options["static_files"]:
        from werkzeug.middleware.shared_data import SharedDataMiddleware

        app = SharedDataMiddleware(app, options["static_files"])
    develop(lambda: app, run_options)


def report_werkzeug(reason: str) -> None:
    """Print that Werkzeug's server is used, and why."""
    echo(f" * Served by Werkzeug's development server: {reason}", fg="yellow")


def why_werkzeug(host: str, options: dict[str, Any]) -> str | None:
    """Why Werkzeug's server is required; ``None`` if it is not."""
    library = patched_by()
    if library is not None:
        return f"{library} has replaced Python's threads and sockets."
    if host.startswith("unix://"):
        return "it can listen on a Unix socket."
    if options["request_handler"] is not None:
        return "request_handler is a class of its own."
    if options["passthrough_errors"]:
        return "passthrough_errors lets an error end the server."
    if options["processes"] > 1:
        return f"processes={options['processes']} forks for each request."
    if not isinstance(options["ssl_context"], (tuple, list, type(None))):
        return "ssl_context is not a pair of file names."
    try:
        import granian  # noqa: F401
    except ImportError as error:
        return f"Granian cannot be imported ({error})."
    return None


def read_options(host: str, port: int, debug: bool, options: dict[str, Any]) -> RunOptions:
    """Convert Werkzeug's options to `RunOptions`."""
    reloads = bool(options["use_reloader"]) and _reloader_works()
    return RunOptions(
        host=host,
        port=port,
        name=os.path.basename(sys.argv[0]) or "application",
        settings=Settings(
            threads=DEFAULT_THREADS if options["threaded"] else 1,
            debug=debug,
            tls=tls_or_exit(*(options["ssl_context"] or (None, None))),
        ),
        reload=reloads,
        imports_twice=reloads,
        debugger=bool(options["use_debugger"]),
        console=bool(options["use_evalex"]),
        extra_files=tuple(options["extra_files"] or ()),
        exclude_patterns=tuple(options["exclude_patterns"] or ()),
        polls=options["reloader_type"] == "stat",
        change_port="app.run(port={port})",
    )


def _reloader_works() -> bool:
    reason = _why_no_reloader()
    if reason is not None and this_child() is None:
        echo(f" * Reloader off: {reason}", fg="yellow")
    return reason is None


def _why_no_reloader() -> str | None:
    if threading.current_thread() is not threading.main_thread():
        return "it needs the main thread."
    reason = why_no_reloader()
    if reason is None and os.environ.get("WERKZEUG_RUN_MAIN") == "true":
        return "another reloader watches this program already."
    return reason


def note_ignored_run() -> None:
    """Print that ``app.run()`` has no effect while the command line serves the program."""
    echo(
        " * app.run() does nothing here: the program is served by the command line already."
        ' Put the call under `if __name__ == "__main__":`.',
        fg="yellow",
    )
