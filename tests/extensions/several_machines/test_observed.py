"""Metrics and logs of two replicas: added up, and joined by the id of a request."""

import json

import pytest
from prometheus_client.parser import text_string_to_metric_families


@pytest.fixture(autouse=True)
def _are_of_retort(framework):
    if framework != "retort":
        pytest.skip("`retort run` has the metrics and the log")


def total(text, name, **labels):
    """The sum of a metric's samples with these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


def test_metrics_of_the_replicas_add_up_to_what_was_requested(machines, replicas, sample):
    servers = replicas(sample("Metrics"), "--metrics")
    visitor = machines.visit(*servers)
    assert [visitor.post("/order").status_code for _ in range(5)] == [201] * 5

    texts = [server.ask("/-/metrics").text for server in servers]
    assert [total(text, "shop_orders_total") for text in texts] == [3, 2]
    requests = [total(text, "retort_requests_total", endpoint="order") for text in texts]
    assert requests == [3, 2]
    durations = "retort_request_duration_seconds_bucket"
    counts = [total(text, durations, endpoint="order", le="+Inf") for text in texts]
    assert counts == [3, 2]


def lines_of(server):
    """The lines of JSON in the output."""
    return [json.loads(line) for line in server.output().splitlines() if line.startswith("{")]


LOG = ("--proxy", "--log-format", "json", "--access-log", "-", "--access-log-format", "json")


def test_logs_of_both_replicas_have_the_id_that_the_balancer_sent(machines, sample, wait_for):
    program = sample("Logs")
    (stock,) = machines.serve(program, [{}], *LOG)
    env = {"STOCK_URL": f"http://{stock.address}/stock"}
    (orders,) = machines.serve(program, [env], *LOG)
    visitor = machines.visit(orders)

    assert visitor.get("/order", headers={"X-Request-ID": "id-of-balancer"}).text == "7"

    wait_for(lambda: len(lines_of(orders)) >= 2 and len(lines_of(stock)) >= 2)
    lines = lines_of(orders) + lines_of(stock)
    assert [line["request_id"] for line in lines] == ["id-of-balancer"] * 4
    messages = {line["message"] for line in lines if "message" in line}
    assert messages == {"An order.", "A look at the stock."}
