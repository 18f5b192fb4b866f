"""Types that are found to be wrong with the first request."""

import msgspec
import pytest

from retort import Body, Retort
from retort.errors import SetupError


@pytest.fixture
def app():
    return Retort("shop")


def add_view(app, kind):
    class Order(msgspec.Struct):
        item: "Unknown" = None  # noqa: F821

    if kind == "async":

        @app.post("/orders")
        async def order(order: Body[Order]):
            return ""

    else:

        @app.post("/orders")
        def order(order: Body[Order]):
            return ""


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_each_request_is_the_error_with_the_name_that_is_not_known(app, kind):
    add_view(app, kind)
    app.testing = True

    for _ in range(2):
        with pytest.raises(SetupError, match=r"A type in .*Order is not known.*'Unknown'"):
            app.test_client().post("/orders", json={})


def test_hooks_and_error_handlers_run_as_for_an_error_of_the_view(app):
    add_view(app, "sync")
    called = []
    app.before_request(lambda: called.append("before"))
    app.teardown_request(lambda error: called.append(type(error)))

    @app.errorhandler(SetupError)
    def handle(error):
        return "handled", 500

    assert app.test_client().post("/orders", json={}).text == "handled"
    assert called[0] == "before"
