"""Format the program's log records with their request, as text or as one JSON object per line.

`RequestFields` adds ``request_id``, ``method``, ``path`` and ``endpoint`` to a record. `install`
formats the records of programs that do not configure logging. A program with its own handlers adds
the filter to them.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from ...logging import LineFormatter, default_handler
from ..console import echo, shown_target
from .access_log import iso_time
from .request_record import current_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_FIELDS = ("request_id", "method", "path", "endpoint")


class RequestFields(logging.Filter):
    """A filter that passes all records and adds the fields of the current request.

    Values from the program (``extra={"path": ...}``) are kept. Outside of requests, and for unknown
    values, the value is ``-``.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        for name, value in request_fields().items():
            if not hasattr(record, name):
                setattr(record, name, value or "-")
        return True


def request_fields() -> Mapping[str, str | None]:
    """The values of the fields for the current request."""
    record = current_record()
    if record is None:
        return dict.fromkeys(_FIELDS)
    return {
        "request_id": record.request_id,
        "method": record.method,
        "path": shown_target(record.path, ""),
        "endpoint": record.endpoint,
    }


# The attributes of logging.LogRecord; all others come from the program by extra={...}.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formats a record as a JSON object in one line; ``exception`` is the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": iso_time(record.created),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "file": f"{record.pathname}:{record.lineno}",
            "pid": record.process,
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = self.formatStack(record.stack_info)
        extra = {name: value for name, value in vars(record).items() if name not in _STANDARD}
        fields.update((name, value) for name, value in extra.items() if name not in fields)
        return json.dumps(fields, default=str).replace("\x7f", "\\u007f")


def make_formatter(log_format: str) -> logging.Formatter:
    """The formatter for ``text`` or ``json``."""
    if log_format == "json":
        return JsonFormatter()
    return LineFormatter(
        "[%(asctime)s] %(levelname)s in %(module)s: %(message)s"
        " [%(request_id)s %(method)s %(path)s]"
    )


def install(log_format: str, logger_name: str | None) -> None:
    """Set the format of records that go to standard error by default.

    :param logger_name: the application's logger; all its handlers get the request fields.
    """
    fields = RequestFields()
    if logger_name is not None:
        logging.getLogger(logger_name).addFilter(fields)
    # Python uses lastResort for loggers without a handler, such as those of libraries.
    for handler in (default_handler, logging.lastResort):
        if handler is not None:
            handler.addFilter(fields)
            handler.setFormatter(make_formatter(log_format))


def reopen_log_files() -> None:
    """Reopen the files of all `logging.FileHandler` objects of this process, for logrotate.

    Files in mode ``w`` are not reopened, because that would truncate them.
    """
    for handler in set(_handlers()):
        if isinstance(handler, logging.FileHandler) and handler.mode == "a":
            handler.acquire()
            try:
                if handler.stream is not None:
                    handler.setStream(handler._open()).close()  # type: ignore[union-attr]
            except OSError as error:
                echo(f"Error: cannot open the log {handler.baseFilename!r}: {error}.", fg="red")
            finally:
                handler.release()


def _handlers() -> Iterator[logging.Handler]:
    loggers = [logging.getLogger(), *logging.Logger.manager.loggerDict.values()]
    for logger in loggers:
        yield from getattr(logger, "handlers", ())  # a placeholder has none
