"""Read and write cookies; a cookie that browsers would reject, mostly silently, is an error.

RFC 6265 and its successor, draft-ietf-httpbis-rfc6265bis. Werkzeug formats the attributes of a
cookie, cached by their values, and escapes the cookie's value.
"""

from __future__ import annotations

import re
import typing as t
import warnings
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from operator import itemgetter

from werkzeug.http import dump_cookie, http_date

from .multidict import multi_dict

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from werkzeug.datastructures import MultiDict

#: Name and value together, in bytes; a larger cookie is dropped (6265bis section 5.7).
LARGEST = 4096

# Characters that end a name or a header line. Browsers accept other non-token characters.
_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f;=]")
_NOT_IN_A_DOMAIN = re.compile(r"[\x00-\x20\x7f;,]")


# Werkzeug escapes the other control characters, such as CR and LF. It does not escape these, and
# browsers drop the cookie (6265bis section 5.6).
_NOT_IN_A_VALUE = re.compile(r"[\x1a-\x1f]")


def _check_name(name: str, domain: str | None) -> None:
    """Reject a name or domain that would start another cookie or header, or be dropped.

    :raises ValueError: if ``name`` or ``domain`` contains a control character or a separator.
    """
    if not name or _NOT_IN_A_NAME.search(name):
        raise ValueError(
            f"A cookie cannot be named {name!r}: a name has no control characters, no ';' and"
            " no '=', and is not empty. Put what varies into the value."
        )
    if domain and _NOT_IN_A_DOMAIN.search(domain):
        raise ValueError(f"The cookie {name!r} cannot have the domain {domain!r}.")


def check_attributes(
    name: str, *, path: str | None, domain: str | None, secure: bool, samesite: str | None
) -> None:
    """Reject a cookie that browsers would not store (6265bis section 4.1.3 and 5.7).

    :raises ValueError: the message lists the missing attributes.
    """
    wanted = []
    lowered = name.lower()
    if lowered.startswith(("__host-", "__secure-")):
        kind = "__Host-" if lowered.startswith("__host-") else "__Secure-"
        if not secure:
            wanted.append("secure=True")
        if kind == "__Host-" and path != "/":
            wanted.append("path='/'")
        if kind == "__Host-" and domain:
            wanted.append("no domain")
        reason = f"its name begins with {kind}"
    elif samesite is not None and samesite.lower() == "none" and not secure:
        wanted.append("secure=True")
        reason = "it has SameSite=None"
    if wanted:
        raise ValueError(
            f"Browsers reject the cookie {name!r}: {reason}, which requires"
            f" {', '.join(wanted)}. For the session's cookie, set the config SESSION_COOKIE_SECURE,"
            " SESSION_COOKIE_PATH or SESSION_COOKIE_DOMAIN. Browsers accept secure cookies from"
            " http://localhost too."
        )


def too_large(name: str, size: int) -> ValueError:
    """The error for a cookie whose name and value have ``size`` bytes."""
    return ValueError(
        f"The cookie {name!r} has {size} bytes. Browsers silently drop cookies of more than"
        f" {LARGEST} bytes. Store less in it: for the session, an id of data that is"
        " stored on the server. (The config REFUSE_LARGE_COOKIES = False only warns.)"
    )


def warn_of_size(name: str, size: int, field_size: int, max_size: int) -> None:
    """Warn as Werkzeug does about a field larger than ``max_size``.

    :param size: of name and value.
    """
    value_size = size - len(name.encode())
    warnings.warn(
        f"The '{name}' cookie is too large: the value was {value_size} bytes but the header"
        f" required {field_size - value_size} extra bytes. The final size was {field_size} bytes"
        f" but the limit is {max_size} bytes. Browsers may silently ignore cookies larger than"
        " this.",
        stacklevel=2,
    )


