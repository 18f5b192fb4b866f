"""Console output of the server: start lines and request lines.

All output goes to standard error, separate from the program's own output. click omits colours where
the output is not a terminal. Request lines are records of the logger ``werkzeug``, as with
Werkzeug's server, where programs can silence, filter and format them.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import socket
import sys
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

import click

from ..http.cross_origin import is_loopback
from ..logging import UNLOGGED, escape_controls, has_level_handler
from ..websockets.handshake import has_switched

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import WSGIEnvironment


def echo(line: str, **style: object) -> None:
    """Write one line to the terminal at once."""
    # A closed terminal must not end the server.
    with contextlib.suppress(OSError):
        click.secho(line, err=True, **style)  # type: ignore[arg-type]  # click's own keywords


def echo_failure(summary: str, details: str = "", explanation: str = "") -> None:
    """Write why the program did not load.

    :param details: the traceback, or empty: then the summary is written.
    :param explanation: advice on the error, or empty.
    """
    sys.stderr.flush()
    echo(details.rstrip() or f"Error: {summary}")
    if explanation:
        echo(explanation)


def address_lines(scheme: str, host: str, port: int) -> list[str]:
    """The lines with the URLs of a server that listens on ``host`` and ``port``.

    >>> address_lines("http", "127.0.0.1", 5000)
    [' * Open http://127.0.0.1:5000 (http://localhost:5000 works too)']
    """
    if host.startswith("unix:"):
        return [f" * Listening on the socket {host.removeprefix('unix:')}"]
    if host in ("0.0.0.0", "::"):
        here = f" * Open {scheme}://127.0.0.1:{port} on this machine"
        others = own_address()
        return [here, *([f"   or {scheme}://{others}:{port} from others"] if others else [])]
    shown = f"[{host}]" if ":" in host else host
    also = f" ({scheme}://localhost:{port} works too)" if host == "127.0.0.1" else ""
    return [f" * Open {scheme}://{shown}:{port}{also}"]


def own_address() -> str | None:
    """This machine's address in its network. Connecting a UDP socket sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address for documentation: RFC 5737
        except OSError:
            return None
        name: tuple[str, int] = probe.getsockname()
    return name[0]


def start_lines(
    *,
    name: str,
    scheme: str,
    host: str,
    port: int,
    debug: bool,
    reload: bool = False,
    imports_twice: bool = False,
    debugger: bool = False,
    workers: int = 1,
) -> list[str]:
    """The lines that a server prints before it serves."""
    lines = [f" * Serving {name!r} with Retort, debug {'on' if debug else 'off'}"]
    if workers > 1:
        lines.append(f" * {workers} workers")
    lines += address_lines(scheme, host, port)
    if reload:
        lines.append(" * Reloader on: the program is imported again after each change")
    if imports_twice:
        lines.append("   The module is imported twice: here, and in the process that serves")
    if debugger and not is_loopback(host):
        lines.append(
            f" * Errors show tracebacks without a console, because others can reach {host}:"
            " a console lets them run code. Listen on 127.0.0.1 to get the console."
        )
    lines.append(" * Press Ctrl-C to stop")
    return lines


def shown_target(path: str, query: str) -> str:
    """Path and query of an environ, escaped for one line of text."""
    target = quote(path.encode("latin-1", "replace"), safe="/:@!$&'()*+,;=~")
    if query:
        # Unchanged, except that quote() escapes control characters.
        target += "?" + quote(query, safe="/:@!$&'()*+,;=~%?[]")
    return target


REQUEST_LOGGER = "werkzeug"

ARRIVED_AT = "retort.arrived_at"  # environ key: `time.perf_counter` when the headers arrived


def log_request(environ: WSGIEnvironment, status: int) -> None:
    """Log ``127.0.0.1 "POST /login" 302 12 ms`` with level INFO.

    The duration ends with the response; for one that is sent in pieces, before its first piece.
    The record's arguments are the request (``POST /login``) and the status, both as text; its
    attributes ``status`` and ``duration_ms`` are numbers.
    """
    logger = request_logger()
    if environ.get(UNLOGGED) or not logger.isEnabledFor(logging.INFO):
        return
    if has_switched(environ):
        status = 101  # whatever the application has responded after it
    client = escape_controls(environ["REMOTE_ADDR"]).replace("%", "%%")
    method = escape_controls(environ["REQUEST_METHOD"])
    target = shown_target(environ["PATH_INFO"], environ["QUERY_STRING"])
    line = f'{client} "%s" %s'
    extra: dict[str, float] = {"status": status}
    arrived_at: float | None = environ.get(ARRIVED_AT)
    if arrived_at is not None:
        extra["duration_ms"] = round((time.perf_counter() - arrived_at) * 1000, 3)
        line += f" {shown_duration(extra['duration_ms'])}"
    logger.info(line, f"{method} {target}", str(status), extra=extra)


def shown_duration(milliseconds: float) -> str:
    """A duration in the unit that needs the fewest digits.

    >>> shown_duration(0.4), shown_duration(12.3), shown_duration(2345.6)
    ('0.4 ms', '12 ms', '2.3 s')
    """
    if milliseconds >= 1000:
        return f"{milliseconds / 1000:.1f} s"
    return f"{milliseconds:.0f} ms" if milliseconds >= 1 else f"{milliseconds:.1f} ms"


@functools.cache
def request_logger() -> logging.Logger:
    """The logger of request lines, configured at the first one, after the program's own setup.

    It gets the level INFO if the program set none, and a terminal handler if no other handler
    accepts its records.
    """
    logger = logging.getLogger(REQUEST_LOGGER)
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    if not has_level_handler(logger):
        handler = RequestLineHandler()
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        logger.addHandler(handler)
    return logger


class RequestLineHandler(logging.Handler):
    """Writes request lines to the terminal: server errors in red, client errors in yellow."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        status: int | None = getattr(record, "status", None)
        try:
            echo(self.format(record), fg=None if status is None else _colour(status))
        except Exception:
            self.handleError(record)


def _colour(status: int) -> str | None:
    if status >= 500:
        return "red"
    if status >= 400:
        return "yellow"
    return "green" if status < 300 else None


def echo_all(lines: Iterable[str]) -> None:
    """Write several lines to the terminal."""
    for line in lines:
        echo(line)
