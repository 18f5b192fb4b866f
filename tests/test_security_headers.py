"""Security headers: on in Retort, off in Flask, and never against the program's own."""

import pytest

import retort

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "strict-origin-when-cross-origin",
    "X-Frame-Options": "SAMEORIGIN",
    "Content-Security-Policy": "frame-ancestors 'self'",
}
NAMES = {*ALWAYS, "Strict-Transport-Security"}


@pytest.fixture
def app():
    app = retort.Retort("shop")
    app.add_url_rule("/", "index", lambda: "hello")
    return app


def security(response):
    return {name: value for name, value in response.headers if name in NAMES}


def test_retort_sends_them(client):
    assert security(client.get("/")) == ALWAYS


def test_flask_sends_none_until_the_key_is_set():
    app = retort.Flask("shop")
    app.add_url_rule("/", "index", lambda: "hello")

    assert security(app.test_client().get("/")) == {}
    app.config["SEND_SECURITY_HEADERS"] = True
    assert security(app.test_client().get("/")) == ALWAYS


@pytest.mark.parametrize(
    "answer",
    [
        lambda: {"json": True},
        lambda: ("", 204),
        lambda: retort.redirect("/"),
        lambda: iter(["a", "b"]),
        lambda: retort.abort(404),
        lambda: 1 / 0,
    ],
)
def test_every_kind_of_response_has_them(app, answer):
    app.add_url_rule("/answer", "answer", answer)

    assert security(app.test_client().get("/answer")) == ALWAYS


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/missing"), ("POST", "/"), ("OPTIONS", "/"), ("HEAD", "/"), ("GET", "/static/x")],
)
def test_responses_that_no_view_gives_have_them(client, method, path):
    assert security(client.open(path, method=method)) == ALWAYS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Content-Type-Options", "sniff"),
        ("x-content-type-options", "sniff"),
        ("Referrer-Policy", "no-referrer"),
        ("Strict-Transport-Security", "max-age=0"),
    ],
)
def test_what_the_view_set_stays_and_is_not_doubled(app, client, name, value):
    app.add_url_rule("/own", "own", lambda: ("", {name: value}))

    response = client.get("/own", base_url="https://shop.example")

    assert response.headers.getlist(name) == [value]


def test_what_an_after_request_function_set_stays(app, client):
    @app.after_request
    def after(response):
        response.headers["Referrer-Policy"] = "no-referrer"
        return response

    assert client.get("/").headers.getlist("Referrer-Policy") == ["no-referrer"]


@pytest.mark.parametrize(
    ("own", "frames"),
    [
        ({"X-Frame-Options": "DENY"}, {"X-Frame-Options": "DENY"}),
        (
            {"Content-Security-Policy": "frame-ancestors https://partner.example"},
            {"Content-Security-Policy": "frame-ancestors https://partner.example"},
        ),
        (
            {"Content-Security-Policy": "default-src 'self'; Frame-Ancestors 'none'"},
            {"Content-Security-Policy": "default-src 'self'; Frame-Ancestors 'none'"},
        ),
        (
            {"Content-Security-Policy": "default-src 'self'"},
            {"Content-Security-Policy": "default-src 'self'", "X-Frame-Options": "SAMEORIGIN"},
        ),
        (
            {"Content-Security-Policy": ["frame-ancestors *", "default-src 'self'"]},
            {"Content-Security-Policy": "default-src 'self'"},  # the last of the two
        ),
    ],
)
def test_a_frame_policy_set_by_a_view_is_not_changed(app, client, own, frames):
    """Of the two fields, frame-ancestors is the one that browsers follow."""
    app.add_url_rule("/own", "own", lambda: ("", own))

    sent = security(client.get("/own"))

    assert {k: v for k, v in sent.items() if "Frame" in k or "Policy" in k} == {
        **frames,
        "Referrer-Policy": ALWAYS["Referrer-Policy"],
    }


@pytest.mark.parametrize(
    ("key", "value", "changed"),
    [
        ("X_CONTENT_TYPE_OPTIONS", None, {"X-Content-Type-Options": None}),
        ("REFERRER_POLICY", "same-origin", {"Referrer-Policy": "same-origin"}),
        ("REFERRER_POLICY", "", {"Referrer-Policy": None}),
        (
            "FRAME_ANCESTORS",
            "'none'",
            {"X-Frame-Options": "DENY", "Content-Security-Policy": "frame-ancestors 'none'"},
        ),
        (
            "FRAME_ANCESTORS",
            "'self' https://partner.example",
            {
                "X-Frame-Options": None,  # it has no such value
                "Content-Security-Policy": "frame-ancestors 'self' https://partner.example",
            },
        ),
        ("FRAME_ANCESTORS", None, {"X-Frame-Options": None, "Content-Security-Policy": None}),
    ],
)
def test_each_has_its_key(app, client, key, value, changed):
    client.get("/")  # with the values of before
    app.config[key] = value

    expected = {name: value for name, value in {**ALWAYS, **changed}.items() if value}
    assert security(client.get("/")) == expected


def test_they_can_be_switched_off_together(app, client):
    app.config["SEND_SECURITY_HEADERS"] = False

    assert security(client.get("/", base_url="https://shop.example")) == {}


@pytest.mark.parametrize("value", [5, True, ["nosniff"], b"nosniff"])
def test_a_value_that_is_no_string_is_an_error(app, client, value):
    app.testing = True
    app.config["X_CONTENT_TYPE_OPTIONS"] = value

    with pytest.raises(TypeError, match="Write a string, or None"):
        client.get("/")


def test_a_value_with_a_line_break_never_goes_out(app, client):
    app.testing = True
    app.config["REFERRER_POLICY"] = "origin\r\nX-Injected: 1"

    with pytest.raises(ValueError, match="newline"):
        client.get("/")


# HSTS


def test_https_is_remembered_where_the_request_came_by_it(app, client):
    secure = client.get("/", base_url="https://shop.example")
    plain = client.get("/", base_url="http://shop.example")

    assert secure.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Strict-Transport-Security" not in plain.headers


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:5000", "[::1]:5000", "app.localhost"])
def test_https_is_not_remembered_for_this_machine(client, host):
    """It would hold for every program on every port of it."""
    response = client.get("/", base_url=f"https://{host}")

    assert "Strict-Transport-Security" not in response.headers


def test_https_is_not_remembered_while_developing(app, client):
    app.debug = True
    response = client.get("/", base_url="https://shop.example")

    assert "Strict-Transport-Security" not in response.headers


def test_how_long_https_is_remembered_is_a_key(app, client):
    app.config["STRICT_TRANSPORT_SECURITY"] = "max-age=60; includeSubDomains"
    response = client.get("/", base_url="https://shop.example")
    assert response.headers["Strict-Transport-Security"] == "max-age=60; includeSubDomains"

    app.config["STRICT_TRANSPORT_SECURITY"] = None
    response = client.get("/", base_url="https://shop.example")
    assert "Strict-Transport-Security" not in response.headers
