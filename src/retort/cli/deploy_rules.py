"""Rules for settings that are unsafe in production; each rule is a small function.

An error is never correct in production. A warning may be intended.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.proxy_fix import ProxyFix

from ..devtools.checks.pages import pages_of
from ..devtools.checks.program import Program
from ..devtools.checks.rules.endpoints import all_uses
from ..globals import session
from ..helpers import flash, get_debug_flag
from ..http.cross_origin import is_loopback
from ..server.limits import WrongLimit, limits_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..app import Flask

ERROR, WARNING = "error", "warning"

_SHORTEST_KEY = 16  # bytes: 128 bits, if they come from `secrets`

# From tutorials, templates and Flask's own documentation; compared in lower case.
_KNOWN_KEYS = frozenset(
    {
        "192b9bdd22ab9ed4d12e236c78afcb9a393ec15f71bbf5dc987d54727823bcbf",
        '_5#y2l"f4q8z\n\xec]/',
        "a0zr98j/3yx r~xhh!jmn]lwx/,?rt",
        "a really really really really long secret key",
        "any random string",
        "change me in production",
        "change-me-in-production",
        "changemeinproduction",
        "development key",
        "my_super_secret_key",
        "mysupersecretkey",
        "my_precious",
        "not-so-secret-key",
        "replace-me-with-a-real-key",
        "secret-key-goes-here",
        "super-secret-key",
        "super secret key",
        "supersecretkey123",
        "thisisasecretkey",
        "this-is-a-secret-key",
        "this is a secret key",
        "you-will-never-guess",
        "your-secret-key-here",
        "your_secret_key_here",
    }
)

_NEW_KEY = "python -c 'import secrets; print(secrets.token_hex())'"


@dataclass(frozen=True)
class Risk:
    """An unsafe setting: its description, its effect and the fix."""

    level: str
    rule: str
    message: str
    fix: str


class EffectiveSettings:
    """A program, and the settings it would be served with.

    :param options: by parameter name of ``retort run``.
    """

    def __init__(self, app: Flask, options: Mapping[str, Any]) -> None:
        self.app = app
        self.options = options
        self.config: Mapping[str, Any] = app.config

    @property
    def is_public(self) -> bool:
        """Whether other machines can connect."""
        if self.options.get("unix") or self.options.get("fd") is not None:
            return False
        return not is_loopback(self.options["host"])

    @property
    def has_tls(self) -> bool:
        """Whether the site is served over HTTPS, as far as can be determined."""
        is_meant = self.config.get("PREFERRED_URL_SCHEME") == "https"
        return is_meant or self.options["cert"] is not None or self.options["proxy"] > 0

    @property
    def is_debug(self) -> bool:
        return bool(self.app.debug or get_debug_flag())

    @cached_property
    def uses_session(self) -> bool:
        """Whether a view's module uses the session, or a feature that requires it."""
        if hasattr(self.app, "login_manager"):
            return True
        functions = self.app.view_functions.values()
        modules = [getattr(function, "__globals__", {}) for function in functions]
        own = [module for module in modules if module.get("__package__") != "retort"]
        names = itertools.chain.from_iterable(module.values() for module in own)
        return any(value is session or value is flash for value in names)

    @cached_property
    def has_external_urls(self) -> bool:
        """Whether the program's source contains ``url_for(..., _external=True)``."""
        program = Program(self.app)
        uses = all_uses(program, pages_of(program))
        return any("_external" in use.keywords for use in uses)

    @property
    def has_proxy_fix(self) -> bool:
        """Whether the program wraps itself in a ``ProxyFix``."""
        layer: Any = self.app.wsgi_app
        for _ in range(20):  # more middleware layers than any real program has
            if isinstance(layer, ProxyFix):
                return True
            layer = getattr(layer, "app", None)
        return False


def risks_of(settings: EffectiveSettings) -> list[Risk]:
    """All risks, errors first."""
    with settings.app.app_context():
        found = [risk for rule in _RULES for risk in rule(settings)]
    return sorted(found, key=lambda risk: risk.level != ERROR)


