"""Faults of one server or of the store under load: what is lost then, and for how long.

GET requests of which no byte of the response had arrived are repeated by HAProxy. A POST request
in progress on the server may have had its effect, so it is not repeated.
"""

import signal
import time

import pytest

NORMAL_SECONDS = 3


@pytest.fixture
def check(count, is_long):
    def check(balance, fault_at, detected_at):
        """Nothing but responses that had begun, and POST requests in progress, was lost."""
        seconds = balance.seconds_until_normal(fault_at)
        count(balance, seconds)
        assert balance.lost == []
        assert balance.failed == []
        assert balance.is_exact()
        for record in balance.broken + balance.unknown:
            assert record.started < detected_at, record
        if is_long:  # a busy machine needs more
            assert seconds < NORMAL_SECONDS

    return check


def test_a_server_that_is_killed_loses_no_get_request(cluster, check):
    fault_at = time.monotonic()
    cluster.servers["three"].send_signal(signal.SIGKILL)
    cluster.haproxy.wait_for_servers(["one", "two"])
    detected_at = time.monotonic()
    cluster.wait_until_normal()

    check(cluster.finish(), fault_at, detected_at)


def test_a_server_that_stands_still_for_5_seconds_loses_no_get_request(cluster, check):
    fault_at = time.monotonic()
    cluster.servers["three"].send_signal(signal.SIGSTOP)
    cluster.haproxy.wait_for_servers(["one", "two"])
    detected_at = time.monotonic()
    time.sleep(max(0, fault_at + 5 - time.monotonic()))
    cluster.servers["three"].send_signal(signal.SIGCONT)
    cluster.wait_for_answers_of({("three", "1")})
    cluster.wait_until_normal()

    check(cluster.finish(), fault_at, detected_at)


def test_a_server_without_network_for_5_seconds_loses_no_get_request(cluster, check):
    host = cluster.server_hosts["three"]
    fault_at = time.monotonic()
    host.set_link("down")
    try:
        cluster.haproxy.wait_for_servers(["one", "two"])
        detected_at = time.monotonic()
        time.sleep(max(0, fault_at + 5 - time.monotonic()))
    finally:
        host.set_link("up")
    cluster.wait_for_answers_of({("three", "1")})
    cluster.wait_until_normal()

    check(cluster.finish(), fault_at, detected_at)


@pytest.fixture
def away_seconds(is_long):
    return 10 if is_long else 2


def is_store_page(record):
    return record.kind == "store"


@pytest.mark.parametrize("is_killed", [True, False], ids=["killed", "silent"])
def test_pages_that_need_no_store_are_unaffected_without_it(
    cluster, count, away_seconds, is_killed, is_long
):
    with cluster.store.away(is_killed=is_killed):
        time.sleep(away_seconds)
    cluster.wait_until_normal()

    balance = cluster.finish()
    count(balance)

    others = [record for record in balance.records if not is_store_page(record)]
    assert [record for record in others if record.outcome != "answered"] == []
    assert balance.is_exact()
    assert {record.outcome for record in filter(is_store_page, balance.records)} == {
        "answered",
        "failed",
    }
    if is_long:  # a busy machine is slow without a fault, too
        assert [record for record in others if not record.is_prompt] == []
