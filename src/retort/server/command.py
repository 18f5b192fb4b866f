"""`serve`: what ``retort run`` calls. One process while developing, else workers kept alive."""

from __future__ import annotations

import os
import ssl
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

from .announce import say, say_all
from .develop import Development, develop, open_or_exit, start_lines_for
from .options import DEFAULT_THREADS, Settings
from .reload import can_run_again
from .rerun import this_child
from .workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _typeshed.wsgi import WSGIApplication


class TlsFiles(TypedDict, total=False):
    """The fields of `Settings` for TLS."""

    cert: str
    key: str


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
    extra_files: Iterable[str] = (),
    exclude_patterns: Iterable[str] = (),
    name: str | None = None,
    announce: Callable[[WSGIApplication], Iterable[str]] | None = None,
) -> None:
    """Serve what ``load`` returns; returns when the server was stopped.

    :param load: returns the application; see the docstring of `retort.server`.
    :param host: address or name to listen on.
    :param port: 0 lets the system choose; the choice is printed.
    :param workers: serving processes; always 1 with ``debug``, ``reload`` or ``debugger``.
    :param threads: how many views run at once in each process, at most; ``None``: 64.
    :param debug: debug mode: the default of ``reload`` and ``debugger``, and a line per request.
    :param reload: start the program again when one of its files changes; ``None``: as ``debug``.
    :param debugger: show errors in the interactive debugger; ``None``: as ``debug``.
    :param cert: PEM file with the certificate chain.
    :param key: PEM file with the private key; ``None``: it is in ``cert``.
    :param extra_files: files that also cause a reload; a folder stands for all files in it.
    :param exclude_patterns: names (`fnmatch`) of files that do not cause a reload.
    :param name: what to call the program in the first line, such as ``login.py``.
    :param announce: called with the application before it first serves; the lines it
        returns are printed (routes, the path of a form). Picklable, as ``load``.
    :raises SystemExit: with status 1 when the port or the certificate cannot be used, or a
        worker cannot load the program; with 0 in a process that watched others.
    """
    wish = Development(
        host=host,
        port=port,
        name=name or "application",
        settings=Settings(threads=threads or DEFAULT_THREADS, debug=debug, **tls_files(cert, key)),
        reload=_reload_if_possible(debug if reload is None else reload),
        debugger=debug if debugger is None else debugger,
        extra_files=tuple(extra_files),
        exclude_patterns=tuple(exclude_patterns),
        announce=announce,
    )
    if debug or wish.reload or wish.debugger:
        if workers > 1 and this_child() is None:
            say(f" * {workers} workers are for production; here, one process serves")
        develop(load, wish)
    else:
        serve_with_workers(load, wish, workers)


def serve_with_workers(load: Callable[[], WSGIApplication], wish: Development, count: int) -> None:
    """Serve from ``count`` processes; this one only keeps them alive.

    :raises SystemExit: when they have ended.
    """
    listener = open_or_exit(wish.host, wish.port, wish.change_port)
    on_ready = Announcer(start_lines_for(listener, wish, workers=count), wish.announce)
    settings = replace(wish.settings, is_multiprocess=count > 1)
    group = Workers(load, listener, settings, count=count, on_ready=on_ready)
    raise SystemExit(group.run())


class Announcer:
    """Prints the start lines, and what there is to say of the application; picklable."""

    def __init__(
        self,
        start_lines: list[str],
        announce: Callable[[WSGIApplication], Iterable[str]] | None,
    ) -> None:
        self.start_lines = start_lines
        self.announce = announce

    def __call__(self, app: WSGIApplication) -> None:
        say_all(self.start_lines)
        if self.announce is not None:
            say_all(self.announce(app))


def _reload_if_possible(reload: bool) -> bool:
    if reload and not can_run_again():
        say(" * Reloader off: this program was not started by a command that can be repeated")
        return False
    return reload


def tls_files(cert: str | os.PathLike[str] | None, key: str | os.PathLike[str] | None) -> TlsFiles:
    """Where the certificate and its key are; empty without ``cert``.

    :raises SystemExit: with status 1, if the files are no certificate and its key.
    """
    if cert is None:
        return {}
    files: TlsFiles = {"cert": os.fspath(cert), "key": os.fspath(cert if key is None else key)}
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files["cert"], files["key"])
    except OSError as error:  # ssl.SSLError is one
        say(
            f"Error: cannot use {files['cert']!r} with the key {files['key']!r}: {error}."
            " Both have to be PEM files, and the key has to be the certificate's.",
            fg="red",
        )
        raise SystemExit(1) from None
    return files
