"""The session of a user: a dictionary kept in a signed cookie, or wherever an interface puts it.

``app.session_interface`` says how sessions are opened and saved; when that happens is
decided by `context.py` and `lifecycle/`. The signature is made in `signing.py`, the payload is
`json/tag.py`'s. Documented on Flask's "API" page, under "Session Interface".
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
    """What a session has besides being a dictionary."""

    new = False
    """Whether the session was made in this request, where an interface can tell."""

    modified = True
    """Whether it was changed. Where an interface cannot tell, say it always was."""

    accessed = False
    """Whether the request looked at it; the answer then has ``Vary: Cookie``."""

    @property
    def permanent(self) -> bool:
        """Whether it outlives the browser's window; kept under the key ``_permanent``."""
        return bool(self.get("_permanent", False))

    @permanent.setter
    def permanent(self, value: bool) -> None:
        self["_permanent"] = bool(value)


class SecureCookieSession(CallbackDict[str, Any], SessionMixin):
    """A session that notices when a key is set or removed.

    :param initial: the first content.

    A change inside a value, as in ``session["cart"].append(1)``, goes unnoticed:
    set :attr:`modified` then.
    """

    modified = False
    """Whether it was changed in this request."""

    def __init__(self, initial: Mapping[str, Any] | None = None) -> None:
        # PERF: the same as CallbackDict's.
        dict.__init__(self, () if initial is None else initial)
        self.on_update = _note_change

    def __setitem__(self, key: str, value: Any) -> None:
        # PERF: CallbackDict's takes another call, through a decorator.
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
    """How an app keeps sessions. A subclass gives :meth:`open_session` and :meth:`save_session`.

    The other methods read the app's configuration. One interface may serve several
    apps and threads.
    """

    lazy_methods: tuple[Callable[..., Any], ...] = ()
    """The methods and the session class by which nobody can tell a session opened at its first
    use from one opened before all else; while a class has other ones, it is opened before
    all else."""

    null_session_class: type[NullSession] = NullSession
    """What :meth:`make_null_session` makes, and :meth:`is_null_session` knows."""

    pickle_based = False
    """Whether sessions are pickled, for extensions that want to know."""

    def make_null_session(self, app: Flask) -> NullSession:
        """A stand-in where :meth:`open_session` gave ``None``: writing to it is an error."""
        return self.null_session_class()

    def is_null_session(self, obj: object) -> bool:
        """Whether ``obj`` is such a stand-in. Those are never saved."""
        # PERF: isinstance() calls a method in Python, since sessions are of an abstract class.
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

        ``"auto"``: if the request came by HTTPS, or ``PREFERRED_URL_SCHEME`` says that the
        site has it.
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
        """Whether each embedding site has its own: ``SESSION_COOKIE_PARTITIONED``."""
        partitioned: bool = app.config["SESSION_COOKIE_PARTITIONED"]
        return partitioned

    def get_expiration_time(self, app: Flask, session: SessionMixin) -> datetime | None:
        """When the browser may forget the cookie, in UTC; ``None``: when it is closed.

        A permanent session lasts ``PERMANENT_SESSION_LIFETIME`` from now.
        """
        if not session.permanent:
            return None
        return datetime.now(timezone.utc) + app.permanent_session_lifetime

    def leaves_alone(self, cookies: str, name: str) -> bool:
        """Whether a session that nobody has looked at surely is not to be saved.

        It need not be opened then. Here nothing is known of that.

        :param cookies: the request's ``Cookie`` field.
        :param name: of the cookie.
        """
        return False

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Whether this answer sets the cookie.

        It does when the session was changed, and, for a permanent one, each time unless
        ``SESSION_REFRESH_EACH_REQUEST`` is off.
        """
        if session.modified:
            return True
        return session.permanent and bool(app.config["SESSION_REFRESH_EACH_REQUEST"])

    def open_session(self, app: Flask, request: Request) -> SessionMixin | None:
        """The session of a request.

        :returns: ``None`` if there can be none for want of configuration; a null
            session takes its place.

        For trouble that may pass, such as a broken cookie, return a new empty session.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has to define open_session().")

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Keep a session after its request; not called for a null session.

        :param response: the answer, to set a cookie on.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has to define save_session().")


