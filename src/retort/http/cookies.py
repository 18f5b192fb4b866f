"""What browsers refuse in a cookie, most of it silently: told here, before it is sent.

RFC 6265 and its successor, draft-ietf-httpbis-rfc6265bis. Writing the header is Werkzeug's
business; what a value may not have in it is escaped there.
"""

from __future__ import annotations

import re

from werkzeug.http import dump_cookie

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
