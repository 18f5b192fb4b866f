"""`serve`, the function behind ``retort run``: one process in development, else workers."""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .console import echo, echo_all
from .development.development import RunOptions, develop, open_or_exit, start_lines_for
from .development.reloaded import this_child
from .development.reloader import why_no_reloader
from .development.werkzeug_server import websocket_warnings
from .operations.middleware import prepare_processes
from .options import (
    DEFAULT_THREADS,
    GRACE_SECONDS,
    LOAD_SECONDS,
    WORKER_SECONDS,
    Operations,
    Settings,
)
from .process.pid_file import PidFile, PidFileError
from .process.recycling import Recycling
from .process.supervisor import Supervisor
from .sockets.open_files import open_files_lines
from .sockets.tls import Tls, TlsProblem
from .sockets.unix_socket import SocketFile, is_unix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from _typeshed.wsgi import WSGIApplication


def serve(
    load: Callable[[], WSGIApplication],
    *,
    host: str = "127.0.0.1",
    port: int = 5000,
    workers: int = 1,
    threads: int | None = None,
    debug: bool = False,
    reload: bool | None = None,
    debugger: bool | None = None,
    cert: str | os.PathLike[str] | None = None,
    key: str | os.PathLike[str] | None = None,
    key_password_file: str | None = None,
    client_ca: str | None = None,
    client_cert: str | None = None,
    tls_min: str = "1.2",
    http: str | None = None,
    operations: Operations | None = None,
    allow_public_debug: bool = False,
    unix_mode: int = 0o666,
    fd: int | None = None,
    grace: float = GRACE_SECONDS,
    drain: float = 0.0,
    worker_timeout: float = WORKER_SECONDS,
    load_timeout: float = LOAD_SECONDS,
    limits: Mapping[str, Any] | None = None,
    pid_file: str | None = None,
    recycling: Recycling | None = None,
    extra_files: Iterable[str] = (),
    exclude_patterns: Iterable[str] = (),
    name: str | None = None,
    describe: Callable[[WSGIApplication], Iterable[str]] | None = None,
) -> None:
    """Serve the application that ``load`` returns; returns when the server has stopped.

    :param load: returns the application; see the docstring of `retort.server`.
    :param host: address or name to listen on.
    :param port: 0 lets the system choose; the choice is printed.
    :param workers: serving processes; always 1 with ``debug``, ``reload`` or ``debugger``.
    :param threads: the maximum number of concurrent views per process; ``None``: 256.
    :param debug: debug mode: the default of ``reload`` and ``debugger``, and request lines.
    :param reload: start the program again when one of its files changes; ``None``: as ``debug``.
    :param debugger: show errors in the interactive debugger; ``None``: as ``debug``.
    :param cert: PEM file with the certificate chain.
    :param key: PEM file with the private key; ``None``: it is in ``cert``.
    :param key_password_file: file whose first line is the key's password.
    :param client_ca: PEM file with the authorities whose client certificates are accepted.
    :param client_cert: ``required`` (as ``None``) or ``optional``, with ``client_ca``.
    :param tls_min: the lowest TLS version: ``1.2`` or ``1.3``.
    :param http: ``1``, ``2`` or ``auto``; ``None``: ``auto`` with TLS, else ``1``.
    :param operations: logs, request ids, proxies and monitoring pages.
    :param allow_public_debug: allow debug mode where others can reach it.
    :param unix_mode: the permissions of the socket's file, if ``host`` is ``unix:`` and a path.
    :param fd: the file descriptor of a listening socket that another program has opened.
    :param grace: seconds that open requests get to finish at shutdown.
    :param drain: seconds to keep serving at shutdown while ``/-/ready`` is 503; in production.
    :param worker_timeout: seconds without a heartbeat after which a worker is replaced, in
        production; 0: never.
    :param load_timeout: the time limit for loading the program in a worker, in production, in
        seconds; 0: no limit.
    :param limits: client limits: fields of `options.Limits`. The program's config sets the others.
    :param pid_file: where to write the process id, for ``retort reload``.
    :param recycling: limits after which workers are replaced.
    :param extra_files: files that also cause a reload; a folder stands for all files in it.
    :param exclude_patterns: names (`fnmatch`) of files that do not cause a reload.
    :param name: the program's name in the first line, such as ``login.py``.
    :param describe: called with the application before it first serves; the lines it
        returns are printed (routes, the path of a form). Picklable, as ``load``.
    :raises SystemExit: with 1 if the port or the certificate cannot be used, or a worker cannot
        load the program; with 0 in a process that supervised others.
    """
    options = RunOptions(
        host=host,
        port=port,
        name=name or "application",
        settings=Settings(
            threads=threads or DEFAULT_THREADS,
            debug=debug,
            tls=tls_or_exit(
                cert,
                key,
                password_file=key_password_file,
                client_ca=client_ca,
                client_cert=client_cert or "required",
                min_version=tls_min,
            ),
            http=http,
            operations=operations or Operations(),
            grace=grace,
            drain=drain,
            worker_timeout=worker_timeout,
            load_timeout=load_timeout,
            given=frozenset(limits or ()),
            **(limits or {}),
        ),
        allow_public=allow_public_debug,
        unix_mode=unix_mode,
        fd=fd,
        reload=_reload_if_possible(debug if reload is None else reload),
        debugger=debug if debugger is None else debugger,
        extra_files=tuple(extra_files),
        exclude_patterns=tuple(exclude_patterns),
        describe=describe,
    )
    if debug or options.reload or options.debugger:
        if workers > 1 and this_child() is None:
            echo(f" * {workers} workers are for production; here, one process serves")
        if pid_file is not None and this_child() is None:
            echo(" * No process id is written: 'retort reload' is for production")
        develop(load, options)
        return
    with pid_file_or_exit(pid_file):
        serve_with_workers(load, options, workers, recycling or Recycling())


