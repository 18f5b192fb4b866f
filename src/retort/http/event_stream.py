"""The format of server-sent events, and what a source of events may yield.

HTML Standard, section 9.2: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass

from .. import json

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: The header fields of the response. Caches must not store it, and nginx must not buffer it.
FIELDS = (
    ("Content-Type", "text/event-stream; charset=utf-8"),
    ("Cache-Control", "no-cache"),
    ("X-Accel-Buffering", "no"),
)

# The standard knows no other ends of lines; `str.splitlines` knows eight more.
_END_OF_LINE = re.compile(r"\r\n|\r|\n")

_ACCEPTED = (
    "An event stream takes a string, a dict or list (sent as JSON), or an Event, which may have any"
    " other value that JSON can write: Event(42)."
)


@dataclass(frozen=True)
class Event:
    """A server-sent event.

    :param data: a string is sent as it is, another value as JSON. All kinds of line breaks arrive
        as line feeds.
    :param event: the type, for ``addEventListener``; ``None``: ``message``.
    :param id: what the browser sends as ``Last-Event-ID`` when it connects again, until another
        event has an id. Empty: it sends none any more.
    :param retry: after how many milliseconds the browser connects again when the stream has ended.
    :raises TypeError: if an argument has another type.
    :raises ValueError: if the type or id has a line break, the id a NUL character, or the time is
        negative.
    """

    data: t.Any
    event: str | None = None
    id: str | int | None = None
    retry: int | None = None

    def __post_init__(self) -> None:
        _check_text("event", self.event)
        if not _is_int(self.id):
            _check_text("id", self.id)
        if isinstance(self.id, str) and "\0" in self.id:
            raise ValueError(
                f"Event(id={self.id!r}) has a NUL character, for which browsers ignore an id."
            )
        if self.retry is not None:
            check_retry(self.retry, f"Event(retry={self.retry!r})")


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _check_text(name: str, value: object) -> None:
    if value is None:
        return
    if not isinstance(value, str):
        raise TypeError(f"Event({name}={value!r}) is of type {type(value).__name__}. Pass a str.")
    if _END_OF_LINE.search(value):
        raise ValueError(
            f"Event({name}={value!r}) has a line break, at which the field would end. Remove it, or"
            " send the text as data."
        )
    _check_encodable(value, f"Event({name}={value!r})")


def check_retry(milliseconds: object, where: str) -> None:
    """Raise an error unless this is a time that a browser takes.

    :param where: what the message begins with, such as ``Event(retry=-1)``.
    :raises TypeError: if it is no int.
    :raises ValueError: if it is negative.
    """
    if not _is_int(milliseconds):
        raise TypeError(
            f"{where} is of type {type(milliseconds).__name__}. Pass whole milliseconds: an int."
        )
    if t.cast(int, milliseconds) < 0:
        raise ValueError(f"{where} is negative. Pass the milliseconds until the next attempt.")


def _check_encodable(text: str, where: str) -> None:
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{where} has the lone surrogate {text[error.start]!r} at position {error.start}, which"
            " UTF-8 cannot encode. Replace the character."
        ) from None


def format_event(event: Event, dumps: Callable[[t.Any], str] = json.dumps) -> bytes:
    """The bytes of one event.

    :param dumps: writes data that is no string as JSON.
    :raises TypeError: if the data cannot be written as JSON.
    :raises ValueError: if the data cannot be written as JSON, or encoded in UTF-8.
    """
    return "".join(f"{line}\n" for line in _lines(event, dumps)).encode()


def _lines(event: Event, dumps: Callable[[t.Any], str]) -> Iterator[str]:
    if event.event:
        yield f"event: {event.event}"
    if event.id is not None:
        yield f"id: {event.id}"
    if event.retry is not None:
        yield f"retry: {event.retry}"
    for line in _END_OF_LINE.split(_text_of(event.data, dumps)):
        yield f"data: {line}"
    yield ""


def _text_of(data: t.Any, dumps: Callable[[t.Any], str]) -> str:
    if isinstance(data, (bytes, bytearray, memoryview)):
        raise TypeError(
            f"The data of an event is {_shortened(data)} (type {type(data).__name__}), and an event"
            " stream is text. Decode it first, or encode it with base64."
        )
    if not isinstance(data, str):
        data = dumps(data)
    _check_encodable(data, f"The data of an event, {_shortened(data)},")
    return str(data)


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."


def format_comment(text: str = "") -> bytes:
    """A comment, which browsers ignore; an empty one as a sign of life.

    The end of an event follows it, for clients that read up to an empty line.
    """
    lines = [f": {line}" if line else ":" for line in _END_OF_LINE.split(text)]
    return "\n".join([*lines, "", ""]).encode()


def format_retry(milliseconds: int) -> bytes:
    """The time after which a browser connects again, without an event.

    :raises TypeError: if it is no int.
    :raises ValueError: if it is negative.
    """
    check_retry(milliseconds, f"event_stream(retry={milliseconds!r})")
    return f"retry: {milliseconds}\n\n".encode()


def format_item(item: t.Any, source: object, dumps: Callable[[t.Any], str] = json.dumps) -> bytes:
    """The bytes of what a source of events yields: a string, a dict, a list, or an `Event`.

    :param source: what yielded it, for messages.
    :param dumps: writes data that is no string as JSON.
    :raises TypeError: if the item is of another type, or JSON cannot write it.
    :raises ValueError: if JSON cannot write it, or UTF-8 cannot encode it.
    """
    if isinstance(item, (str, dict, list)):
        event = Event(item)
    elif isinstance(item, Event):
        event = item
    else:
        raise TypeError(f"{_described(source)} yielded {_refused(item)}")
    try:
        return format_event(event, dumps)
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(
            f"{_described(source)} yielded {_shortened(item)}, which cannot be sent: {error}"
        ) from error


def _refused(item: object) -> str:
    if item is None:
        return (
            "None. To send nothing, do not yield: an event stream sends its signs of life itself."
            f" {_ACCEPTED}"
        )
    if isinstance(item, (bytes, bytearray, memoryview)):
        return (
            f"{_shortened(item)} (type {type(item).__name__}), and an event stream is text. Decode"
            " it first, or encode it with base64."
        )
    return f"{_shortened(item)} (type {type(item).__name__}). {_ACCEPTED}"


def _described(source: object) -> str:
    """The source, and the line of its ``yield`` if it is a generator."""
    code = getattr(source, "gi_code", None) or getattr(source, "ag_code", None)
    if code is None:
        return f"The source of an event stream, {source!r},"
    frame = getattr(source, "gi_frame", None) or getattr(source, "ag_frame", None)
    line = code.co_firstlineno if frame is None else frame.f_lineno
    name = getattr(source, "__qualname__", code.co_name)
    return f'The generator {name} (File "{code.co_filename}", line {line})'
