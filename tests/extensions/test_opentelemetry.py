"""opentelemetry-instrumentation-flask: a span and a measurement for each request."""

import pytest
from opentelemetry.instrumentation.flask import FlaskInstrumentor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode, get_current_span


@pytest.fixture
def spans():
    return InMemorySpanExporter()


@pytest.fixture
def providers(spans):
    tracer = TracerProvider()
    tracer.add_span_processor(SimpleSpanProcessor(spans))
    reader = InMemoryMetricReader()
    return {"tracer_provider": tracer, "meter_provider": MeterProvider([reader])}, reader


def add_views(app):
    @app.get("/user/<int:number>")
    def user(number):
        get_current_span().set_attribute("of.the.view", number)
        return f"user {number}"

    @app.get("/crash")
    def crash():
        raise ValueError("on purpose")


@pytest.fixture(params=["one application", "the class"])
def app(request, app, providers):
    """The two ways there are: one application is instrumented, or ``flask.Flask`` replaced."""
    import flask

    if request.param == "one application":
        FlaskInstrumentor.instrument_app(app, excluded_urls="health", **providers[0])
        add_views(app)
        yield app
        FlaskInstrumentor.uninstrument_app(app)
        return
    plain = flask.Flask
    FlaskInstrumentor().instrument(excluded_urls="health", **providers[0])
    try:
        assert flask.Flask is not plain
        app = flask.Flask("program")
        app.testing = True
        add_views(app)
        yield app
    finally:
        FlaskInstrumentor().uninstrument()
    assert flask.Flask is plain


def test_a_request_is_a_span(client, spans):
    assert client.get("/user/7?q=1").text == "user 7"

    (span,) = spans.get_finished_spans()
    assert span.name == "GET /user/<int:number>"
    assert span.kind is SpanKind.SERVER
    attributes = dict(span.attributes)
    assert attributes["http.route"] == "/user/<int:number>"
    assert attributes["http.status_code"] == 200
    assert attributes["of.the.view"] == 7


def test_a_span_continues_the_caller_s(client, spans):
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    client.get("/user/7", headers={"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})

    (span,) = spans.get_finished_spans()
    assert f"{span.context.trace_id:032x}" == trace


def test_errors_are_on_the_span(app, client, spans):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.logger.disabled = True

    assert client.get("/crash").status_code == 500
    assert client.get("/missing").status_code == 404

    crash, missing = spans.get_finished_spans()
    assert crash.status.status_code is StatusCode.ERROR
    assert missing.attributes["http.status_code"] == 404


def test_requests_are_measured(client, providers):
    client.get("/user/1")
    client.get("/user/2")

    metrics = {
        metric.name: metric
        for resource in providers[1].get_metrics_data().resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }
    (point,) = metrics["http.server.duration"].data.data_points
    assert point.count == 2
    (active,) = metrics["http.server.active_requests"].data.data_points
    assert active.value == 0


def test_the_streaming_of_a_response_is_part_of_the_span(app, client, spans):
    from flask import stream_with_context

    inside = []

    def pieces():
        inside.append(get_current_span().get_span_context().trace_id)
        yield "piece"

    app.add_url_rule("/stream", "stream", lambda: stream_with_context(pieces()))

    assert client.get("/stream").text == "piece"
    (span,) = spans.get_finished_spans()
    assert inside == [span.context.trace_id]
