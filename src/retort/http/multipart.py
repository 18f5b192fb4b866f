"""Parse multipart/form-data bodies, part by part (RFC 7578).

The one parser is `Scanner`. It makes no decision that further bytes could change, so its result
does not depend on how the body is split into packets. `split_parts` runs it over a body in
memory, `Parts` over a stream. `forms.py` decides how a request exposes the parts.
"""

from __future__ import annotations

import re
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge
from werkzeug.http import parse_options_header

from .. import settings
from .hints import NO_CHARSET, hint_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    # Name, file name (``None`` for a field), header fields.
    Header = tuple[str, str | None, list[tuple[str, str]]]

_READ_BYTES = 64 * 1024
# Limit before the first part and for a part's header. Browsers send some hundred bytes.
_MAX_HEADER_BYTES = 2 * _READ_BYTES

# The accepted charsets of a text, as in Werkzeug; browsers send UTF-8 without naming it.
_CHARSETS = frozenset({"utf-8", "ascii", "us-ascii", "iso-8859-1"})


def broken(what: str, more: str = "") -> BadRequest:
    """The 400 for a form that cannot be parsed.

    :param what: the public message: short, without details of the program.
    :param more: for the developer: shown in debug mode only.
    """
    if more and settings.current().get("DEBUG"):
        what = f"{what} {more}"
    return BadRequest(what)


def read_boundary(parameters: Mapping[str, str]) -> bytes:
    """The boundary parameter of a Content-Type.

    :raises werkzeug.exceptions.BadRequest: if it is missing or invalid.
    """
    boundary = parameters.get("boundary", "")
    if not boundary:
        raise broken(
            "The Content-Type of the multipart form has no boundary.",
            "The client that encodes the form chooses the boundary and sets it there: with"
            " fetch(url, {body: new FormData(form)}), or with files= of a Python client, set"
            " no Content-Type yourself.",
        )
    if not boundary.isascii():
        raise broken("The boundary of the multipart form is not ASCII.")
    if "\r" in boundary or "\n" in boundary:
        raise broken("The boundary of the multipart form has a line break in it.")
    return boundary.encode("ascii")


class Part:
    """One field or file of a multipart form, read while it arrives.

    Iterate over it for its content in blocks of bytes, or call :meth:`read`, before requesting the
    next part. :meth:`Request.iter_parts` yields them.
    """

    #: The name of the form's field.
    name: str
    #: The name of the file; empty if none was chosen, ``None`` if the part is not a file.
    filename: str | None

    def __init__(
        self,
        name: str,
        filename: str | None,
        fields: list[tuple[str, str]],
        content: Iterator[bytes],
    ) -> None:
        self.name = name
        self.filename = filename
        self._fields = fields
        self._headers: Headers | None = None
        self._content = content
        self._is_passed_over = False

    @property
    def headers(self) -> Headers:
        """The header fields of this part."""
        if self._headers is None:
            self._headers = Headers()
            for name, value in self._fields:
                self._headers.add(name, value)
        return self._headers

    @property
    def content_type(self) -> str | None:
        """The ``Content-Type`` of this part as it was sent, or ``None``."""
        return _first(self._fields, "content-type")

    def __iter__(self) -> Iterator[bytes]:
        if self._is_passed_over:
            raise RuntimeError(
                f"The part {self.name!r} of the form was skipped: its content is discarded when"
                " the next part is requested. Read it inside the loop."
            )
        return self._content

    def read(self) -> bytes:
        """Read the content, or the rest of it after iteration."""
        return b"".join(self)

    def text(self) -> str:
        """Read the content as text; undecodable bytes become U+FFFD."""
        content, charset = self.read(), self.charset
        try:
            return content.decode(charset)
        except UnicodeDecodeError:
            hint_once(NO_CHARSET)
            return content.decode(charset, "replace")

    @property
    def charset(self) -> str:
        """The encoding of a text: UTF-8, unless its Content-Type has another accepted charset."""
        content_type = self.content_type
        if content_type is None:
            return "utf-8"
        named = parse_options_header(content_type)[1].get("charset", "").lower()
        return named if named in _CHARSETS else "utf-8"

    def _finish(self) -> None:
        """Read to the end of the part, where the next one begins."""
        for _ in self._content:
            self._is_passed_over = True

    def __repr__(self) -> str:
        file = "" if self.filename is None else f" file {self.filename!r}"
        return f"<{type(self).__name__} {self.name!r}{file}>"


