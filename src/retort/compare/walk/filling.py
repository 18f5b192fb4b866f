"""Fill in a form: good values, then an empty, an over-long and an odd one for each field.

`values` has the good ones. Choices of lists and radio buttons get an odd value, too: programs must
not rely on what a page offers. Hidden fields keep the value of their page.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ..messages import Request
from .values import NO_FILE, File, good_values

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..pages import Button, Control, Form
    from .values import Value

GOOD = "good values"
_LONG = "x" * 5_000
_ODD = '  O\'Brien <b>"&amp;"</b> äß€ 😀\r\n007 {{ 7*7 }} %s ../'
_BOUNDARY = "----compare-4f1c2a9d8e7b6035"
_CHOICES = ("select", "radio")
_UNCHANGED = frozenset({"hidden", "checkbox", "file"})
_LINE_END = re.compile(r"\r\n|\r|\n")

Fields = list[tuple[str, "Value"]]


def fillings(form: Form) -> dict[str, tuple[Button, Fields]]:
    """The button and the fields in their order, by a description."""
    buttons = form.buttons()
    first = buttons[0]
    found = {GOOD: (first, fields_of(form, first))}
    for number, button in enumerate(buttons[1:], 2):
        found[f"{GOOD}, button {number}"] = (button, fields_of(form, button))
    for control, name, value in _changes(form):
        found.setdefault(name, (first, fields_of(form, first, control, value)))
    if any(one.kind in ("checkbox", "radio", "file") and one.name for one in form.controls):
        found["without boxes and files"] = (first, _without_boxes(form, first))
    return found


def _changes(form: Form) -> Iterator[tuple[Control, str, str]]:
    for control in form.controls:
        if not control.name or control.kind in _UNCHANGED or control.is_button:
            continue
        if control.kind not in _CHOICES:
            yield control, f"{control.name} empty", ""
            yield control, f"{control.name} over-long", _LONG
        yield control, f"{control.name} odd", _ODD


def _without_boxes(form: Form, button: Button) -> Fields:
    boxes = {one.name for one in form.controls if one.kind in ("checkbox", "radio")}
    fields = [item for item in fields_of(form, button) if item[0] not in boxes]
    return [(name, NO_FILE if isinstance(value, File) else value) for name, value in fields]


def fields_of(
    form: Form, button: Button, changed: Control | None = None, value: str = ""
) -> Fields:
    """The fields that a browser sends.

    :param changed: the control that has ``value``; all others have a good one. Passwords have the
        same value, since the second one confirms the first one.
    """
    found: Fields = []
    pressed = _pressed(form)
    for control in form.controls:
        if control.is_button:
            found += _clicked(control) if control is button.control else []
        elif not control.name or _is_out(control, pressed):
            continue
        elif changed is not None and _changes_too(control, changed):
            found.append((control.name, value))
        else:
            found += [(control.name, one) for one in good_values(control)]
    return found


def _pressed(form: Form) -> dict[str, Control]:
    """Of each group of radio buttons, the one that is checked, or the first one."""
    by_name: dict[str, Control] = {}
    for control in form.controls:
        if control.kind == "radio" and (control.name not in by_name or control.is_on):
            by_name[control.name] = control
    return by_name


def _is_out(control: Control, pressed: dict[str, Control]) -> bool:
    return control.kind == "radio" and pressed[control.name] is not control


def _changes_too(control: Control, changed: Control) -> bool:
    if control.kind == changed.kind == "radio":
        return control.name == changed.name
    return control is changed or control.kind == changed.kind == "password"


def _clicked(control: Control) -> Fields:
    if control.kind == "image":
        prefix = f"{control.name}." if control.name else ""
        return [(f"{prefix}x", "1"), (f"{prefix}y", "1")]
    return [(control.name, control.value)] if control.name else []


def as_request(
    button: Button, target: str, fields: Fields, more: tuple[tuple[str, str], ...]
) -> Request:
    """The request that a browser sends for a form.

    :param button: how the form is sent.
    :param target: the resolved action.
    :param more: further header fields.
    """
    texts = [(_lines(name), _lines(_plain(value))) for name, value in fields]
    if button.method == "GET":
        return Request("GET", f"{target.partition('?')[0]}?{_urlencoded(texts)}", more)
    if button.encoding == "multipart/form-data":
        type_, body = f"multipart/form-data; boundary={_BOUNDARY}", _multipart(fields)
    elif button.encoding == "text/plain":
        lines = [f"{name}={value}\r\n" for name, value in texts]
        type_, body = "text/plain", "".join(lines).encode("utf-8", "replace")
    else:
        type_, body = "application/x-www-form-urlencoded", _urlencoded(texts).encode()
    return Request("POST", target, (*more, ("Content-Type", type_)), body)


def _urlencoded(texts: list[tuple[str, str]]) -> str:
    return urlencode(texts, errors="replace")


def _lines(text: str) -> str:
    """Browsers send line breaks as CRLF."""
    return _LINE_END.sub("\r\n", text)


def _plain(value: Value) -> str:
    return value.name if isinstance(value, File) else value


def _multipart(fields: Fields) -> bytes:
    body = bytearray()
    for name, value in fields:
        body += f"--{_BOUNDARY}\r\n".encode()
        body += f'Content-Disposition: form-data; name="{_escaped(name)}"'.encode(
            "utf-8", "replace"
        )
        if isinstance(value, File):
            body += f'; filename="{value.name}"\r\nContent-Type: {value.type}'.encode()
            content = value.content
        else:
            content = _lines(value).encode("utf-8", "replace")
        body += b"\r\n\r\n" + content + b"\r\n"
    return bytes(body + f"--{_BOUNDARY}--\r\n".encode())


def _escaped(name: str) -> str:
    """A field name as browsers write it (HTML, "multipart/form-data encoding algorithm")."""
    return _lines(name).replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
