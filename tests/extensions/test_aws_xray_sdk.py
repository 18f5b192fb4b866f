"""AWS X-Ray: a segment for each request, a subsegment for each template, sent by UDP."""

import json
import socket

import flask.templating
import pytest
from aws_xray_sdk.core import xray_recorder
from aws_xray_sdk.ext.flask.middleware import XRayMiddleware
from flask import render_template, render_template_string


@pytest.fixture
def daemon():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(20)
        yield daemon


@pytest.fixture
def client(app, daemon, monkeypatch, write):
    monkeypatch.setattr(flask.templating, "_render", flask.templating._render)  # put back later
    address = "{}:{}".format(*daemon.getsockname())
    xray_recorder.configure(service="shop", sampling=False, daemon_address=address)
    XRayMiddleware(app, xray_recorder)
    app.config.update(PROPAGATE_EXCEPTIONS=False)
    app.logger.disabled = True
    write("templates/page.html", "hello {{ name }}")
    app.add_url_rule("/file", "file", lambda: render_template("page.html", name="ada"))
    app.add_url_rule("/text", "text", lambda: render_template_string("{{ 1 + 1 }}"))
    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    return app.test_client()


@pytest.fixture
def segment(daemon):
    """What has been sent next."""
    return lambda: json.loads(daemon.recv(65536).partition(b"\n")[2])


@pytest.mark.parametrize(("path", "text"), [("/file", "hello ada"), ("/text", "2")])
def test_a_template_is_a_subsegment(client, segment, path, text):
    response = client.get(path)

    assert (response.status_code, response.text) == (200, text)
    sent = segment()
    assert sent["name"] == "shop"
    assert sent["http"]["request"]["url"] == f"http://localhost{path}"
    assert sent["http"]["response"]["status"] == 200
    assert (
        len(sent["subsegments"]) == 1
    )  # its name: on Flask, the SDK takes the app for the template


def test_a_failure_is_sent(client, segment):
    assert client.get("/crash").status_code == 500

    sent = segment()
    assert sent["http"]["response"]["status"] == 500
    assert sent["cause"]["exceptions"][0]["type"] == "ZeroDivisionError"


def test_a_trace_is_continued(client, segment):
    trace = "1-5759e988-bd862e3fe1be46a994272793"

    response = client.get("/text", headers={"X-Amzn-Trace-Id": f"Root={trace};Sampled=1"})

    assert trace in response.headers["X-Amzn-Trace-Id"]
    assert segment()["trace_id"] == trace
