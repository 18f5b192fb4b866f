"""Addresses in pages: which lead to the same program, and which end or delete something."""

from __future__ import annotations

import re
from urllib.parse import quote, urljoin, urlsplit

# Requested last: what follows a logout or a deletion is less interesting.
_RISKY = re.compile(
    r"log_?-?out|sign_?-?out|delete|remove|destroy|drop|reset|purge|clear|unsubscribe|shutdown|stop",
    re.IGNORECASE,
)
# Numbers, and identifiers in hexadecimal digits such as UUIDs.
_NUMBER = re.compile(r"(?=[a-fA-F-]*\d)[0-9a-fA-F]{8,}(?:-[0-9a-fA-F]{4,})*|\d+")
_SURROGATES = re.compile("[\ud800-\udfff]")  # from JSON; not in UTF-8
# The characters of a path and query that are sent as they are (RFC 3986).
_SAFE = "/?:@!$&'()*+,;=-._~%[]|^`{}\\\""


def resolve(link: str, page: str, host: str, base: str = "") -> str | None:
    """The target (path and query) of a link in a page; ``None`` if it leads elsewhere.

    :param page: the target of the page.
    :param base: the address in ``<base>``.
    """
    here = f"http://{host}{page}"
    try:
        link = _SURROGATES.sub("\ufffd", link.strip())
        parts = urlsplit(urljoin(urljoin(here, base), link))
    except ValueError:  # such as http://[
        return None
    if parts.scheme not in ("http", "https") or _host(parts.netloc) != _host(host):
        return None
    target = parts.path or "/"
    if parts.query:
        target += f"?{parts.query}"
    if not target.startswith("/"):
        return None
    return quote(target, safe=_SAFE, errors="replace").replace('"', "%22")


def _host(text: str) -> str:
    return text.lower().removesuffix(":80")


def is_risky(target: str) -> bool:
    """Whether an address may end the session or delete data."""
    return _RISKY.search(target) is not None


def pattern_of(target: str) -> str:
    """The path with numbers and identifiers replaced, and the names of the query."""
    path, _, query = target.partition("?")
    names = sorted({part.partition("=")[0] for part in query.split("&") if part})
    return f"{_NUMBER.sub('#', path)}?{'&'.join(names)}"
