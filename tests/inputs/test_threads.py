"""Many threads, one typed view: each request has its own values."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Annotated, Any

import msgspec
import pydantic
from msgspec import Meta

from retort import Body, Form, Path, Query, Retort
from retort.views import MethodView

THREADS = 16
REQUESTS = 40


class Inner(pydantic.BaseModel):
    number: int = pydantic.Field(ge=0)


class Outer(msgspec.Struct):
    inner: Inner
    items: "list[Outer]" = []
    text: Annotated[str, Meta(pattern="^[0-9]+$")] = "0"


def make_app():
    app = Retort("threads")

    @app.post("/<int:id>")
    def native(id: Path[int], outer: Body[Outer], page: Query[int]) -> dict[str, Any]:
        return {"id": id, "page": page, "number": outer.inner.number, "text": outer.text}

    @native.put
    async def replace(id: Path[int], outer: Form[Outer], page: Query[int]) -> dict[str, Any]:
        return {"id": id, "page": page, "number": outer.inner.number, "text": outer.text}

    class Pages(MethodView):
        def get(self, id: Path[int], page: Query[Annotated[int, Meta(ge=0)]]):
            return {"id": id, "page": page}

    app.add_url_rule("/pages/<id>", view_func=Pages.as_view("pages"))
    return app


def requests_of(client, number):
    """Valid and invalid requests with values of their own; those with a wrong response."""
    n = number
    body = {"inner": {"number": n}, "text": str(n), "items": [{"inner": {"number": n}}]}
    expected = {"id": n, "page": n, "number": n, "text": str(n)}
    wrong = []
    response = client.post(f"/{n}?page={n}", json=body)
    if response.json != expected:
        wrong.append(response.text)
    data = {"inner.number": str(n), "text": str(n)}
    response = client.put(f"/{n}?page={n}", data=data)
    if response.json != expected:
        wrong.append(response.text)
    response = client.get(f"/pages/{n}?page={n}")
    if response.json != {"id": n, "page": n}:
        wrong.append(response.text)
    body["items"] = [{"inner": {"number": 0}}] * (n % 7) + [{"inner": {"number": -1}}]
    response = client.post(f"/{n}?page={n}", json=body)
    if [each["pointer"] for each in response.json["errors"]] != [f"/items/{n % 7}/inner/number"]:
        wrong.append(response.text)
    return wrong


def test_threads_do_not_share_inputs_from_the_first_request_on():
    for _ in range(5):
        app = make_app()
        barrier = Barrier(THREADS)

        def work(number, app=app, barrier=barrier):
            barrier.wait()  # the first requests find nothing made yet
            return requests_of(app.test_client(), number)

        with ThreadPoolExecutor(THREADS) as threads:
            assert [wrong for each in threads.map(work, range(THREADS)) for wrong in each] == []


def test_hooks_may_be_registered_while_requests_run():
    app = make_app()
    over = Event()
    seen = []

    def register():
        while not over.is_set():
            app.before_request_funcs.setdefault(None, []).append(lambda: None)
            seen.append(1)
            del app.before_request_funcs[None][:-5]

    def work(number):
        client = app.test_client()
        return [wrong for i in range(REQUESTS) for wrong in requests_of(client, number * 100 + i)]

    with ThreadPoolExecutor(THREADS + 1) as threads:
        registering = threads.submit(register)
        try:
            found = [wrong for each in threads.map(work, range(THREADS)) for wrong in each]
        finally:
            over.set()
        registering.result()

    assert found == []
    assert seen
