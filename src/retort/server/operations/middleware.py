"""Put around an application what its operator asked for: see `operations.Operations`.

From the outside: the proxies' headers are believed, pages for machines are answered, and what is
left is observed on its way to the application. `get_ready` is for the first
process, before it starts others; `around` for each one that serves.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ..console import echo
from ..sockets.listen import CannotListen, open_listener
from .access_log import AccessLog, LogFile
from .health import Pages, Readiness, health
from .metrics import Metrics, is_installed, shared_folder
from .request_id import RequestIds
from .request_record import Observed

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from _typeshed.wsgi import WSGIApplication

    from ..options import Operations
    from .health import Page
    from .request_record import Note


@contextlib.contextmanager
def get_ready(operations: Operations, *, workers: int) -> Iterator[socket.socket | None]:
    """Check what can be checked, and make what all workers share.

    :returns: the socket for the pages, if they have a port of their own.
    :raises SystemExit: with status 1, if something of it cannot be had.
    """
    with contextlib.ExitStack() as stack:
        listener = get_ready_alone(operations)
        if listener is not None:
            stack.enter_context(listener)
        if operations.metrics and workers > 1:
            stack.enter_context(shared_folder())
        yield listener


def get_ready_alone(operations: Operations) -> socket.socket | None:
    """`get_ready` for a process that serves by itself."""
    check_access_log(operations)
    check_metrics(operations)
    return open_ops_listener(operations)


def check_access_log(operations: Operations) -> None:
    """Open it once.

    :raises SystemExit: with status 1, if that fails.
    """
    if operations.access_log is None:
        return
    try:
        LogFile(operations.access_log).close()
    except OSError as error:
        refuse(
            f"cannot write the access log {operations.access_log!r}: {error.strerror}."
            " Give a file in a folder that this user may write to, or - for the terminal."
        )


def check_metrics(operations: Operations) -> None:
    """See that the library is there.

    :raises SystemExit: with status 1, if not.
    """
    if operations.metrics and not is_installed():
        refuse("--metrics needs the package prometheus-client: pip install 'retort-web[metrics]'.")


def open_ops_listener(operations: Operations) -> socket.socket | None:
    """The socket for the pages, if they have a port of their own.

    :raises SystemExit: with status 1, if the port cannot be used.
    """
    if operations.ops_port is None:
        return None
    host = operations.ops_host
    try:
        listener = open_listener(host, operations.ops_port, change_port="--ops-port {port}")
    except CannotListen as error:
        refuse(str(error))
    port = listener.getsockname()[1]
    for path in paths_of(operations):
        echo(f" * For machines: http://{f'[{host}]' if ':' in host else host}:{port}{path}")
    return listener


def refuse(problem: str) -> Any:
    """Say what is wrong, and end.

    :raises SystemExit: with status 1.
    """
    echo(f"Error: {problem}", fg="red")
    raise SystemExit(1)


def paths_of(operations: Operations) -> list[str]:
    """Where the pages are."""
    names = ["health", "ready"] if operations.health else []
    names += ["metrics"] if operations.metrics else []
    return [f"{operations.ops_path}/{name}" for name in names]


def around(
    app: WSGIApplication,
    operations: Operations,
    *,
    program: object,
    is_shutting_down: Callable[[], bool],
    ops_listener: socket.socket | None = None,
) -> WSGIApplication:
    """``app`` with everything that was asked for around it; ``app`` itself if nothing was.

    :param program: the application that the user wrote, without anything around it.
    :param is_shutting_down: whether this server is about to go.
    :param ops_listener: where to serve the pages, instead of beside ``app``.
    """
    metrics = Metrics() if operations.metrics else None
    if operations.watches:
        app = observe(app, operations, program, metrics)
    if operations.has_pages:
        ready = Readiness(program, is_shutting_down)
        pages = make_pages(operations, ready, metrics)
        if ops_listener is None:
            app = Pages(pages, otherwise=app)
        else:
            serve_beside(pages, ops_listener)
    if operations.proxies:
        from werkzeug.middleware.proxy_fix import ProxyFix

        hops = operations.proxies
        app = ProxyFix(app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops, x_prefix=hops)
    return app


def observe(
    app: WSGIApplication, operations: Operations, program: object, metrics: Metrics | None
) -> Observed:
    """``app``, with all who want to know of its requests."""
    at_start: list[Note] = [
        RequestIds(keeps_given=operations.proxies > 0, answers=operations.request_id)
    ]
    at_end: list[Note] = []
    if metrics is not None:
        at_start.append(metrics.at_start)
        at_end.append(metrics.at_end)
    if operations.access_log is not None:
        at_end.append(AccessLog(operations.access_log, operations.access_log_format))
    if operations.log_format is not None:
        from .error_log import install

        install(operations.log_format, getattr(program, "name", None))
    return Observed(app, at_start=at_start, at_end=at_end)


def make_pages(
    operations: Operations, ready: Readiness, metrics: Metrics | None
) -> dict[str, Callable[[], Page]]:
    """What is answered at which path."""
    makers: list[Callable[[], Page]] = [health, ready] if operations.health else []
    if metrics is not None:
        makers.append(metrics.page)
    return dict(zip(paths_of(operations), makers, strict=True))


def serve_beside(pages: dict[str, Callable[[], Page]], listener: socket.socket) -> None:
    """Serve the pages on their own port, from a thread of this process."""
    from .ops_port import OpsServer

    OpsServer(listener, Pages(pages)).start()
