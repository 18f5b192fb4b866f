"""The body of a request in a HAR file: as text, or as the fields that it was made of."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from werkzeug.http import parse_options_header

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..messages import Fields

_BREAKS = str.maketrans({"\r": "%0D", "\n": "%0A", '"': "%22"})  # as browsers write names


def body_of(posted: dict[str, Any], fields: Fields) -> tuple[bytes, Fields]:
    """The body, and the header fields with a Content-Type that describes it.

    :param posted: the member ``postData``. Its ``text`` is the body; some browsers leave it out and
        have ``params`` alone.
    :raises ValueError: if it is encoded by base64 and damaged.
    """
    type_ = next((value for name, value in fields if name.lower() == "content-type"), "")
    if not type_:
        type_ = str(posted.get("mimeType") or "")
        fields = (*fields, ("Content-Type", type_)) if type_ else fields
    text = posted.get("text")
    if isinstance(text, str) and text:
        if posted.get("encoding") == "base64":
            return base64.b64decode(text, validate=True), fields
        return text.encode("utf-8", "surrogatepass"), fields
    return _of_params(posted.get("params") or (), type_), fields


def _of_params(params: Iterable[dict[str, Any]], type_: str) -> bytes:
    media_type, options = parse_options_header(type_)
    if media_type == "application/x-www-form-urlencoded":
        return urlencode([(_text(one, "name"), _text(one, "value")) for one in params]).encode()
    if media_type == "multipart/form-data" and params:
        boundary = options.get("boundary")
        if not boundary:
            raise ValueError("multipart/form-data without a boundary")
        parts = [f"--{boundary}\r\n{_part(one)}\r\n" for one in params]
        return f"{''.join(parts)}--{boundary}--\r\n".encode("utf-8", "surrogatepass")
    return b""


def _part(param: dict[str, Any]) -> str:
    """One part of multipart/form-data; of a file, recordings may lack the content."""
    head = f'Content-Disposition: form-data; name="{_text(param, "name").translate(_BREAKS)}"'
    file = param.get("fileName")
    if file is not None:
        head += f'; filename="{str(file).translate(_BREAKS)}"'
        type_ = str(param.get("contentType") or "application/octet-stream")
        head += f"\r\nContent-Type: {type_.translate(_BREAKS)}"
    return f"{head}\r\n\r\n{_text(param, 'value')}"


def _text(param: dict[str, Any], key: str) -> str:
    value = param.get(key)
    return "" if value is None else str(value)