class Parts:
    """Reads ``stream`` part by part; iterate over it once.

    :param stream: the body; see :func:`~retort.http.body.open_body`.
    :param boundary: the boundary parameter of the Content-Type.
    :param max_parts: the maximum number of parts; more are a 413; ``None``: no limit.
    :param max_memory_bytes: the maximum content of a part that is not a file; more is a 413;
        ``None``: no limit.
    """

    def __init__(
        self,
        stream: IO[bytes],
        boundary: bytes,
        *,
        max_parts: int | None = None,
        max_memory_bytes: int | None = None,
    ) -> None:
        # With `read1`, a part is returned as soon as it has been received.
        read_some: Any = getattr(stream, "read1", None) or stream.read
        self._read: partial[bytes] = partial(read_some, _READ_BYTES)
        self._scanner = Scanner(boundary, max_parts, max_memory_bytes)

    def __iter__(self) -> Iterator[Part]:
        piece = self._read()
        if not piece:
            return  # an empty body is an empty form: nothing is lost
        self._scanner.receive(piece)
        while (header := self._next_header()) is not None:
            part = Part(*header, self._content())
            yield part
            part._finish()
        while self._read():  # read the epilogue, which also checks the length of the body
            pass

    def _next_header(self) -> Header | None:
        scanner = self._scanner
        while (header := scanner.find_header()) is None and not scanner.is_closed:
            self._receive_more()
        return header

    def _content(self) -> Iterator[bytes]:
        scanner = self._scanner
        while True:
            start, end = scanner.find_content()
            if start < end:
                yield scanner.buffer[start:end]
            if not scanner.is_in_content:
                return
            self._receive_more()

    def _receive_more(self) -> None:
        piece = self._read()
        if not piece:
            raise self._scanner.broken_off()
        self._scanner.receive(piece)


def split_parts(
    body: bytes, boundary: bytes, *, max_parts: int | None, max_memory_bytes: int | None
) -> list[Part]:
    """All parts of a body in memory; the same result as :class:`Parts`."""
    parts: list[Part] = []
    if not body:
        return parts
    scanner = Scanner(boundary, max_parts, max_memory_bytes)
    scanner.receive(body)
    while (header := scanner.find_header()) is not None:
        start, end = scanner.find_content()
        if scanner.is_in_content:
            break
        parts.append(Part(*header, iter((body[start:end],) if start < end else ())))
    if not scanner.is_closed:
        raise scanner.broken_off()
    return parts


# The text after a boundary: two hyphens close the form, a line break ends the line. As in
# Werkzeug, a line may end with CR or LF alone, and spaces may precede the line break (RFC 2046
# section 5.1.1). Their number is limited, since they are buffered until the next byte.
_SPACES = rb"[ \t\v\f]{0,256}"
_LINE_END = re.compile(rb"--|" + _SPACES + rb"(?:\r\n|\n|\r(?=[^\n]))")
# A prefix of one of these, which further bytes may complete.
_CUT_LINE_END = re.compile(rb"(?:-|" + _SPACES + rb"\r?)\Z")
# The line break after the last header field, and that of the blank line.
_BLANK_LINE = re.compile(rb"(\r\n)\r\n|(\n)\n|(\r)\r(?:\n|(?=[^\n]))")
_BLANK_LINE_BYTES = 4


