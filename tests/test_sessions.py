"""Sessions: what the cookie holds, when it is set, and that a bad one never hurts."""

import datetime as dt
import hashlib
import uuid

import itsdangerous
import pytest
from itsdangerous.encoding import base64_encode
from markupsafe import Markup

import retort
from retort.sessions import (
    NullSession,
    SecureCookieSession,
    SecureCookieSessionInterface,
    SessionInterface,
    SessionMixin,
    _lazy_sha1,
    session_json_serializer,
)

UTC = dt.timezone.utc

# Cookies that Flask 3.1.3 made with the key "test key", in November 2023.
FLASK_COOKIES = [
    (
        {"name": "Ada"},
        "eyJuYW1lIjoiQWRhIn0.ZVPxAA.dhpVEUzzcN10gpRZ_2Jpv-4mps4",
    ),
    (
        {
            "_permanent": True,
            "t": (1, 2),
            "b": b"\x00\xff",
            "m": Markup("<i>"),
            "u": uuid.UUID(int=7),
            "d": dt.datetime(2024, 2, 3, 4, 5, 6, tzinfo=UTC),
            " t": None,
            "n": {" t": "x"},
        },
        (
            ".eJyrVoovSC3KTcxLzStRsiopKk3VUQIyqpUUgGS0oY5RbK2OUhJYAEgqOQZY2CoBRXLBIkBSySbTDiRQChYA"
            "kkoG-IE5SHUKWDWQVApOLNFRMDBWcEtNUjAyMDJRMDCxMjC1MjBTcPcNASkFuSOvNCdHRykPoikT4rr4eKDuCqXa"
            "2loAee4xzg.ZVPxAA.1lcUsZxHOSCPatyJFD7hieLjRLo"
        ),
    ),
    (
        {"text": "long " * 50},
        ".eJyrVipJrShRslLKyc9LVxiRhFItACsXXiA.ZVPxAA.ve-Cp8e2PVXq4SPqNzBbmaFlmiA",
    ),
]
LITERAL_COOKIE = FLASK_COOKIES[0][1]
# Flask's cookie for {"name": "Ada"} with the key "old key".
OLD_KEY_COOKIE = "eyJuYW1lIjoiQWRhIn0.ZVPxAA.rYJYCqGm2OWFr6WVsoX6mUTZGTQ"
A_HUNDRED_YEARS = dt.timedelta(days=36525)


@pytest.fixture
def app(app):
    """An app whose views change the session, or only look at it, or not even that."""
    app.permanent_session_lifetime = A_HUNDRED_YEARS  # the literal cookies are old

    @app.get("/untouched")
    def untouched():
        return "x"

    @app.get("/show")
    def show():
        return dict(retort.session)

    @app.get("/raw")
    def raw():
        return dict(retort.globals.request_ctx._session)

    @app.get("/set/<key>/<value>")
    def set_value(key, value):
        retort.session[key] = value
        return "x"

    @app.get("/permanent")
    def permanent():
        retort.session.permanent = True
        retort.session["name"] = "Ada"
        return "x"

    @app.get("/clear")
    def clear():
        retort.session.clear()
        return "x"

    return app


def signing_serializer(key="test key", serializer=session_json_serializer):
    """What any program with the key can sign, made without Retort."""
    return itsdangerous.URLSafeTimedSerializer(
        key,
        salt="cookie-session",
        serializer=serializer,
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
    )


def signed(payload: bytes) -> str:
    """A good signature under any payload."""
    signer = itsdangerous.TimestampSigner(
        "test key", salt="cookie-session", key_derivation="hmac", digest_method=hashlib.sha1
    )
    return signer.sign(payload).decode()


def session_for(app, cookie: str):
    """The session that a request with this cookie sees; the next request must work as well."""
    client = app.test_client(use_cookies=False)
    header = f"session={cookie}".encode().decode("latin-1")
    response = client.get("/show", headers={"Cookie": header})
    assert response.status_code == 200
    assert client.get("/show", headers={"Cookie": f"session={LITERAL_COOKIE}"}).json == {
        "name": "Ada"
    }
    return response.json


