"""Fill in a form: good values, then an empty, an over-long and an odd one for each field."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..messages import Request

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..pages import Control, Form

GOOD = "good values"
_LONG = "x" * 5_000
_ODD = '  O\'Brien <b>"&amp;"</b> äß€ 😀\r\n007 {{ 7*7 }} %s ../'
_BOUNDARY = "----compare-4f1c2a9d8e7b6035"
_TEXT_FILE = b"a,b\n1,2\n"
_PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8cfc0"
    "0000030101001827ee650000000049454e44ae426082"
)
_BY_KIND = {
    "email": "ada@example.org",
    "url": "http://localhost/",
    "tel": "+49 30 123456",
    "date": "2024-02-29",
    "time": "13:37",
    "datetime-local": "2024-02-29T13:37",
    "month": "2024-02",
    "week": "2024-W09",
    "color": "#336699",
    "password": "Correct-Horse-9",
    "search": "ada",
}
_BY_NAME = (
    ("mail", "ada@example.org"),
    ("pass", "Correct-Horse-9"),
    ("url", "http://localhost/"),
    ("date", "2024-02-29"),
    ("phone", "+49 30 123456"),
    ("number", "3"),
    ("amount", "3"),
    ("count", "3"),
    ("age", "36"),
    ("year", "2024"),
)
_SINGLE = frozenset({"hidden", "checkbox", "radio", "select", "file", "submit", "image", "color"})


@dataclass(frozen=True)
class File:
    """A file to send."""

    name: str
    type: str
    content: bytes


Value = str | File


def fillings(form: Form) -> Iterator[tuple[str, list[tuple[str, Value]]]]:
    """What to fill in: a description, and the fields in their order."""
    yield GOOD, fields_of(form)
    for control in form.controls:
        if not control.name or control.kind in _SINGLE or control.is_button:
            continue
        yield f"{control.name} empty", fields_of(form, control, "")
        yield f"{control.name} over-long", fields_of(form, control, _LONG)
        yield f"{control.name} odd", fields_of(form, control, _ODD)
    yield from _without_boxes(form)


def _without_boxes(form: Form) -> Iterator[tuple[str, list[tuple[str, Value]]]]:
    boxes = {one.name for one in form.controls if one.kind in ("checkbox", "radio", "file")}
    if boxes:
        fields = [(name, value) for name, value in fields_of(form) if name not in boxes]
        yield "without boxes and files", fields


def fields_of(
    form: Form, changed: Control | None = None, value: str = ""
) -> list[tuple[str, Value]]:
    """The fields that a browser would send.

    :param changed: the control that has ``value``; all others have a good one.
    """
    found: list[tuple[str, Value]] = []
    radios: set[str] = set()
    has_clicked = False
    for control in form.controls:
        if not control.name:
            continue
        if control is changed:
            found.append((control.name, value))
        elif control.kind == "radio":
            if control.name not in radios:
                radios.add(control.name)
                found.append((control.name, control.value))
        elif control.is_button:
            if control.kind in ("submit", "image") and not has_clicked:
                has_clicked = True
                found += _clicked(control)
        else:
            found += [(control.name, one) for one in good_values(control)]
    return found


def _clicked(control: Control) -> list[tuple[str, Value]]:
    if control.kind == "image":
        return [(f"{control.name}.x", "1"), (f"{control.name}.y", "1")]
    return [(control.name, control.value)]


def good_values(control: Control) -> list[Value]:
    """Values that the control accepts."""
    if control.kind == "select":
        return _chosen(control)
    if control.kind == "file":
        is_image = "image" in control.attrs.get("accept", "")
        file = File("dot.png", "image/png", _PNG)
        return [file if is_image else File("table.csv", "text/csv", _TEXT_FILE)]
    if control.is_hidden or control.kind in ("checkbox", "color"):
        return [control.value or ("#336699" if control.kind == "color" else control.value)]
    if control.kind in ("number", "range"):
        return [_number(control)]
    return [_text(control)]


def _chosen(control: Control) -> list[Value]:
    if "multiple" in control.attrs:
        return list(control.options[:2])
    selected = int(control.attrs.get("selected", 0))
    options = control.options
    # An empty first option is a prompt.
    if "selected" not in control.attrs and len(options) > 1 and not options[0]:
        selected = 1
    return [options[selected]] if selected < len(options) else []


def _number(control: Control) -> str:
    low, high = control.attrs.get("min", ""), control.attrs.get("max", "")
    if control.value:
        return control.value
    return low or (high if high and not high.startswith("-") and _is_small(high) else "3")


def _is_small(text: str) -> bool:
    try:
        return float(text) < 3
    except ValueError:
        return False


def _text(control: Control) -> str:
    name = control.name.lower()
    value = (
        control.value
        or _BY_KIND.get(control.kind)
        or next((text for part, text in _BY_NAME if _has_word(name, part)), "Ada")
    )
    for key, fit in (("minlength", _padded), ("maxlength", _cut)):
        limit = control.attrs.get(key, "")
        if limit.isascii() and limit.isdigit():
            value = fit(value, int(limit))
    return value


def _has_word(name: str, word: str) -> bool:
    return re.search(rf"(?<![a-z]){word}", name) is not None


def _padded(value: str, length: int) -> str:
    return value.ljust(min(length, 10_000), "a")


def _cut(value: str, length: int) -> str:
    return value[:length] if length else value


def as_request(
    form: Form, target: str, fields: list[tuple[str, Value]], more: tuple[tuple[str, str], ...]
) -> Request:
    """The request that a browser sends for a form.

    :param target: the resolved action.
    :param more: further header fields.
    """
    if form.method == "GET":
        query = urlencode([(name, _plain(value)) for name, value in fields])
        return Request("GET", f"{target.partition('?')[0]}?{query}", more)
    if form.encoding == "multipart/form-data":
        type_, body = f"multipart/form-data; boundary={_BOUNDARY}", _multipart(fields)
    elif form.encoding == "text/plain":
        lines = [f"{name}={_plain(value)}\r\n" for name, value in fields]
        type_, body = "text/plain", "".join(lines).encode()
    else:
        type_ = "application/x-www-form-urlencoded"
        body = urlencode([(name, _plain(value)) for name, value in fields]).encode()
    return Request("POST", target, (*more, ("Content-Type", type_)), body)


def _plain(value: Value) -> str:
    return value.name if isinstance(value, File) else value


def _multipart(fields: list[tuple[str, Value]]) -> bytes:
    body = bytearray()
    for name, value in fields:
        body += f"--{_BOUNDARY}\r\n".encode()
        body += f'Content-Disposition: form-data; name="{_escaped(name)}"'.encode()
        if isinstance(value, File):
            body += f'; filename="{value.name}"\r\nContent-Type: {value.type}'.encode()
            content = value.content
        else:
            content = value.encode()
        body += b"\r\n\r\n" + content + b"\r\n"
    return bytes(body + f"--{_BOUNDARY}--\r\n".encode())


def _escaped(name: str) -> str:
    """A field name as browsers write it (HTML, "multipart/form-data encoding algorithm")."""
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
