"""How long the well-kept parsers of multipart/form-data take, next to Werkzeug's.

Give it an environment that has them all:

    python -m venv /tmp/parsers
    /tmp/parsers/bin/pip install . multipart python-multipart streaming-form-data
    /tmp/parsers/bin/python benchmarks/multipart_parsers.py

Each parser reads the same bodies from memory, 64 KiB at a time, and hands over the same
names, file names and bytes; that is checked first. Every browser chooses a new boundary for
every form, so none may profit from having seen this one before. What is printed is the best
time of many, and its ratio to Werkzeug's: 2.0 means half the time. Then each reads a small
form in pieces of every size, and the sizes are counted at which it finds something else.
"""

from __future__ import annotations

import io
import random
import re
import time
from functools import partial
from importlib.metadata import version

import multipart
import python_multipart
import streaming_form_data
from python_multipart.multipart import parse_options_header
from streaming_form_data.targets import ValueTarget
from werkzeug.formparser import MultiPartParser
from werkzeug.sansio.multipart import Data, Epilogue, Field, File, MultipartDecoder, NeedData

from retort.http.multipart import Parts, split_parts

BOUNDARY = b"----WebKitFormBoundaryc6PpKPlLXSgk7ZeB"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY.decode()}"
BUFFER_BYTES = 64 * 1024
SECONDS_EACH = 1.5


def part(name: str, content: bytes, filename: str | None = None) -> bytes:
    head = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        head += f'; filename="{filename}"\r\nContent-Type: application/octet-stream'
    return b"--" + BOUNDARY + b"\r\n" + head.encode() + b"\r\n\r\n" + content + b"\r\n"


def body(parts: list[tuple[str, bytes, str | None]]) -> bytes:
    return b"".join(part(*each) for each in parts) + b"--" + BOUNDARY + b"--\r\n"


def bodies() -> dict[str, list[tuple[str, bytes, str | None]]]:
    noise = random.Random(0)
    text = b"The quick brown fox jumps over the lazy dog, they say.\r\n"
    return {
        "one field": [("field", b"a value", None)],
        "a field and a file of 20 KB": [
            ("field", b"a value", None),
            ("up", noise.randbytes(20_000), "a.bin"),
        ],
        "file of 1 MiB, random bytes": [("up", noise.randbytes(1 << 20), "a.bin")],
        "file of 1 MiB, lines of text": [("up", (text * 20_000)[: 1 << 20], "a.txt")],
        "file of 1 MiB, line ends only": [("up", b"\r\n" * (1 << 19), "a.txt")],
        "50 small fields": [(f"field{n}", b"a value", None) for n in range(50)],
        "200 files of 500 bytes": [(f"up{n}", noise.randbytes(500), "a.bin") for n in range(200)],
    }


def werkzeug(data: bytes, names: list[str]) -> list[tuple[str, bytes, str | None]]:
    """Werkzeug's decoder alone, without the files on disk and the MultiDict around it."""
    decoder = MultipartDecoder(BOUNDARY)
    found: list[tuple[str, bytes, str | None]] = []
    pieces: list[bytes] = []
    read = io.BytesIO(data).read
    while True:
        chunk = read(BUFFER_BYTES)
        decoder.receive_data(chunk or None)
        event = decoder.next_event()
        while not isinstance(event, NeedData | Epilogue):
            if isinstance(event, Field | File):
                current, pieces = event, []
            elif isinstance(event, Data):
                pieces.append(event.data)
                if not event.more_data:
                    filename = getattr(current, "filename", None)
                    found.append((current.name, b"".join(pieces), filename))
            event = decoder.next_event()
        if isinstance(event, Epilogue):
            return found


def retort(data: bytes, names: list[str]) -> list[tuple[str, bytes, str | None]]:
    """Retort's parser as `request.iter_parts()` uses it."""
    stream = Reader(data)
    return [(part.name, part.read(), part.filename) for part in Parts(stream, BOUNDARY)]


def retort_at_once(data: bytes, names: list[str]) -> list[tuple[str, bytes, str | None]]:
    """The same parser as `request.form` and `request.files` use it for a short body."""
    parts = split_parts(data, BOUNDARY, max_parts=None, max_memory_bytes=None)
    return [(part.name, part.read(), part.filename) for part in parts]


class Reader:
    def __init__(self, data: bytes) -> None:
        self.bytes = io.BytesIO(data)

    def read(self, size: int) -> bytes:
        return self.bytes.read(min(size, BUFFER_BYTES))


def werkzeug_whole(data: bytes, names: list[str]) -> list[tuple[str, bytes, str | None]]:
    """Werkzeug's parser as `request.form` and `request.files` use it."""
    form, files = MultiPartParser().parse(io.BytesIO(data), BOUNDARY, len(data))
    found = [(name, value.encode(), None) for name, value in form.items(multi=True)]
    found += [(name, file.read(), file.filename) for name, file in files.items(multi=True)]
    return found


