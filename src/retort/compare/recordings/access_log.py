"""Read access logs: the formats common and combined, and JSON lines."""

from __future__ import annotations

import contextlib
import gzip
import json
import re
import sys
import zlib
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..messages import BROWSER, Request
from ..options import CompareError
from .recorded import Recorded, Recording, sent_target

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

MAX_REPEATED = 3  # times that the same request is sent
MAX_LINE_BYTES = 64 * 1024
_METHODS = frozenset({"GET", "HEAD"})
_LINE = re.compile(
    r"""\S+ \S+ [^\[]*\[[^\]]+\] "(?P<request>(?:[^"\\]|\\.)*)" \d{3}(?: |$)""",
)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")
_LETTERS = {"n": "\n", "r": "\r", "t": "\t"}
_SHOWN = 200

_UNKNOWN = "of an unknown format"
_OTHER = "of other methods"
_NO_PATH = "without a path"
_REPEATED = "repeated"
_SKIPPED = "that --skip leaves out"


def read_access_log(
    name: str, *, max_requests: int = sys.maxsize, skip: Sequence[str] = ()
) -> Recording:
    """The GET and HEAD requests of an access log; the same one at most three times.

    :param name: a file, also compressed by gzip (``.gz``); ``-``: standard input.
    :param max_requests: the rest of the log is not read after so many requests.
    :param skip: regular expressions of targets that are left out.
    :raises CompareError: if the file cannot be read, or has no such request.
    """
    reader = _Reader(name, skip)
    with contextlib.closing(_lines(name)) as lines:
        for number, line in enumerate(lines, 1):
            reader.read(number, line.strip())
            if len(reader.found.entries) >= max_requests:
                reader.found.notes.append(
                    f"{reader.label} was read up to line {number}: --requests permits no more."
                )
                break
    if not reader.found.entries:
        raise CompareError(reader.nothing())
    if reader.left_out:
        reader.found.notes.append(f"{reader.label}: left out were {reader.sum()} lines.")
    return reader.found


class _Reader:
    """The requests of the lines read so far, and how many lines were left out."""

    def __init__(self, name: str, skip: Sequence[str]) -> None:
        self.name = name
        self.label = "standard input" if name == "-" else Path(name).name
        self.found = Recording()
        self.left_out: Counter[str] = Counter()
        self._skip = [re.compile(one) for one in skip]
        self._seen: Counter[tuple[str, str]] = Counter()
        self._unknown = ""

    def read(self, number: int, line: str) -> None:
        """Read one line; bytes beyond ASCII are characters of Latin-1."""
        if not line:
            return
        written = _request(line)
        if written is None:
            self._unknown = self._unknown or line
            self.left_out[_UNKNOWN] += 1
            return
        method, address = written
        target = sent_target(address)
        if target is None:
            self.left_out[_NO_PATH] += 1
            return
        reason = self._why_not(method, target)
        if reason is not None:
            self.left_out[reason] += 1
            return
        request = Request(method, target, BROWSER)
        self.found.entries.append(Recorded(request, f"{self.label}, line {number}"))

    def _why_not(self, method: str, target: str) -> str | None:
        if method not in _METHODS:
            return _OTHER
        if any(one.search(target) for one in self._skip):
            return _SKIPPED
        self._seen[method, target] += 1
        return _REPEATED if self._seen[method, target] > MAX_REPEATED else None

    def sum(self) -> str:
        """How many lines were left out, by the reason."""
        return ", ".join(f"{count} ({reason})" for reason, count in self.left_out.most_common())

    def nothing(self) -> str:
        """Why there is no request at all."""
        if not self.left_out:
            return f"{self.label} is empty: it has no request."
        if set(self.left_out) != {_UNKNOWN}:
            return f"{self.label} has no GET or HEAD request. Left out were {self.sum()} lines."
        shown = self._unknown[:_SHOWN].encode("latin-1").decode("utf-8", "replace")
        return (
            f"{self.label} has no line of a known format. The first line is {shown!r}. Known are"
            " 'common' and 'combined', the defaults of nginx, Apache and gunicorn, and 'retort run"
            " --access-log-format json'."
        )


def _lines(name: str) -> Generator[str, None, None]:
    try:
        if name == "-":
            yield from _lines_of(sys.stdin.buffer)
            return
        with gzip.open(name) if name.endswith(".gz") else open(name, "rb") as file:
            yield from _lines_of(file)
    except (OSError, EOFError, zlib.error) as error:
        text = getattr(error, "strerror", None) or error
        raise CompareError(f"{name} cannot be read: {text}.") from None


def _lines_of(file: IO[bytes] | gzip.GzipFile) -> Generator[str, None, None]:
    """Each line; of a longer one than servers permit, the beginning, which has no known format."""
    while line := file.readline(MAX_LINE_BYTES):
        yield line.decode("latin-1")
        while line and not line.endswith(b"\n"):
            line = file.readline(MAX_LINE_BYTES)


def _request(line: str) -> tuple[str, bytes | str] | None:
    """The method and the address of a line; empty ones if the client did not send HTTP."""
    if line.startswith("{"):
        return _from_json(line)
    found = _LINE.match(line)
    return None if found is None else _of_request_line(_unescaped(found["request"]))


def _of_request_line(text: str) -> tuple[str, bytes]:
    method, _, rest = text.partition(" ")
    address, space, version = rest.rpartition(" ")
    if not space or not version.startswith("HTTP/"):
        return "", b""
    return method, address.encode("latin-1", "replace")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else _LETTERS.get(m[2], m[2]), text)


def _from_json(line: str) -> tuple[str, bytes | str] | None:
    try:
        data = json.loads(line.encode("latin-1"))
    except (ValueError, RecursionError):
        return None
    method = data.get("method") or data.get("request_method")
    target = data.get("target") or data.get("request_uri") or data.get("uri") or data.get("path")
    if method is None and isinstance(data.get("request"), str):
        return _of_request_line(data["request"].encode("utf-8", "replace").decode("latin-1"))
    if not isinstance(method, str) or not isinstance(target, str):
        return None
    query = data.get("query") or data.get("query_string")
    if isinstance(query, str) and query and "?" not in target:
        target = f"{target}?{query.removeprefix('?')}"
    return method, target
