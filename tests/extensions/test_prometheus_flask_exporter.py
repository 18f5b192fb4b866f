"""prometheus-flask-exporter: /metrics has the number and time of requests."""

import pytest
from flask import Blueprint, abort, request
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families
from prometheus_flask_exporter import PrometheusMetrics


@pytest.fixture
def metrics(app):
    metrics = PrometheusMetrics(app, group_by="endpoint", registry=CollectorRegistry())
    metrics.info("app_info", "what runs", version="1.2")
    return metrics


@pytest.fixture
def client(app, metrics):
    shop = Blueprint("shop", __name__, url_prefix="/shop")

    @app.get("/page/<int:number>")
    @metrics.counter("pages", "pages seen", labels={"kind": lambda: request.args.get("kind", "")})
    def page(number):
        return f"page {number}"

    @app.get("/quiet")
    @metrics.do_not_track()
    def quiet():
        return "quiet"

    @app.get("/crash")
    def crash():
        raise ZeroDivisionError("crash")

    @shop.get("/<thing>")
    @metrics.gauge(
        "in_progress", "now being made", labels={"thing": lambda: request.view_args["thing"]}
    )
    def thing(thing):
        if thing == "nothing":
            abort(404)
        return str(metrics.registry.get_sample_value("in_progress", {"thing": thing}))

    app.register_blueprint(shop)
    return app.test_client()


def samples(client):
    """The values of /metrics, by name and set of labels."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in families
        for sample in family.samples
    }


def value(client, name, **labels):
    return samples(client).get((name, frozenset(labels.items())))


def test_requests_are_counted_by_method_and_status(client):
    client.get("/page/1")
    client.get("/page/2")
    client.get("/nowhere")

    assert value(client, "flask_http_request_total", method="GET", status="200") >= 2
    assert value(client, "flask_http_request_total", method="GET", status="404") == 1


def test_requests_are_timed_by_endpoint(client):
    client.get("/page/1")
    client.get("/page/2")
    labels = {"method": "GET", "status": "200", "endpoint": "page"}

    assert value(client, "flask_http_request_duration_seconds_count", **labels) == 2
    assert value(client, "flask_http_request_duration_seconds_sum", **labels) > 0


def test_a_view_has_counters_and_gauges_of_its_own(client):
    client.get("/page/1?kind=long")
    assert value(client, "pages_total", kind="long") == 1

    assert client.get("/shop/pen").text == "1.0"
    client.get("/shop/nothing")
    assert value(client, "in_progress", thing="pen") == 0
    assert value(client, "in_progress", thing="nothing") == 0


def test_a_view_can_be_left_out(client):
    client.get("/quiet")

    labels = {"method": "GET", "status": "200", "endpoint": "quiet"}
    assert value(client, "flask_http_request_duration_seconds_count", **labels) is None


def test_exceptions_are_counted(app, client):
    with pytest.raises(ZeroDivisionError):
        client.get("/crash")
    assert value(client, "flask_http_request_exceptions_total", method="GET", status="500") == 1

    app.config.update(TESTING=False)
    app.logger.disabled = True
    assert client.get("/crash").status_code == 500
    assert value(client, "flask_http_request_exceptions_total", method="GET", status="500") == 2


def test_information_and_selected_metrics_are_exported(client):
    assert value(client, "app_info", version="1.2") == 1

    text = client.get("/metrics?name[]=app_info").text
    assert "app_info" in text
    assert "flask_http_request_total" not in text