class Scanner:
    """Finds header and content of each part in a body that is received in pieces.

    Call :meth:`find_header` and :meth:`find_content` alternately. If one needs more bytes, call
    :meth:`receive` and then the same method again.

    :param boundary: the boundary of the parts; without line breaks.
    """

    def __init__(
        self, boundary: bytes, max_parts: int | None, max_memory_bytes: int | None
    ) -> None:
        self._dashes = b"--" + boundary
        self._max_parts = max_parts
        self._max_memory_bytes = max_memory_bytes
        #: The bytes that offsets refer to, until the next call of :meth:`receive`.
        self.buffer = b""
        #: Whether the closing delimiter was found; bytes after it are ignored.
        self.is_closed = False
        #: Whether the content of the current part continues.
        self.is_in_content = False
        # The offset of unprocessed bytes, and how many after it were searched without a match.
        self._at = self._searched = 0
        # The number of the current part, from 1; 0 before the first delimiter.
        self._number = 0
        self._preamble_bytes = 0
        # The line break before the content, while it may belong to a delimiter.
        self._line_break_bytes = 0
        # How many more bytes of content the part may have.
        self._left: int | None = None

    def receive(self, piece: bytes) -> None:
        """Append the next bytes of the body."""
        self.buffer = self.buffer[self._at :] + piece
        self._at = 0

    def find_header(self) -> Header | None:
        """The header of the next part; ``None``: more bytes are needed, or the form is closed."""
        if not self._number:
            self._skip_preamble()
        if self.is_closed or not self._number:
            return None
        found = self._find_plain_header() or self._find_header()
        if found is None:
            return None
        header, self._at, self._line_break_bytes = found
        if self._max_parts is not None and self._number > self._max_parts:
            raise RequestEntityTooLarge
        self.is_in_content = True
        self._searched = 0
        self._left = self._max_memory_bytes if header[1] is None else None
        return header

    def find_content(self) -> tuple[int, int]:
        """The start and end offset of the next content bytes in :attr:`buffer`."""
        start = self._at + self._line_break_bytes
        delimiter, behind = self._find_delimiter(is_first=False)
        end = max(start, delimiter)
        if behind:
            self._begin_part(behind)
        elif delimiter >= start:
            self._at, self._line_break_bytes = delimiter, 0
        if self._left is not None:
            self._left -= end - start
            if self._left < 0:
                raise RequestEntityTooLarge
        return start, end

    def broken_off(self) -> BadRequest:
        """The error if the body ends before the form is closed."""
        rest = self.buffer[self._at :]
        if not self._number and not rest.startswith(self._dashes):
            return self._without_parts()
        if self._number and not self.is_in_content and self._has_delimiter(rest):
            return self._without_blank_line()
        return broken(
            f"The multipart form is truncated in part {self._number or 1}: the boundary that closes"
            " the form is missing."
        )

    def _skip_preamble(self) -> None:
        delimiter, behind = self._find_delimiter(is_first=True)
        self._preamble_bytes += delimiter - self._at
        if self._preamble_bytes > _MAX_HEADER_BYTES:
            raise self._without_parts()
        if behind:
            self._begin_part(behind)
        else:
            self._at = delimiter

    def _begin_part(self, position: int) -> None:
        self._at = position
        self.is_in_content = False
        if not self.is_closed:
            self._number += 1

    def _find_delimiter(self, *, is_first: bool) -> tuple[int, int]:
        """The offsets of the next delimiter and of the part after it.

        If there is none yet: the offset where one may begin, and 0.

        :param is_first: whether no line break is required before it.
        """
        buffer, dashes, first = self.buffer, self._dashes, self._at
        at = buffer.find(dashes, first)
        while at >= 0:
            start = at if is_first else _line_break_before(buffer, at, first)
            if start < at or is_first:
                behind = at + len(dashes)
                line_end = _LINE_END.match(buffer, behind)
                if line_end is not None:
                    self.is_closed = buffer.startswith(b"--", behind)
                    return start, line_end.end()
                if _CUT_LINE_END.match(buffer, behind):
                    return start, 0
            at = buffer.find(dashes, at + 1)
        if is_first:
            return max(first, len(buffer) - len(dashes) + 1), 0
        return self._find_cut_delimiter(), 0

    def _find_cut_delimiter(self) -> int:
        """The offset of an incomplete delimiter at the end of the buffer; else its length."""
        buffer, dashes = self.buffer, self._dashes
        first = max(self._at, len(buffer) - len(b"\r\n" + dashes) + 1)
        behind = max(buffer.rfind(b"\r", first), buffer.rfind(b"\n", first)) + 1
        if behind and dashes.startswith(buffer[behind:]):
            return _line_break_before(buffer, behind, first)
        return len(buffer)

    def _find_plain_header(self) -> tuple[Header, int, int] | None:
        """A fast path of :meth:`_find_header` for headers in the form that browsers send.

        PERF: most headers are; benchmarks/multipart_parsers.py.
        """
        if self._searched:
            return None
        plain = _PLAIN_HEADER.match(self.buffer, self._at)
        if plain is None or plain.end() - self._at > _MAX_HEADER_BYTES:
            return None
        header = _plain_header(plain)
        return None if header is None else (header, plain.end() - 2, 2)

    def _find_header(self) -> tuple[Header, int, int] | None:
        """The next header, and the offset and length of the line break before the content.

        ``None``: the end of the header has not been received.
        """
        start, buffer = self._at, self.buffer
        limit = start + _MAX_HEADER_BYTES + _BLANK_LINE_BYTES
        blank_line = _BLANK_LINE.search(buffer, start + self._searched, limit)
        if blank_line is None:
            if len(buffer) >= limit:
                raise broken(
                    f"The header of part {self._number} of the multipart form is too long."
                )
            self._searched = max(0, len(buffer) - start - _BLANK_LINE_BYTES + 1)
            return None
        block = buffer[start : blank_line.start()]
        if self._has_delimiter(block):
            raise self._without_blank_line()
        line_break = blank_line.end(blank_line.lastindex or 0)
        return self._read_header(block), line_break, blank_line.end() - line_break

    def _read_header(self, block: bytes) -> Header:
        fields = _read_fields(block)
        disposition = _first(fields, "content-disposition")
        if disposition is None:
            raise broken(f"Part {self._number} of the multipart form has no Content-Disposition.")
        parameters = parse_options_header(disposition)[1]
        name, filename = parameters.get("name"), parameters.get("filename")
        if name is None:
            raise broken(
                f"Part {self._number} of the multipart form has no name.",
                'Give the field one: <input name="...">.',
            )
        if "%0" in disposition:
            name = unescape_line_breaks(name)
            filename = None if filename is None else unescape_line_breaks(filename)
        return name, filename, fields

    def _has_delimiter(self, lines: bytes) -> bool:
        dashes = self._dashes
        return dashes in lines and any(
            line.startswith(dashes) and _LINE_END.match(line + b"\n", len(dashes))
            for line in lines.splitlines()
        )

    def _without_blank_line(self) -> BadRequest:
        return broken(
            f"The header of part {self._number} of the multipart form is not followed by a blank"
            " line."
        )

    def _without_parts(self) -> BadRequest:
        return broken(
            "The boundary in the Content-Type of the multipart form is not in its body.",
            f"The boundary is {self._dashes[2:]!r}. Each part begins with two hyphens and the"
            " boundary, on a line of their own.",
        )


