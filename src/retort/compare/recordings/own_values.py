"""Replace values of a recording that came from an earlier response.

A token or an id in a recorded request was made by the server that was recorded. Each side gets its
own: what it gave at the same place of its response to the same step. `places` finds the places.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from ..messages import NoResponse
from .places import targets_of, values_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..messages import Outcome, Request, Response
    from .places import Value

_TOKEN = re.compile(r"(?=.*\d)[\w.+/=~-]{8,}")  # not a word: long, and with a digit
_TOKEN_BYTES = re.compile(rb"[\w.+/=~-]{8,}")
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_IDENTIFIER = re.compile(r"(?:.*[_-])?(?:id|pk|uuid|slug)|.*[a-z]Id")
_FORM = "application/x-www-form-urlencoded"
_SAFE_IN_SEGMENT = "!$&'()*+,;=:@"


class OwnValues:
    """What each side gave in place of the values of a recording.

    :param host: the Host field of all requests.
    """

    def __init__(self, host: str) -> None:
        self.host = host
        self._sides: dict[str, _OfSide] = {}

    def record(self, request: Request, response: Response, sides: Mapping[str, Outcome]) -> None:
        """Compare the places of a recorded response with those of each side."""
        recorded = values_of(response)
        links, location = targets_of(response, request.target, self.host)
        for side, outcome in sides.items():
            if isinstance(outcome, NoResponse):
                continue
            of_side = self._sides.setdefault(side, _OfSide())
            of_side.add_values(recorded, values_of(outcome))
            own_links, own_location = targets_of(outcome, request.target, self.host)
            of_side.add_targets(links, own_links)
            of_side.add_targets([location], [own_location])

    def apply(self, side: str, request: Request) -> Request:
        """The request with this side's own values."""
        values = self._sides.get(side)
        if values is None:
            return request
        fields = tuple((name, _in_field(name, value, values)) for name, value in request.fields)
        target = values.target(request.target) or _in_target(request.target, values)
        return replace(request, target=target, fields=fields, body=_in_body(request, values))


class _OfSide:
    """One side's values by the recorded value and the name of its place; its targets."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, str]] = {}
        self._targets: dict[str, str] = {}

    def add_values(self, recorded: Mapping[str, Value], own: Mapping[str, Value]) -> None:
        for place, value in recorded.items():
            mine = own.get(place)
            if mine is not None:
                for name in value.names:
                    self._add(name, value.text, mine.text)

    def _add(self, name: str, value: str, mine: str) -> None:
        """The latest value of a name counts, also if it is equal again."""
        names = self._values.setdefault(value, {})
        names.pop(name, None)
        if value != mine:
            names[name] = mine  # the last one in the order
        elif not names:
            del self._values[value]

    def add_targets(self, recorded: list[str], own: list[str]) -> None:
        """Targets at the same position belong together, unless the side has the recorded one."""
        if len(recorded) != len(own):
            return
        present = set(own)
        for target, mine in zip(recorded, own, strict=True):
            if target in present or not mine:
                self._targets.pop(target, None)
            elif target:
                self._targets[target] = mine

    def target(self, recorded: str) -> str | None:
        return self._targets.get(recorded)

    def own(self, name: str, value: str) -> str:
        """This side's value. A short one is replaced only where the name of its place agrees."""
        names = self._values.get(value)
        if not names:
            return value
        if name in names:
            return names[name]
        return next(reversed(names.values())) if _TOKEN.fullmatch(value) else value

    def own_segment(self, value: str) -> str:
        """This side's value for a part of a path: a token, or what was named as an identifier."""
        own = self.own("", value)
        if own != value:
            return own
        names = self._values.get(value, {})
        return next((mine for name, mine in names.items() if _IDENTIFIER.fullmatch(name)), value)


def _in_target(target: str, values: _OfSide) -> str:
    path, mark, query = target.partition("?")
    path = "/".join(_in_segment(part, values) for part in path.split("/"))
    return path + mark + _in_pairs(query, values)


def _in_segment(part: str, values: _OfSide) -> str:
    value = unquote(part)
    own = values.own_segment(value)
    return part if own == value else quote(own, safe=_SAFE_IN_SEGMENT)


def _in_pairs(text: str, values: _OfSide) -> str:
    """A query or a form; what does not change stays as it is written."""
    return "&".join(_in_pair(part, values) for part in text.split("&"))


def _in_pair(part: str, values: _OfSide) -> str:
    name, mark, written = part.partition("=")
    value = unquote_plus(written)
    own = values.own(unquote_plus(name), value)
    return part if own == value else f"{name}{mark}{quote_plus(own)}"


def _in_field(name: str, value: str, values: _OfSide) -> str:
    scheme, space, token = value.partition(" ")
    if space and scheme.lower() in ("bearer", "token"):
        return f"{scheme} {values.own('', token)}"
    return values.own(name.lower(), value)


def _in_body(request: Request, values: _OfSide) -> bytes:
    types = (value for name, value in request.fields if name.lower() == "content-type")
    type_ = next(types, "").partition(";")[0].strip().lower()
    if type_ == _FORM:
        return _in_pairs(request.body.decode("latin-1"), values).encode("latin-1")
    if type_.endswith("json"):
        return _in_json(request.body, values)
    return _in_bytes(request.body, values)


def _in_bytes(body: bytes, values: _OfSide) -> bytes:
    """Tokens, wherever they are."""

    def own(found: re.Match[bytes]) -> bytes:
        return values.own("", found[0].decode("ascii")).encode()

    return _TOKEN_BYTES.sub(own, body)


def _in_json(body: bytes, values: _OfSide) -> bytes:
    try:
        data = json.loads(body)
        own = _own_json("", data, values)
        return body if own == data else _written(own)
    except (ValueError, RecursionError):  # no JSON, or too deep
        return _in_bytes(body, values)


def _written(data: Any) -> bytes:
    try:
        return json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which only an escape can write
        return json.dumps(data).encode()


def _own_json(name: str, value: Any, values: _OfSide) -> Any:
    if isinstance(value, dict):
        return {key: _own_json(key, one, values) for key, one in value.items()}
    if isinstance(value, list):
        return [_own_json(name, one, values) for one in value]
    if isinstance(value, str):
        return values.own(name, value)
    if isinstance(value, int) and not isinstance(value, bool):
        own = values.own(name, str(value))
        return int(own) if _INTEGER.fullmatch(own) else value
    return value
