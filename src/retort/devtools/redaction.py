"""Redact secrets in error pages.

Error pages are copied into questions and screenshots. Secrets are recognised by name (`is_secret`:
a variable, key, field or header called ``password``) and by form (passwords in URLs, credentials
as in ``Authorization``, private keys in PEM). Other secrets are not found.

The time is linear in the length of a text: no expression can match a character in two ways, none
starts inside a word that it has matched, and a repetition followed by another pattern is bounded or
ends where that pattern begins. A page has a `Budget` for all its values.
"""

from __future__ import annotations

import re
import reprlib
import time
from itertools import islice
from typing import Any
from urllib.parse import unquote_plus

REDACTED = "••••••"
NOT_SHOWN = "(not shown: the values of this page take too long)"
MAX_VALUE_CHARS = 300
MAX_TEXT_CHARS = 100_000  # of a message or a traceback
PAGE_SECONDS = 1.0

_SECRET = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|api_?key|private_?key"
    r"|authorization|authentication|credential|cookie|session|csrf|signature"
)
_SECRET_NAME = re.compile(rf"{_SECRET}|(?:^|[_\-. ])(?:key|pin|auth|pass|pw)(?:$|[_\-. ])", re.I)
_SECRET_WORD = re.compile(_SECRET, re.I)

# `password=`, `"token": `, `Authorization: `, `('session', ` inside of a longer text.
_NAME = re.compile(
    r"""(?<![\w\-])(?P<name>[\w\-]+)(?P<quote>\\{0,8}['"]?)\s*(?P<sign>[:=]|\\{0,8}['"],)\s*""",
)
_SCHEMES = "Bearer|Basic|Negotiate|Token|ApiKey"  # RFC 9110 section 11.4; with one word after it
_VALUE = re.compile(
    r"""b?'(?:[^'\\]|\\.)*'?"""
    r"""|b?"(?:[^"\\]|\\.)*"?"""
    r"""|\\{1,8}(['"]).*?(?:\\{1,8}\1|\Z)"""  # in a string inside a string
    rf"""|(?P<plain>(?:(?:{_SCHEMES})[ \t]+)?[^\s,;&)}}\]]+)""",
    re.S | re.I,
)
# A header field in plain text. Its value has spaces, commas and semicolons.
_FIELD = re.compile(r"authorization|cookie", re.I)
_FIELD_VALUE = re.compile(r"(?:(?!\\[rn])[^\r\n'\"])+")

_CREDENTIALS = re.compile(
    rf"""(?<!\w)(?P<scheme>{_SCHEMES})(?P<space>[ \t]+|%20|\+)(?!(?:{_SCHEMES})[ \t])"""
    r"""(?P<value>[^\s,;'"<>()\[\]{}]+)""",
    re.I,
)
_PROSE = {
    "basic": re.compile(r"auth|authentication|access|realm=", re.I),
    "bearer": re.compile(r"realm=", re.I),
}
_ANY_PROSE = re.compile(r"[A-Za-z]?[a-z]+[.:]?")
_DIGEST = re.compile(
    r"""(?<!\w)(?P<scheme>Digest)[ ]{1,8}(?:[\w\-]+=(?:\\?"[^"]*"|[^\s,'"]+)(?:,\s*)?)+""", re.I
)

# RFC 7468, OpenSSH and OpenPGP. Truncated keys have no END line.
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----"
    r".*?(?:-----END [A-Z0-9 ]{0,40}?PRIVATE KEY(?: BLOCK)?-----|\Z)",
    re.S,
)

# A URL or a key in a query string: environ["QUERY_STRING"].
_ENCODED = re.compile(r"%3A(?:%2F){2}|%3A//|BEGIN(?:\+|%20)[A-Z0-9+%]{0,60}KEY", re.I)
_UNBROKEN = re.compile(r"[^\s'\"<>`]+")
_WEB_SCHEME = re.compile(r"(?:https?|wss?)\Z", re.I)
_AFTER_USER = re.compile(r"[/?#\[]")
_PORT_AND_MORE = re.compile(r"[0-9]{1,5}[/?#]")
_MAX_USER_CHARS = 20  # a longer one may be a token: https://<token>@example.org


class Budget:
    """The time limit for the values of one page.

    :param seconds: the time limit from now on.
    """

    def __init__(self, seconds: float = PAGE_SECONDS) -> None:
        self.ends_at = time.monotonic() + seconds

    @property
    def is_spent(self) -> bool:
        """Whether the time is over; then values are replaced by `NOT_SHOWN`."""
        return time.monotonic() >= self.ends_at


def is_secret(name: str) -> bool:
    """Whether a field, variable, header or key of this name is a secret."""
    return _SECRET_NAME.search(name) is not None


def redacted(name: str, text: str) -> str:
    """`REDACTED` if ``name`` is that of a secret, else ``text`` with its secrets redacted.

    An empty text is not changed.
    """
    return REDACTED if text and is_secret(name) else redact(text)


def shown(name: str, value: object, budget: Budget | None = None) -> str:
    """A variable's value for a page: redacted, truncated to `MAX_VALUE_CHARS`. Never raises.

    :param budget: the page's time limit; when it is over, the value is `NOT_SHOWN`.
    """
    if budget is not None and budget.is_spent:
        return NOT_SHOWN
    if is_secret(name) and value is not None and not isinstance(value, (bool, int)):
        return REDACTED
    # Redacted before truncation: a part of a secret is also secret.
    return cut(redact(_repr(value)), MAX_VALUE_CHARS)


