"""Caches and limits: in Redis, what one replica stores or counts is there for the other."""

NUMBERS = """

import os


@app.get("/number")
@cache.cached(timeout=600)
def number():
    return os.urandom(8).hex()


@app.post("/forget")
def forget():
    cache.delete("view//number")
    return ""
"""
FEW = """

@app.get("/few")
@limiter.limit("4 per hour")
def few():
    return "few"
"""


def test_caches_in_redis_have_one_value_for_both_replicas(visit, sample):
    visitor = visit(sample("Caches") + NUMBERS)

    first = {visitor.get("/number").text for _ in range(4)}
    assert len(first) == 1
    visitor.post("/forget")  # by one of them
    second = {visitor.get("/number").text for _ in range(4)}
    assert len(second) == 1
    assert first != second


def test_caches_in_memory_have_a_value_for_each_replica(load, sample):
    program = sample("Caches").replace('"RedisCache"', '"SimpleCache"') + NUMBERS
    clients = [load(program).test_client() for _ in range(2)]

    assert len({client.get("/number").text for client in clients * 2}) == 2


def test_limits_in_redis_are_counted_for_both_replicas_together(visit, sample):
    visitor = visit(sample("Limits") + FEW)

    statuses = [visitor.get("/few").status_code for _ in range(6)]
    assert statuses == [200] * 4 + [429] * 2


def test_limits_in_memory_are_counted_by_each_replica(load, sample):
    program = sample("Limits").replace('os.environ["REDIS_URL"]', '"memory://"') + FEW
    clients = [load(program).test_client() for _ in range(2)]

    statuses = [client.get("/few").status_code for client in clients * 5]
    assert statuses == [200] * 8 + [429] * 2
