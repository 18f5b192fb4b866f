"""The values and addresses in a response that a later request may send again, by their places."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from ..equality.bodies import Object, content, media_type, parsed
from ..pages import read_page
from ..walk.addresses import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..messages import Response

# Where scripts send the value of a cookie that they can read, as Django, Angular and axios do.
CSRF_FIELDS = ("x-csrftoken", "x-csrf-token", "x-xsrf-token")
_CSRF = re.compile(r"[cx]srf", re.IGNORECASE)
_TOKEN_FIELD = re.compile(r".*([cx]srf|token).*", re.IGNORECASE)
_HTTP_ONLY = re.compile(r";\s*httponly\s*(;|$)", re.IGNORECASE)
_META = re.compile(rb"<meta\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"""\b(name|content)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_HOST = re.compile(r"^https?://[^/]+(?=/)")


class Value(NamedTuple):
    """A value, and the names of fields in which a request may send it."""

    names: tuple[str, ...]
    text: str


def values_of(response: Response) -> dict[str, Value]:
    """The values of a response by their places; only texts that UTF-8 can encode."""
    found: dict[str, Value] = {}
    count: Counter[str] = Counter()
    for place, value in _places(response):
        count[place] += 1
        if value.text and _is_encodable(value.text):
            found[f"{place} #{count[place]}"] = value
    return found


def targets_of(response: Response, page: str, host: str) -> tuple[list[str], str]:
    """The targets of the links and forms of a response in their order, and that of Location.

    A recording has another host, so absolute links count by their path.
    """
    found = read_page(response)
    links = [*found.links, *(form.action for form in found.forms)]

    def target(link: str) -> str:
        return resolve(_HOST.sub("", link), page, host, found.base) or ""

    location = response.get("Location")
    return [target(link) for link in links], target(location) if location else ""


def _is_encodable(text: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in text)


def _places(response: Response) -> Iterator[tuple[str, Value]]:
    yield from _in_fields(response)
    if media_type(response).endswith("json"):
        found = parsed(content(response))
        if found is not None:
            yield from _in_json(found[0])
        return
    for number, form in enumerate(read_page(response).forms):
        for control in form.controls:
            if control.name:
                yield f"form {number} {control.name}", Value((control.name,), control.value)
    if media_type(response) in ("text/html", "application/xhtml+xml"):
        yield from _in_meta(content(response))


def _in_fields(response: Response) -> Iterator[tuple[str, Value]]:
    """Cookies that scripts can read, and header fields with a token."""
    for name, value in response.fields:
        if name.lower() == "set-cookie":
            # Firefox writes all Set-Cookie fields of a response into one, a line for each.
            for line in value.splitlines():
                yield from _in_cookie(line)
        elif _TOKEN_FIELD.fullmatch(name):
            yield f"field {name.lower()}", Value((name.lower(),), value)


def _in_cookie(line: str) -> Iterator[tuple[str, Value]]:
    if _HTTP_ONLY.search(line):
        return
    name, _, value = line.partition(";")[0].partition("=")
    name, value = name.strip(), value.strip().strip('"')
    names = (name, *CSRF_FIELDS) if _CSRF.search(name) else (name,)
    yield f"cookie {name}", Value(names, value)
    if unquote(value) != value:  # scripts send it decoded
        yield f"cookie {name} decoded", Value(names, unquote(value))


def _in_meta(body: bytes) -> Iterator[tuple[str, Value]]:
    for number, tag in enumerate(_META.findall(body)):
        values = {
            key.lower(): (one or other).decode(errors="replace")
            for key, one, other in _ATTRIBUTE.findall(tag)
        }
        if b"content" in values:
            name = values.get(b"name", "")
            yield f"meta {number} {name}", Value((name,), values[b"content"])


def _in_json(value: Any) -> Iterator[tuple[str, Value]]:
    """Texts and numbers; what is in a list has the name of the list."""
    stack: list[tuple[str, str, Any]] = [("", "", value)]
    while stack:
        pointer, name, one = stack.pop()
        if isinstance(one, Object):
            stack += [(f"{pointer}/{key}", key, item) for key, item in one]
        elif isinstance(one, list):
            stack += [(f"{pointer}/{number}", name, item) for number, item in enumerate(one)]
        elif isinstance(one, str):  # also a number
            yield f"json {pointer}", Value((name,), str(one))