def cut(text: str, longest: int) -> str:
    """The first ``longest`` characters, with the total number."""
    return text if len(text) <= longest else f"{text[:longest]}… ({len(text)} letters)"


def redact(text: str, *, by_name: bool = True) -> str:
    """Replace each secret in ``text`` by `REDACTED`; truncates to `MAX_TEXT_CHARS`.

    :param by_name: also replace values after the name of a secret, as in ``password=x``. Not for
        source code, where such names precede expressions.
    """
    text = cut(text, MAX_TEXT_CHARS)
    if _ENCODED.search(text):
        text = _UNBROKEN.sub(_decoded, text)
    if "-----BEGIN " in text:
        text = _PRIVATE_KEY.sub(REDACTED, text)
    if "://" in text:
        text = _UNBROKEN.sub(_without_passwords, text)
    text = _DIGEST.sub(rf"\g<scheme> {REDACTED}", text)
    if by_name:
        text = _without_named(text)
    return _CREDENTIALS.sub(_without_credentials, text)


def _decoded(match: re.Match[str]) -> str:
    """A part of a query, decoded if that reveals a recognisable secret."""
    return unquote_plus(match[0]) if _ENCODED.search(match[0]) else match[0]


def _without_named(text: str) -> str:
    """Redact the values that follow the name of a secret in ``text``."""
    parts: list[str] = []
    end = 0
    for match in _NAME.finditer(text):
        if match.start() < end or not _SECRET_WORD.search(match["name"]):
            continue
        value = _value_after(match, text)
        if value is not None:
            parts += [text[end : match.end()], REDACTED]
            end = value.end()
    return "".join([*parts, text[end:]])


def _value_after(name: re.Match[str], text: str) -> re.Match[str] | None:
    value = _VALUE.match(text, name.end())
    is_field = name["sign"] == ":" and name["quote"] == "" and _FIELD.search(name["name"])
    if is_field and value is not None and value["plain"]:
        return _FIELD_VALUE.match(text, name.end()) or value
    return value


def _without_credentials(match: re.Match[str]) -> str:
    prose = _PROSE.get(match["scheme"].lower(), _ANY_PROSE)
    if prose.fullmatch(match["value"]):
        return match[0]
    return f"{match['scheme']}{match['space']}{REDACTED}"


def _without_passwords(match: re.Match[str]) -> str:
    """Redact the passwords of URLs in text without spaces."""
    first, *others = match[0].split("://")
    found, before = [first], first
    for rest in others:
        found.append(_without_password(rest, is_web=bool(_WEB_SCHEME.search(before))))
        before = rest
    return "://".join(found)


def _without_password(rest: str, *, is_web: bool) -> str:
    """Redact the password in the part after ``://`` of a URL (RFC 3986 section 3.2.1).

    Passwords are often not escaped, so the password extends to the last @.
    """
    user, colon, after = rest.partition(":")
    if colon and not _AFTER_USER.search(user):
        password, at, host = after.rpartition("@")
        if at and password and not (is_web and _PORT_AND_MORE.match(password)):
            return f"{REDACTED if len(user) >= _MAX_USER_CHARS else user}:{REDACTED}@{host}"
        if not at and rest.endswith(("...", "…")) and not _PORT_AND_MORE.match(after):
            return f"{user}:{REDACTED}"  # truncated before the @
    user, at, host = rest.partition("@")
    if at and len(user) >= _MAX_USER_CHARS and not _AFTER_USER.search(user):
        return f"{REDACTED}@{host}"
    return rest


def _repr(value: object) -> str:
    try:
        return _Short().repr(value)
    except Exception as error:
        return f"<{type(value).__name__}: repr() raised {type(error).__name__}>"


class _Short(reprlib.Repr):
    """The beginning of one value's ``repr``; dictionary values of secret keys are redacted.

    Python's own class omits the middle: the rest could be a part of a secret.
    """

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = self.left = MAX_VALUE_CHARS * 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = 30
        self.maxlevel = 5

    def repr1(self, x: Any, level: int) -> str:
        """A part of the value, until the length limit is reached."""
        if self.left <= 0:
            return "..."
        text = super().repr1(x, level)
        self.left -= len(text)
        return text

    def repr_str(self, x: Any, level: int) -> str:
        """The beginning of a string or bytes."""
        text = repr(x[: self.maxstring])
        return text if len(x) <= self.maxstring else f"{text[:-1]}...{text[-1]}"

    repr_bytes = repr_str

    def repr_instance(self, x: Any, level: int) -> str:
        """The ``repr`` of an object; a mapping is shown like a dictionary."""
        if isinstance(x, dict) and type(x).__repr__ is dict.__repr__:
            return self.repr_dict(x, level)
        try:
            text = repr(x)
        except Exception:
            return f"<{type(x).__name__} instance at {id(x):#x}>"
        return text if len(text) <= self.maxother else f"{text[: self.maxother]}..."

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        """In insertion order; Python's class sorts it."""
        if level <= 0:
            return "{...}"
        pairs = [self.pair(*item, level - 1) for item in islice(x.items(), self.maxdict)]
        return f"{{{', '.join([*pairs, *['...'] * (len(x) > len(pairs))])}}}"

    def pair(self, key: Any, value: Any, level: int) -> str:
        """A key and its value, redacted if secret."""
        hides = is_secret(str(key))
        return f"{self.repr1(key, level)}: {REDACTED if hides else self.repr1(value, level)}"