def by_multipart(data: bytes, names: list[str]) -> list[tuple[str, bytes, str | None]]:
    found: list[tuple[str, bytes, str | None]] = []
    part = multipart.MultipartSegment([])
    pieces: list[bytes] = []
    parser = multipart.PushMultipartParser(BOUNDARY)
    for event in parser.parse_blocking(io.BytesIO(data).read, BUFFER_BYTES):
        if event is None:
            found.append((part.name, b"".join(pieces), part.filename))
        elif isinstance(event, multipart.MultipartSegment):
            part, pieces = event, []
        else:
            pieces.append(event)
    return found


class PythonMultipart:
    """Its callbacks, as Starlette uses them."""

    def __init__(self) -> None:
        self.found: list[tuple[str, bytes, str | None]] = []
        self.field = self.value = b""
        self.headers: dict[bytes, bytes] = {}
        self.pieces: list[bytes] = []

    def on_part_begin(self) -> None:
        self.headers, self.pieces = {}, []

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        self.field += data[start:end]

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        self.value += data[start:end]

    def on_header_end(self) -> None:
        self.headers[self.field.lower()] = self.value
        self.field = self.value = b""

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        self.pieces.append(data[start:end])

    def on_part_end(self) -> None:
        _, options = parse_options_header(self.headers[b"content-disposition"])
        filename = options.get(b"filename")
        self.found.append(
            (
                options[b"name"].decode(),
                b"".join(self.pieces),
                None if filename is None else filename.decode(),
            )
        )


def by_python_multipart(data: bytes, names: list[str]) -> list[tuple[str, bytes, str | None]]:
    taker = PythonMultipart()
    calls = {name: getattr(taker, name) for name in dir(taker) if name.startswith("on_")}
    parser = python_multipart.MultipartParser(BOUNDARY, calls)
    for chunk in iter(partial(io.BytesIO(data).read, BUFFER_BYTES), b""):
        parser.write(chunk)
    parser.finalize()
    return taker.found


def by_streaming_form_data(data: bytes, names: list[str]) -> list[tuple[str, bytes, str | None]]:
    """It has to be told the names before; so it cannot fill `request.form`."""
    parser = streaming_form_data.StreamingFormDataParser({"Content-Type": CONTENT_TYPE})
    targets = {name: ValueTarget() for name in names}
    for name, target in targets.items():
        parser.register(name, target)
    for chunk in iter(partial(io.BytesIO(data).read, BUFFER_BYTES), b""):
        parser.data_received(chunk)
    return [(n, target.value, target.multipart_filename) for n, target in targets.items()]


PARSERS = {
    "werkzeug, decoder": werkzeug,
    "werkzeug, whole": werkzeug_whole,
    "retort": retort,
    "retort, at once": retort_at_once,
    "multipart": by_multipart,
    "python-multipart": by_python_multipart,
    "streaming-form-data": by_streaming_form_data,
}


def best_seconds(parse, data: bytes, names: list[str]) -> float:
    best = float("inf")
    end = time.perf_counter() + SECONDS_EACH
    while time.perf_counter() < end:
        re.purge()  # as for a boundary that was never seen
        before = time.perf_counter()
        parse(data, names)
        best = min(best, time.perf_counter() - before)
    return best


def main() -> None:
    for package in ("werkzeug", "multipart", "python-multipart", "streaming-form-data"):
        print(package, version(package))
    for title, parts in bodies().items():
        data, names = body(parts), [name for name, _, _ in parts]
        print(f"\n{title}")
        first = None
        for parser, parse in PARSERS.items():
            assert parse(data, names) == parts, parser
            seconds = best_seconds(parse, data, names)
            first = first or seconds
            print(f"  {parser:<20} {seconds * 1e6:9.0f} µs  {first / seconds:5.2f}")
    print("\nsizes of pieces that change what is found")
    for parser, parse in PARSERS.items():
        if parse not in {werkzeug_whole, retort_at_once}:
            print(f"  {parser:<20} {len(wrong_sizes(parse))}")


def wrong_sizes(parse) -> list[int]:
    global BUFFER_BYTES
    parts = [("a", b"text\r", None), ("b", b"", None), ("c", b"\r\n--\r\n", "f.txt")]
    data, names, wrong = body(parts), [name for name, _, _ in parts], []
    for BUFFER_BYTES in range(1, len(data) + 1):
        if parse(data, names) != parts:
            wrong.append(BUFFER_BYTES)
    return wrong


if __name__ == "__main__":
    main()
