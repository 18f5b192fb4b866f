"""Updates and changes of the number of servers under load: each request is answered once."""


def check(balance):
    """Nothing was lost, and nothing had its effect twice."""
    unanswered = [record for record in balance.records if record.outcome != "answered"]
    assert unanswered == []
    assert balance.is_exact()


def test_a_rolling_update_loses_no_request(cluster, count):
    for name in ("one", "two", "three"):
        server = cluster.servers[name]
        server.stop()
        server.install("2")
        server.start()
        cluster.wait_for_servers(["one", "two", "three"])
    cluster.wait_for_answers_of({("one", "2"), ("two", "2"), ("three", "2")})

    balance = cluster.finish()
    count(balance)

    check(balance)