session_json_serializer = TaggedJSONSerializer()
"""Writes and reads the payload of session cookies; more tags can be registered."""


def _lazy_sha1(string: bytes = b"") -> Any:
    # hashlib.sha1 is looked up when it is called: a FIPS build of Python may not have it,
    # and is to import this module all the same.
    return hashlib.sha1(string)


class SecureCookieSessionInterface(SessionInterface):
    """Sessions in a cookie: signed, so they cannot be forged, but readable by the user.

    The cookies are Flask's, both ways, as long as the attributes here and the keys agree.
    """

    salt = "cookie-session"
    """Mixed into the key, so that other things signed with it are no sessions."""

    digest_method: Callable[..., Any] = staticmethod(_lazy_sha1)
    """The hash function of the signature."""

    key_derivation = "hmac"
    """How itsdangerous derives the signing key."""

    serializer: Any = session_json_serializer
    """Writes and reads the payload."""

    session_class: type[SecureCookieSession] = SecureCookieSession
    """What :meth:`open_session` makes."""

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        """What signs and reads this app's cookies, or ``None`` without a secret key.

        Signs with ``SECRET_KEY``; also accepts those of ``SECRET_KEY_FALLBACKS``. It is
        shared by all requests: change the configuration, not the object.
        """
        secret_key = app.secret_key
        if not secret_key:
            return None
        fallbacks = app.config["SECRET_KEY_FALLBACKS"]
        keys = (*_listed(fallbacks), secret_key) if fallbacks else (secret_key,)
        parts = (keys, self.salt, self.serializer, self.key_derivation, self.digest_method)
        try:
            return _shared_serializer(*parts)
        except TypeError:  # one of the parts cannot be a key of a dictionary
            return make_serializer(*parts)

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        """The session in the request's cookie; a new one if the cookie is not good.

        :returns: ``None`` if the app has no secret key.

        Not good are cookies with a wrong signature, cookies older than
        ``PERMANENT_SESSION_LIFETIME``, and those whose payload cannot be read.
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
        # PERF: to ask whether a dict is a Mapping takes longer than to make a session.
        is_content = type(content) is dict or isinstance(content, Mapping)
        return self.session_class(content if is_content else None)

    def leaves_alone(self, cookies: str, name: str) -> bool:
        """Whether the cookie is readable, and of no permanent session, the only ones to refresh.

        Its signature is of no importance: instead of a session that was forged there is a new
        one, and that is not saved either.
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
        """Set the cookie if need be, or delete it if the session was emptied.

        Adds ``Vary: Cookie`` (RFC 9110 §12.5.5) if the answer depended on the session.
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


# A payload that is not compressed, up to the signature, or to the end of the cookie.
_PAYLOAD = re.compile(r"[A-Za-z0-9_-]+(?=[.;]|\Z)")

# What is "_permanent" when it is encoded: as it may begin at any byte, in three ways, of which
# each leaves out the letters that depend on what is around it.
_PERMANENT = tuple(
    encode(b"_permanent"[start:end]).decode() for start, end in ((0, 9), (1, 10), (2, 8))
)

# Of what decides whether to save a session, what a subclass or a tool may have changed.
_savers_of = attrgetter(
    *("should_set_cookie", "get_signing_serializer", "serializer", "session_class"),
)
_traits_of = attrgetter("permanent", "modified", "__init__")
_SAVERS = _savers_of(SecureCookieSessionInterface), _traits_of(SecureCookieSession)

# What a session interface opens and saves with.
session_methods: Callable[[type], tuple[Any, ...]] = attrgetter(
    "open_session", "save_session", "make_null_session", "is_null_session", "session_class"
)


def can_be_opened_later(interface: Any) -> bool:
    """Whether opening a session lazily is unobservable: no other methods are called for it."""
    lazy_methods = getattr(interface, "lazy_methods", ())
    return bool(lazy_methods) and session_methods(type(interface)) == lazy_methods


def may_save_unopened(context: RequestContext) -> bool:
    """Whether a session that was not opened may have to be saved: it came as a cookie."""
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
        return (fallbacks,)  # one key that was not put in a list; its letters are no keys
    return tuple(fallbacks)


# PERF: making one takes a quarter of the time that reading a cookie does.
_shared_serializer = lru_cache(maxsize=32)(make_serializer)