@contextlib.contextmanager
def pid_file_or_exit(path: str | None) -> Iterator[None]:
    """Keep the process id in a file while entered, if ``path`` is given.

    :raises SystemExit: with status 1, if the file cannot be used.
    """
    if path is None:
        yield
        return
    file = PidFile(path)
    try:
        file.acquire()
    except PidFileError as error:
        echo(f"Error: {error}", fg="red")
        raise SystemExit(1) from None
    try:
        yield
    finally:
        file.release()


def serve_with_workers(
    load: Callable[[], WSGIApplication], options: RunOptions, count: int, recycling: Recycling
) -> None:
    """Serve from ``count`` worker processes, which this process supervises.

    :raises SystemExit: when all workers have ended.
    """
    listener, options = open_or_exit(options)
    echo_all(open_files_lines())
    on_ready = StartPrinter(
        start_lines_for(listener, options, workers=count),
        options.describe,
        count,
        options.settings.threads,
        is_plain_tcp=options.settings.tls is None and not is_unix(listener),
    )
    with prepare_processes(options.settings.operations, workers=count) as ops:
        settings = replace(options.settings, is_multiprocess=count > 1, ops_listener=ops)
        group = Supervisor(
            load,
            listener,
            settings,
            count=count,
            on_ready=on_ready,
            recycling=recycling,
            before_end=SocketFile(listener).remove,
        )
        raise SystemExit(group.run())


class StartPrinter:
    """Prints the start lines and notes on the application; picklable."""

    def __init__(
        self,
        start_lines: list[str],
        describe: Callable[[WSGIApplication], Iterable[str]] | None,
        workers: int,
        threads: int,
        *,
        is_plain_tcp: bool,
    ) -> None:
        self.start_lines = start_lines
        self.describe = describe
        self.workers = workers
        self.threads = threads
        self.is_plain_tcp = is_plain_tcp

    def __call__(self, app: WSGIApplication) -> None:
        echo_all(self.start_lines)
        for line in websocket_warnings(
            app, workers=self.workers, threads=self.threads, is_plain_tcp=self.is_plain_tcp
        ):
            echo(line, fg="yellow")
        if self.describe is not None:
            echo_all(self.describe(app))


def _reload_if_possible(reload: bool) -> bool:
    reason = why_no_reloader() if reload else None
    if reason is not None:
        echo(f" * Reloader off: {reason}", fg="yellow")
    return reload and reason is None


def tls_or_exit(
    cert: str | os.PathLike[str] | None,
    key: str | os.PathLike[str] | None,
    **more: Any,
) -> Tls | None:
    """The checked TLS settings; ``None`` without ``cert``.

    :param more: further arguments of `Tls`.
    :raises SystemExit: with status 1, if the files cannot be used.
    """
    if cert is None:
        return None
    tls = Tls(os.fspath(cert), os.fspath(cert if key is None else key), **more)
    try:
        tls.check()
    except TlsProblem as error:
        echo(f"Error: {error}", fg="red")
        raise SystemExit(1) from None
    return tls
