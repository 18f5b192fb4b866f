"""Cross-site request forgery protection by the origin of a request.

The rules are those of Go 1.25's ``http.CrossOriginProtection``: browsers send the origin of a
request in ``Sec-Fetch-Site`` or ``Origin``; other clients send neither. So forms need no token.
This file has the decision and the texts for visitor and log; `lifecycle/policies.py` applies it
before the program's hooks and views run.
"""

from __future__ import annotations

import ipaddress
import re
from enum import Enum
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from werkzeug.exceptions import Forbidden

from .methods import SAFE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from _typeshed.wsgi import WSGIEnvironment
    from werkzeug.routing import Rule

T = TypeVar("T", bound="Callable[..., Any]")

#: Methods that are never checked. Go lists GET, HEAD and OPTIONS; RFC 10008 came later.
PASSING_METHODS = SAFE - {"TRACE"}

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_SHOWN_LENGTH = 200  # characters of a header field in a message; clients choose its length


class RequestOrigin(NamedTuple):
    """The header fields of a request that identify its origin and its target."""

    fetch_site: str  # Sec-Fetch-Site: empty from old browsers, and for plain http
    origin: str
    host: str
    scheme: str

    @classmethod
    def of(cls, environ: WSGIEnvironment) -> RequestOrigin:
        return cls(
            environ.get("HTTP_SEC_FETCH_SITE", ""),
            environ.get("HTTP_ORIGIN", ""),
            environ.get("HTTP_HOST", ""),
            environ.get("wsgi.url_scheme", "http"),
        )

    @property
    def is_this_site(self) -> bool:
        """Whether the request comes from the same origin, the address bar, or no browser."""
        if self.fetch_site:
            return self.fetch_site in ("same-origin", "none")
        return not self.origin or _is_origin_of_host(self)

    @property
    def opens_from_this_site(self) -> bool:
        """`is_this_site` for the handshake of a WebSocket.

        Browsers send its ``Origin`` always, and some call it cross-site in ``Sec-Fetch-Site``
        because of the scheme ``ws``.
        """
        return not self.origin or self.fetch_site == "same-origin" or _is_origin_of_host(self)

    @property
    def is_on_this_machine(self) -> bool:
        """Whether the page is a file or from a loopback address, and so is the target."""
        scheme, _, origin_host = self.origin.partition("://")
        is_local_page = scheme in _DEFAULT_PORTS and is_loopback(origin_host)
        return is_loopback(self.host) and (is_local_page or self.origin == "null")

    def __str__(self) -> str:
        return (
            f"Sec-Fetch-Site {_shown(self.fetch_site)}, Origin {_shown(self.origin)},"
            f" Host {_shown(self.host)}"
        )