# The wire format


@pytest.mark.parametrize(("content", "cookie"), FLASK_COOKIES)
def test_a_cookie_of_flask_can_be_read(app, content, cookie):
    with app.test_request_context(headers={"Cookie": f"session={cookie}"}):
        assert dict(retort.session) == content


@pytest.mark.parametrize(("content", "cookie"), [FLASK_COOKIES[0], FLASK_COOKIES[2]])
def test_the_cookie_is_byte_for_byte_that_of_flask(app, monkeypatch, content, cookie):
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: 1700000000)
    serializer = app.session_interface.get_signing_serializer(app)

    assert serializer.dumps(content) == cookie


@pytest.mark.parametrize("content", [content for content, _ in FLASK_COOKIES])
def test_flask_can_read_the_cookie(app, content):
    serializer = app.session_interface.get_signing_serializer(app)

    assert signing_serializer().loads(serializer.dumps(content)) == content


def test_the_header_is_byte_for_byte_that_of_flask(app, client, monkeypatch):
    monkeypatch.setattr(itsdangerous.timed.time, "time", lambda: 1700000000)

    @app.get("/fill")
    def fill():
        retort.session.update({"z": 1, "a": (1, b"\0"), "m": Markup("<i>"), "é": None})
        return "x"

    assert client.get("/fill").headers["Set-Cookie"] == (  # keys sorted, as app.json does
        "session=eyJhIjp7IiB0IjpbMSx7IiBiIjoiQUE9PSJ9XX0sIm0iOnsiIG0iOiI8aT4ifSwieiI6MSwiXHUwMGU5"
        "IjpudWxsfQ.ZVPxAA.adpU8QmLaDI4mh8lgl65Qrixp10; HttpOnly; Path=/"
    )


def test_a_session_goes_out_and_comes_back(app, client):
    client.get("/set/name/Ada")
    client.get("/set/town/Turin")

    assert client.get("/show").json == {"name": "Ada", "town": "Turin"}


def test_what_retort_signs_any_holder_of_the_key_can_read(app, client):
    client.get("/set/name/Ada")
    cookie = client.get_cookie("session").value

    assert signing_serializer().loads(cookie) == {"name": "Ada"}


# Cookies that are no good


@pytest.mark.parametrize(
    "cookie",
    [
        "",
        ".",
        "...",
        "no cookie at all",
        "é✓",
        "\x7f",
        "x" * 100_000,
        "." * 10_000,
        LITERAL_COOKIE[:-1],
        LITERAL_COOKIE.replace("e", "f", 1),
        LITERAL_COOKIE.replace("ZVPxAA", "ZVPxAB"),
        LITERAL_COOKIE.replace("ZVPxAA", "____________"),
        LITERAL_COOKIE.rsplit(".", 1)[0],
        LITERAL_COOKIE.rsplit(".", 1)[0] + ".",
        OLD_KEY_COOKIE,
        pytest.param(signing_serializer("guessed").dumps({"name": "Eve"}), id="another key"),
    ],
)
def test_a_broken_or_forged_cookie_gives_an_empty_session(app, cookie):
    assert session_for(app, cookie) == {}


@pytest.mark.parametrize(
    "cookie",
    [
        *(signing_serializer().dumps(payload) for payload in ([], [["a", 1]], 7, None, "ab")),
        signing_serializer(serializer=retort.json).dumps({" t": 1}),
        signing_serializer(serializer=retort.json).dumps({"x": {" b": "x"}}),
        signing_serializer(serializer=retort.json).dumps({"x": {" u": "q"}}),
        signing_serializer(serializer=retort.json).dumps({"x": {" di": {}}}),
        signed(b"!!!"),
        signed(base64_encode(b"no json")),
        signed(base64_encode(b"\xff\xfe{")),
        signed(b"." + base64_encode(b"not compressed")),
        signed(base64_encode(b"[" * 100_000)),
        signed(base64_encode(b'{"n":' + b"9" * 5_000 + b"}")),
    ],
    ids=[f"cookie {number}" for number in range(15)],  # the cookies have the time in them
)
def test_a_signed_cookie_with_a_senseless_payload_gives_an_empty_session(app, cookie):
    assert session_for(app, cookie) == {} or "n" in session_for(app, cookie)


