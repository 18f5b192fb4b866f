"""The parts of a multipart/form-data body, one after the other (RFC 7578).

The decoder is Werkzeug's. Here is what it leaves open: bodies that are broken are a 400 that
says how, names are read as browsers write them, and memory is bounded. What the parts become
in a request is decided in `forms.py`.
"""

from __future__ import annotations

import re
from functools import partial
from typing import IO, TYPE_CHECKING, Any

from werkzeug.datastructures import Headers
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import Data, Field, File, MultipartDecoder, NeedData, State

from ..globals import current_app
from .hints import NO_CHARSET, hint_once

if TYPE_CHECKING:
    import io
    from collections.abc import Iterator, Mapping

    # Name, file name unless it is a field, header fields.
    Header = tuple[str, str | None, Headers]
    # The header of a part; where its content begins, and where it ends.
    Place = tuple[Header, int, int]

_READ_BYTES = 64 * 1024
# Before the first part, and for the headers of one. Browsers send some hundred bytes.
_MOST_WITHOUT_CONTENT_BYTES = 2 * _READ_BYTES
# Shorter content is copied into memory that was used before.
_MOVED_BYTES = 64 * 1024

# What a text may be in, as in Werkzeug; browsers send UTF-8 and do not say so.
_CHARSETS = frozenset({"utf-8", "ascii", "us-ascii", "iso-8859-1"})


def broken(what: str, more: str = "") -> BadRequest:
    """The 400 for a form that cannot be read.

    :param what: for everybody: short, and without anything of the program's.
    :param more: for the developer, so in debug mode only.
    """
    if more and current_app and current_app.debug:
        what = f"{what} {more}"
    return BadRequest(what)


def read_boundary(parameters: Mapping[str, str]) -> bytes:
    """The boundary that the parameters of a Content-Type name.

    :raises werkzeug.exceptions.BadRequest: if they name none, or one that cannot be.
    """
    boundary = parameters.get("boundary", "")
    if not boundary:
        raise broken(
            "The Content-Type of the multipart form has no boundary.",
            "Whoever writes the form chooses the boundary and names it there: with"
            " fetch(url, {body: new FormData(form)}), or with files= of a Python client, set"
            " no Content-Type of your own.",
        )
    if not boundary.isascii():
        raise broken("The boundary of the multipart form is not ASCII.")
    return boundary.encode("ascii")


class Part:
    """One field or file of a multipart form, read while it arrives.

    Iterate over it for its content in pieces of bytes, or :meth:`read` it as a whole. It has
    to be done before the next part is asked for. :meth:`Request.iter_parts` gives them.
    """

    #: The name of the form's field.
    name: str
    #: The name of the file; empty if none was chosen, ``None`` if it is no file.
    filename: str | None
    #: The header fields of this part.
    headers: Headers

    def __init__(
        self, name: str, filename: str | None, headers: Headers, content: Iterator[bytes]
    ) -> None:
        self.name = name
        self.filename = filename
        self.headers = headers
        self._content = content
        self._is_passed_over = False

    @property
    def content_type(self) -> str | None:
        """The ``Content-Type`` of this part as it was sent, or ``None``."""
        return self.headers.get("content-type")

    def __iter__(self) -> Iterator[bytes]:
        if self._is_passed_over:
            raise RuntimeError(
                f"The part {self.name!r} of the form was passed over: its content is gone when"
                " the next part is asked for. Read it inside of the loop."
            )
        return self._content

    def read(self) -> bytes:
        """The whole content, or what is left of it after some pieces."""
        return b"".join(self)

    def text(self) -> str:
        """The whole content as text; bytes that are no characters become U+FFFD."""
        content, charset = self.read(), self.charset
        try:
            return content.decode(charset)
        except UnicodeDecodeError:
            hint_once(NO_CHARSET)
            return content.decode(charset, "replace")

    @property
    def charset(self) -> str:
        """The encoding of a text: UTF-8, unless its Content-Type names another that is known."""
        content_type = self.content_type
        if content_type is None:
            return "utf-8"
        named = parse_options_header(content_type)[1].get("charset", "").lower()
        return named if named in _CHARSETS else "utf-8"

    def _finish(self) -> None:
        """Read to the end of the part, since the next one begins there."""
        for _ in self._content:
            self._is_passed_over = True

    def __repr__(self) -> str:
        file = "" if self.filename is None else f" file {self.filename!r}"
        return f"<{type(self).__name__} {self.name!r}{file}>"


