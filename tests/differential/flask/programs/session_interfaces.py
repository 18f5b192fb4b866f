"""Session interfaces of the program's own: when they open, what they save, null sessions."""

from flask import Flask, request, session
from flask.sessions import NullSession, SecureCookieSessionInterface, SessionInterface, SessionMixin
from steps import get, note

STORE: dict[str, dict[str, int]] = {}


class Stored(dict, SessionMixin):
    modified = False


class StoredInterface(SessionInterface):
    def open_session(self, app, request):
        note("open", request.path, request.endpoint)
        if request.path == "/refused":
            return None
        return Stored(STORE.get(request.cookies.get("sid", "new"), {}))

    def save_session(self, app, session, response):
        note("save", dict(session), self.should_set_cookie(app, session))
        STORE["1"] = dict(session)
        response.set_cookie(
            self.get_cookie_name(app),
            "1",
            path=self.get_cookie_path(app),
            httponly=self.get_cookie_httponly(app),
            secure=self.get_cookie_secure(app),
            samesite=self.get_cookie_samesite(app),
            domain=self.get_cookie_domain(app),
            expires=self.get_expiration_time(app, session),
        )


class OnlyNull(SessionInterface):
    def open_session(self, app, request):
        return NullSession()

    def save_session(self, app, session, response):
        note("never called")


class Abstract(SessionInterface):
    pass


class CountingCookies(SecureCookieSessionInterface):
    salt = "own-salt"

    def open_session(self, app, request):
        note("open", request.endpoint, request.routing_exception is None)
        return super().open_session(app, request)


def create_app(interface=None):
    app = Flask(__name__)
    app.config["SESSION_COOKIE_NAME"] = "sid"
    app.session_interface = interface or StoredInterface()
    app.before_request(lambda: note("before", request.endpoint))

    @app.route("/")
    def index():
        session["count"] = session.get("count", 0) + 1
        return dict(session)

    @app.route("/untouched")
    @app.route("/refused")
    def untouched():
        return "untouched"

    return app


def with_the_interface(interface, paths=("/", "/untouched", "/nowhere")):
    app = create_app(interface)
    app.secret_key = "key"
    client = app.test_client()
    return [[client.get(path).status_code, client.get(path).text] for path in paths]


def a_null_session(app, client):
    return with_the_interface(OnlyNull())


def an_abstract_one(app, client):
    return with_the_interface(Abstract())


def a_subclass_of_the_cookie_one(app, client):
    return with_the_interface(CountingCookies())


def writing_into_a_null_session(app, client):
    NullSession()["a"] = 1


def reading_a_null_session(app, client):
    null = NullSession()
    return null.get("a"), len(null), bool(null), null.permanent, sorted(null)


def null_session_methods(app, client):
    outcomes = {}
    for name, args in {
        "clear": (),
        "pop": ("a",),
        "popitem": (),
        "update": ({},),
        "setdefault": ("a", 1),
        "__delitem__": ("a",),
    }.items():
        try:
            outcomes[name] = getattr(NullSession(), name)(*args)
        except Exception as error:
            outcomes[name] = type(error).__name__
    return outcomes


def the_serializer(app, client):
    interface = SecureCookieSessionInterface()
    unsigned = interface.get_signing_serializer(Flask("x"))
    other = Flask("x")
    other.secret_key = "key"
    serializer = interface.get_signing_serializer(other)
    return unsigned, serializer.loads(serializer.dumps({"a": (1, 2)})), interface.salt


def a_permanent_one(app, client):
    class Permanent(StoredInterface):
        def open_session(self, app, request):
            one = Stored()
            one.permanent = True
            return one

    other = create_app(Permanent())
    return "Expires" in other.test_client().get("/untouched").headers["Set-Cookie"]


STEPS = [
    get("/"),
    get("/"),
    get("/untouched"),
    get("/nowhere"),
    get("/refused"),
    a_null_session,
    an_abstract_one,
    a_subclass_of_the_cookie_one,
    writing_into_a_null_session,
    reading_a_null_session,
    null_session_methods,
    the_serializer,
    a_permanent_one,
]
