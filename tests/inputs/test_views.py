"""Declared inputs in every kind of view, and wherever it is registered."""

from functools import partial, wraps
from typing import Annotated

import msgspec
import pytest
from msgspec import Meta

import retort
from retort import (
    Blueprint,
    Body,
    Cookie,
    Form,
    Header,
    Path,
    Query,
    Retort,
    inputs,
    websocket,
)
from retort.errors import SetupError
from retort.testing import WebSocketRefused
from retort.views import MethodView, View

Small = Annotated[int, Meta(ge=1, le=10)]


class Order(msgspec.Struct):
    name: str
    count: Small = 1


def answers(client, path="/", **options):
    """What a view gives for a page that is valid, and the status for one that is not."""
    separator = "&" if "?" in path else "?"
    valid = client.get(f"{path}{separator}page=2", **options)
    return valid.text, client.get(f"{path}{separator}page=x", **options).status_code


def test_a_coroutine_function_gets_its_inputs(app, client):
    @app.get("/")
    async def index(page: Query[int]):
        return repr(page)

    assert answers(client) == ("2", 422)


def test_a_view_for_one_more_method_gets_its_inputs(app, client):
    @app.get("/<id>")
    def order(id: Path[int], page: Query[int]):
        return f"{id!r} {page!r}"

    @order.post
    def create(id: Path[int], order: Body[Order]):
        return f"{id!r} {order.name}"

    @order.put
    async def replace(id, order: Body[Order]):
        return f"{id!r} {order.count}"

    assert answers(client, "/1") == ("1 2", 422)
    assert client.post("/1", json={"name": "x"}).text == "1 x"
    assert client.put("/1", json={"name": "x"}).text == "'1' 1"
    assert client.post("/x", json={"name": "x"}).status_code == 404
    assert client.put("/x", json={}).status_code == 422
    assert client.head("/1?page=2").status_code == 200
    assert client.head("/1?page=x").status_code == 422


@pytest.mark.parametrize("is_new", [True, False])
def test_methods_of_a_class_get_their_inputs(app, client, is_new):
    class Orders(MethodView):
        init_every_request = is_new

        def get(self, page: Query[int]):
            return repr(page)

        async def post(self, order: Body[Order]):
            return order.name

    app.add_url_rule("/", view_func=Orders.as_view("orders"))

    assert answers(client) == ("2", 422)
    assert client.post("/", json={"name": "x"}).text == "x"
    assert client.post("/", json={}).status_code == 422
    assert client.head("/?page=x").status_code == 422


@pytest.mark.parametrize("is_async", [True, False])
def test_dispatch_request_of_a_class_gets_its_inputs(app, client, is_async):
    class Index(View):
        if is_async:

            async def dispatch_request(self, page: Query[int]):
                return repr(page)

        else:

            def dispatch_request(self, page: Query[int]):
                return repr(page)

    app.add_url_rule("/", view_func=Index.as_view("index"))

    assert answers(client) == ("2", 422)


def test_decorators_of_a_class_run_before_its_inputs(app, client):
    seen = []

    def recorded(view):
        @wraps(view)
        def call(*args, **variables):
            seen.append(variables)
            return view(*args, **variables)

        return call

    class Orders(MethodView):
        decorators = [recorded]

        def get(self, page: Query[int]):
            return repr(page)

    app.add_url_rule("/", view_func=Orders.as_view("orders"))

    assert answers(client) == ("2", 422)
    assert seen == [{}, {}]


def passing(view):
    @wraps(view)
    def call(*args, **variables):
        return view(*args, **variables)

    return call


def anonymous(view):
    def call(*args, **variables):
        return view(*args, **variables)

    return call


def test_a_decorator_with_wraps_gets_the_inputs(app, client):
    @app.get("/")
    @passing
    @passing
    def index(page: Query[int]):
        return repr(page)

    assert answers(client) == ("2", 422)


def test_below_a_decorator_without_wraps_inputs_sets_the_place(app, client):
    @app.get("/")
    @anonymous
    @inputs
    def index(page: Query[int]):
        return repr(page)

    @app.get("/async")
    @inputs
    async def coroutine(page: Query[int]):
        return repr(page)

    assert answers(client) == answers(client, "/async") == ("2", 422)


def test_a_view_of_nested_blueprints_gets_variables_of_all_prefixes(app, client):
    inner = Blueprint("inner", __name__, url_prefix="/<int:item>")

    @inner.get("/<part>")
    def index(shop: Path[Small], item: Path[Small], part: Path[Small], page: Query[int]):
        return f"{shop!r} {item!r} {part!r} {page!r}"

    outer = Blueprint("outer", __name__, url_prefix="/<shop>")
    outer.register_blueprint(inner)
    app.register_blueprint(outer)

    assert answers(client, "/1/2/3") == ("1 2 3 2", 422)
    assert client.get("/11/2/3?page=2").status_code == 404


def test_a_default_of_a_rule_is_a_variable(app, client):
    @app.get("/", defaults={"id": 3})
    @app.get("/<int:id>")
    def index(id: Path[Small]):
        return repr(id)

    assert [client.get("/").text, client.get("/4").text] == ["3", "4"]


class Shown:
    def __call__(self, page: Query[int]):
        return repr(page)

    def show(self, page: Query[int]):
        return repr(page)

    @classmethod
    def of_class(cls, page: Query[int]):
        return repr(page)

    @staticmethod
    def static(page: Query[int]):
        return repr(page)


def both(extra, page: Query[int]):
    return repr(page)


