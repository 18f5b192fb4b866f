"""The access log: one line per request, written when its response ends.

All fields from the client are escaped, so that a request cannot forge lines or control a terminal.
A line is written with one call and is short enough for an atomic write to a pipe, so several
workers can share a file or pipe.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
import re
import threading
import time
from datetime import datetime, timezone
from functools import lru_cache
from typing import TYPE_CHECKING
from weakref import WeakSet

from ...logging import UNLOGGED
from ..console import echo, shown_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from .request_record import RequestRecord

# Lengths in characters. Their sum is below 4,096, the size of an atomic write to a pipe (PIPE_BUF).
_MAX_TARGET = 1_900
_MAX_REFERER = 800
_MAX_AGENT = 500
_MAX_NAME = 200

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# As in Apache ("Security Warning" in its mod_log_config): quotes, backslashes, and all characters
# other than printable ASCII.
_UNSAFE = re.compile(r'["\\]|[^ -~]')


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return f"\\{character}" if character in '"\\' else f"\\x{ord(character):02x}"


def escape(text: str, max_length: int = _MAX_NAME) -> str:
    """Escape a client's text for a quoted field, truncated to ``max_length`` characters."""
    safe = _UNSAFE.sub(_escaped, text[:max_length])
    return safe if len(safe) <= max_length else safe[:max_length].rstrip("\\")


def common(record: RequestRecord) -> str:
    """NCSA's Common Log Format, as written by Apache."""
    target = escape(target_of(record), _MAX_TARGET)
    return (
        f"{_unquoted(record.environ.get('REMOTE_ADDR'))} - {_unquoted(user_of(record))}"
        f" [{clock_time(int(record.arrived_at))}]"
        f' "{escape(record.method)} {target} {escape(record.protocol)}"'
        f" {record.status} {record.size or '-'}"
    )


def combined(record: RequestRecord) -> str:
    """`common` with the Referer and User-Agent."""
    referer = escape(record.environ.get("HTTP_REFERER") or "-", _MAX_REFERER)
    agent = escape(record.environ.get("HTTP_USER_AGENT") or "-", _MAX_AGENT)
    return f'{common(record)} "{referer}" "{agent}"'


def as_json(record: RequestRecord) -> str:
    """All fields as a JSON object in one line."""
    environ = record.environ
    fields = {
        "time": iso_time(record.arrived_at),
        "client": _json_text(environ.get("REMOTE_ADDR"), _MAX_NAME),
        "user": _json_text(user_of(record), _MAX_NAME),
        "method": _json_text(record.method, _MAX_NAME),
        "target": _json_text(target_of(record), _MAX_TARGET),
        "protocol": record.protocol,
        "status": record.status,
        "bytes": record.size,
        "duration_ms": round(record.seconds * 1000, 3),
        "referer": _json_text(environ.get("HTTP_REFERER"), _MAX_REFERER),
        "agent": _json_text(environ.get("HTTP_USER_AGENT"), _MAX_AGENT),
        "request_id": record.request_id,
        "endpoint": _json_text(record.endpoint, _MAX_NAME),
        "pid": os.getpid(),
    }
    return json.dumps(fields).replace("\x7f", "\\u007f")


FORMATS: dict[str, Callable[[RequestRecord], str]] = {
    "common": common,
    "combined": combined,
    "json": as_json,
}


def target_of(record: RequestRecord) -> str:
    """Path and query as in the request line."""
    return shown_target(record.path, record.query)


def user_of(record: RequestRecord) -> str | None:
    """REMOTE_USER, or the user name from HTTP Basic authentication, which is not verified."""
    user: str | None = record.environ.get("REMOTE_USER")
    scheme, _, token = record.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if user or scheme.lower() != "basic":
        return user
    try:
        pair = base64.b64decode(token, validate=True).decode("latin-1")  # as in the environ
    except (binascii.Error, ValueError):
        return None
    return pair.partition(":")[0]


def _unquoted(text: str | None) -> str:
    """An unquoted field: spaces are escaped, and ``-`` stands for an empty one."""
    return escape(text or "").replace(" ", "\\x20") or "-"


def _json_text(text: str | None, max_length: int) -> str | None:
    """A truncated field for JSON, decoded as UTF-8 if possible.

    JSON may escape a character as six, so such a field is truncated to a sixth.
    """
    if text is None:
        return None
    with contextlib.suppress(UnicodeError):
        text = text.encode("latin-1").decode()
    is_plain = len(json.dumps(text[:max_length])) <= max_length + 2
    return text[: max_length if is_plain else max_length // 6]


@lru_cache(maxsize=4)
def clock_time(second: int) -> str:
    """``22/Nov/2026:18:21:11 +0000``: local time, with English month names."""
    moment = time.localtime(second)
    zone = time.strftime("%z", moment)
    clock = time.strftime("%Y:%H:%M:%S", moment)
    return f"{moment.tm_mday:02}/{_MONTHS[moment.tm_mon - 1]}/{clock} {zone}"


def iso_time(moment: float) -> str:
    """``2026-11-22T18:21:11.123Z``: RFC 3339, in UTC."""
    text = datetime.fromtimestamp(moment, timezone.utc).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


class LogFile:
    """Appends lines to a file, or to standard output (``-``).

    If the file was moved or removed (logrotate), the next line creates it again, without a signal.
    `reopen_access_logs` reopens it in any case.

    :raises OSError: if the file cannot be opened.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.lock = threading.Lock()
        self.has_failed = False
        self.open()
        _files.add(self)

    def open(self) -> None:
        if self.name == "-":
            self.fd = 1
            return
        self.fd = os.open(self.name, os.O_WRONLY | os.O_APPEND | os.O_CREAT | _CLOEXEC, 0o640)
        self.identity = _identity(os.fstat(self.fd))

    def write_line(self, line: str) -> None:
        """Append a line. An error is reported once and does not affect the request."""
        data = f"{line}\n".encode("utf-8", "replace")
        try:
            with self.lock:
                self.reopen_if_moved()
                while data:
                    data = data[os.write(self.fd, data) :]
            self.has_failed = False
        except OSError as error:
            if not self.has_failed:
                self.has_failed = True
                echo(f"Error: cannot write the access log {self.name!r}: {error}.", fg="red")

    def reopen_if_moved(self) -> None:
        if self.name == "-":
            return
        try:
            is_same = _identity(os.stat(self.name)) == self.identity
        except FileNotFoundError:
            is_same = False
        if not is_same:
            self.reopen()

    def reopen(self) -> None:
        """Reopen the file by its name; the caller holds the lock."""
        old = self.fd
        self.open()
        os.close(old)

    def close(self) -> None:
        _files.discard(self)
        if self.name != "-":
            os.close(self.fd)


_files: WeakSet[LogFile] = WeakSet()  # all access logs of this process


def reopen_access_logs() -> None:
    """Reopen all access logs of this process; errors are reported."""
    for file in list(_files):
        if file.name == "-":
            continue
        try:
            with file.lock:
                file.reopen()
        except OSError as error:
            echo(f"Error: cannot open the access log {file.name!r}: {error}.", fg="red")


_CLOEXEC = getattr(os, "O_CLOEXEC", 0)


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


class AccessLog:
    """Writes each `RequestRecord` to a file, in one of `FORMATS`."""

    def __init__(self, name: str, format_name: str) -> None:
        self.file = LogFile(name)
        self.format = FORMATS[format_name]

    def __call__(self, record: RequestRecord) -> None:
        if not record.environ.get(UNLOGGED):
            self.file.write_line(self.format(record))