def _is_origin_of_host(source: RequestOrigin) -> bool:
    """The check for browsers without Sec-Fetch-Site, and for plain http in a local network."""
    scheme, separator, origin_host = source.origin.lower().partition("://")
    if not separator or not source.host:
        return False  # "null" among others
    if scheme == "http" and source.scheme == "https":
        return False  # the reverse is allowed: a proxy may terminate TLS
    port = _DEFAULT_PORTS.get(scheme, "")
    return origin_host.removesuffix(port) == source.host.lower().removesuffix(port)


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether ``host``, with or without a port, is a loopback name or address."""
    name = host.lower()
    if name.startswith("["):
        name = name[1:].partition("]")[0]
    elif name.count(":") == 1:
        name = name.partition(":")[0]
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)  # ::ffff:127.0.0.1, on a dual-stack socket
    return (mapped or address).is_loopback


# Configured exceptions


class OriginPolicy(NamedTuple):
    """The trusted origins and exempt rules of the configuration; see `read_origin_policy`."""

    origins: frozenset[str]
    rules: frozenset[str]
    is_null_trusted: bool

    def takes_rule(self, method: str, rule: Rule | None, path: str) -> bool:
        """Whether the matched rule is listed exactly as it was registered.

        :param path: as it was sent. A path that the router normalizes, such as ``//x`` for ``/x``,
            is not exempt (Go had this bug: GO-2025-3955).
        """
        if rule is None or path.startswith("//") or ("<" not in rule.rule and path != rule.rule):
            return False
        return rule.rule in self.rules or f"{method} {rule.rule}" in self.rules


def read_origin_policy(config: Mapping[str, Any]) -> OriginPolicy:
    """Read and check the configuration keys ``CROSS_ORIGIN_...``.

    :raises ValueError: if an entry can never match.
    :raises TypeError: if a value is not a list of strings.
    """
    origins, rules = "CROSS_ORIGIN_TRUSTED_ORIGINS", "CROSS_ORIGIN_EXEMPT_RULES"
    return _checked(
        _as_tuple(origins, config.get(origins), "https://pay.example"),
        _as_tuple(rules, config.get(rules), "POST /saml/acs"),
        bool(config.get("CROSS_ORIGIN_TRUST_NULL_FROM_ANYWHERE")),
    )


def _as_tuple(key: str, values: Any, example: str) -> tuple[str, ...]:
    if values is None:
        return ()
    if not isinstance(values, (list, tuple, set, frozenset)):
        raise TypeError(f"{key} is {values!r}. Write a list: app.config[{key!r}] = [{example!r}]")
    for value in values:
        if not isinstance(value, str):
            raise TypeError(f"{key} contains {value!r}, which is not a string like {example!r}.")
    return tuple(values)


@lru_cache(maxsize=32)
def _checked(origins: tuple[str, ...], rules: tuple[str, ...], trust_null: bool) -> OriginPolicy:
    check_origins("CROSS_ORIGIN_TRUSTED_ORIGINS", origins)
    for rule in rules:
        _check_rule(rule)
    return OriginPolicy(frozenset(origins), frozenset(rules), trust_null)


# The serialization of the URL standard: ASCII, lower case.
_ORIGIN = r"([a-z][a-z0-9+.-]*)://(?:\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:[0-9]{1,5})?"
_RULE = r"(?:[!#$%&'*+.^_`|~0-9A-Z-]+ )?/.*"


def _is_origin(origin: str) -> bool:
    match = re.fullmatch(_ORIGIN, origin)
    return match is not None and match[2] != _DEFAULT_PORTS.get(match[1], "")


def check_origins(name: str, origins: Iterable[str]) -> None:
    """Check that each origin is one that browsers send.

    :param name: of the list, for the message.
    :raises ValueError: if an entry can never match.
    """
    for origin in origins:
        _check_origin(name, origin)


def _check_origin(name: str, origin: str) -> None:
    if _is_origin(origin):
        return
    if origin == "null":
        raise ValueError(
            f"{name} contains 'null'. Any page can send this Origin"
            " from a sandboxed frame, so it identifies no site. To trust it all the"
            " same: app.config['CROSS_ORIGIN_TRUST_NULL_FROM_ANYWHERE'] = True"
        )
    raise ValueError(
        f"{name} contains {origin!r}, which no browser sends. An origin"
        " is exactly scheme://host or scheme://host:port in lower case: no path, no slash at"
        f" the end, no *, no port 80 for http or 443 for https.{_suggestion(origin)}"
    )


def _suggestion(origin: str) -> str:
    scheme, separator, rest = origin.strip().lower().partition("://")
    host = re.split(r"[/?#]", rest, maxsplit=1)[0].removesuffix(_DEFAULT_PORTS.get(scheme, ""))
    guess = f"{scheme}://{host}" if separator else f"https://{scheme}".rstrip("/")
    return f" Write {guess!r}." if re.fullmatch(_ORIGIN, guess) else ""


def _check_rule(rule: str) -> None:
    if not re.fullmatch(_RULE, rule):
        raise ValueError(
            f"CROSS_ORIGIN_EXEMPT_RULES contains {rule!r}. Write a rule as `retort routes`"
            " shows it, '/saml/acs', or one for a single method, 'POST /saml/acs'."
        )


def cross_origin_exempt(view: T) -> T:
    """Exempt a view from ``CROSS_ORIGIN_PROTECTION``: pages of other sites may send to it.

    :param view: a view function, a :class:`~retort.views.View` class, or a method of a
        :class:`~retort.views.MethodView`.
    :returns: the same object, with ``view.cross_origin_exempt = True``.
    :raises TypeError: if it cannot be marked.

    For views that expect cross-site requests: the return from a payment provider, a login by SAML
    or OpenID Connect (``form_post``). Such a view must authenticate the sender itself. Place the
    decorator directly above ``def`` or ``class``, below ``@app.post``.
    """
    try:
        view.cross_origin_exempt = True  # type: ignore[attr-defined]
    except AttributeError:
        raise TypeError(
            f"{view!r} cannot be marked as exempt. Mark the function or class it wraps."
        ) from None
    return view


def is_exempt(view: Any, method: str) -> bool:
    """Whether a view, its class, or its method for this request is marked as exempt."""
    views = getattr(view, "views_by_method", None)  # @login.post beside @app.get
    if views is not None:
        view = views.get(method)
    view_class = getattr(view, "view_class", None)
    places = (view, view_class, getattr(view_class, method.lower(), None))
    return any(getattr(place, "cross_origin_exempt", False) is True for place in places)


# The decision


class Verdict(Enum):
    """The decision about a request, with its reason."""

    THIS_SITE = "same origin, or not a browser"
    EXEMPT = "the view is exempt"
    TRUSTED = "its origin is trusted"
    NULL_TRUSTED = "an unknown origin is trusted"
    LOCAL = "a page of this machine, while developing"
    REFUSED = "another site"


def decide(
    method: str,
    source: RequestOrigin,
    policy: OriginPolicy,
    *,
    is_exempt: bool = False,
    is_developing: bool = False,
) -> Verdict:
    """Decide whether to accept a request.

    :param method: as it was sent.
    :param is_exempt: whether the view or its rule is exempt.
    :param is_developing: whether debug mode is on, and the client is on this machine.
    """
    if method in PASSING_METHODS or source.is_this_site:
        return Verdict.THIS_SITE
    return decide_about_origin(source, policy, is_exempt=is_exempt, is_developing=is_developing)


def decide_about_origin(
    source: RequestOrigin, policy: OriginPolicy, *, is_exempt: bool, is_developing: bool
) -> Verdict:
    """Decide whether to accept a request of another site; see `decide`."""
    if is_exempt:
        return Verdict.EXEMPT
    if source.origin in policy.origins:
        return Verdict.TRUSTED
    if source.origin == "null" and policy.is_null_trusted:
        return Verdict.NULL_TRUSTED
    if is_developing and source.is_on_this_machine:
        return Verdict.LOCAL
    return Verdict.REFUSED


# Texts for the visitor and the log


class CrossOriginRefused(Forbidden):
    """The 403 for a request from a page of another site."""

    def __init__(self, source: RequestOrigin, hint: str = "") -> None:
        self.sender = source
        super().__init__(" ".join(filter(None, (_for_visitor(source), hint))))


def _for_visitor(source: RequestOrigin) -> str:
    if source.origin == "null":
        return (
            "This was sent by a page that was opened from disk, or that hides where it comes"
            " from, so nothing was done. Open the page on this site, by its address, and send"
            " it again."
        )
    return (
        "This was sent by a page of another site, so nothing was done. Open the page on this"
        " site and send it again."
    )


def how_to_allow(source: RequestOrigin, policy: OriginPolicy, view_place: str | None) -> str:
    """A hint with the settings of which each would have allowed this request.

    :param view_place: name, file and line of the view; ``None`` if no rule matched.
    """
    lines = []
    if _is_origin(source.origin):
        origins = [*sorted(policy.origins), source.origin]
        lines.append(f"app.config['CROSS_ORIGIN_TRUSTED_ORIGINS'] = {origins}")
    if view_place is not None:
        lines.append(f"@cross_origin_exempt above {view_place}")
    if source.origin == "null":
        lines.append(
            "app.config['CROSS_ORIGIN_TRUST_NULL_FROM_ANYWHERE'] = True, which trusts every site"
        )
    if not lines:
        return "No rule matches this address and method, so there is no view to exempt."
    hint = f"To allow it: {', or '.join(lines)}."
    if source.origin == "null":
        address = f"{source.scheme}://{_shortened(source.host)}/"
        return f"Was the page opened from disk? Serve it from the program, at {address!r}. {hint}"
    return hint


#: Log messages for requests that are accepted for a risky reason; the arguments are method and
#: path, and the origin.
TAKEN_WITH_CARE = {
    Verdict.NULL_TRUSTED: (
        "Accepted %s from an unknown page (%s): CROSS_ORIGIN_TRUST_NULL_FROM_ANYWHERE is on."
        " Any site could have sent it."
    ),
    Verdict.LOCAL: (
        "Accepted %s from a page of another origin on this machine (%s): debug mode is on. In"
        " production the response is 403. Serve the page from the program itself."
    ),
}


def _shortened(value: str) -> str:
    return value if len(value) <= _SHOWN_LENGTH else f"{value[:_SHOWN_LENGTH]}..."


def _shown(value: str) -> str:
    return repr(_shortened(value))
