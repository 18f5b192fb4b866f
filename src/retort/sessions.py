"""The session of a user: a dictionary stored in a signed cookie, or by another interface.

``app.session_interface`` opens and saves sessions; `context.py` and `lifecycle/` decide when.
`signing.py` makes the signature, `json/tag.py` the payload. Documented on
Flask's "API" page, under "Session Interface".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, MutableMapping
from datetime import datetime, timezone
from functools import lru_cache
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.datastructures import CallbackDict

from .globals import current_request_context
from .http.response import own_fields
from .json.tag import TaggedJSONSerializer
from .signing import encode, make_serializer

if TYPE_CHECKING:
    from collections.abc import Callable

    from .app import Flask
    from .context import RequestContext
    from .http.request import Request
    from .http.response import Response

_NO_SECRET_KEY = (
    "The session is unavailable: the app has no secret key to sign it with. Set one before"
    " the first request, app.config['SECRET_KEY'] = '...', to what this prints:"
    ' python -c "import secrets; print(secrets.token_hex())"'
)


class SessionMixin(MutableMapping[str, Any]):
    """The attributes of a session that a dictionary does not have."""

    new = False
    """Whether the session was created in this request, if the interface detects that."""

    modified = True
    """Whether it was changed. Always true for an interface that cannot detect changes."""

    accessed = False
    """Whether the request accessed it; the response then has ``Vary: Cookie``."""

    @property
    def permanent(self) -> bool:
        """Whether it outlives the browser session; stored under the key ``_permanent``."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


class SecureCookieSession(CallbackDict[str, Any], SessionMixin):
    """A session that detects when a key is set or removed.

    :param initial: the initial content.

    A change inside a value, as in ``session["cart"].append(1)``, is not detected:
    set :attr:`modified` then.
    """

    modified = False
    """Whether it was changed in this request."""

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        # PERF: has the effect of CallbackDict's, with fewer calls.
        dict.__init__(self, () if initial is None else initial)
        self.on_update = _note_change

    def __setitem__(self, key: str, value: Any) -> None:
        # PERF: CallbackDict's makes one more call, through a decorator.
        dict.__setitem__(self, key, value)
        if self.on_update is not None:
            self.on_update(self)  # type: ignore[arg-type]  # mypy has no Self here


def _note_change(session: CallbackDict[str, Any]) -> None:
    session.modified = True  # type: ignore[attr-defined]  # a SecureCookieSession


def _refuse(self: NullSession, *args: Any, **kwargs: Any) -> NoReturn:
    raise RuntimeError(_NO_SECRET_KEY)


class NullSession(SecureCookieSession):
    """The session of an app without a secret key: empty to read, an error to write."""

    __setitem__ = _refuse
    __delitem__ = _refuse
    __ior__ = _refuse
    clear = _refuse
    pop = _refuse
    popitem = _refuse
    setdefault = _refuse
    update = _refuse


