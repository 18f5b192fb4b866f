"""Bugsnag: unhandled errors arrive at a collector, with the request that they belong to."""

import json

import bugsnag
import bugsnag.flask
import pytest


@pytest.fixture
def client(app, collector):
    bugsnag.configure(
        api_key="0" * 32,
        endpoint=f"http://{collector.address}/notify",
        session_endpoint=f"http://{collector.address}/sessions",
        auto_capture_sessions=False,
        asynchronous=False,
    )
    bugsnag.flask.handle_exceptions(app)
    app.config.update(PROPAGATE_EXCEPTIONS=False)
    app.logger.disabled = True

    @app.post("/divide/<int:number>")
    def divide(number):
        return str(number / 0)

    @app.get("/")
    def index():
        return "here"

    return app.test_client()


def test_an_unhandled_error_is_sent_with_its_request(client, collector):
    assert client.get("/").text == "here"
    assert client.get("/nowhere").status_code == 404
    response = client.post("/divide/3?secret=1", data={"name": "ada"}, headers={"X-Own": "yes"})
    assert response.status_code == 500

    [(path, body)] = collector.bodies
    assert path == "/notify"
    [event] = json.loads(body)["events"]
    assert event["exceptions"][0]["errorClass"] == "ZeroDivisionError"
    assert event["context"] == "POST /divide/3"
    assert event["unhandled"]
    assert event["severityReason"]["attributes"] == {"framework": "Flask"}
    assert event["device"]["runtimeVersions"]["flask"] == "3.1.3"
    request = event["metaData"]["request"]
    assert request["url"] == "http://localhost/divide/3"
    assert request["params"] == {"name": "ada"}
    assert request["headers"]["X-Own"] == "yes"
    assert [crumb["metaData"]["to"] for crumb in event["breadcrumbs"]] == [
        "/",
        "/nowhere",
        "/divide/3",
    ]
