"""OpenTelemetry without a change of the program: `opentelemetry-instrument` before the command."""

import json

import pytest


@pytest.fixture
def server(launch, serving_words):
    env = {
        "OTEL_TRACES_EXPORTER": "console",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_LOGS_EXPORTER": "none",
        "OTEL_SERVICE_NAME": "traced",
        "OTEL_BSP_SCHEDULE_DELAY": "100",  # milliseconds until spans are exported
        "PYTHONUNBUFFERED": "1",
    }
    return launch("opentelemetry-instrument", *serving_words, env=env)


def spans_in(output):
    """The spans among the lines of a server's output."""
    spans, decoder = [], json.JSONDecoder()
    start = output.find("{\n")
    while start >= 0:
        span, end = decoder.raw_decode(output, start)
        spans.append(span)
        start = output.find("{\n", end)
    return spans


def test_each_request_is_a_span_as_it_is_on_flask(server, framework):
    for path in ["/page/ada", "/crash", "/nowhere", "/tea", "/thing", "/shop/item/3"]:
        server.ask(path)
    assert server.ask("/framework").text == framework

    output = server.wait_for_output(lambda output: '"GET /framework"' in output)
    spans = {
        span["name"]: (span["attributes"]["http.status_code"], span["status"]["status_code"])
        for span in spans_in(output)
    }
    assert spans == {
        "GET /page/<name>": (200, "UNSET"),
        "GET /crash": (500, "ERROR"),
        "GET /nowhere": (404, "UNSET"),
        "GET /tea": (418, "UNSET"),
        "GET /thing": (200, "UNSET"),
        "GET /shop/item/<int:number>": (200, "UNSET"),
        "GET /framework": (200, "UNSET"),
    }