def _line_break_before(data: bytes, position: int, first: int) -> int:
    """The offset of the line break before ``position``; ``position`` if there is none."""
    line_break = data[max(first, position - 2) : position]
    if line_break == b"\r\n":
        return position - 2
    return position - 1 if line_break.endswith((b"\r", b"\n")) else position


# A header in the form that browsers send, without escapes.
_PLAIN_HEADER = re.compile(
    rb'Content-Disposition: (form-data; name="([^"%\\\r\n]*)"(?:; filename="([^"%\\\r\n]*)")?)'
    rb"(?:\r\nContent-Type: ([!-~][^\r\n]*))?\r\n\r\n"
)


def _plain_header(plain: re.Match[bytes]) -> Header | None:
    disposition, name, filename, content_type = plain.groups()
    try:
        fields = [("Content-Disposition", disposition.decode())]
        if content_type is not None:
            fields.append(("Content-Type", content_type.decode().strip(" \t")))
        return name.decode(), None if filename is None else filename.decode(), fields
    except UnicodeDecodeError:
        return None


_FOLD = re.compile(r"(?:\r\n|\r|\n)[ \t]")
_LINE_BREAKS = re.compile(r"[\r\n]+")


def _read_fields(block: bytes) -> list[tuple[str, str]]:
    """Parse the header fields; bytes that are not UTF-8 become U+FFFD."""
    try:
        text = block.decode()
    except UnicodeDecodeError:
        hint_once(NO_CHARSET)
        text = block.decode("utf-8", "replace")
    lines = (line.strip(" \t") for line in _LINE_BREAKS.split(_FOLD.sub(" ", text)))
    fields = (line.partition(":") for line in lines if line)
    return [(name.rstrip(" \t"), value.lstrip(" \t")) for name, _, value in fields]


def _first(fields: list[tuple[str, str]], wanted: str) -> str | None:
    return next((value for name, value in fields if name.lower() == wanted), None)


def unescape_line_breaks(name: str) -> str:
    """Undo the browser's escapes in a name; Werkzeug undoes only ``%22``.

    The HTML standard, "Multipart form data".
    """
    return name.replace("%0D", "\r").replace("%0A", "\n")
