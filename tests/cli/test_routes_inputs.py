"""The plan of an endpoint names the declared inputs of its view."""

import retort
from retort import Body, Query
from retort.cli.plan import plan_lines


def inputs_in(app, endpoint, method):
    lines = (line.split("  ") for line in plan_lines(app, endpoint, method))
    return [
        [cell.strip() for cell in cells if cell.strip()][1]
        for cells in lines
        if cells[0] == "inputs"
    ]


def test_the_plan_names_each_input_and_where_it_is_read():
    app = retort.Retort("inputs", static_folder=None)

    @app.post("/orders")
    def order(order: Body[dict[str, int]], dry_run: Query[bool] = False):
        return order

    assert inputs_in(app, "order", "POST") == ["order (body), dry_run (query)"]


def test_each_method_has_the_inputs_of_its_own_function():
    app = retort.Retort("inputs", static_folder=None)

    @app.get("/orders")
    def orders(page: Query[int] = 1):
        return [page]

    @orders.post
    def add(order: Body[dict[str, int]]):
        return order

    assert inputs_in(app, "orders", "GET") == ["page (query)"]
    assert inputs_in(app, "orders", "POST") == ["order (body)"]


def test_a_view_without_markers_has_no_such_step():
    app = retort.Retort("inputs", static_folder=None)

    @app.get("/")
    def index(page: int = 1):
        return str(page)

    assert inputs_in(app, "index", "GET") == []
