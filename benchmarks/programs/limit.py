"""What the hand-written limits share: the least that does each piece of work rightly."""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qs, quote

from jinja2 import Environment, FileSystemLoader
from material import ROWS, SECRET, TEMPLATES, TITLE

_template = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True).get_template(
    "table.html"
)
_key = hmac.new(SECRET.encode(), digestmod=hashlib.sha1)


def page() -> bytes:
    return _template.render(title=TITLE, rows=ROWS).encode()


def welcome_url(form: str) -> str:
    return "/success/" + quote(parse_qs(form)["nm"][0])


def signed(count: int) -> str:
    value = str(count)
    return f"count={value}.{_signature(value)}; HttpOnly; Path=/"


def counted(cookie: str) -> int:
    """The number in a ``Cookie`` header, if we signed it; else 0."""
    value, _, signature = cookie.removeprefix("count=").partition(".")
    return int(value) if hmac.compare_digest(signature, _signature(value)) else 0


def _signature(value: str) -> str:
    mac = _key.copy()
    mac.update(value.encode())
    return mac.hexdigest()


def file_size(content_type: str, body: bytes) -> int:
    """The bytes of the only file in a multipart body."""
    boundary = content_type.partition("boundary=")[2].encode()
    start = body.index(b"\r\n\r\n") + 4
    return body.index(b"\r\n--" + boundary, start) - start
