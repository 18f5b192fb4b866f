"""Granian's ASGI worker on an open socket: the one module that imports Granian.

Granian's own command starts a process per worker, which leaves ``breakpoint()`` without a
terminal, gives up after a few crashes, and opens its socket so that a second server on the
same port goes unnoticed. So only its worker is used, in this process. It stands in a private
module of Granian: the dependency is pinned to one minor version, and a test lists the names.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from ..options import BACKLOG, GRANIAN_THREADS, STACK_BYTES
from ..sockets.open_files import connection_limit
from ..sockets.tls import readable_key
from ..sockets.unix_socket import is_unix

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from ..options import Settings
    from ..sockets.tls import Tls


class GranianWorker:
    """Granian's worker, from `start` until `stop`.

    :param handle: called with Granian's watcher of each request, in threads of Granian's.
    :param note_end: called when the last connection is closed.
    """

    def __init__(
        self,
        listener: socket.socket,
        settings: Settings,
        handle: Callable[[Any], None],
        note_end: Callable[[], None],
    ) -> None:
        from granian._granian import WorkerSignal

        self.listener = listener
        self.settings = settings
        self.handle = handle
        self.signal = WorkerSignal()
        self.signal.add_cb(note_end)

    def start(self) -> None:
        """Begin to accept connections; returns at once, Granian has threads of its own."""
        from granian._granian import CallbackScheduler

        loop = Loop()
        scheduler_type: Any = CallbackScheduler  # its stub misses the arguments
        scheduler = scheduler_type(loop, self.handle, None, None, None)
        scheduler._schedule_fn = self.handle
        serve = "serve_mtr_uds" if is_unix(self.listener) else "serve_mtr"
        with stack_size(STACK_BYTES):
            self.worker = make_granian_worker(self.listener, self.settings)
            getattr(self.worker, serve)(scheduler, loop, self.signal)

    def stop(self) -> None:
        """Accept nothing more and let requests under way finish; safe from any thread."""
        self.signal.set()


class Loop:
    """What Granian takes for an event loop: it calls back at once, in the thread that asks."""

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: object = None
    ) -> None:
        try:
            callback(*args)
        except BaseException:  # nobody above would show it
            traceback.print_exc()

    call_soon_threadsafe = call_soon

    def create_future(self) -> concurrent.futures.Future[Any]:
        """What Granian gives us instead of its own awaitables on Windows."""
        return concurrent.futures.Future()


@contextlib.contextmanager
def stack_size(size_bytes: int) -> Iterator[None]:
    """Have Rust give its threads a stack of this size, unless the environment names another.

    Rust's standard library reads the variable when a library starts its first thread:
    https://doc.rust-lang.org/std/thread/#stack-size.
    """
    if _STACK_VARIABLE in os.environ:
        yield
        return
    os.environ[_STACK_VARIABLE] = str(size_bytes)
    try:
        yield
    finally:
        os.environ.pop(_STACK_VARIABLE, None)  # processes that the program starts keep theirs


_STACK_VARIABLE = "RUST_MIN_STACK"


def make_granian_worker(listener: socket.socket, settings: Settings) -> Any:
    """Granian's ASGI worker for this socket, in its own order of arguments."""
    from granian import _granian
    from granian.http import HTTP1Settings, HTTP2Settings

    worker_type: Any = _granian.ASGIWorker  # its stub misses some arguments
    holder_type: Any = _granian.SocketHolder
    own_socket = listener.dup().detach()  # Granian closes it
    if sys.platform == "win32":
        holder = holder_type(own_socket)
    else:
        holder = holder_type(own_socket, is_unix(listener), BACKLOG)
    worker_id, ipc, metrics = 1, None, (None, None)
    runtime_threads, runtime_blocking_threads, idle_timeout_seconds = 1, 512, 30
    websockets, static_files = False, None
    revoked: list[str] = []
    return worker_type(
        worker_id,
        (None, holder),
        ipc,
        runtime_threads,
        runtime_blocking_threads,
        GRANIAN_THREADS,
        idle_timeout_seconds,
        connection_limit(may_raise=not settings.debug),
        settings.http_mode,
        HTTP1Settings(
            header_read_timeout=int(max(settings.header_seconds, settings.idle_seconds) * 1000),
            max_buffer_size=settings.header_bytes,
        ),
        HTTP2Settings(max_headers_size=settings.header_bytes),
        websockets,
        static_files,
        *tls_words(settings.tls, revoked),
        metrics,
    )


def tls_words(tls: Tls | None, revoked: list[str]) -> tuple[object, ...]:
    """Granian's arguments for TLS: the files are read when its worker begins to serve."""
    if tls is None:
        return False, None, None, None, "tls1.2", None, revoked, False
    needs_certificate = tls.client_ca is not None and tls.client_cert == "required"
    return (
        True,
        tls.cert,
        readable_key(tls),
        None,
        f"tls{tls.min_version}",
        tls.client_ca,
        revoked,
        needs_certificate,
    )
