"""ddtrace: `ddtrace-run` before the command that serves; spans arrive at a collector."""

import msgspec
import pytest

# The spans that each request has.
BEFORE = ["flask.request", "flask.application", "flask.preprocess_request", "traced.before"]
AFTER = ["flask.process_response", "traced.after"]
AFTER += ["flask.do_teardown_request", "flask.do_teardown_appcontext", "flask.response"]
VIEW = "flask.dispatch_request"
HANDLER = "flask.handle_user_exception"


def spans_of(bodies):
    """The traces that were sent: for each request its resource, its status and its spans' names."""
    traces = {}
    for path, body in bodies:
        if path != "/v0.4/traces":
            continue
        for first, *others in msgspec.msgpack.decode(body):
            names = [span["name"] for span in (first, *others)]
            status = first["meta"].get("http.status_code")
            traces[first["resource"], status, first.get("error", 0)] = names
    return traces


@pytest.fixture
def server(launch, serving_words, collector):
    env = {
        "DD_TRACE_AGENT_URL": f"http://{collector.address}",
        "DD_TRACE_API_VERSION": "v0.4",
        "DD_INSTRUMENTATION_TELEMETRY_ENABLED": "false",
        "DD_REMOTE_CONFIGURATION_ENABLED": "false",
        "DD_CRASHTRACKING_ENABLED": "false",
    }
    return launch("ddtrace-run", *serving_words, env=env)


def test_each_request_is_a_trace_as_it_is_on_flask(server, collector, framework):
    for path in ["/page/ada", "/crash", "/nowhere", "/tea", "/thing", "/shop/item/3"]:
        server.ask(path)
    assert server.ask("/framework").text == framework

    expected = {
        ("GET /framework", "200", 0): [VIEW, "traced.framework"],
        ("GET /page/<name>", "200", 0): [
            VIEW,
            "traced.page",
            "flask.render_template_string",
            "jinja2.compile",
            "jinja2.render",
        ],
        ("GET /crash", "500", 1): [VIEW, "traced.crash", HANDLER, "flask.handle_exception"],
        ("GET 404", "404", 0): [VIEW, HANDLER, "flask.handle_http_exception"],
        ("GET /tea", "418", 0): [
            VIEW,
            "traced.tea",
            HANDLER,
            "flask.handle_http_exception",
            "traced.teapot",
        ],
        ("GET /thing", "200", 0): [VIEW, "traced.thing"],
        ("GET /shop/item/<int:number>", "200", 0): [VIEW, "shop.item", "flask.jsonify"],
    }
    server.end()  # sends what is left
    assert spans_of(collector.bodies) == {
        key: [*BEFORE, *names, *AFTER] for key, names in expected.items()
    }