class Parts:
    """Reads ``stream`` part by part; iterate over it once.

    :param stream: the body; see :func:`~retort.http.body.open_body`.
    :param boundary: what stands between the parts, as the Content-Type names it.
    :param most_parts: more of them are a 413; ``None``: no limit.
    :param most_memory: longest content of a part that is no file, in bytes; a longer one is
        a 413; ``None``: no limit.
    """

    def __init__(
        self,
        stream: IO[bytes],
        boundary: bytes,
        *,
        most_parts: int | None = None,
        most_memory: int | None = None,
    ) -> None:
        self._stream = stream
        self._decoder = Decoder(boundary, most_parts)
        self._most_memory = most_memory

    def __iter__(self) -> Iterator[Part]:
        events = self._events()
        for event in events:
            if isinstance(event, (Field, File)):
                part = Part(*_header_of(event), self._content(event, events))
                yield part
                part._finish()

    def _content(self, part: Field | File, events: Iterator[Any]) -> Iterator[bytes]:
        most = self._most_memory if isinstance(part, Field) else None
        size = 0
        for event in events:
            size += len(event.data)
            if most is not None and size > most:
                raise RequestEntityTooLarge
            if event.data:
                yield event.data
            if not event.more_data:
                return

    def _events(self) -> Iterator[Field | File | Data]:
        decoder = self._decoder
        # What is there already, where the stream can tell: a part is handed over when it is there.
        read_some: Any = getattr(self._stream, "read1", None) or self._stream.read
        read = partial(read_some, _READ_BYTES)
        piece = read()
        if not piece:
            return  # an empty body is an empty form: nothing is lost
        while decoder.state is not State.EPILOGUE:
            if not piece:
                raise self._broken_off()
            decoder.receive_data(piece)
            while not isinstance(event := self._next_event(), NeedData):
                if isinstance(event, (Field, File, Data)):
                    yield event
            self._check_memory()
            piece = read()
        while piece:  # so that the whole body has arrived, and was not too long
            piece = read()

    def _next_event(self) -> Any:
        try:
            return self._decoder.next_event()
        except ValueError as error:
            number = self._decoder.number
            raise broken(f"Part {number} of the multipart form cannot be read.") from error

    def _broken_off(self) -> BadRequest:
        decoder = self._decoder
        if decoder.state is State.PREAMBLE:
            return self._without_parts()
        number = decoder.number + (decoder.state is State.PART)  # in the header of the next one
        return broken(
            f"The multipart form breaks off in part {number}: the boundary that closes the form"
            " is missing."
        )

    def _without_parts(self) -> BadRequest:
        return broken(
            "The boundary that the Content-Type of the multipart form names is not in its body.",
            f"It says {self._decoder.boundary!r}. Each part begins with two hyphens and the"
            " boundary, on a line of their own.",
        )

    def _check_memory(self) -> None:
        decoder = self._decoder
        if len(decoder.buffer) <= _MOST_WITHOUT_CONTENT_BYTES:
            return
        if decoder.state is State.PREAMBLE:
            raise self._without_parts()
        if decoder.state is State.PART:
            number = decoder.number + 1
            raise broken(f"The header of part {number} of the multipart form is too long.")


def split_parts(
    source: io.BytesIO,
    boundary: bytes,
    *,
    most_parts: int | None,
    most_memory: int | None,
    may_move: bool = False,
) -> list[Part] | None:
    """All parts of a body that is here as a whole, or ``None`` if anything about it is unusual.

    PERF: the same as `Parts`, without piecing together what was never apart. What is broken or
    too much is left to that one, which says what is wrong.

    :param may_move: whether nobody else needs the body, so that its place in memory may be used.
    """
    body = source.getvalue()
    places = _find_parts(body, boundary, most_parts, most_memory)
    if places is None:
        return None
    moved = max(places, key=_size_of, default=None) if may_move else None
    if moved is not None and _size_of(moved) < _MOVED_BYTES:
        moved = None
    contents = [b"" if place is moved else body[place[1] : place[2]] for place in places]
    del body  # or it would be copied when something is moved in it
    if moved is not None:
        contents[places.index(moved)] = _keep_only(source, *moved[1:])
    return [
        Part(*header, iter((content,) if content else ()))
        for (header, _, _), content in zip(places, contents, strict=True)
    ]


