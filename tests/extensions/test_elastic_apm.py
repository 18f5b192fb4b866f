"""Elastic APM: transactions and errors of a program arrive at a collector."""

import json

import pytest


@pytest.fixture
def settings(collector):
    return {
        "SERVER_URL": f"http://{collector.address}",
        "SERVICE_NAME": "traced",
        "CENTRAL_CONFIG": "false",
        "CLOUD_PROVIDER": "none",  # it would look for that of the machine
        "METRICS_INTERVAL": "0s",
        "API_REQUEST_TIME": "200ms",  # at most so long until events are sent
    }


def events(collector, kind):
    lines = [line for path, body in collector.bodies for line in body.splitlines()]
    return [event[kind] for event in map(json.loads, lines) if kind in event]


@pytest.fixture
def agent(app, settings):
    import elasticapm
    from elasticapm.contrib.flask import ElasticAPM

    app.config.update(ELASTIC_APM=settings, PROPAGATE_EXCEPTIONS=False)
    app.logger.disabled = True
    agent = ElasticAPM(app)
    yield agent
    agent.client.close()
    elasticapm.uninstrument()


def test_requests_are_transactions(app, agent, collector):
    from flask import render_template_string

    @app.get("/page/<name>")
    def page(name):
        return render_template_string("{{ apm.trace_id }}")

    app.add_url_rule("/crash", "crash", lambda: 1 / 0)
    client = app.test_client()

    trace_id = client.get("/page/ada", buffered=True).text
    assert client.get("/crash", buffered=True).status_code == 500
    assert client.get("/nowhere", buffered=True).status_code == 404

    collector.wait_for(lambda: len(events(collector, "transaction")) == 3)
    first, crash, nowhere = events(collector, "transaction")
    assert (first["name"], first["result"]) == ("GET /page/<name>", "HTTP 2xx")
    assert first["trace_id"] == trace_id
    assert (crash["name"], crash["result"]) == ("GET /crash", "HTTP 5xx")
    assert (nowhere["name"], nowhere["result"]) == ("", "HTTP 4xx")
    [error] = events(collector, "error")
    assert error["exception"]["type"] == "ZeroDivisionError"
    assert error["context"]["request"]["url"]["pathname"] == "/crash"
    [metadata, *_] = events(collector, "metadata")
    assert metadata["service"]["framework"] == {"name": "flask", "version": "3.1.3"}


def test_a_program_is_instrumented_without_a_change(
    launch, serving_words, collector, settings, framework
):
    env = {f"ELASTIC_APM_{name}": value for name, value in settings.items()}
    if framework == "retort":
        env["RETORT_AS_FLASK"] = "1"  # the agent imports Flask before the program begins
    server = launch("elasticapm-run", *serving_words, env=env)

    for path in ["/page/ada", "/crash", "/thing", "/shop/item/3"]:
        server.ask(path)
    assert server.ask("/framework").text == framework

    names = {"GET /page/<name>", "GET /crash", "GET /thing", "GET /shop/item/<int:number>"}
    names.add("GET /framework")
    collector.wait_for(lambda: len(events(collector, "transaction")) == len(names))
    assert {event["name"] for event in events(collector, "transaction")} == names
