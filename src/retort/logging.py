"""The application's logger, and the handler it writes to until the program sets its own.

How records look and where they go is Python's ``logging`` configuration; what is
logged, and when, is decided by those who call ``app.logger``.
"""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING, TextIO, cast

from werkzeug.local import LocalProxy

from .globals import _cv_request

if TYPE_CHECKING:
    from .setup import App


def _errors_stream() -> TextIO:
    request_ctx = _cv_request.get(None)
    if request_ctx is None:
        return sys.stderr
    return cast("TextIO", request_ctx.request.environ["wsgi.errors"])


# Looked up for each record: where the server wants the errors of this request, else
# the `sys.stderr` of this moment. Flask doc: Logging, Removing the Default Handler.
wsgi_errors_stream: TextIO = LocalProxy(_errors_stream)  # type: ignore[assignment]

default_handler = logging.StreamHandler(wsgi_errors_stream)
default_handler.setFormatter(
    logging.Formatter("[%(asctime)s] %(levelname)s in %(module)s: %(message)s")
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