def test_only_the_canonical_spelling_of_a_signature_is_accepted(app):
    """See itsdangerous issue 368: several spellings of base64 decode to the same bytes."""
    body, _, signature = LITERAL_COOKIE.rpartition(".")
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(signature[-1])
    accepted = [
        letter for letter in alphabet if session_for(app, f"{body}.{signature[:-1]}{letter}")
    ]

    assert accepted == [alphabet[last]]
    for spelling in (
        signature + "=",
        signature + "==",
        signature.replace("_", "/"),
        signature.replace("-", "+"),
        signature[:4] + "!" + signature[4:],
        signature[:4] + "%0A" + signature[4:],
    ):
        assert session_for(app, f"{body}.{spelling}") == {}


def test_a_cookie_older_than_the_lifetime_gives_an_empty_session(app):
    assert session_for(app, LITERAL_COOKIE) == {"name": "Ada"}

    app.permanent_session_lifetime = dt.timedelta(days=31)

    client = app.test_client(use_cookies=False)
    response = client.get("/show", headers={"Cookie": f"session={LITERAL_COOKIE}"})
    assert response.json == {}


def test_a_bad_cookie_is_not_deleted_until_the_session_is_emptied(app):
    client = app.test_client()
    client.set_cookie("session", "broken")

    assert "Set-Cookie" not in client.get("/show").headers
    assert "Max-Age=0" in client.get("/clear").headers["Set-Cookie"]


# Keys


def test_old_keys_are_accepted_and_the_new_one_signs(app, client):
    app.config["SECRET_KEY_FALLBACKS"] = ["older key", "old key"]

    assert session_for(app, OLD_KEY_COOKIE) == {"name": "Ada"}

    client.set_cookie("session", OLD_KEY_COOKIE)
    client.get("/set/town/Turin")
    renewed = client.get_cookie("session").value
    assert signing_serializer("test key").loads(renewed) == {"name": "Ada", "town": "Turin"}


def test_a_change_of_keys_counts_from_the_next_request_on(app):
    assert session_for(app, OLD_KEY_COOKIE) == {}

    app.config["SECRET_KEY_FALLBACKS"] = fallbacks = []
    fallbacks.append("old key")
    assert session_for(app, OLD_KEY_COOKIE) == {"name": "Ada"}

    fallbacks.clear()
    assert session_for(app, OLD_KEY_COOKIE) == {}

    app.secret_key = "old key"
    with app.test_request_context(headers={"Cookie": f"session={OLD_KEY_COOKIE}"}):
        assert retort.session == {"name": "Ada"}


def test_keys_may_be_bytes_and_text_together(app):
    app.secret_key = b"test key"
    app.config["SECRET_KEY_FALLBACKS"] = ["older", b"old key"]

    assert session_for(app, OLD_KEY_COOKIE) == {"name": "Ada"}


def test_a_fallback_that_was_not_put_in_a_list_is_one_key_and_not_many_letters(app):
    app.config["SECRET_KEY_FALLBACKS"] = "old key"

    assert session_for(app, OLD_KEY_COOKIE) == {"name": "Ada"}
    assert session_for(app, signing_serializer("o").dumps({"name": "Eve"})) == {}


def test_a_key_of_an_unhashable_type_works_too(app):
    app.secret_key = bytearray(b"test key")

    assert session_for(app, LITERAL_COOKIE) == {"name": "Ada"}


