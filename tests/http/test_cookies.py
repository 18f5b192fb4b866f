"""Cookies that browsers would reject or drop are errors, and cookies cannot inject headers."""

import warnings

import pytest
from hypothesis import given
from hypothesis import strategies as st

import retort


def cookie(*args, **kwargs):
    response = retort.Response()
    response.set_cookie(*args, **kwargs)
    return response.headers["Set-Cookie"]


@pytest.mark.parametrize(
    ("name", "attributes", "advice"),
    [
        ("__Host-id", {}, "secure=True"),
        ("__Host-id", {"secure": True, "path": "/shop"}, "path='/'"),
        ("__Host-id", {"secure": True, "path": None}, "path='/'"),
        ("__Host-id", {"secure": True, "domain": "shop.example"}, "no domain"),
        ("__Host-id", {"path": "/a", "domain": "a.example"}, "secure=True, path='/', no domain"),
        ("__host-id", {}, "secure=True"),
        ("__HOST-Http-id", {}, "secure=True"),
        ("__Secure-id", {}, "secure=True"),
        ("__SECURE-id", {}, "secure=True"),
    ],
)
def test_a_name_prefix_with_wrong_attributes_is_an_error_with_the_fix(name, attributes, advice):
    """R53."""
    with pytest.raises(ValueError, match="Browsers reject the cookie") as error:
        cookie(name, "x", **attributes)

    assert repr(name) in str(error.value)
    assert f"requires {advice}." in str(error.value)


@pytest.mark.parametrize(
    ("name", "attributes"),
    [
        ("__Host-id", {"secure": True}),
        ("__Host-id", {"secure": True, "path": "/", "domain": ""}),
        ("__Host-id", {"partitioned": True}),
        ("__Secure-id", {"secure": True, "path": "/shop", "domain": "shop.example"}),
        ("_Host-id", {}),
        ("x__Host-id", {}),
    ],
)
def test_a_prefix_that_is_kept_is_fine(name, attributes):
    """R53."""
    assert cookie(name, "x", **attributes).startswith(f"{name}=x")


@pytest.mark.parametrize("samesite", ["None", "none", "NONE"])
def test_samesite_none_without_secure_is_an_error(samesite):
    """R52."""
    with pytest.raises(ValueError, match="SameSite=None, which requires secure=True"):
        cookie("id", "x", samesite=samesite)
    assert "Secure" in cookie("id", "x", samesite=samesite, secure=True)


@pytest.mark.parametrize("samesite", [None, "Lax", "Strict"])
def test_the_other_values_of_samesite_need_nothing(samesite):
    assert "Secure" not in cookie("id", "x", samesite=samesite)


def test_a_value_of_samesite_that_there_is_not_is_an_error_as_ever():
    with pytest.raises(ValueError, match="SameSite must be"):
        cookie("id", "x", samesite="sometimes")


def test_partitioned_never_goes_out_without_secure():
    """R53."""
    sent = cookie("id", "x", partitioned=True)

    assert "; Secure" in sent
    assert "; Partitioned" in sent
    assert "; Secure" in cookie("id", "x", partitioned=True, samesite="None")


def test_deleting_a_cookie_that_browsers_would_go_on_keeping_is_an_error_too():
    """R53: they ignore the deletion if it lacks Secure."""
    with pytest.raises(ValueError, match="secure=True"):
        retort.Response().delete_cookie("__Host-id")
    retort.Response().delete_cookie("__Host-id", secure=True)


@pytest.mark.parametrize("app_class", [retort.Flask, retort.Retort])
def test_a_program_can_send_them_all_the_same(app_class):
    """A Flask program that does so keeps running; a switch makes it an error."""
    app = app_class("shop")
    with app.app_context():
        assert app.config["REFUSE_INVALID_COOKIES"] is (app_class is retort.Retort)
        app.config["REFUSE_INVALID_COOKIES"] = True
        with pytest.raises(ValueError, match="Browsers reject"):
            cookie("id", "x", samesite="None")
        app.config["REFUSE_INVALID_COOKIES"] = False
        assert cookie("id", "x", samesite="None") == "id=x; Path=/; SameSite=None"
        assert cookie("__Host-id", "x") == "__Host-id=x; Path=/"