def _size_of(place: Place) -> int:
    return place[2] - place[1]


def _keep_only(source: io.BytesIO, start: int, end: int) -> bytes:
    """The bytes from ``start`` to ``end``, in the memory that all of them had.

    PERF: memory for a large copy is new each time, and costs more than the copying.
    """
    with source.getbuffer() as view:
        view[: end - start] = view[start:end]
    source.truncate(end - start)
    return source.getvalue()


def _find_parts(
    body: bytes, boundary: bytes, most_parts: int | None, most_memory: int | None
) -> list[Place] | None:
    """The header of each part, and where its content begins and ends."""
    places: list[Place] = []
    between = Delimiter(boundary, is_first=False)
    delimiter = Delimiter(boundary, is_first=True).search(body)
    if delimiter is None or delimiter.start() > _READ_BYTES:
        return None
    while not delimiter.is_last:
        start = delimiter.end()
        header_end = body.find(b"\r\n\r\n", start, start + _READ_BYTES)
        if header_end < 0 or len(places) == most_parts:
            return None
        header = _plain_header(body[start:header_end]) or _header(body[start : header_end + 1])
        # The line break before a delimiter may be the one that ends the header.
        delimiter = between.search(body, header_end + 2)
        if header is None or delimiter is None:
            return None
        place = header, header_end + 4, delimiter.start()
        if header[1] is None and most_memory is not None and _size_of(place) > most_memory:
            return None
        places.append(place)
    return places


# A header as browsers write it, without anything that stands for something else.
_PLAIN_HEADER = re.compile(
    r'Content-Disposition: (form-data; name="([^"%\\\r\n]*)"(?:; filename="([^"%\\\r\n]*)")?)'
    r"(?:\r\nContent-Type: ([!-~][^\r\n]*))?"
)


def _plain_header(header: bytes) -> Header | None:
    """Name, file name and fields of a part; ``None``: ask the decoder."""
    try:
        plain = _PLAIN_HEADER.fullmatch(header.decode())
    except UnicodeDecodeError:
        return None
    if plain is None:
        return None
    disposition, name, filename, content_type = plain.groups()
    headers = Headers()
    # PERF: `add` would check again what cannot be here.
    headers._list.append(("Content-Disposition", disposition))
    if content_type is not None:
        headers._list.append(("Content-Type", content_type.strip(" \t")))
    return name, filename, headers


def _header(header: bytes) -> Header | None:
    """The same of any header, if it is not broken; ``header`` is followed by a CR here."""
    if _OTHER_BLANK_LINE.search(header):
        return None
    event = Decoder(b"", None).read_header(header[:-1])
    return None if event is None else _header_of(event)


def _header_of(event: Field | File) -> Header:
    return event.name, event.filename if isinstance(event, File) else None, event.headers


