"""Wrap an application in the middleware that `options.Operations` enables.

From the outermost to the innermost: trusted proxy headers, monitoring pages, request recording. The
main process calls `prepare_processes` before it starts workers; each serving process calls
`add_middleware`.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from ..console import echo
from ..sockets.listen import CannotListen, open_listener
from .access_log import AccessLog, LogFile
from .error_log import install
from .health import Pages, Readiness, health
from .metrics import Metrics, is_installed, shared_folder
from .ops_port import OpsServer
from .request_id import RequestIds
from .request_record import RequestRecorder

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator

    from _typeshed.wsgi import WSGIApplication

    from ..options import Operations
    from .health import Page
    from .request_record import Callback


@contextlib.contextmanager
def prepare_processes(operations: Operations, *, workers: int) -> Iterator[socket.socket | None]:
    """Check the settings and create the resources that all workers share.

    :returns: the socket for the monitoring pages, if they have a port of their own.
    :raises SystemExit: with status 1, if a check fails.
    """
    with contextlib.ExitStack() as stack:
        listener = prepare_single_process(operations)
        if listener is not None:
            stack.enter_context(listener)
        if operations.metrics and workers > 1:
            stack.enter_context(shared_folder())
        yield listener


def prepare_single_process(operations: Operations) -> socket.socket | None:
    """`prepare_processes` for a server with a single process."""
    check_access_log(operations)
    check_metrics(operations)
    return open_ops_listener(operations)


def check_access_log(operations: Operations) -> None:
    """Check that the access log can be opened.

    :raises SystemExit: with status 1, if not.
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
    """Check that the metrics library is installed.

    :raises SystemExit: with status 1, if not.
    """
    if operations.metrics and not is_installed():
        refuse("--metrics needs the package prometheus-client: pip install prometheus-client.")


def open_ops_listener(operations: Operations) -> socket.socket | None:
    """Open the socket for the monitoring pages, if they have a port of their own.

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
        echo(f" * Monitoring: http://{f'[{host}]' if ':' in host else host}:{port}{path}")
    return listener


def refuse(problem: str) -> Any:
    """Print an error and exit.

    :raises SystemExit: with status 1.
    """
    echo(f"Error: {problem}", fg="red")
    raise SystemExit(1)


def paths_of(operations: Operations) -> list[str]:
    """The paths of the enabled monitoring pages."""
    names = ["health", "ready"] if operations.health else []
    names += ["metrics"] if operations.metrics else []
    return [f"{operations.ops_path}/{name}" for name in names]


def make_metrics(operations: Operations) -> Metrics | None:
    """The metrics of this process, if they are enabled."""
    return Metrics() if operations.metrics else None


def add_middleware(
    app: WSGIApplication,
    operations: Operations,
    *,
    program: object,
    is_shutting_down: Callable[[], bool],
    ops_listener: socket.socket | None = None,
    metrics: Metrics | None = None,
) -> WSGIApplication:
    """Wrap ``app`` in the enabled middleware; returns ``app`` itself if there is none.

    :param program: the user's application, without middleware.
    :param is_shutting_down: returns whether this server is shutting down.
    :param ops_listener: the socket for the monitoring pages; ``None``: the site's port.
    :param metrics: the result of `make_metrics`.
    """
    if operations.records_requests:
        app = record_requests(app, operations, program, metrics)
    if operations.has_pages:
        ready = Readiness(program, is_shutting_down)
        pages = make_pages(operations, ready, metrics)
        if ops_listener is None:
            app = Pages(pages, fallback=app)
        else:
            serve_beside(pages, ops_listener)
    if operations.proxies:
        from werkzeug.middleware.proxy_fix import ProxyFix

        hops = operations.proxies
        app = ProxyFix(app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops, x_prefix=hops)
    return app


def record_requests(
    app: WSGIApplication, operations: Operations, program: object, metrics: Metrics | None
) -> RequestRecorder:
    """Wrap ``app`` in a `RequestRecorder` for ids, metrics and the access log."""
    at_start: list[Callback] = [
        RequestIds(trusts_header=operations.proxies > 0, adds_header=operations.request_id)
    ]
    at_end: list[Callback] = []
    if metrics is not None:
        at_start.append(metrics.at_start)
        at_end.append(metrics.at_end)
    if operations.access_log is not None:
        at_end.append(AccessLog(operations.access_log, operations.access_log_format))
    if operations.log_format is not None:
        install(operations.log_format, getattr(program, "name", None))
    return RequestRecorder(app, at_start=at_start, at_end=at_end)


def make_pages(
    operations: Operations, ready: Readiness, metrics: Metrics | None
) -> dict[str, Callable[[], Page]]:
    """Path -> function that makes the page."""
    makers: list[Callable[[], Page]] = [health, ready] if operations.health else []
    if metrics is not None:
        makers.append(metrics.page)
    return dict(zip(paths_of(operations), makers, strict=True))


def serve_beside(pages: dict[str, Callable[[], Page]], listener: socket.socket) -> None:
    """Serve the pages on their own port, from a thread of this process."""
    OpsServer(listener, Pages(pages)).start()