# Size


def test_a_cookie_that_browsers_drop_is_an_error_in_retort():
    """R54: more than 4096 bytes of name and value."""
    with retort.Retort("shop").app_context():
        retort.current_app.config["MAX_COOKIE_SIZE"] = 0
        assert cookie("id", "x" * 4094)
        with pytest.raises(ValueError, match="'id' has 4097 bytes"):
            cookie("id", "x" * 4095)
        with pytest.raises(ValueError, match="4097 bytes"):
            cookie("i" * 4096, "x")


@pytest.mark.parametrize(
    ("value", "count"),
    [("x" * 5000, 5002), (";" * 1024, 4100), ("é" * 600, 4804), ("日" * 400, 4804)],
)
def test_what_counts_is_the_size_as_it_is_sent(value, count):
    """R54: characters that a cookie cannot hold are escaped, with four bytes for one."""
    with retort.Retort("shop").app_context(), pytest.raises(ValueError, match=f" {count} bytes"):
        cookie("id", value)


def test_a_cookie_that_browsers_drop_is_a_warning_in_flask():
    """R54: never a silent loss."""
    with (
        retort.Flask("shop").app_context(),
        pytest.warns(UserWarning, match="too large"),
    ):
        assert cookie("id", "x" * 5000).startswith("id=xxx")


def test_flask_can_be_configured_to_reject_them():
    app = retort.Flask("shop")
    app.config["REFUSE_LARGE_COOKIES"] = True
    with app.app_context(), pytest.raises(ValueError, match="REFUSE_LARGE_COOKIES"):
        cookie("id", "x" * 5000)


@given(st.text(max_size=2000))
def test_in_retort_no_cookie_goes_out_that_browsers_drop(value):
    """R54."""
    app = retort.Retort("shop")
    app.config["MAX_COOKIE_SIZE"] = 0
    with app.app_context():
        try:
            sent = cookie("id", value * 3)
        except ValueError:
            return
    name_and_value = sent.partition("; ")[0]
    assert len(name_and_value) - 1 <= 4096


# Injection


@pytest.mark.parametrize(
    "name",
    ["", "a\r\nX: 1", "a\nb", "a\rb", "a\0b", "a\tb", "a\x7fb", "a;b", "a; Path=/x", "a=b", "="],
)
def test_a_name_that_would_be_something_else_is_an_error(name):
    with pytest.raises(ValueError, match="cannot be named") as error:
        cookie(name, "x")
    assert repr(name) in str(error.value)


@pytest.mark.parametrize("value", ["\x1f", "a\x1bb", "\x1a"])
def test_a_control_character_that_is_not_escaped_is_an_error(value):
    with pytest.raises(ValueError, match="control characters"):
        cookie("id", value)


@pytest.mark.parametrize("domain", ["a.example; Secure", "a.example\r\nX: 1", "a b", "a,b"])
def test_a_domain_that_would_be_something_else_is_an_error(domain):
    with pytest.raises(ValueError, match="cannot have the domain"):
        cookie("id", "x", domain=domain)


@pytest.mark.parametrize("name", ["user name", "größe", "id.1", "a[b]", "a,b"])
def test_names_that_work_in_browsers_are_not_changed(name):
    assert cookie(name, "x").endswith("=x; Path=/")


@given(st.text(max_size=30), st.text(max_size=30), st.none() | st.text(max_size=20))
def test_whatever_the_name_value_and_path_no_attribute_or_header_is_injected(name, value, path):
    try:
        sent = cookie(name, value, path=path)
    except (ValueError, UnicodeError):
        return
    assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in sent)
    assert [part.partition("=")[0] for part in sent.split("; ")[1:]] == (
        [] if path is None else ["Path"]
    )
    assert sent.count(";") == (0 if path is None else 1)


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a;b", 'say "x"', "\0", "Zoë 日本"])
def test_a_value_that_a_cookie_cannot_hold_comes_back_as_it_was(value):
    app = retort.Flask("shop")

    @app.get("/set")
    def set_it():
        response = retort.Response()
        response.set_cookie("id", value)
        return response

    @app.get("/")
    def show():
        return {"value": retort.request.cookies["id"]}

    client = app.test_client()
    response = client.get("/set")

    assert "X-Injected" not in response.headers
    assert client.get("/").json == {"value": value}


