"""The application's logger, and the handler it writes to until the program sets its own.

How records look and where they go is Python's ``logging`` configuration; what is
logged, and when, is decided by those who call ``app.logger``.

Records often hold what a client sent. `LineFormatter`, which the default handler and the text log
of `retort.server` use, keeps such text from passing for another record, and from reaching a
terminal as a command. It does so whatever the text came from, so that ``app.logger.info(f"{x}")``
is covered too. A handler of the program has the program's formatter.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TYPE_CHECKING, TextIO, cast

from werkzeug.local import LocalProxy

from .globals import current_request_context

if TYPE_CHECKING:
    from .setup import App


def _errors_stream() -> TextIO:
    request_ctx = current_request_context.get(None)
    if request_ctx is None:
        return sys.stderr
    return cast("TextIO", request_ctx.request.environ["wsgi.errors"])


# Looked up for each record: where the server wants the errors of this request, else
# the `sys.stderr` of this moment. Flask doc: Logging, Removing the Default Handler.
wsgi_errors_stream: TextIO = LocalProxy(_errors_stream)  # type: ignore[assignment]

# C0 and C1 (ECMA-48), DEL, and what else Unicode or str.splitlines takes for the end of a line.
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_INDENT = "    "


def escape_controls(text: str) -> str:
    r"""``text`` in one line, with control characters as in Python's source.

    >>> escape_controls("/a\n[2026-11-30] \x1b[2J")
    '/a\\n[2026-11-30] \\x1b[2J'
    """
    return _CONTROL.sub(_escaped, text)


def _escaped(match: re.Match[str]) -> str:
    return match[0].encode("unicode_escape").decode("ascii")


class LineFormatter(logging.Formatter):
    """Formats a record so that no text in it looks like another record.

    The further lines of a message are indented, and so is a line of a traceback that begins as a
    record does, with ``[``. Control characters other than tab and line feed are escaped.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """The line of the record; more of them, if the message has more."""
        return _unified(super().formatMessage(record)).replace("\n", f"\n{_INDENT}")

    def format(self, record: logging.LogRecord) -> str:
        """The whole record, with its traceback."""
        return escape_in_lines(super().format(record))


def escape_in_lines(text: str) -> str:
    """Text for a log whose lines stay, such as a traceback: none of the others looks like a record.

    Control characters other than tab and line feed are escaped.
    """
    lines = _unified(text).replace("\n[", f"\n{_INDENT}[")
    return _CONTROL_IN_LINES.sub(_escaped, lines)


def _unified(text: str) -> str:
    return text.replace("\r\n", "\n")


default_handler = logging.StreamHandler(wsgi_errors_stream)
default_handler.setFormatter(
    LineFormatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
)


def has_level_handler(logger: logging.Logger) -> bool:
    """Whether a record at the logger's own level would reach a handler.

    The handler may be the logger's, or a parent's that it propagates to.
    """
    level = logger.getEffectiveLevel()
    asked: logging.Logger | None = logger
    while asked is not None:
        if any(handler.level <= level for handler in asked.handlers):
            return True
        asked = asked.parent if asked.propagate else None
    return False


def create_logger(app: App) -> logging.Logger:
    """The logger named as the application, ready to use.

    In debug mode its level becomes ``DEBUG``, if none was set. If nothing would
    handle its records, it gets `default_handler`. Flask doc: Logging.
    """
    logger = logging.getLogger(app.name)
    if app.debug and logger.level == logging.NOTSET:
        logger.setLevel(logging.DEBUG)
    if not has_level_handler(logger):
        logger.addHandler(default_handler)
    return logger