def test_apps_that_share_an_interface_do_not_share_keys(app):
    other = retort.Flask("other")
    other.secret_key = "old key"
    other.permanent_session_lifetime = A_HUNDRED_YEARS
    assert other.session_interface is app.session_interface
    headers = {"Cookie": f"session={OLD_KEY_COOKIE}"}

    for _ in range(2):
        with app.test_request_context(headers=headers):
            assert dict(retort.session) == {}
        with other.test_request_context(headers=headers):
            assert dict(retort.session) == {"name": "Ada"}


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("salt", "another salt"),
        ("key_derivation", "django-concat"),
        ("digest_method", staticmethod(hashlib.sha256)),
        ("serializer", retort.json),
    ],
)
def test_each_attribute_of_the_interface_counts_whenever_it_is_changed(app, attribute, value):
    interface = app.session_interface = SecureCookieSessionInterface()
    content = {"t": (1, 2)}
    before = interface.get_signing_serializer(app).dumps(content)
    function = value.__func__ if isinstance(value, staticmethod) else value

    setattr(interface, attribute, function)
    after = interface.get_signing_serializer(app).dumps(content)

    assert before.rsplit(".", 2)[0::2] != after.rsplit(".", 2)[0::2]
    assert interface.get_signing_serializer(app).loads(after) in (content, {"t": [1, 2]})


def test_the_serializer_is_made_once_as_long_as_nothing_changes(app):
    interface = app.session_interface

    assert interface.get_signing_serializer(app) is interface.get_signing_serializer(app)
    assert isinstance(interface.get_signing_serializer(app), itsdangerous.URLSafeTimedSerializer)


def test_the_serializer_can_sign_with_another_salt(app):
    serializer = app.session_interface.get_signing_serializer(app)

    token = serializer.dumps("x", salt="mail")

    assert serializer.loads(token, salt="mail") == "x"
    with pytest.raises(itsdangerous.BadSignature):
        serializer.loads(token)


def test_an_overridden_signing_serializer_is_used_for_both_ways(app, client):
    class Own(SecureCookieSessionInterface):
        def get_signing_serializer(self, app):
            return signing_serializer("another key")

    app.session_interface = Own()
    client.get("/set/name/Ada")

    assert client.get("/show").json == {"name": "Ada"}
    cookie = client.get_cookie("session").value
    assert signing_serializer("another key").loads(cookie) == {"name": "Ada"}


# Without a key


@pytest.mark.parametrize("key", [None, "", b""])
def test_without_a_key_there_is_a_session_to_read_only(app, client, key):
    app.secret_key = key

    response = client.get("/show")

    assert response.json == {}
    assert "Vary" not in response.headers
    with app.test_request_context():
        assert isinstance(retort.globals.request_ctx.session, NullSession)
        assert "name" not in retort.session
        assert retort.session.get("name") is None


@pytest.mark.parametrize(
    "write",
    [
        lambda session: session.__setitem__("a", 1),
        lambda session: session.__delitem__("a"),
        lambda session: session.__ior__({"a": 1}),
        lambda session: session.clear(),
        lambda session: session.pop("a", None),
        lambda session: session.popitem(),
        lambda session: session.setdefault("a"),
        lambda session: session.update(a=1),
        lambda session: setattr(session, "permanent", True),
    ],
)
def test_writing_without_a_key_is_an_error_with_the_fix(write):
    with pytest.raises(RuntimeError) as caught:
        write(NullSession())

    message = str(caught.value)
    assert "session is unavailable" in message
    assert "app.config['SECRET_KEY']" in message
    assert "secrets.token_hex()" in message


def test_the_line_that_makes_a_key_makes_one(monkeypatch, capsys):
    with pytest.raises(RuntimeError) as caught:
        NullSession().clear()
    code = str(caught.value).split('python -c "')[1].rstrip('"')

    exec(code)

    assert len(bytes.fromhex(capsys.readouterr().out.strip())) == 32


def test_fallback_keys_do_not_replace_the_key(app):
    app.secret_key = None
    app.config["SECRET_KEY_FALLBACKS"] = ["old key"]

    assert app.session_interface.get_signing_serializer(app) is None


# When the cookie is set, and Vary


def outcome(client, path):
    response = client.get(path)
    return response.headers.get("Set-Cookie"), response.headers.get("Vary")


def test_a_request_that_leaves_the_session_alone_sets_nothing(client):
    assert outcome(client, "/untouched") == (None, None)