def test_an_ordinary_cookie_is_werkzeugs_byte_for_byte():
    from datetime import datetime, timezone

    from werkzeug.wrappers import Response

    attributes = {
        "max_age": 60,
        "expires": datetime(2030, 1, 1, tzinfo=timezone.utc),
        "path": "/é",
        "domain": ".shop.example",
        "secure": True,
        "httponly": True,
        "samesite": "lax",
        "partitioned": True,
    }
    plain = Response()
    plain.set_cookie("id", "a b", **attributes)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert cookie("id", "a b", **attributes) == plain.headers["Set-Cookie"]


# The session's cookie


def session_cookie(app, **options):
    @app.get("/")
    def index():
        retort.session["user"] = "Ada"
        return ""

    app.config["SECRET_KEY"] = "test key"
    return app.test_client().get("/", **options).headers["Set-Cookie"]


def test_the_session_is_hidden_from_scripts_and_other_sites_in_retort():
    """R52."""
    sent = session_cookie(retort.Retort("shop"))

    assert "; HttpOnly" in sent
    assert "; SameSite=Lax" in sent
    assert "; Secure" not in sent


def test_the_session_is_secure_in_retort_when_the_request_came_by_https():
    """R52."""
    assert "; Secure" in session_cookie(retort.Retort("shop"), base_url="https://shop.example")


def test_the_session_is_secure_in_retort_if_https_is_the_preferred_scheme():
    """R52: behind a proxy that terminates TLS and sends no forwarded field."""
    app = retort.Retort("shop")
    app.config["PREFERRED_URL_SCHEME"] = "https"

    assert "; Secure" in session_cookie(app)


def test_the_session_is_as_configured_whatever_the_request():
    """R52."""
    app = retort.Retort("shop")
    app.config["SESSION_COOKIE_SECURE"] = False
    assert "; Secure" not in session_cookie(app, base_url="https://shop.example")
    app = retort.Retort("shop")
    app.config["SESSION_COOKIE_SECURE"] = True
    assert "; Secure" in session_cookie(app)


def test_flasks_session_cookie_is_flasks():
    sent = session_cookie(retort.Flask("shop"), base_url="https://shop.example")

    assert sent.endswith("; HttpOnly; Path=/")
    assert "SameSite" not in sent


@pytest.mark.parametrize(
    ("settings", "advice"),
    [
        ({"SESSION_COOKIE_SAMESITE": "None"}, "SESSION_COOKIE_SECURE"),
        ({"SESSION_COOKIE_NAME": "__Host-session"}, "SESSION_COOKIE_SECURE"),
        (
            {
                "SESSION_COOKIE_NAME": "__Host-session",
                "SESSION_COOKIE_SECURE": True,
                "SESSION_COOKIE_PATH": "/shop",
            },
            "SESSION_COOKIE_PATH",
        ),
    ],
)
def test_a_session_cookie_that_browsers_refuse_is_an_error_that_names_the_key(settings, advice):
    """R52, R53."""
    app = retort.Retort("shop")
    app.config.update({"SESSION_COOKIE_SECURE": False}, TESTING=True)
    app.config.update(settings)

    with pytest.raises(ValueError, match=advice):
        session_cookie(app)


def test_a_session_that_is_too_large_is_an_error_in_retort_and_not_lost():
    """R54."""
    app = retort.Retort("shop")
    app.config.update(TESTING=True, SECRET_KEY="test key")

    @app.get("/")
    def index():
        import secrets

        retort.session["cart"] = secrets.token_hex(5000)
        return ""

    with pytest.raises(ValueError, match=r"'session' has \d+ bytes"):
        app.test_client().get("/")
    app.testing = False
    assert app.test_client().get("/").status_code == 500