def write_cookie(
    name: str,
    value: str,
    max_age: timedelta | int | None,
    expires: str | datetime | int | float | None,
    *scope: t.Any,
    is_checked: bool,
) -> tuple[str, int]:
    """The ``Set-Cookie`` value, and the size of its name and value in bytes.

    :param scope: path, domain, secure, httponly, samesite and partitioned, as in
        :meth:`~retort.Response.set_cookie`.
    :param is_checked: whether to reject cookies that browsers would not store, see
        `check_attributes`.
    :raises ValueError: for a cookie that cannot be written or is rejected.
    """
    if isinstance(max_age, timedelta):
        max_age = int(max_age.total_seconds())
    if expires is None:
        if max_age is not None:
            expires = http_date(datetime.now(timezone.utc).timestamp() + max_age)
    elif not isinstance(expires, str):
        expires = http_date(expires)
    before, after = _around_value(name, max_age, expires, is_checked, *scope)
    pair = before + (value if _GOES_AS_IT_IS(value) else _escape(name, value))
    return pair + after, len(pair) - len("=")


# Characters that Werkzeug sends unescaped; Werkzeug handles some that are rare in cookies.
_GOES_AS_IT_IS = re.compile(r"[A-Za-z0-9_.\-]*").fullmatch


def _escape(name: str, value: str) -> str:
    if _NOT_IN_A_VALUE.search(value):
        raise ValueError(
            f"The cookie {name!r} cannot have the value {value[:80]!r}: it has control characters."
            " Encode it, for instance with urllib.parse.quote."
        )
    return dump_cookie("", value, path=None, max_size=0).removeprefix("=")


# PERF: most cookies differ in their value only.
@lru_cache(maxsize=256, typed=True)
def _around_value(
    name: str,
    max_age: int | None,
    expires: str | None,
    is_checked: bool,
    path: str | None,
    domain: str | None,
    secure: bool,
    httponly: bool,
    samesite: str | None,
    partitioned: bool,
) -> tuple[str, str]:
    """The text before and after the value of a cookie."""
    _check_name(name, domain)
    if is_checked:
        check_attributes(
            name, path=path, domain=domain, secure=secure or partitioned, samesite=samesite
        )
    field = dump_cookie(
        name,
        max_age=max_age,
        expires=expires,
        path=path,
        domain=domain,
        secure=secure,
        httponly=httponly,
        samesite=samesite,
        partitioned=partitioned,
        max_size=0,
    )
    if "\n" in field or "\r" in field:
        raise ValueError("Header values must not contain newline characters.")
    before, equals, after = field.partition("=")
    return before + equals, after


# As in Werkzeug; the second alternative skips text that is not a cookie.
_COOKIE = re.compile(
    r"""
    [ \t]*([^ \t=";]+)(?:[ \t]*=[ \t]*("(?:[^\\"]|\\.)*"|[^ \t";]*))?[ \t]*(?:;|\Z)
    | [^;]*(?:;|\Z)
    """,
    re.ASCII | re.VERBOSE,
)
_has_name: Callable[[tuple[str, str]], str] = itemgetter(0)
_ESCAPED = re.compile(rb"\\([0-3][0-7]{2}|.)")


def read_cookies(field: str, kind: type[MultiDict[str, str]]) -> MultiDict[str, str]:
    """Parse a ``Cookie`` header field as Werkzeug does."""
    if not field:
        return kind()
    pairs: Iterable[tuple[str, str]] = filter(_has_name, _COOKIE.findall(field))
    if '"' in field:
        pairs = [(name, _unquote(value)) for name, value in pairs]
    return multi_dict(kind, pairs)


def _unquote(value: str) -> str:
    if not value.startswith('"'):
        return value
    return _ESCAPED.sub(_unescape, value[1:-1].encode()).decode(errors="replace")


def _unescape(escaped: re.Match[bytes]) -> bytes:
    letters = escaped[1]
    return letters if len(letters) == 1 else int(letters, 8).to_bytes(1, "big")
