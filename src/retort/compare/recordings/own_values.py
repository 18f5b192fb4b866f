"""Replace values of a recording that came from an earlier response.

A token or an id in a recorded request was made by the server that was recorded. Each side gets its
own: what it gave at the same place of its response to the same step.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from ..equality.bodies import Object, content, media_type, parsed
from ..messages import NoResponse, Request, Response
from ..pages import read_page
from ..walk.addresses import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..messages import Outcome

_TOKEN = re.compile(r"(?=.*\d)[\w.+/=~-]{8,}")  # not a word: long, and with a digit
_META = re.compile(rb"<meta\b[^>]*>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"""\b(name|content)\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
_FORM = "application/x-www-form-urlencoded"


class OwnValues:
    """What each side gave in place of the values of a recording."""

    def __init__(self, host: str) -> None:
        self.host = host
        self._values: dict[str, dict[str, tuple[str, set[str]]]] = {}
        self._targets: dict[str, dict[str, str]] = {}

    def record(self, request: Request, response: Response, sides: Mapping[str, Outcome]) -> None:
        """Compare the places of a recorded response with those of each side."""
        recorded = dict(_places(response))
        targets = _targets_in(response, request.target, self.host)
        for side, outcome in sides.items():
            if isinstance(outcome, NoResponse):
                continue
            own = dict(_places(outcome))
            values = self._values.setdefault(side, {})
            for place, value in recorded.items():
                mine = own.get(place)
                if value and mine and value != mine:
                    names = values.get(value, ("", set()))[1]
                    values[value] = (mine, names | {_name_of(place)})
            own_targets = _targets_in(outcome, request.target, self.host)
            if len(targets) == len(own_targets):
                pairs = zip(targets, own_targets, strict=True)
                self._targets.setdefault(side, {}).update((a, b) for a, b in pairs if a != b)

    def apply(self, side: str, request: Request) -> Request:
        """The request with this side's own values."""
        values = self._values.get(side, {})
        target = self._targets.get(side, {}).get(request.target)
        if target is None:
            target = _in_target(request.target, values)
        fields = tuple((name, _in_field(name, value, values)) for name, value in request.fields)
        return replace(request, target=target, fields=fields, body=_in_body(request, values))


def _own(name: str, value: str, values: Mapping[str, tuple[str, set[str]]]) -> str:
    """This side's value. A short value is replaced only where the name of its place agrees."""
    found = values.get(value)
    if found is None:
        return value
    mine, names = found
    return mine if name in names or _TOKEN.fullmatch(value) else value


def _in_target(target: str, values: Mapping[str, tuple[str, set[str]]]) -> str:
    path, mark, query = target.partition("?")
    path = "/".join(_own("", part, values) for part in path.split("/"))
    pairs = parse_qsl(query, keep_blank_values=True)
    own = [(name, _own(name, value, values)) for name, value in pairs]
    return path + (f"?{urlencode(own)}" if own != pairs else mark + query)


def _in_field(name: str, value: str, values: Mapping[str, tuple[str, set[str]]]) -> str:
    scheme, space, token = value.partition(" ")
    if space and scheme.lower() in ("bearer", "token"):
        return f"{scheme} {_own('', token, values)}"
    return _own(name.lower(), value, values)


def _in_body(request: Request, values: Mapping[str, tuple[str, set[str]]]) -> bytes:
    types = (value for name, value in request.fields if name.lower() == "content-type")
    type_ = next(types, "").partition(";")[0].strip().lower()
    if not request.body or not values:
        return request.body
    if type_ == _FORM:
        pairs = parse_qsl(request.body.decode("latin-1"), keep_blank_values=True)
        own = [(name, _own(name, value, values)) for name, value in pairs]
        return urlencode(own).encode() if own != pairs else request.body
    if type_.endswith("json"):
        return _in_json(request.body, values)
    body = request.body
    for value, (mine, _) in values.items():
        if _TOKEN.fullmatch(value):
            body = body.replace(value.encode(), mine.encode())
    return body


def _in_json(body: bytes, values: Mapping[str, tuple[str, set[str]]]) -> bytes:
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return body
    own = _own_json("", data, values)
    return json.dumps(own, ensure_ascii=False).encode() if own != data else body


def _own_json(name: str, value: Any, values: Mapping[str, tuple[str, set[str]]]) -> Any:
    if isinstance(value, dict):
        return {key: _own_json(key, one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_own_json(name, one, values) for one in value]
    if isinstance(value, str):
        return _own(name, value, values)
    if isinstance(value, int) and not isinstance(value, bool):
        own = _own(name, str(value), values)
        return int(own) if own.lstrip("-").isdigit() and own.isascii() else value
    return value


def _places(response: Response) -> Iterator[tuple[str, str]]:
    """Values in a response that a later request may send, by their places."""
    if media_type(response).endswith("json"):
        found = parsed(content(response))
        if found is not None:
            yield from _json_places("", found[0])
        return
    page = read_page(response)
    for number, form in enumerate(page.forms):
        for control in form.controls:
            if control.name:
                yield f"form {number} {control.name}", control.value
    for number, tag in enumerate(_META.findall(content(response))):
        values = {
            key.lower(): (one or other).decode(errors="replace")
            for key, one, other in _ATTRIBUTE.findall(tag)
        }
        if b"content" in values:
            yield f"meta {number} {values.get(b'name', '')}", values[b"content"]


def _json_places(place: str, value: Any) -> Iterator[tuple[str, str]]:
    stack = [(place, value)]
    while stack:
        pointer, one = stack.pop()
        if isinstance(one, Object):
            stack += [(f"{pointer}/{key}", item) for key, item in one]
        elif isinstance(one, list):
            stack += [(f"{pointer}/{number}", item) for number, item in enumerate(one)]
        elif isinstance(one, str):  # also a number
            yield f"json {pointer}", str(one)


def _name_of(place: str) -> str:
    """The name of a field or key."""
    return place.rpartition("/")[2] if place.startswith("json ") else place.split(" ", 2)[-1]


def _targets_in(response: Response, page: str, host: str) -> list[str]:
    """The addresses that a response leads to, in their order."""
    found = read_page(response)
    links = [*found.links, *(form.action for form in found.forms), response.get("Location") or ""]
    return [_path_of(link, page, host, found.base) for link in links]


def _path_of(link: str, page: str, host: str, base: str) -> str:
    """The target of a link; a recording has another host, so absolute links count by their path."""
    without_host = re.sub(r"^https?://[^/]+(?=/)", "", link)
    return resolve(without_host, page, host, base) or ""