def test_a_request_that_looks_at_the_session_varies_by_cookie(client):
    assert outcome(client, "/show") == (None, "Cookie")


def test_the_contexts_own_attribute_looks_without_a_trace(client):
    client.get("/set/name/Ada")

    assert client.get("/raw").json == {"name": "Ada"}
    assert outcome(client, "/raw") == (None, None)


def test_a_changed_session_is_set_and_an_unchanged_one_is_not(client):
    cookie, vary = outcome(client, "/set/name/Ada")

    assert cookie.startswith("session=ey")
    assert cookie.endswith("; HttpOnly; Path=/")
    assert vary == "Cookie"
    assert outcome(client, "/show") == (None, "Cookie")


def test_an_emptied_session_is_deleted(client):
    client.get("/set/name/Ada")

    cookie, vary = outcome(client, "/clear")

    assert cookie == (
        "session=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; HttpOnly; Path=/"
    )
    assert vary == "Cookie"
    assert client.get_cookie("session") is None


def test_vary_is_added_to_what_a_view_set(app, client):
    @app.get("/vary")
    def vary():
        retort.session.get("name")
        return "x", {"Vary": "Accept"}

    assert outcome(client, "/vary") == (None, "Accept, Cookie")


def test_a_permanent_session_is_refreshed_in_every_response(app, client):
    app.permanent_session_lifetime = dt.timedelta(days=31)
    client.get("/permanent")

    cookie, vary = outcome(client, "/untouched")

    assert "; Expires=" in cookie
    assert vary == "Cookie"
    expires = client.get_cookie("session").expires
    assert dt.timedelta(days=30) < expires - dt.datetime.now(UTC) <= dt.timedelta(days=31)


def test_refreshing_can_be_switched_off(app, client):
    app.config["SESSION_REFRESH_EACH_REQUEST"] = False

    assert "; Expires=" in outcome(client, "/permanent")[0]
    assert outcome(client, "/untouched") == (None, None)
    assert outcome(client, "/show") == (None, "Cookie")


def test_the_lifetime_may_be_a_number_of_seconds(app, client):
    app.config["PERMANENT_SESSION_LIFETIME"] = 60
    client.get("/permanent")

    expires = client.get_cookie("session").expires
    assert expires - dt.datetime.now(UTC) <= dt.timedelta(seconds=60)


def test_a_change_inside_a_value_requires_modified(app, client):
    @app.get("/append")
    def append():
        retort.session["list"].append(1)
        return str(retort.session.modified)

    @app.get("/append-and-say")
    def append_and_say():
        retort.session["list"].append(1)
        retort.session.modified = True
        return "x"

    with client.session_transaction() as session:
        session["list"] = []

    assert client.get("/append").text == "False"
    assert client.get("/show").json == {"list": []}
    client.get("/append-and-say")
    assert client.get("/show").json == {"list": [1]}


# The cookie's attributes


def test_the_configuration_defines_the_cookie(app, client):
    app.config.update(
        SESSION_COOKIE_NAME="sid",
        SESSION_COOKIE_DOMAIN="localhost",
        SESSION_COOKIE_PATH="/set",
        SESSION_COOKIE_HTTPONLY=False,
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PARTITIONED=True,
    )
    attributes = "Secure; Path=/set; SameSite=Lax; Partitioned"

    cookie, _ = outcome(client, "/set/name/Ada")
    deleted, _ = outcome(client, "/clear")

    assert cookie.startswith("sid=")
    assert cookie.endswith(f"; Domain=localhost; {attributes}")
    assert deleted.startswith("sid=; Domain=localhost; Expires=Thu, 01 Jan 1970")
    assert deleted.endswith(f"Max-Age=0; {attributes}")


def test_the_path_is_the_root_of_the_app_unless_given(app):
    interface = SessionInterface()
    app.config["APPLICATION_ROOT"] = "/shop"

    assert interface.get_cookie_path(app) == "/shop"
    app.config["SESSION_COOKIE_PATH"] = "/"
    assert interface.get_cookie_path(app) == "/"


