"""The access log: a line for each request, when it has been answered.

Every field that a client chose is escaped, so that no request can write a line of its own or
steer a terminal. A line is written at once and whole, and is no longer than what a pipe takes in
one piece, so several workers can write to one file or pipe.
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

from ..console import echo, shown_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from .request_record import RequestRecord

# In characters of the line. Together below 4,096: POSIX promises no more for a pipe (PIPE_BUF).
_LONGEST_TARGET = 1_900
_LONGEST_REFERER = 800
_LONGEST_AGENT = 500
_LONGEST_NAME = 200

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

# Apache's way ("Security Warning" in its mod_log_config): quotes, backslashes, and whatever is
# not printable ASCII.
_UNSAFE = re.compile(r'["\\]|[^ -~]')


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    return f"\\{character}" if character in '"\\' else f"\\x{ord(character):02x}"


def escape(text: str, longest: int = _LONGEST_NAME) -> str:
    """A client's text for a field in quotes, cut to ``longest`` characters."""
    safe = _UNSAFE.sub(_escaped, text[:longest])
    return safe if len(safe) <= longest else safe[:longest].rstrip("\\")


def common(record: RequestRecord) -> str:
    """The Common Log Format of NCSA's server, as Apache writes it."""
    target = escape(target_of(record), _LONGEST_TARGET)
    return (
        f"{_word(record.environ.get('REMOTE_ADDR'))} - {_word(user_of(record))}"
        f" [{clock_time(int(record.arrived_at))}]"
        f' "{escape(record.method)} {target} {escape(record.protocol)}"'
        f" {record.status} {record.size or '-'}"
    )


def combined(record: RequestRecord) -> str:
    """`common`, and the referer and the client's name for itself."""
    referer = escape(record.environ.get("HTTP_REFERER") or "-", _LONGEST_REFERER)
    agent = escape(record.environ.get("HTTP_USER_AGENT") or "-", _LONGEST_AGENT)
    return f'{common(record)} "{referer}" "{agent}"'


def as_json(record: RequestRecord) -> str:
    """Everything that is known, as a JSON object in one line."""
    environ = record.environ
    fields = {
        "time": iso_time(record.arrived_at),
        "client": _short(environ.get("REMOTE_ADDR"), _LONGEST_NAME),
        "user": _short(user_of(record), _LONGEST_NAME),
        "method": _short(record.method, _LONGEST_NAME),
        "target": _short(target_of(record), _LONGEST_TARGET),
        "protocol": record.protocol,
        "status": record.status,
        "bytes": record.size,
        "duration_ms": round(record.seconds * 1000, 3),
        "referer": _short(environ.get("HTTP_REFERER"), _LONGEST_REFERER),
        "agent": _short(environ.get("HTTP_USER_AGENT"), _LONGEST_AGENT),
        "request_id": record.request_id,
        "endpoint": _short(record.endpoint, _LONGEST_NAME),
        "pid": os.getpid(),
    }
    return json.dumps(fields).replace("\x7f", "\\u007f")


FORMATS: dict[str, Callable[[RequestRecord], str]] = {
    "common": common,
    "combined": combined,
    "json": as_json,
}


def target_of(record: RequestRecord) -> str:
    """Path and query as in the request's first line."""
    return shown_target(record.path, record.query)


def user_of(record: RequestRecord) -> str | None:
    """Who is signed in by HTTP's own means; with Basic, the name that the client gave."""
    user: str | None = record.environ.get("REMOTE_USER")
    scheme, _, token = record.environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    if user or scheme.lower() != "basic":
        return user
    try:
        pair = base64.b64decode(token, validate=True).decode("latin-1")  # as all of an environ
    except (binascii.Error, ValueError):
        return None
    return pair.partition(":")[0]


def _word(text: str | None) -> str:
    """A field without quotes around it: no spaces, and ``-`` for nothing."""
    return escape(text or "").replace(" ", "\\x20") or "-"


def _short(text: str | None, longest: int) -> str | None:
    """A field for JSON, where each character may need six; read as UTF-8 if it is that."""
    if text is None:
        return None
    with contextlib.suppress(UnicodeError):
        text = text.encode("latin-1").decode()
    is_plain = len(json.dumps(text[:longest])) <= longest + 2
    return text[: longest if is_plain else longest // 6]


@lru_cache(maxsize=4)
def clock_time(second: int) -> str:
    """``22/Nov/2026:18:21:11 +0000``: in the time zone of the machine, in English."""
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

    A file that was moved away or removed, as logrotate does, is made again at the next line: no
    signal is needed. `reopen_access_logs` opens it again in any case.

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
        """Append a line. What goes wrong is said once, and ends no request."""
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
        """Open the file that has the name now; the caller holds the lock."""
        old = self.fd
        self.open()
        os.close(old)

    def close(self) -> None:
        _files.discard(self)
        if self.name != "-":
            os.close(self.fd)


_files: WeakSet[LogFile] = WeakSet()  # those of this process


def reopen_access_logs() -> None:
    """Open every access log of this process again; what goes wrong is reported."""
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
        self.file.write_line(self.format(record))
