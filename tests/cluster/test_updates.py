"""Updates and changes of the number of servers under load: each request is answered once."""

THREE = ["one", "two", "three"]


def check(balance):
    """Each request was answered, and each POST request had its effect once."""
    unanswered = [record for record in balance.records if record.outcome != "answered"]
    assert unanswered == []
    assert balance.is_exact()


def test_a_rolling_update_loses_no_request(cluster, count):
    for name in THREE:
        server = cluster.servers[name]
        server.stop()
        server.install("2")
        server.start()
        cluster.haproxy.wait_for_servers(THREE)
    cluster.wait_for_answers_of({(name, "2") for name in THREE})

    balance = cluster.finish()
    count(balance)

    check(balance)


def test_a_reload_loses_no_request(cluster, count):
    for name in THREE:
        cluster.servers[name].install("2")
        cluster.servers[name].reload()
        cluster.wait_for_answers_of({(name, "2")})
    cluster.load.wait_for_second(lambda record: record.version == "2")

    balance = cluster.finish()
    count(balance)

    check(balance)


def test_a_server_that_is_removed_loses_no_request(cluster, count):
    cluster.servers["three"].stop()
    cluster.haproxy.wait_for_servers(["one", "two"])
    cluster.wait_until_normal()

    balance = cluster.finish()
    count(balance)

    check(balance)
    assert {record.server for record in balance.records[-100:]} == {"one", "two"}


def test_a_server_that_is_added_takes_its_share_and_loses_no_request(cluster, count):
    cluster.servers["four"].start()
    cluster.haproxy.wait_for_servers([*THREE, "four"])
    cluster.wait_for_answers_of({("four", "1")})
    cluster.wait_until_normal()

    balance = cluster.finish()
    count(balance)

    check(balance)
    shares = [record.server for record in balance.records[-100:]]
    assert shares.count("four") > 10