class SessionInterface:
    """How an app stores sessions. Subclasses define :meth:`open_session` and :meth:`save_session`.

    The other methods read the app's configuration. One interface may serve several
    apps and threads.
    """

    lazy_methods: tuple[Callable[..., Any], ...] = ()
    """The methods and the session class with which lazy opening is unobservable. A class with
    other ones opens its sessions before the hooks of the request."""

    null_session_class: type[NullSession] = NullSession
    """The class that :meth:`make_null_session` creates and :meth:`is_null_session` checks."""

    pickle_based = False
    """Whether sessions are pickled; read by extensions."""

    def make_null_session(self, app: Flask) -> NullSession:
        """The session used if :meth:`open_session` returns ``None``: writing to it is an error."""
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Whether ``obj`` is a null session. Null sessions are never saved."""
        # PERF: isinstance() calls a Python method, since the class is an abstract base class.
        return self.null_session_class in obj.__class__.__mro__

    def get_cookie_name(self, app: Flask) -> str:
        """The cookie's name: ``SESSION_COOKIE_NAME``."""
        name: str = app.config["SESSION_COOKIE_NAME"]
        return name

    def get_cookie_domain(self, app: Flask) -> str | None:
        """The cookie's ``Domain``: ``SESSION_COOKIE_DOMAIN``; none means this host only."""
        domain: str | None = app.config["SESSION_COOKIE_DOMAIN"]
        return domain

    def get_cookie_path(self, app: Flask) -> str:
        """The cookie's ``Path``: ``SESSION_COOKIE_PATH``, or else ``APPLICATION_ROOT``."""
        path: str = app.config["SESSION_COOKIE_PATH"] or app.config["APPLICATION_ROOT"]
        return path

    def get_cookie_httponly(self, app: Flask) -> bool:
        """Whether scripts may not read the cookie: ``SESSION_COOKIE_HTTPONLY``."""
        httponly: bool = app.config["SESSION_COOKIE_HTTPONLY"]
        return httponly

    def get_cookie_secure(self, app: Flask) -> bool:
        """Whether the cookie is for HTTPS only: ``SESSION_COOKIE_SECURE``.

        ``"auto"``: if the request was sent over HTTPS, or ``PREFERRED_URL_SCHEME`` is
        ``https``.
        """
        secure: bool | str = app.config["SESSION_COOKIE_SECURE"]
        if secure != "auto":
            return secure  # type: ignore[return-value]
        context = current_request_context.get(None)
        return app.config["PREFERRED_URL_SCHEME"] == "https" or (
            context is not None and context.request.is_secure
        )

    def get_cookie_samesite(self, app: Flask) -> str | None:
        """``"Lax"``, ``"Strict"``, ``"None"`` or nothing: ``SESSION_COOKIE_SAMESITE``."""
        samesite: str | None = app.config["SESSION_COOKIE_SAMESITE"]
        return samesite

    def get_cookie_partitioned(self, app: Flask) -> bool:
        """Whether each embedding site has its own cookie: ``SESSION_COOKIE_PARTITIONED``."""
        partitioned: bool = app.config["SESSION_COOKIE_PARTITIONED"]
        return partitioned

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """When the cookie expires, in UTC; ``None``: when the browser is closed.

        A permanent session lasts ``PERMANENT_SESSION_LIFETIME`` from now.
        """
        if not session.permanent:
            return None
        return datetime.now(timezone.utc) + app.permanent_session_lifetime

    def leaves_alone(self, cookies: str, name: str) -> bool:
        """Whether a session that was not accessed never has to be saved.

        Such a session is not opened. The default is ``False``.

        :param cookies: the request's ``Cookie`` header field.
        :param name: the name of the cookie.
        """
        return False

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether this response sets the cookie.

        It does when the session was changed, and for a permanent session each time unless
        ``SESSION_REFRESH_EACH_REQUEST`` is off.
        """
        if session.modified:
            return True
        return session.permanent and bool(app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """The session of a request.

        :returns: ``None`` if the required configuration is missing; a null session is
            used instead.

        For an invalid cookie and other temporary errors, return a new empty session.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has to define open_session().")

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Save a session at the end of its request; not called for a null session.

        :param response: the response, for a cookie.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has to define save_session().")


session_json_serializer = TaggedJSONSerializer()
"""Writes and reads the payload of session cookies; more tags can be registered."""


def _lazy_sha1(string: bytes = b"") -> Any:
    # hashlib.sha1 is looked up when called: a FIPS build of Python may lack it, but this module
    # must still be importable.
    return hashlib.sha1(string)


