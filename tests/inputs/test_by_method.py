"""Declared inputs of several functions for one address."""

import msgspec
import pytest

from retort import Body, Query, Retort


class Order(msgspec.Struct):
    count: int


@pytest.fixture
def client():
    app = Retort("shop")

    @app.get("/orders")
    def orders(page: Query[int]):
        return {"page": page}

    @orders.post
    def add_order(order: Body[Order]):
        return {"count": order.count}

    return app.test_client()


def test_each_method_reads_the_inputs_of_its_own_function_only(client):
    assert client.get("/orders?page=2").json == {"page": 2}
    assert client.post("/orders", json={"count": 3}).json == {"count": 3}


def test_the_inputs_of_each_method_are_checked(client):
    assert client.get("/orders").json["errors"][0]["field"] == "page"
    assert client.post("/orders", json={}).json["errors"][0]["pointer"] == "/count"