@pytest.mark.parametrize(
    "view",
    [
        Shown(),
        Shown().show,
        Shown.of_class,
        Shown.static,
        Shown().static,
        partial(both, "extra"),
        partial(both, extra="extra"),
        partial(Shown().show),
    ],
    ids=[
        *("object", "bound method", "class method", "static method", "static method of object"),
        *("partial", "partial with keyword", "partial of method"),
    ],
)
def test_any_callable_may_be_a_view(app, client, view):
    app.add_url_rule("/", "index", view)

    assert answers(client) == ("2", 422)


def test_a_parameter_that_a_partial_has_set_is_not_read(app, client):
    app.add_url_rule("/", "index", partial(both, extra="x", page=7))
    app.add_url_rule("/second", "second", partial(both, "x", 7))

    assert client.get("/?page=2").text == client.get("/second?page=x").text == "7"


def test_a_lambda_has_no_annotations_and_no_inputs(app, client):
    app.add_url_rule("/", "index", lambda page=1: repr(page))

    assert client.get("/?page=2").text == "1"


def test_a_view_that_is_written_into_the_registry_gets_its_inputs(app, client):
    def index(page: Query[int]):
        return repr(page)

    app.add_url_rule("/", "index")
    app.view_functions["index"] = index

    assert answers(client) == ("2", 422)


def test_a_view_that_is_replaced_gets_its_own_inputs(app, client):
    @app.get("/")
    def index(page: Query[int]):
        return repr(page)

    assert answers(client) == ("2", 422)

    def other(page: Query[str]):
        return repr(page)

    app.view_functions["index"] = other
    assert client.get("/?page=x").text == "'x'"


FACTORY = """
def create_app():
    from typing import Annotated
    import msgspec
    from retort import Path, Query, Retort
    from retort.views import MethodView

    app = Retort("factory")

    class Page(msgspec.Struct):
        page: int

    def make(kind):
        Alias = Query[Page]

        @app.get(f"/{kind}/<id>")
        def index(id: Path[int], page: Alias):
            return f"{id!r} {page.page!r}"

    class Pages(MethodView):
        class Inner(msgspec.Struct):
            page: int

        def get(self, page: Query[Page]):
            return repr(page.page)

    make("inner")
    app.add_url_rule("/class", view_func=Pages.as_view("pages"))
    return app
"""


@pytest.mark.parametrize("first", ["", "from __future__ import annotations\n"])
def test_types_that_are_local_to_an_application_factory_are_known(first):
    names = {"__name__": "factory"}
    exec(first + FACTORY, names)
    client = names["create_app"]().test_client()

    assert answers(client, "/inner/1") == ("1 2", 422)
    assert answers(client, "/class") == ("2", 422)


def test_a_type_may_be_defined_later_in_the_module(app, client):
    names = {"app": app, "__name__": "program"}
    exec(
        "from __future__ import annotations\n"
        "from retort import Query\n"
        "@app.get('/')\n"
        "def index(page: Query[Page]):\n"
        "    return repr(page)\n"
        "Page = int\n",
        names,
    )

    assert answers(client) == ("2", 422)


def test_a_type_in_quotes_is_evaluated(app, client):
    @app.post("/")
    def index(order: Body["Order"], page: "Query[int]" = 1, sizes: Query[list["Small"]] = ()):
        return f"{order.name} {page!r} {sizes}"

    assert client.post("/?page=2&sizes=3", json={"name": "x"}).text == "x 2 [3]"


def test_names_of_a_module_of_markers_are_known(app, client):
    names = {"app": app, "r": retort, "__name__": "program"}
    exec(
        "from __future__ import annotations\n"
        "@app.get('/')\n"
        "def index(page: r.Query[int]):\n"
        "    return repr(page)\n",
        names,
    )

    assert answers(client) == ("2", 422)


# WebSockets


def refusal(client, path, **options):
    with pytest.raises(WebSocketRefused) as refused, client.websocket(path, **options):
        pass
    return refused.value.response


def test_a_websocket_gets_inputs_of_its_handshake(app, client):
    @app.websocket("/chat/<room>")
    async def chat(
        room: Path[Small], name: Query[str], x_trace: Header[int] = 0, sid: Cookie[str] = "none"
    ):
        await websocket.send(f"{room!r} {name} {x_trace!r} {sid}")

    with client.websocket("/chat/3?name=ada", headers={"X-Trace": "7"}) as connection:
        assert connection.receive() == "3 ada 7 none"

    response = refusal(client, "/chat/3", headers={"X-Trace": "x"})
    assert response.status_code == 422
    assert [each["code"] for each in response.json["errors"]] == ["required", "integer"]
    assert refusal(client, "/chat/11?name=ada").status_code == 404


def test_a_function_that_is_no_coroutine_gets_inputs_of_a_handshake(app, client):
    @app.websocket("/chat")
    def chat(name: Query[str]):
        websocket.send(name)

    with client.websocket("/chat?name=ada") as connection:
        assert connection.receive() == "ada"
    assert refusal(client, "/chat").status_code == 422


def test_a_websocket_has_no_body(app):
    with pytest.raises(SetupError, match="is read from the body of the request"):

        @app.websocket("/chat")
        async def chat(order: Body[Order]): ...


def test_an_application_can_be_freed_with_its_views():
    import gc
    import weakref

    def make():
        app = Retort("freed")

        @app.get("/")
        def index(page: Query[int], order: Query[Order | None] = None) -> Order | str:
            return repr(page)

        assert answers(app.test_client()) == ("2", 422)
        return weakref.ref(index)

    reference = make()
    gc.collect()

    assert reference() is None


def test_a_form_is_read_in_an_async_view(app, client):
    @app.post("/")
    async def index(order: Form[Order]):
        return f"{order.name} {order.count}"

    assert client.post("/", data={"name": "x", "count": " 2 "}).text == "x 2"
    assert client.post("/", data={"name": "x", "count": "11"}).status_code == 422
