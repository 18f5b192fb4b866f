"""Range requests: parse ``Range``, and cut a body to it (RFC 9110 section 14).

`conditional.py` decides whether the field is ignored.
"""

from __future__ import annotations

import re
import secrets
import typing as t
from itertools import pairwise

from werkzeug.exceptions import RequestedRangeNotSatisfiable

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from werkzeug.wrappers import Response

#: If a request has more ranges, the complete body is sent (section 17.15).
MAX_RANGES = 50

_SPEC = r"([0-9]{0,30})-([0-9]{0,30})"


class Span(t.NamedTuple):
    """A byte range; ``stop`` is exclusive."""

    start: int
    stop: int


def find_spans(field: str | None, length: int) -> list[Span]:
    """The requested ranges, in their order; empty if the complete body is to be sent.

    That is the case without the field, with a unit other than bytes (section 14.2), with
    overlapping ranges, and with too many (section 17.15).

    :param length: of the representation, in bytes.
    :raises RequestedRangeNotSatisfiable: if no range contains a byte, or the field is malformed.
    """
    unit, equals, specs = (field or "").partition("=")
    if not equals or unit.strip().lower() != "bytes" or length == 0:
        return []
    wanted = [spec.strip() for spec in specs.split(",") if spec.strip()]
    if len(wanted) > MAX_RANGES:
        return []
    found = [_span(spec, length) for spec in wanted]
    spans = [span for span in found if span.start < span.stop]
    if not spans:
        raise RequestedRangeNotSatisfiable(length)
    return [] if _overlap(spans) else spans


def _span(spec: str, length: int) -> Span:
    """Parse one range: section 14.1.2. An unsatisfiable range is an empty span."""
    match = re.fullmatch(_SPEC, spec)
    if match is None or spec == "-":
        raise RequestedRangeNotSatisfiable(length)
    first, last = match.groups()
    if not first:
        return Span(max(length - int(last), 0), length)
    if not last:
        return Span(int(first), length)
    if int(last) < int(first):
        raise RequestedRangeNotSatisfiable(length)
    return Span(int(first), min(int(last) + 1, length))


def _overlap(spans: Sequence[Span]) -> bool:
    ordered = sorted(spans)
    return any(after.start < before.stop for before, after in pairwise(ordered))


# The response


def cut(response: Response, field: str | None, length: int | None) -> None:
    """Change ``response`` to a 206 if the field requests a part of it.

    :param field: the value of ``Range``, or ``None``.
    :param length: of the complete body, in bytes; ``None``: unknown, the complete body is sent.
    :raises RequestedRangeNotSatisfiable: if no requested range contains a byte.
    """
    # With X-Sendfile, the reverse proxy applies the ranges.
    if length is None or response.status_code != 200 or "X-Sendfile" in response.headers:
        return
    spans = find_spans(field, length)
    if not spans:
        return
    if not response.is_sequence and not _is_seekable(response.response) and spans != sorted(spans):
        return  # a stream cannot seek backwards
    response.status_code = 206
    if len(spans) == 1:
        parts, tail = [(b"", spans[0])], b""
        response.headers["Content-Range"] = _content_range(spans[0], length)
    else:
        parts, tail = _frame(response, spans, length)
    size = sum(len(head) + span.stop - span.start for head, span in parts) + len(tail)
    response.headers["Content-Length"] = str(size)
    _replace_body(response, parts, tail)


def _content_range(span: Span, length: int) -> str:
    return f"bytes {span.start}-{span.stop - 1}/{length}"


Parts = list[tuple[bytes, Span]]


def _frame(response: Response, spans: Sequence[Span], length: int) -> tuple[Parts, bytes]:
    """The delimiters and part headers of ``multipart/byteranges`` (14.6)."""
    boundary = secrets.token_hex(16)
    content_type = response.headers.get("Content-Type")
    of_type = f"Content-Type: {content_type}\r\n" if content_type else ""
    response.headers["Content-Type"] = f"multipart/byteranges; boundary={boundary}"
    parts = [
        (
            f"\r\n--{boundary}\r\n{of_type}Content-Range: {_content_range(span, length)}"
            "\r\n\r\n".encode("latin-1"),
            span,
        )
        for span in spans
    ]
    return parts, f"\r\n--{boundary}--\r\n".encode()


def _replace_body(response: Response, parts: Parts, tail: bytes) -> None:
    if response.is_sequence:
        whole = response.get_data()
        pieces = [head + whole[span.start : span.stop] for head, span in parts]
        response.response = [b"".join([*pieces, tail])]
    elif _is_seekable(response.response):
        response.response = PartialBody(response.response, _Seeking(response.response), parts, tail)
    else:
        blocks = response.response if response.direct_passthrough else response.iter_encoded()
        reader = _Reading(t.cast("Iterable[bytes]", blocks))
        response.response = PartialBody(response.response, reader, parts, tail)


def _is_seekable(body: t.Any) -> bool:
    seekable = getattr(body, "seekable", None)
    return seekable is not None and bool(seekable())


class PartialBody:
    """Parts of another body, each after a part header; closing it closes the other body."""

    def __init__(self, body: t.Any, reader: _Seeking | _Reading, parts: Parts, tail: bytes) -> None:
        self.body = body
        self.reader = reader
        self.parts = parts
        self.tail = tail

    def __iter__(self) -> Iterator[bytes]:
        for head, span in self.parts:
            if head:
                yield head
            yield from self.reader.read(span)
        if self.tail:
            yield self.tail

    def close(self) -> None:
        """Close the underlying body."""
        close = getattr(self.body, "close", None)
        if close is not None:
            close()


class _Seeking:
    """Reads spans of a seekable body, such as an open file."""

    def __init__(self, body: t.Any) -> None:
        self.body = body

    def read(self, span: Span) -> Iterator[bytes]:
        self.body.seek(span.start)
        left = span.stop - span.start
        for block in self.body:
            yield block[:left]
            left -= len(block)
            if left <= 0:
                return


class _Reading:
    """Reads spans of a non-seekable body; they must be in ascending order."""

    def __init__(self, blocks: Iterable[bytes]) -> None:
        self.blocks = iter(blocks)
        self.block = b""
        self.position = 0  # the offset of the block

    def read(self, span: Span) -> Iterator[bytes]:
        while True:
            start = max(span.start - self.position, 0)
            piece = self.block[start : span.stop - self.position]
            if piece:
                yield piece
            end = self.position + len(self.block)
            if end >= span.stop:
                return  # the next span may start in the same block
            block = next(self.blocks, None)
            if block is None:
                return
            self.position, self.block = end, block