def test_each_step_of_the_interface_can_be_overridden(app, client):
    class Own(SecureCookieSessionInterface):
        def get_cookie_name(self, app):
            return "own"

        def get_cookie_path(self, app):
            return "/own"

        def get_cookie_domain(self, app):
            return "own.test"

        def get_cookie_httponly(self, app):
            return False

        def get_cookie_secure(self, app):
            return True

        def get_cookie_samesite(self, app):
            return "Strict"

        def get_cookie_partitioned(self, app):
            return True

        def get_expiration_time(self, app, session):
            return dt.datetime(2040, 1, 1, tzinfo=UTC)

        def should_set_cookie(self, app, session):
            return True

    app.session_interface = Own()
    client.set_cookie("own", LITERAL_COOKIE, domain="localhost", path="/")

    cookie, _ = outcome(client, "/show")  # nothing changed, but should_set_cookie returns true

    assert cookie.startswith("own=ey")
    assert cookie.endswith(
        "; Domain=own.test; Expires=Sun, 01 Jan 2040 00:00:00 GMT; Secure; Path=/own;"
        " SameSite=Strict; Partitioned"
    )


def test_a_large_session_is_warned_of(app, client):
    with pytest.warns(UserWarning, match="too large"):
        client.get(f"/set/name/{hashlib.shake_256(b'').hexdigest(4000)}")


# Session objects


def test_a_new_session_is_empty_and_untouched():
    session = SecureCookieSession()

    assert session == {}
    assert (session.new, session.modified, session.accessed) == (False, False, False)
    assert session.permanent is False
    assert repr(session) == "<SecureCookieSession {}>"


@pytest.mark.parametrize(
    "write",
    [
        lambda session: session.__setitem__("a", 1),
        lambda session: session.__delitem__("a"),
        lambda session: session.__ior__({"b": 1}),
        lambda session: session.clear(),
        lambda session: session.pop("a"),
        lambda session: session.popitem(),
        lambda session: session.setdefault("b", 1),
        lambda session: session.update(a=1),
        lambda session: setattr(session, "permanent", True),
    ],
)
def test_every_way_to_write_marks_a_session_as_modified(write):
    session = SecureCookieSession({"a": 1})

    write(session)

    assert session.modified is True


@pytest.mark.parametrize(
    "read",
    [
        lambda session: session["a"],
        lambda session: session.get("b"),
        lambda session: "a" in session,
        lambda session: list(session.items()),
        lambda session: session.setdefault("a", 2),
        lambda session: session.pop("b", None),
        lambda session: session.permanent,
    ],
)
def test_no_way_to_read_does(read):
    session = SecureCookieSession({"a": 1})

    read(session)

    assert session.modified is False


def test_permanent_is_kept_in_the_session_itself():
    session = SecureCookieSession()

    session.permanent = 1
    assert session == {"_permanent": True}
    session.permanent = 0
    assert session == {"_permanent": False}


def test_a_custom_session_is_modified_by_default():
    class Own(dict, SessionMixin):
        pass

    session = Own()

    assert (session.new, session.modified, session.accessed) == (False, True, False)
    session.permanent = True
    assert session == {"_permanent": True}


# Interfaces of one's own


def test_an_interface_can_keep_sessions_elsewhere(app, client):
    class Own(dict, SessionMixin):
        pass

    class InMemory(SessionInterface):
        def __init__(self):
            self.sessions = {}

        def open_session(self, app, request):
            return self.sessions.setdefault(request.remote_addr, Own())

        def save_session(self, app, session, response):
            response.headers["X-Saved"] = str(len(session))

    app.session_interface = InMemory()

    assert client.get("/set/name/Ada").headers["X-Saved"] == "1"
    assert client.get("/show").json == {"name": "Ada"}


