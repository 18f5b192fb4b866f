"""The cookies of one side, kept and sent as browsers do (RFC 6265, section 5).

Secure cookies are kept and sent as well: a side stands for the program behind its proxy. Which of
the cookies that are sent back differ is decided by `equality`.
"""

from __future__ import annotations

import ipaddress
import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.http import parse_date

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


@dataclass(frozen=True)
class Cookie:
    """A cookie, and which requests it is sent with.

    :param domain: without a leading dot; sent to its subdomains too, unless ``is_host_only``.
    :param expires_at: in seconds of the clock; infinite for a cookie of the browser session.
    """

    name: str
    value: str
    domain: str
    is_host_only: bool
    path: str
    expires_at: float = math.inf

    @property
    def key(self) -> tuple[str, str, str]:
        """What a later cookie replaces it by."""
        return self.name, self.domain, self.path


class CookieJar:
    """Keeps the cookies of the responses of one host.

    :param host: the value of the Host field.
    :param clock: the time in seconds since 1970.
    """

    def __init__(self, host: str, clock: Callable[[], float] = time.time) -> None:
        self.host = _without_port(host)
        self.clock = clock
        self._cookies: dict[tuple[str, str, str], Cookie] = {}

    def keep(self, target: str, values: Iterable[str]) -> None:
        """Keep the cookies of a response, or delete those that it ends.

        :param target: the target of the request.
        :param values: the Set-Cookie fields, in their order.
        """
        now = self.clock()
        for value in values:
            cookie = parse(value, self.host, target, now)
            if cookie is None:
                continue
            if cookie.expires_at <= now:
                self._cookies.pop(cookie.key, None)
            else:
                self._cookies[cookie.key] = cookie

    def field_for(self, target: str) -> str | None:
        """The Cookie field of a request; ``None`` if no cookie is sent."""
        path, now = _path(target), self.clock()
        sent = [
            one
            for one in self._cookies.values()
            if one.expires_at > now and _is_within(path, one.path)
        ]
        # Longer paths first; cookies of the same length in the order in which they were set.
        sent.sort(key=lambda one: -len(one.path))
        return "; ".join(f"{one.name}={one.value}" for one in sent) or None


def parse(field: str, host: str, target: str, now: float) -> Cookie | None:
    """The cookie of a Set-Cookie field; ``None`` if a browser ignores it.

    :param now: seconds since 1970, for ``Max-Age``.
    """
    pair, *rest = field.split(";")
    name, equals, value = pair.partition("=")
    name = name.strip(" \t")
    if not equals or not name:
        return None
    attributes = {}
    for one in rest:
        key, _, text = one.partition("=")
        attributes[key.strip(" \t").lower()] = text.strip(" \t")  # the last one counts
    domain = attributes.get("domain", "").lower().removeprefix(".")
    if domain and not _is_of(host, domain):
        return None
    path = attributes.get("path", "")
    if not path.startswith("/"):
        path = _path(target).rpartition("/")[0] or "/"
    expires_at = _expiry(attributes, now)
    return Cookie(name, value.strip(" \t"), domain or host, not domain, path, expires_at)


def _expiry(attributes: dict[str, str], now: float) -> float:
    """Max-Age comes before Expires; values that are no number or date are ignored."""
    age = attributes.get("max-age", "")
    if age.isascii() and age.removeprefix("-").isdigit():
        seconds = float(age[:18])
        return now + seconds if seconds > 0 else -math.inf
    date = parse_date(attributes.get("expires"))
    return math.inf if date is None else date.timestamp()


def _is_of(host: str, domain: str) -> bool:
    if host == domain:
        return True
    return host.endswith(f".{domain}") and "." in domain and not _is_address(host)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _is_within(path: str, parent: str) -> bool:
    below = parent if parent.endswith("/") else f"{parent}/"
    return path == parent or path.startswith(below)


def _path(target: str) -> str:
    return target.partition("?")[0] if target.startswith("/") else "/"


def _without_port(host: str) -> str:
    name, _, port = host.lower().rpartition(":")
    return name if name and port.isdigit() else host.lower()
