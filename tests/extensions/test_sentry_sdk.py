"""sentry-sdk's Flask integration: errors, transactions and users are sent to a transport."""

import logging

import pytest
import sentry_sdk
from flask import abort, render_template, request
from sentry_sdk.integrations.flask import FlaskIntegration
from sentry_sdk.transport import Transport


class Kept(Transport):
    """Keeps what would be sent over the network."""

    def __init__(self):
        super().__init__()
        self.items = []

    def capture_envelope(self, envelope):
        self.items += [item.payload.json for item in envelope.items if item.payload.json]

    def of_type(self, kind):
        return [item for item in self.items if item.get("type") == kind]

    @property
    def errors(self):
        return [item for item in self.items if "exception" in item]


@pytest.fixture
def sent():
    transport = Kept()
    sentry_sdk.init(
        dsn="http://key@127.0.0.1/1",
        transport=transport,
        integrations=[FlaskIntegration(transaction_style="url")],
        default_integrations=False,
        auto_enabling_integrations=False,
        traces_sample_rate=1.0,
        send_default_pii=True,
    )
    yield transport
    sentry_sdk.init()


@pytest.fixture
def client(app, sent, write):
    app.config.update(TESTING=False)
    app.logger.disabled = True
    write("templates/page.html", "<head>{{ sentry_trace_meta }}</head>")

    @app.route("/divide/<int:number>", methods=["GET", "POST"])
    def divide(number):
        return str(number / 0)

    @app.get("/page")
    def page():
        sentry_sdk.set_tag("colour", request.args["colour"])
        return render_template("page.html")

    @app.get("/refuse")
    def refuse():
        abort(403)

    return app.test_client()


def test_an_unhandled_error_is_sent(client, sent):
    response = client.post("/divide/3?a=b", json={"amount": 5}, headers={"X-Own": "yes"})

    assert response.status_code == 500
    [event] = sent.errors
    [error] = event["exception"]["values"]
    assert error["type"] == "ZeroDivisionError"
    assert error["mechanism"] == {"type": "flask", "handled": False}
    assert error["stacktrace"]["frames"][-1]["vars"] == {"number": "3"}
    assert event["transaction"] == "/divide/<int:number>"
    assert event["request"]["url"] == "http://localhost/divide/3"
    assert event["request"]["query_string"] == "a=b"
    assert event["request"]["data"] == {"amount": 5}
    assert event["request"]["headers"]["X-Own"] == "yes"


def test_forms_and_cookies_are_sent_as_well(client, sent):
    client.set_cookie("flavour", "plain")
    client.post("/divide/1", data={"name": "ada"})

    [event] = sent.errors
    assert event["request"]["data"] == {"name": "ada"}
    assert event["request"]["cookies"] == {"flavour": "plain"}


def test_a_transaction_is_named_by_its_rule(client, sent):
    client.get("/page?colour=red")

    [transaction] = sent.of_type("transaction")
    assert transaction["transaction"] == "/page"
    assert transaction["transaction_info"] == {"source": "route"}
    assert transaction["tags"]["colour"] == "red"
    assert transaction["contexts"]["trace"]["op"] == "http.server"
    assert transaction["contexts"]["response"]["status_code"] == 200


def test_templates_can_carry_the_trace(client):
    assert 'meta name="sentry-trace"' in client.get("/page?colour=red").text


def test_refusals_are_no_errors(client, sent):
    assert client.get("/refuse").status_code == 403
    assert client.get("/nowhere").status_code == 404

    assert sent.errors == []


def test_an_error_that_a_handler_handles_is_not_sent(app, client, sent):
    @app.errorhandler(ZeroDivisionError)
    def divided(error):
        return "cannot", 400

    assert client.get("/divide/1").status_code == 400

    assert sent.errors == []


def test_scopes_of_requests_are_apart(client, sent):
    client.get("/page?colour=red")
    client.get("/divide/1")

    [event] = sent.errors
    assert "colour" not in event.get("tags", {})


def test_errors_of_the_log_are_sent_with_the_request(app, client, sent):
    from sentry_sdk.integrations.logging import EventHandler

    logger = logging.getLogger("program.shop")
    handler = EventHandler(level=logging.ERROR)
    logger.addHandler(handler)

    @app.get("/logs")
    def logs():
        logger.error("no %s left", "ink")
        return "logged"

    client.get("/logs")
    logger.removeHandler(handler)

    [event] = [item for item in sent.items if "logentry" in item]
    assert event["logentry"]["params"] == ["ink"]
    assert event["request"]["url"] == "http://localhost/logs"


def test_the_logged_in_user_is_sent(app, client, sent):
    from flask_login import LoginManager, UserMixin, login_user

    manager = LoginManager(app)

    class User(UserMixin):
        id = "ada"

    manager.user_loader(lambda name: User())

    @app.get("/login")
    def login():
        login_user(User())
        return "in"

    client.get("/login")
    client.get("/divide/1")

    [event] = sent.errors
    assert event["user"]["id"] == "ada"
