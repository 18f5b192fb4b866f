"""Run Granian's ASGI worker on an open socket; the only module that imports Granian.

Granian's own command starts one process per worker, so ``breakpoint()`` has no terminal. It also
stops after a few crashes and does not detect a second server on its port. Therefore only Granian's
worker is used, in this process. It is part of a private module: the dependency is pinned to one
minor version, and a test lists the names that are used.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import os
import sys
import traceback
from typing import TYPE_CHECKING, Any

from ..options import BACKLOG, GRANIAN_THREADS, READ_BYTES, STACK_BYTES
from ..sockets.open_files import connection_limit
from ..sockets.tls import readable_key
from ..sockets.unix_socket import is_unix

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from ..options import Settings
    from ..sockets.tls import Tls


class GranianWorker:
    """Granian's worker, running from `start` until `stop`.

    :param handle: called with the watcher of each request, in Granian's threads.
    :param note_end: called when the last connection is closed.
    :param websockets: whether Granian serves WebSockets.
    """

    def __init__(
        self,
        listener: socket.socket,
        settings: Settings,
        handle: Callable[[Any], None],
        note_end: Callable[[], None],
        *,
        websockets: bool = False,
    ) -> None:
        from granian._granian import WorkerSignal

        self.listener = listener
        self.settings = settings
        self.handle = handle
        self.websockets = websockets
        self.signal = WorkerSignal()
        self.signal.add_cb(note_end)

    def start(self) -> None:
        """Start accepting connections in Granian's threads; returns at once."""
        from granian._granian import CallbackScheduler

        loop = Loop()
        scheduler_type: Any = CallbackScheduler  # the stub lacks the arguments
        scheduler = scheduler_type(loop, self.handle, None, None, None)
        scheduler._schedule_fn = self.handle
        serve = "serve_mtr_uds" if is_unix(self.listener) else "serve_mtr"
        with stack_size(STACK_BYTES):
            self.worker = make_granian_worker(
                self.listener, self.settings, websockets=self.websockets
            )
            getattr(self.worker, serve)(scheduler, loop, self.signal)

    def stop(self) -> None:
        """Stop accepting and let open requests finish; thread-safe."""
        self.signal.set()


class Loop:
    """Stands in for an event loop: runs each callback at once, in the calling thread."""

    def call_soon(
        self, callback: Callable[..., object], *args: Any, context: object = None
    ) -> None:
        try:
            callback(*args)
        except BaseException:  # Granian would discard it
            traceback.print_exc()

    call_soon_threadsafe = call_soon

    def create_future(self) -> concurrent.futures.Future[Any]:
        """Granian uses these futures instead of its own awaitables on Windows."""
        return concurrent.futures.Future()


@contextlib.contextmanager
def stack_size(size_bytes: int) -> Iterator[None]:
    """Set the stack size of Rust's threads, unless the environment sets it already.

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
        os.environ.pop(_STACK_VARIABLE, None)  # child processes must not inherit it


_STACK_VARIABLE = "RUST_MIN_STACK"


def make_granian_worker(listener: socket.socket, settings: Settings, *, websockets: bool) -> Any:
    """Create Granian's ASGI worker for this socket; its arguments are positional."""
    from granian import _granian
    from granian.http import HTTP1Settings, HTTP2Settings

    worker_type: Any = _granian.ASGIWorker  # the stub lacks some arguments
    holder_type: Any = _granian.SocketHolder
    own_socket = listener.dup().detach()  # Granian closes it
    if sys.platform == "win32":
        holder = holder_type(own_socket)
    else:
        holder = holder_type(own_socket, is_unix(listener), BACKLOG)
    worker_id, ipc, metrics = 1, None, (None, None)
    runtime_threads, runtime_blocking_threads, idle_timeout_seconds = 1, 512, 30
    static_files = None
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
            max_buffer_size=settings.header_bytes + READ_BYTES,
        ),
        HTTP2Settings(max_headers_size=settings.header_bytes),
        websockets,
        static_files,
        *tls_arguments(settings.tls, revoked),
        metrics,
    )


def tls_arguments(tls: Tls | None, revoked: list[str]) -> tuple[object, ...]:
    """Granian's TLS arguments; its worker reads the files when it starts to serve."""
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
