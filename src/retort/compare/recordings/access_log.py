"""Read access logs: the formats common and combined, and JSON lines."""

from __future__ import annotations

import gzip
import json
import re
import sys
from collections import Counter
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..messages import BROWSER, Request
from ..options import CompareError
from .recorded import Recorded, Recording

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_REPEATED = 3  # times that the same request is sent
_METHODS = frozenset({"GET", "HEAD"})
_LINE = re.compile(r"""\S+ \S+ .*?\[[^\]]+\] "(?P<request>(?:[^"\\]|\\.)*)" \d{3} """)
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|(.))")
_SHOWN = 200


def read_access_log(name: str) -> Recording:
    """The GET and HEAD requests of an access log; the same one at most three times.

    :param name: a file, also compressed by gzip (``.gz``); ``-``: standard input.
    :raises CompareError: if the file cannot be read, or no line has a known format.
    """
    found = Recording()
    left_out: Counter[str] = Counter()
    seen: Counter[tuple[str, str]] = Counter()
    unknown = ""
    for number, line in enumerate(_lines(name), 1):
        text = line.strip()
        if not text:
            continue
        request = _request(text)
        if request is None:
            unknown = unknown or text
            left_out["of an unknown format"] += 1
        elif request[0] not in _METHODS:
            left_out["of other methods"] += 1
        elif not request[1].startswith("/"):
            left_out["without a path"] += 1
        else:
            seen[request] += 1
            if seen[request] <= MAX_REPEATED:
                origin = f"{Path(name).name}, line {number}"
                found.entries.append(Recorded(Request(*request, BROWSER), origin))
            else:
                left_out["repeated"] += 1
    if not found.entries:
        raise CompareError(_nothing(name, unknown))
    if left_out:
        parts = [f"{count} ({reason})" for reason, count in left_out.most_common()]
        found.notes.append(f"{Path(name).name}: left out were {', '.join(parts)} lines.")
    return found


def _nothing(name: str, unknown: str) -> str:
    if unknown:
        return (
            f"{name} has no line of a known format. The first line is {unknown[:_SHOWN]!r}. Known"
            " are 'common' and 'combined', the defaults of nginx, Apache and gunicorn, and"
            " 'retort run --access-log-format json'."
        )
    return f"{name} has no GET or HEAD request."


def _lines(name: str) -> Iterator[str]:
    if name == "-":
        yield from sys.stdin
        return
    try:
        with _opened(name) as file:
            yield from file
    except (OSError, EOFError) as error:
        raise CompareError(f"{name} cannot be read: {error}.") from None


def _opened(name: str) -> IO[str]:
    if name.endswith(".gz"):
        return gzip.open(name, "rt", encoding="utf-8", errors="replace")
    return open(name, encoding="utf-8", errors="replace")


def _request(line: str) -> tuple[str, str] | None:
    """The method and the target of a line."""
    if line.startswith("{"):
        return _from_json(line)
    found = _LINE.match(line)
    if found is None:
        return None
    parts = _unescaped(found["request"]).split(" ")
    return (parts[0], parts[1]) if len(parts) == 3 and parts[2].startswith("HTTP/") else ("", "")


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else m[2], text)


def _from_json(line: str) -> tuple[str, str] | None:
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    method = data.get("method") or data.get("request_method")
    target = data.get("target") or data.get("request_uri") or data.get("uri") or data.get("path")
    if not isinstance(method, str) or not isinstance(target, str):
        return None
    query = data.get("query") or data.get("query_string")
    if isinstance(query, str) and query and "?" not in target:
        target = f"{target}?{query}"
    return method, target