class Decoder(MultipartDecoder):
    """Werkzeug's decoder, for parts that have a name."""

    def __init__(self, boundary: bytes, most_parts: int | None) -> None:
        # PERF: Werkzeug compiles two patterns for each boundary, and each form has another one;
        # those for an empty boundary are in the cache of `re`. benchmarks/multipart_parsers.py
        super().__init__(b"", max_parts=most_parts)
        self.boundary = boundary
        self.preamble_re: Delimiter = Delimiter(boundary, is_first=True)  # type: ignore[assignment]
        self.boundary_re: Delimiter = Delimiter(boundary, is_first=False)  # type: ignore[assignment]
        #: Which part is being read, from 1.
        self.number = 0

    def read_header(self, header: bytes) -> Field | File | None:
        """What a part is by its header; ``None`` if it is broken."""
        self.state = State.PART
        self.buffer[:] = header + b"\r\n\r\n"
        try:
            event: Field | File = self.next_event()
        except (HTTPException, ValueError):
            return None
        return event

    def next_event(self) -> Any:
        """What comes next; see Werkzeug's.

        :raises werkzeug.exceptions.BadRequest: if it is a part without a name.
        """
        event = super().next_event()
        if isinstance(event, (Field, File)):
            return self._as_browsers_mean_it(event)
        return event

    def _as_browsers_mean_it(self, event: Field | File) -> Field | File:
        if event.name is None:
            raise broken(
                f"Part {self.number} of the multipart form has no name.",
                'Give the field one: <input name="...">.',
            )
        if "%0" not in event.headers["content-disposition"]:
            return event
        name = unescape_line_breaks(event.name)
        if isinstance(event, File):
            return File(name, unescape_line_breaks(event.filename), event.headers)
        return Field(name, event.headers)

    def _parse_headers(self, data: bytes | bytearray) -> Headers:
        self.number += 1
        try:
            headers = super()._parse_headers(data)
        except UnicodeDecodeError:
            hint_once(NO_CHARSET)
            headers = super()._parse_headers(data.decode("utf-8", "replace").encode())
        if "content-disposition" not in headers:
            raise broken(f"Part {self.number} of the multipart form has no Content-Disposition.")
        return headers

    def _last_partial_boundary_index(self, data: bytes | bytearray) -> int:
        """From where on ``data`` may be a boundary whose end is still to come.

        Werkzeug 3.1.9 looks one byte short: where a piece ends with the first hyphen behind
        the last boundary, it takes the CR before it for content of the file.
        """
        start = max(0, len(data) - len(self.boundary) - _AROUND_BOUNDARY_BYTES)
        if data[start - 1 : start + 1] == b"\r\n":
            start -= 1
        line_break = _LINE_BREAK.search(data, start)
        return len(data) if line_break is None else line_break.start()


def unescape_line_breaks(name: str) -> str:
    """A name as it was before the browser wrote it: Werkzeug undoes ``%22`` alone.

    The HTML standard, "Multipart form data".
    """
    return name.replace("%0D", "\r").replace("%0A", "\n")


_LINE_BREAK = re.compile(rb"[\r\n]")
_OTHER_BLANK_LINE = re.compile(rb"\n\n|\r\r")
_AROUND_BOUNDARY_BYTES = 16  # line break and hyphens before, hyphens and some spaces behind

# What is behind a boundary, and a line break or two hyphens come first. As in Werkzeug, spaces
# may stand there (RFC 2046 section 5.1.1), and lines may end with CR or LF alone.
_BEHIND = re.compile(rb"(--[^\S\n\r]*(?:\r\n|\n|\r)?|[^\S\n\r]*(?:\r\n|\n|\r))")


class Delimiter:
    """Stands for a compiled pattern of Werkzeug's that finds the line between two parts.

    :param is_first: whether the line may stand at the beginning of the body.
    """

    def __init__(self, boundary: bytes, *, is_first: bool) -> None:
        self._dashes = b"--" + boundary
        self._is_first = is_first

    def search(self, data: bytes | bytearray, position: int = 0) -> Found | None:
        """The first such line from ``position`` on."""
        at = data.find(self._dashes, position)
        while at >= 0:
            before = _length_of_line_break_before(data, at, position)
            if before or self._is_first:
                behind = _BEHIND.match(data, at + len(self._dashes))
                if behind is not None:
                    return Found(at - before, behind)
            at = data.find(self._dashes, at + 1)
        return None


def _length_of_line_break_before(data: bytes | bytearray, at: int, position: int) -> int:
    before = bytes(data[max(position, at - 2) : at])
    if before == b"\r\n":
        return 2
    return 1 if before.endswith((b"\r", b"\n")) else 0


class Found:
    """The place of a delimiter, as a match has it."""

    def __init__(self, start: int, behind: re.Match[bytes]) -> None:
        self._start = start
        self.end = behind.end
        self.group = behind.group
        #: Whether it closes the form.
        self.is_last = behind.group(1).startswith(b"--")

    def start(self) -> int:
        """Where the line break before the delimiter begins."""
        return self._start
