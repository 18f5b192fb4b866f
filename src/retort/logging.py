"""The application's logger and its default handler.

Python's ``logging`` configuration defines format and destination of the records; the callers of
``app.logger`` decide what is logged.

Records often contain client input. `LineFormatter`, which the default handler and the text log of
`retort.server` use, prevents log injection: input cannot imitate another record or send escape
sequences to a terminal. It escapes the complete text, so that ``app.logger.info(f"{x}")`` is
covered too. Handlers of the program keep the program's formatter.
"""

from __future__ import annotations

import functools
import logging
import re
import sys
from copy import copy
from typing import TYPE_CHECKING, TextIO, cast

from werkzeug.local import LocalProxy

from .globals import current_request_context
from .tracebacks import format_from_program, is_retort

if TYPE_CHECKING:
    from types import TracebackType

    from .setup import App

    SysExcInfo = (
        tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    )


def _errors_stream() -> TextIO:
    request_ctx = current_request_context.get(None)
    if request_ctx is None:
        return sys.stderr
    return cast("TextIO", request_ctx.request.environ["wsgi.errors"])


# Looked up for each record: the server's error stream for this request, else the current
# `sys.stderr`. Flask doc: Logging, Removing the Default Handler.
wsgi_errors_stream: TextIO = LocalProxy(_errors_stream)  # type: ignore[assignment]

# Environ key: the request has no line in the logs of requests, as one of an error page's own.
UNLOGGED = "retort.unlogged"

# C0 and C1 (ECMA-48), DEL, and the other line ends of Unicode and str.splitlines.
_CONTROL = r"[\x00-\x1f\x7f-\x9f\u2028\u2029]"
_CONTROL_IN_LINES = r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]"
_INDENT = "    "


def escape_controls(text: str) -> str:
    r"""``text`` in one line, with control characters escaped as in Python source.

    >>> escape_controls("/a\n[2026-11-30] \x1b[2J")
    '/a\\n[2026-11-30] \\x1b[2J'
    """
    return re.sub(_CONTROL, _escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


class LineFormatter(logging.Formatter):
    """Formats a record so that its text cannot imitate another record.

    Continuation lines of a message are indented, and so are traceback lines that begin like a
    record, with ``[``. Control characters other than tab and line feed are escaped. Tracebacks
    begin with the program's frames. The record is not changed.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Format the record without its traceback; one line, or as many as the message has."""
        text = super().formatMessage(with_public_module(record))
        return _unified(text).replace("\n", f"\n{_INDENT}")

    def formatException(self, ei: SysExcInfo) -> str:  # noqa: N802 - logging's name
        """Format a traceback, from the first frame of the program on."""
        if ei[1] is None:
            return super().formatException(ei)
        return format_from_program(ei[1], ei[2]).rstrip("\n")

    def format(self, record: logging.LogRecord) -> str:
        """Format the complete record, with its traceback."""
        cached = record.exc_text  # shared by all formatters of a record
        if record.exc_info:
            record.exc_text = None
        try:
            return escape_in_lines(super().format(record))
        finally:
            record.exc_text = cached


def with_public_module(record: logging.LogRecord) -> logging.LogRecord:
    """The record; for one of Retort's own modules, a copy with the logger's name as ``module``.

    The names of these modules mean nothing to a reader of the log, and change. Records of `app`
    keep its name: Flask's have the same.
    """
    if record.module == "app" or not is_retort(record.pathname):
        return record
    shown = copy(record)  # not by the factory of records, which the program may have set
    shown.module = record.name
    return shown


def escape_in_lines(text: str) -> str:
    """Escape a text of several lines, such as a traceback: only its first line may begin a record.

    Control characters other than tab and line feed are escaped.
    """
    lines = _unified(text).replace("\n[", f"\n{_INDENT}[")
    return re.sub(_CONTROL_IN_LINES, _escaped, lines)


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n")


default_handler = logging.StreamHandler(wsgi_errors_stream)
default_handler.setFormatter(
    LineFormatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
)


def has_level_handler(logger: logging.Logger) -> bool:
    """Whether a record at the logger's level would reach a handler.

    The handler may belong to the logger or to a parent that it propagates to.
    """
    level = logger.getEffectiveLevel()
    current: logging.Logger | None = logger
    while current is not None:
        if any(handler.level <= level for handler in current.handlers):
            return True
        current = current.parent if current.propagate else None
    return False


def create_logger(app: App) -> logging.Logger:
    """The logger with the application's name, configured.

    In debug mode its level becomes ``DEBUG``, if none was set. If no handler would
    receive its records, `default_handler` is added. Flask doc: Logging.
    """
    logger = logging.getLogger(app.name)
    if app.debug and logger.level == logging.NOTSET:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger


@functools.cache
def retort_logger(name: str) -> logging.Logger:
    """A logger of Retort such as ``retort.server``, configured at its first use.

    It gets `default_handler` if no other handler would receive its records, so that they have time
    and level. Call it where a record is made: the program configures logging before.
    """
    logger = logging.getLogger(name)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
