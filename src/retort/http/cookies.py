"""What browsers refuse in a cookie, most of it silently: told here, before it is sent.

RFC 6265 and its successor, draft-ietf-httpbis-rfc6265bis. How a cookie is written, and what is
escaped in it, is Werkzeug's business; an ordinary one is put together here from what Werkzeug
wrote for another with the same attributes, and taken apart as Werkzeug does it.
"""

from __future__ import annotations

import re
import typing as t
from functools import lru_cache

from werkzeug.http import dump_cookie, http_date
from werkzeug.sansio.http import parse_cookie

from ..fast import IS_FAST
from .multidict import multi_dict

if t.TYPE_CHECKING:
    from datetime import datetime

    from werkzeug.datastructures import MultiDict

#: Name and value together, in bytes; a larger cookie is dropped (6265bis section 5.7).
LARGEST = 4096

# What ends a name or a header line; the rest of what is no token works in browsers.
_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f;=]")
_NOT_IN_A_DOMAIN = re.compile(r"[\x00-\x20\x7f;,]")


# Werkzeug escapes the other control characters, CR and LF among them; these go out as they
# are, and browsers drop the cookie (6265bis section 5.6).
_NOT_IN_A_VALUE = re.compile(r"[\x1a-\x1f]")


def check_text(name: str, value: object, domain: str | None) -> None:
    """Refuse what would become another cookie, another header, or none.

    :raises ValueError: if ``name`` or ``domain`` holds a control character or a separator, or
        ``value`` a control character that cannot be escaped.
    """
    if not name or _NOT_IN_A_NAME.search(name):
        raise ValueError(
            f"A cookie cannot be called {name!r}: a name has no control characters, no ';' and"
            " no '=', and is not empty. Put what varies into the value."
        )
    if domain and _NOT_IN_A_DOMAIN.search(domain):
        raise ValueError(f"The cookie {name!r} cannot have the domain {domain!r}.")
    if isinstance(value, str) and _NOT_IN_A_VALUE.search(value):
        raise ValueError(
            f"The cookie {name!r} cannot have the value {value[:80]!r}, for its control characters."
            " Encode it, for instance with urllib.parse.quote."
        )


def check_attributes(
    name: str, *, path: str | None, domain: str | None, secure: bool, samesite: str | None
) -> None:
    """Refuse what browsers would not keep (6265bis section 4.1.3 and 5.7).

    :raises ValueError: which says what to add.
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
            f"Browsers refuse the cookie {name!r}: {reason}, and that needs"
            f" {', '.join(wanted)}. For the session's cookie, set the config SESSION_COOKIE_SECURE,"
            " SESSION_COOKIE_PATH or SESSION_COOKIE_DOMAIN. Browsers take secure cookies from"
            " http://localhost too."
        )


def check_size(name: str, value: str) -> None:
    """Refuse a cookie that browsers would drop.

    :raises ValueError: if name and value, as they are sent, are more than 4096 bytes.
    """
    # PERF: escaped, a byte becomes four; most cookies are far smaller.
    longest = 4 if value.isascii() else 16
    if len(name) * 4 + len(value) * longest < LARGEST:
        return
    size = len(dump_cookie(name, value, path=None, max_size=0)) - 1  # without the "="
    if size > LARGEST:
        raise ValueError(
            f"The cookie {name!r} has {size} bytes, and browsers drop one of more than"
            f" {LARGEST} without a word. Keep less in it: for the session, an id of what is"
            " stored on the server. (The config REFUSE_LARGE_COOKIES = False only warns.)"
        )


# A value that Werkzeug sends as it stands: some letters that it takes are left out.
_SENT_AS_IT_IS = re.compile(r"[A-Za-z0-9_.\-]*").fullmatch


def write_plain(
    name: str,
    value: object,
    expires: str | datetime | int | float | None,
    *attributes: t.Any,
    is_checked: bool,
) -> str | None:
    """The header field of a cookie, if there is nothing to escape or to refuse.

    :param attributes: what follows ``expires`` in Werkzeug's ``set_cookie``.
    :param is_checked: whether :func:`check_attributes` has to hold.
    """
    if type(value) is not str or _SENT_AS_IT_IS(value) is None:
        return None
    try:
        if expires is not None and not isinstance(expires, str):
            expires = http_date(expires)
        before, after = _around(name, is_checked, expires, *attributes)
    except (TypeError, ValueError):  # which says what is wrong when it is written the plain way
        return None
    return before + value + after


@lru_cache(maxsize=256, typed=True)
def _around(
    name: str,
    is_checked: bool,
    expires: str | None,
    path: str | None,
    domain: str | None,
    secure: bool,
    httponly: bool,
    samesite: str | None,
    partitioned: bool,
) -> tuple[str, str]:
    """What is before the value of a cookie, and what comes after it."""
    check_text(name, "", domain)
    if is_checked:
        check_attributes(
            name, path=path, domain=domain, secure=secure or partitioned, samesite=samesite
        )
    field = dump_cookie(
        name,
        expires=expires,
        path=path,
        domain=domain,
        secure=secure,
        httponly=httponly,
        max_size=0,
        samesite=samesite,
        partitioned=partitioned,
    )
    if "\n" in field or "\r" in field:
        raise ValueError("It is no header field.")
    before, equals, after = field.partition("=")
    return before + equals, after


def read_cookies(field: str | None, kind: type[MultiDict[str, str]]) -> MultiDict[str, str]:
    """The cookies of a request's ``Cookie`` field."""
    parts = split_cookies(field) if IS_FAST else None
    if parts is None:
        return parse_cookie(field, kind)
    pairs = []
    for part in parts:
        name, _, value = part.partition("=")
        if name:
            pairs.append((name, value))
    return multi_dict(kind, pairs)


def split_cookies(field: str | None) -> list[str] | None:
    """The cookies of a field that is written as browsers do it, with nothing in quotes.

    PERF: what is left of Werkzeug's regular expression, which knows what else may be meant.
    """
    if not field:
        return []
    if '"' in field or "\t" in field:
        return None
    parts = field.split("; ")
    between = len(parts) - 1
    if field.count(";") != between or field.count(" ") != between:
        return None
    return parts
