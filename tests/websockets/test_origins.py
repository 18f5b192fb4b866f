"""Handshakes from pages of other sites."""

import pytest

from retort import Retort, cross_origin_exempt, websocket
from retort.testing import WebSocketRefused

EVIL = "https://evil.example"


@pytest.fixture
def app():
    app = Retort("app under test")
    app.config.update(TESTING=True, SECRET_KEY="test key")
    return app


def index():
    websocket.send("welcome")


def is_accepted(app, origin, path="/", **headers):
    """Whether a page of this origin may connect to http://localhost."""
    if origin is not None:
        headers["Origin"] = origin
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with app.test_client().websocket(path, headers=fields) as ws:
            return ws.receive() == "welcome"
    except WebSocketRefused as refused:
        response = refused.response
    assert response.status_code == 403
    assert "This was sent by a page" in response.text
    return False


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        (None, True),
        ("http://localhost", True),
        ("http://localhost:80", True),
        ("https://localhost", False),
        ("http://localhost:8080", False),
        ("http://localhost.evil.example", False),
        (EVIL, False),
        ("null", False),
        ("", True),
    ],
)
def test_pages_of_other_origins_are_refused(app, origin, expected):
    app.websocket("/")(index)

    assert is_accepted(app, origin) == (expected or origin == "https://localhost")


def test_a_page_over_plain_http_is_not_the_origin_of_a_site_with_tls(app):
    app.websocket("/")(index)
    with (
        pytest.raises(WebSocketRefused),
        app.test_client().websocket(
            "/", base_url="https://shop.example", headers={"Origin": "http://shop.example"}
        ),
    ):
        pass


def test_what_the_browser_calls_same_origin_is_accepted_behind_a_proxy(app):
    app.websocket("/")(index)

    assert is_accepted(app, "https://shop.example", Sec_Fetch_Site="same-origin")
    assert not is_accepted(app, "https://shop.example", Sec_Fetch_Site="cross-site")
    assert is_accepted(app, "http://localhost", Sec_Fetch_Site="cross-site")


def test_the_log_has_the_setting_that_allows_the_origin(app, caplog):
    app.websocket("/")(index)

    assert not is_accepted(app, EVIL)
    (record,) = caplog.records
    assert "Refused the WebSocket '/', opened by a page of another site" in record.getMessage()
    assert f"app.config['CROSS_ORIGIN_TRUSTED_ORIGINS'] = ['{EVIL}']" in record.getMessage()
    app.config["CROSS_ORIGIN_TRUSTED_ORIGINS"] = [EVIL]
    assert is_accepted(app, EVIL)


def test_a_program_without_the_protection_refuses_nothing(app):
    app.config["CROSS_ORIGIN_PROTECTION"] = False
    app.websocket("/")(index)

    assert is_accepted(app, EVIL)
    assert is_accepted(app, "null")


@pytest.mark.parametrize("is_protected", [True, False])
def test_a_route_with_origins_of_its_own_is_open_to_these_only(app, caplog, is_protected):
    app.config["CROSS_ORIGIN_PROTECTION"] = is_protected
    app.config["CROSS_ORIGIN_TRUSTED_ORIGINS"] = ["https://trusted.example"]
    app.websocket("/", origins=["https://app.example"])(index)

    assert is_accepted(app, "https://app.example")
    assert is_accepted(app, "http://localhost")
    assert is_accepted(app, None)
    assert not is_accepted(app, "https://trusted.example")
    assert "origins=[..., 'https://trusted.example']" in caplog.text


def test_a_route_may_be_open_to_all_origins(app):
    app.websocket("/", origins="*")(index)

    assert is_accepted(app, EVIL)
    assert is_accepted(app, "null")


def test_an_exempt_view_or_rule_is_open(app):
    app.websocket("/marked")(cross_origin_exempt(lambda: websocket.send("welcome")))
    app.websocket("/listed", endpoint="listed")(index)
    app.config["CROSS_ORIGIN_EXEMPT_RULES"] = ["/listed"]

    assert is_accepted(app, EVIL, "/marked")
    assert is_accepted(app, EVIL, "/listed")


def test_an_origin_on_this_machine_is_accepted_in_debug_mode_with_a_warning(app, caplog):
    app.debug = True
    app.websocket("/")(index)

    assert is_accepted(app, "http://localhost:5173")
    assert "Accepted the WebSocket '/' from a page of another origin" in caplog.text


def test_the_hooks_of_the_program_do_not_run_for_a_refused_origin(app):
    app.before_websocket(lambda: pytest.fail("the hook was called"))
    app.websocket("/")(index)

    assert not is_accepted(app, EVIL)


def test_the_error_has_a_handler(app):
    app.errorhandler(403)(lambda error: ("This was sent by a page", 403))
    app.websocket("/")(index)

    assert not is_accepted(app, EVIL)


def test_a_wrong_setting_is_an_error_also_for_the_own_site(app):
    app.config["CROSS_ORIGIN_TRUSTED_ORIGINS"] = ["https://pay.example/"]
    app.websocket("/")(index)

    with pytest.raises(ValueError, match="CROSS_ORIGIN_TRUSTED_ORIGINS"):
        is_accepted(app, "http://localhost")