def _debug(settings: EffectiveSettings) -> Iterator[Risk]:
    fix = "Omit --debug, and do not set FLASK_DEBUG or app.debug."
    if settings.is_debug and settings.is_public:
        yield Risk(
            ERROR,
            "debug-public",
            f"Debug mode is on, and other machines can reach {settings.options['host']}: they see"
            " tracebacks, code and values of the program.",
            fix,
        )
    elif settings.is_debug:
        yield Risk(
            ERROR, "debug", "Debug mode is on: error pages show internals of the program.", fix
        )
    elif settings.options["debugger"]:
        yield Risk(
            ERROR,
            "debug",
            "The debugger is on: error pages show internals of the program.",
            "Omit --debugger.",
        )


def _reload(settings: EffectiveSettings) -> Iterator[Risk]:
    if settings.options["reload"] and not settings.is_debug:
        yield Risk(
            WARNING,
            "reload",
            "The reloader is on: one process serves, and restarts when a file changes.",
            "Omit --reload.",
        )


def _secret_key(settings: EffectiveSettings) -> Iterator[Risk]:
    key = settings.config["SECRET_KEY"]
    if not key:
        level = ERROR if settings.uses_session else WARNING
        uses = "It uses the session, and" if settings.uses_session else "If it uses the session,"
        yield Risk(
            level,
            "secret-key",
            f"The program has no SECRET_KEY. {uses} each request that writes to it fails.",
            f"Create a key with {_NEW_KEY} and pass it to the program from outside, for instance as"
            " FLASK_SECRET_KEY with app.config.from_prefixed_env().",
        )
    fallbacks = settings.config["SECRET_KEY_FALLBACKS"] or []
    for name, value in [("SECRET_KEY", key), *(("SECRET_KEY_FALLBACKS", one) for one in fallbacks)]:
        reason = why_weak(value) if value else None
        if reason is not None:
            yield Risk(
                ERROR,
                "secret-key-weak",
                f"{name} {reason}: an attacker who guesses it can forge sessions of any user.",
                f"Create a new one: {_NEW_KEY}. Keep it out of the source code.",
            )


def why_weak(key: object) -> str | None:
    """The problem of a key, as a phrase that follows its name; ``None`` if none is found."""
    text = key.decode("latin-1") if isinstance(key, bytes) else str(key)
    if text.lower() in _KNOWN_KEYS:
        return "is an example value from tutorials"
    if len(text) < _SHORTEST_KEY:
        return f"has {len(text)} characters, which is too short; {_SHORTEST_KEY} are the minimum"
    if len(set(text)) < 6:
        return "has too few different characters"
    return None


def _cookies(settings: EffectiveSettings) -> Iterator[Risk]:
    config = settings.config
    if not config["SESSION_COOKIE_SECURE"]:
        known = "" if settings.has_tls else "If the site is served over HTTPS: "
        yield Risk(
            ERROR if settings.has_tls else WARNING,
            "cookie-secure",
            f"{known}SESSION_COOKIE_SECURE is off, so browsers send the session's cookie over plain"
            " http too, where it can be intercepted.",
            'app.config["SESSION_COOKIE_SECURE"] = True',
        )
    if not config["SESSION_COOKIE_HTTPONLY"]:
        yield Risk(
            WARNING,
            "cookie-httponly",
            "SESSION_COOKIE_HTTPONLY is off: a script in a page can read the session's cookie.",
            'app.config["SESSION_COOKIE_HTTPONLY"] = True',
        )
    if config["SESSION_COOKIE_SAMESITE"] not in ("Lax", "Strict"):
        yield Risk(
            WARNING,
            "cookie-samesite",
            "SESSION_COOKIE_SAMESITE is neither Lax nor Strict: some browsers send the session's"
            " cookie along with forms of other sites.",
            'app.config["SESSION_COOKIE_SAMESITE"] = "Lax"',
        )


def _hosts(settings: EffectiveSettings) -> Iterator[Risk]:
    if not settings.config["TRUSTED_HOSTS"] and settings.has_external_urls:
        yield Risk(
            WARNING,
            "trusted-hosts",
            "The program builds URLs with url_for(..., _external=True), and TRUSTED_HOSTS is"
            " not set: clients control the host in them with the Host header, for instance in the"
            " link of a password reset mail.",
            'app.config["TRUSTED_HOSTS"] = ["www.example.com"]',
        )