def test_an_interface_that_opens_nothing_gets_a_null_session_of_its_own(app, client):
    class Closed(NullSession):
        def get(self, key, default=None):
            return "closed"

    class Own(SessionInterface):
        null_session_class = Closed

        def open_session(self, app, request):
            return None

        def save_session(self, app, session, response):
            raise AssertionError("a null session is never saved")

    app.session_interface = Own()

    @app.get("/closed")
    def closed():
        return retort.session.get("name")

    assert client.get("/closed").text == "closed"


def test_null_sessions_are_detected_by_their_class():
    interface = SessionInterface()

    assert interface.is_null_session(interface.make_null_session(None))
    assert not interface.is_null_session(SecureCookieSession())
    assert not interface.is_null_session(None)
    assert interface.pickle_based is False


def test_the_error_of_an_incomplete_interface_names_the_missing_method():
    class Empty(SessionInterface):
        pass

    with pytest.raises(NotImplementedError, match=r"Empty has to define open_session\(\)"):
        Empty().open_session(None, None)
    with pytest.raises(NotImplementedError, match=r"Empty has to define save_session\(\)"):
        Empty().save_session(None, None, None)


def test_a_session_class_of_ones_own_is_made_from_the_cookie(app, client):
    class Own(SecureCookieSession):
        def greeting(self):
            return f"hello {self.get('name')}"

    interface = app.session_interface = SecureCookieSessionInterface()
    interface.session_class = Own

    @app.get("/greet")
    def greet():
        return retort.session.greeting()

    assert client.get("/greet").text == "hello None"
    client.get("/set/name/Ada")
    assert client.get("/greet").text == "hello Ada"


def test_sha1_is_looked_up_when_it_is_called():
    assert _lazy_sha1(b"a").hexdigest() == hashlib.sha1(b"a").hexdigest()
    assert _lazy_sha1().digest() == hashlib.sha1().digest()
    assert SecureCookieSessionInterface.digest_method is _lazy_sha1


# An unused session.


def cookie_of(app, content):
    return app.session_interface.get_signing_serializer(app).dumps(content)


@pytest.mark.parametrize(
    ("cookies", "leaves_alone"),
    [
        ("session={plain}", True),
        ("a=1; session={plain}; b=2", True),
        ("session=e30.forged.forged", True),
        ("session={permanent}", False),
        ("session={compressed}", False),
        ("session={plain}; session={permanent}", False),
        ("my_session={plain}; session={permanent}", False),
        ('session="{plain}"', False),
        ("session=", False),
        ("session=x", True),  # no base64, so that there is a new session, which is not saved
        ("session=é", False),
        ("session", False),
    ],
)
def test_a_cookie_shows_whether_its_session_needs_a_refresh(app, cookies, leaves_alone):
    made = {
        "plain": cookie_of(app, {"name": "Ada", "text": "permanent"}),
        "permanent": cookie_of(app, {"name": "Ada", "_permanent": True}),
        "compressed": cookie_of(app, {"text": "a" * 300, "_permanent": True}),
    }
    interface = app.session_interface
    assert interface.leaves_alone(cookies.format(**made), "session") is leaves_alone


@pytest.mark.parametrize("name", ["should_set_cookie", "get_signing_serializer"])
def test_what_decides_about_saving_may_be_another(app, name, monkeypatch):
    interface = app.session_interface
    cookies = f"session={cookie_of(app, {'name': 'Ada'})}"
    real = getattr(type(interface), name)
    monkeypatch.setattr(type(interface), name, lambda *arguments: real(*arguments))
    assert interface.leaves_alone(cookies, "session") is False


@pytest.mark.parametrize("content", [{"n": 1}, {"n": "a" * 300}])
@pytest.mark.parametrize("is_permanent", [False, True])
def test_only_a_permanent_session_is_refreshed_if_unused(app, client, content, is_permanent):
    @app.get("/elsewhere")
    def elsewhere():
        return "no word of the session"

    if is_permanent:
        content = {**content, "_permanent": True}
    client.set_cookie("session", cookie_of(app, content))
    answer = client.get("/elsewhere")
    assert bool(answer.headers.getlist("Set-Cookie")) is is_permanent
    assert "Vary" not in answer.headers or is_permanent
