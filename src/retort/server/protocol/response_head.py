"""Validate a response's status and header fields before they reach Granian.

Granian does not check the status (42 aborts the process), silently drops fields that it cannot
encode, and does not compare Content-Length with the body. Every response, in development and in
production, is therefore checked here when the application calls ``start_response``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from ...bounded import BoundedCache
from ...lifecycle.deferred import SWITCHED

if TYPE_CHECKING:
    from collections.abc import Iterable

RawFields = list[tuple[bytes, bytes]]

_STATUS = re.compile(r"([2-9][0-9][0-9])(?: [^\r\n]*)?")
# RFC 9110 §5.6.2
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
# RFC 9110 §5.5: characters that a value must not contain.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_DIGITS = 18

# RFC 9110 §7.6.1: fields that apply to one connection; only the server sets them.
_HOP_BY_HOP = frozenset(
    (
        "connection",
        "keep-alive",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    )
)

# RFC 9110 §8.6 and §15.3.6: responses without a body and without Content-Length.
_WITHOUT_LENGTH = frozenset((204, 205))


class InvalidResponse(Exception):
    """The application's response is not valid HTTP; the message names the fault."""


class Head(NamedTuple):
    """Status and fields of a response, in Granian's form.

    :param length: the Content-Length that the application set; ``None``: it set none.
    :param has_body: whether a body may follow (RFC 9110 §6.4.1).
    """

    status: int
    fields: RawFields
    length: int | None
    has_body: bool


# What applications write -> what is sent: status -> number, field name -> bytes, field -> bytes.
_codes: BoundedCache[str, int] = BoundedCache(64)
_names: BoundedCache[str, bytes] = BoundedCache(512)
_fields: BoundedCache[tuple[str, str], tuple[bytes, bytes]] = BoundedCache(512)
# Fields with few distinct values: only these are cached as a whole. Most responses have the fields
# of `http/protection.py`.
_FEW_VALUES = frozenset(
    (
        b"cache-control",
        b"content-security-policy",
        b"content-type",
        b"referrer-policy",
        b"server",
        b"strict-transport-security",
        b"vary",
        b"x-content-type-options",
        b"x-frame-options",
    )
)
_MAX_CACHED_LENGTH = 64


# PERF: each response goes through here.
def make_head(status: str, headers: Iterable[tuple[str, str]], method: str) -> Head:
    """Validate and encode the status and fields of a response.

    :param status: such as ``"200 OK"``. Granian sends its own reason phrase.
    :param headers: names and values; values are latin-1 text (PEP 3333).
    :param method: the request's method.
    :raises InvalidResponse: if the status is not between 200 and 999, or a field has an invalid
        name or value.
    """
    code = _code_of(status)
    fields: RawFields = []
    length: int | None = None
    try:
        for given in headers:
            # PEP 3333 requires tuples; a list cannot be a key.
            pair: Any = given if type(given) is tuple else tuple(given)
            if (field := _fields.get(pair)) is not None:
                fields.append(field)
                continue
            name, value = pair
            sent = _names.get(name) or _check_name(name)
            if sent is None:
                fields += (
                    _upgrade_option(name, value) if code == 426 else _connection_option(name, value)
                )
                continue
            if sent == b"content-length":
                is_second, length = length is not None, _check_length(value, length)
                if is_second:
                    continue
            is_plain = value.isascii() and value.isprintable()
            field = (sent, value.encode() if is_plain else _check_value(name, value))
            if sent in _FEW_VALUES and len(value) <= _MAX_CACHED_LENGTH:
                _fields.keep(pair, field)
            fields.append(field)
    except (AttributeError, TypeError, ValueError) as error:
        raise InvalidResponse(f"its header fields are not pairs of text: {error}") from error
    if code in _WITHOUT_LENGTH and length is not None:
        fields = [field for field in fields if field[0] != b"content-length"]
        length = None
    has_body = method != "HEAD" and code != 304 and code not in _WITHOUT_LENGTH
    return Head(code, fields, length, has_body)


def without_body(head: Head, body: bytes, method: str) -> tuple[Head, bytes]:
    """The head of a response without a body, and the empty body.

    A response to HEAD gets the Content-Length that the body would have (RFC 9110 §9.3.2).
    """
    if method == "HEAD" and head.length is None and head.status not in (*_WITHOUT_LENGTH, 304):
        head = head._replace(fields=[*head.fields, (b"content-length", b"%d" % len(body))])
    return head, b""


def _code_of(status: str) -> int:
    try:
        if (known := _codes.get(status)) is not None:
            return known
        if status is SWITCHED:  # not sent: see `takeover.py`
            return 101
        match = _STATUS.fullmatch(status)
    except TypeError:
        match = None
    if match is None:
        raise InvalidResponse(f"its status is {status!r}, and may be between 200 and 999")
    code = int(match[1])
    if len(status) <= _MAX_CACHED_LENGTH:
        _codes.keep(status, code)
    return code


def _check_name(name: str) -> bytes | None:
    """The encoded name; ``None`` for a field that only the server may set."""
    if not _TOKEN.fullmatch(name):
        raise InvalidResponse(f"{name!r} is not a valid field name")
    lower = name.lower()
    if lower in _HOP_BY_HOP:
        return None
    sent = lower.encode()
    _names.keep(name, sent)
    return sent


def _connection_option(name: str, value: str) -> RawFields:
    """The replacement for a hop-by-hop field: ``Connection: close`` is kept, all else removed."""
    options = [option.strip().lower() for option in value.split(",")]
    return (
        [(b"connection", b"close")] if name.lower() == "connection" and "close" in options else []
    )


def _upgrade_option(name: str, value: str) -> RawFields:
    """The fields that name the required protocol (RFC 9110 §15.5.22); all else is removed."""
    if name.lower() == "upgrade":
        return [(b"upgrade", _check_value(name, value))]
    return [(b"connection", b"upgrade")] if name.lower() == "connection" else []


def _check_value(name: str, value: str) -> bytes:
    if _CONTROL.search(value):
        raise InvalidResponse(f"the value of {name} has a control character: {value!r}")
    try:
        return value.encode("latin-1")
    except UnicodeEncodeError:
        raise InvalidResponse(
            f"the value of {name} has a character that is not in latin-1: {value!r}. Encode it,"
            " for example with urllib.parse.quote"
        ) from None


def _check_length(value: str, other: int | None) -> int:
    if not (value.isdigit() and value.isascii() and len(value) <= _MAX_DIGITS):
        raise InvalidResponse(f"its Content-Length is {value!r}, which is not a number of bytes")
    if other is not None and other != int(value):
        raise InvalidResponse(f"it has two different Content-Lengths: {other} and {value}")
    return int(value)