def _limits(settings: EffectiveSettings) -> Iterator[Risk]:
    limits = (
        settings.options["limit_body"],
        settings.config["SERVER_LIMIT_BODY"],
        settings.config["MAX_CONTENT_LENGTH"],
    )
    if limits == (None, None, None):
        yield Risk(
            WARNING,
            "max-content-length",
            "MAX_CONTENT_LENGTH is not set: request bodies have no size limit.",
            'app.config["MAX_CONTENT_LENGTH"] = 16 * 1024 * 1024, and more for upload routes;'
            " or --limit-body 16M, which applies to all.",
        )


def _server_limits(settings: EffectiveSettings) -> Iterator[Risk]:
    try:
        limits_of(settings.app)
    except WrongLimit as error:
        yield Risk(
            ERROR,
            "server-limit",
            error.message,
            "Set a valid value, or remove it: 'retort run' does not start with this one.",
        )


def _development_keys(settings: EffectiveSettings) -> Iterator[Risk]:
    if settings.config["TESTING"]:
        yield Risk(
            ERROR,
            "testing",
            "TESTING is on: exceptions are not handled as in production, and extensions"
            " disable checks (Flask-Login, Flask-WTF).",
            "Set it in tests only.",
        )
    if settings.config["TEMPLATES_AUTO_RELOAD"] and not settings.is_debug:
        yield Risk(
            WARNING,
            "templates-auto-reload",
            "TEMPLATES_AUTO_RELOAD is on: each rendering checks the template files for changes.",
            "Remove it: debug mode enables it.",
        )
    if settings.config["PROPAGATE_EXCEPTIONS"] and not settings.config["TESTING"]:
        yield Risk(
            WARNING,
            "propagate-exceptions",
            "PROPAGATE_EXCEPTIONS is on: exceptions bypass the program's handler for 500.",
            "Remove it.",
        )


def _proxies(settings: EffectiveSettings) -> Iterator[Risk]:
    if settings.has_proxy_fix and settings.options["proxy"]:
        yield Risk(
            WARNING,
            "proxy-twice",
            "The program has a ProxyFix, and --proxy does the same: forwarded headers are applied"
            " twice, and X-Forwarded-Prefix counts double.",
            "Remove one of them.",
        )
    elif settings.has_proxy_fix and settings.is_public:
        yield Risk(
            WARNING,
            "proxy-fix",
            "The program has a ProxyFix, and clients can reach the server without the proxy: they"
            " can forge client addresses.",
            "Listen on 127.0.0.1 or on a Unix socket, or let a firewall keep others out.",
        )
    elif settings.options["proxy"] and settings.is_public:
        yield Risk(
            WARNING,
            "proxy-public",
            f"--proxy believes forwarded headers, and others can reach {settings.options['host']}"
            " without the proxy: they can forge client addresses.",
            "Listen on 127.0.0.1 or on a Unix socket, or let a firewall keep others out.",
        )


def _encryption(settings: EffectiveSettings) -> Iterator[Risk]:
    if settings.is_public and settings.options["cert"] is None and not settings.options["proxy"]:
        yield Risk(
            WARNING,
            "no-tls",
            f"Others can reach {settings.options['host']}, and nothing is encrypted there.",
            "--cert and --key; or, behind a proxy that has the certificate, --proxy 1.",
        )


def _pages_for_machines(settings: EffectiveSettings) -> Iterator[Risk]:
    if settings.options["metrics"] and settings.options["ops_port"] is None:
        yield Risk(
            WARNING,
            "metrics-public",
            "The metrics are public: every client of the site can read them.",
            "A port of their own, on 127.0.0.1: --ops-port 9000.",
        )


_RULES: tuple[Callable[[EffectiveSettings], Iterator[Risk]], ...] = (
    _debug,
    _reload,
    _secret_key,
    _cookies,
    _hosts,
    _limits,
    _server_limits,
    _development_keys,
    _proxies,
    _encryption,
    _pages_for_machines,
)