class SecureCookieSessionInterface(SessionInterface):
    """Sessions in a signed cookie: they cannot be forged, but the user can read them.

    Compatible with Flask's cookies if the attributes of this class and the keys are equal.
    """

    salt = "cookie-session"
    """Mixed into the key, so that other data signed with it is not accepted as a session."""

    digest_method: Callable[..., Any] = staticmethod(_lazy_sha1)
    """The hash function of the signature."""

    key_derivation = "hmac"
    """How itsdangerous derives the signing key."""

    serializer: Any = session_json_serializer
    """Writes and reads the payload."""

    session_class: type[SecureCookieSession] = SecureCookieSession
    """The class of the sessions that :meth:`open_session` returns."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """The serializer for this app's cookies, or ``None`` without a secret key.

        It signs with ``SECRET_KEY`` and also accepts ``SECRET_KEY_FALLBACKS``. All requests
        share it: change the configuration, not the object.
        """
        secret_key = app.secret_key
        if not secret_key:
            return None
        fallbacks = app.config["SECRET_KEY_FALLBACKS"]
        keys = (*_listed(fallbacks), secret_key) if fallbacks else (secret_key,)
        parts = (keys, self.salt, self.serializer, self.key_derivation, self.digest_method)
        try:
            return _shared_serializer(*parts)
        except TypeError:  # one of the arguments is not hashable
            return make_serializer(*parts)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session in the request's cookie; a new one if the cookie is invalid.

        :returns: ``None`` if the app has no secret key.

        A cookie is invalid if its signature is wrong, if it is older than
        ``PERMANENT_SESSION_LIFETIME``, or if its payload cannot be decoded.
        """
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            return None
        name, cookies = self.get_cookie_name(app), request.cookies
        if name not in cookies:
            return self.session_class()
        cookie = cookies[name]
        max_age_seconds = int(app.permanent_session_lifetime.total_seconds())
        try:
            content = serializer.loads(cookie, max_age=max_age_seconds)
        except (BadData, UnicodeError):
            return self.session_class()
        # PERF: the isinstance() check of a dict takes longer than creating a session.
        is_content = type(content) is dict or isinstance(content, Mapping)
        return self.session_class(content if is_content else None)

    def leaves_alone(self, cookies: str, name: str) -> bool:
        """Whether the cookie is well-formed and not of a permanent session, which is refreshed.

        The signature is not checked: a forged session is replaced by a new one, which is not
        saved either.
        """
        if (_savers_of(type(self)), _traits_of(SecureCookieSession)) != _SAVERS:
            return False
        _, given, rest = cookies.partition(f"{name}=")
        if not given or given in rest:
            return False
        for mark in _PERMANENT:
            if mark in rest:
                return False
        return _PAYLOAD.match(rest) is not None

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Set the cookie if necessary, or delete it if the session was emptied.

        Adds ``Vary: Cookie`` (RFC 9110 §12.5.5) if the response depends on the session.
        """
        is_cookie_due = self.should_set_cookie(app, session) if session else session.modified
        if session.accessed or is_cookie_due:
            _vary_by_cookie(response)
        if is_cookie_due and session:
            self._set_cookie(app, session, response)
        elif is_cookie_due:
            self._delete_cookie(app, response)

    def _set_cookie(self, app: Flask, session: SessionMixin, response: Response) -> None:
        serializer = self.get_signing_serializer(app)
        if serializer is None:
            raise RuntimeError(_NO_SECRET_KEY)
        response.set_cookie(
            self.get_cookie_name(app),
            serializer.dumps(dict(session)),
            expires=self.get_expiration_time(app, session),
            httponly=self.get_cookie_httponly(app),
            **self._scope_of_cookie(app),
        )

    def _delete_cookie(self, app: Flask, response: Response) -> None:
        response.delete_cookie(
            self.get_cookie_name(app),
            httponly=self.get_cookie_httponly(app),
            **self._scope_of_cookie(app),
        )

    def _scope_of_cookie(self, app: Flask) -> dict[str, Any]:
        return {
            "domain": self.get_cookie_domain(app),
            "path": self.get_cookie_path(app),
            "secure": self.get_cookie_secure(app),
            "samesite": self.get_cookie_samesite(app),
            "partitioned": self.get_cookie_partitioned(app),
        }


# An uncompressed payload, up to the signature or the end of the cookie.
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]+(?=[.;]|\Z)")

# "_permanent" in base64: one form for each alignment, without the characters that depend on the
# neighbouring bytes.
_PERMANENT = tuple(
    encode(b"_permanent"[start:end]).decode() for start, end in ((0, 9), (1, 10), (2, 8))
)

# The attributes that decide whether a session is saved and may be overridden or monkeypatched.
_savers_of = attrgetter(
    *("should_set_cookie", "get_signing_serializer", "serializer", "session_class"),
)
_traits_of = attrgetter("permanent", "modified", "__init__")
_SAVERS = _savers_of(SecureCookieSessionInterface), _traits_of(SecureCookieSession)

# The attributes with which a session interface opens and saves.
session_methods: Callable[[type], tuple[Any, ...]] = attrgetter(
    "open_session", "save_session", "make_null_session", "is_null_session", "session_class"
)


def can_be_opened_later(interface: Any) -> bool:
    """Whether lazy opening is unobservable: the methods are those of `lazy_methods`."""
    lazy_methods = getattr(interface, "lazy_methods", ())
    return bool(lazy_methods) and session_methods(type(interface)) == lazy_methods


def may_save_unopened(context: RequestContext) -> bool:
    """Whether a session that was not opened may have to be saved: the request has its cookie."""
    app, cookies = context.app, context.environ["HTTP_COOKIE"]
    interface = app.session_interface
    name = interface.get_cookie_name(app)
    return name in cookies and not interface.leaves_alone(cookies, name)


SecureCookieSessionInterface.lazy_methods = session_methods(SecureCookieSessionInterface)


def _vary_by_cookie(response: Response) -> None:
    fields = own_fields(response)
    if fields is not None:
        for name, _ in fields:
            if name.lower() == "vary":
                break
        else:
            fields.append(("Vary", "Cookie"))
            return
    response.vary.add("Cookie")


def _listed(fallbacks: Any) -> tuple[str | bytes, ...]:
    if isinstance(fallbacks, (str, bytes)):
        return (fallbacks,)  # a single key; do not split it into characters
    return tuple(fallbacks)


# PERF: creating one takes a quarter of the time of reading a cookie.
_shared_serializer = lru_cache(maxsize=32)(make_serializer)
