"""Views without markers: nothing is imported, evaluated or bound for them."""

import subprocess
import sys
import textwrap

import pytest

from retort import Body, Query, request  # imports the package, so that each view is looked at


def run(program):
    """What a program prints that runs in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


PROGRAM = """
    import sys
    from retort import Retort

    app = Retort(__name__)

    @app.get("/<int:id>")
    def index(id: int, page: int = 1) -> str:
        return f"{id} {page}"

    assert app.test_client().get("/1?page=2").text == "1 1"
"""


def test_a_program_without_markers_does_not_import_the_package():
    loaded = run(PROGRAM + "    print(*sys.modules)")

    assert "retort.declared" in loaded
    assert not [name for name in loaded if name.startswith(("retort.extensions", "msgspec"))]


def test_the_first_marker_imports_the_package():
    loaded = run("import sys\nimport retort\nretort.Query\nprint(*sys.modules)")

    assert "retort.extensions.inputs" in loaded


def test_a_view_without_markers_is_the_function_of_its_plan(app, client):
    from retort.declared import bound

    def index(page: int = 1):
        return str(page)

    assert bound(index) is index


def test_annotations_without_a_marker_take_nothing_from_the_request(app, client):
    @app.get("/")
    def index(page: int = 1, q: str = "none"):
        return f"{page} {q}"

    assert client.get("/?page=2&q=x").text == "1 none"


FUTURE = """
    from __future__ import annotations
    from typing import TYPE_CHECKING
    from flask import request
    from retort import Query

    if TYPE_CHECKING:
        from nowhere import Order

    @app.get("/order")
    def order(order: Order | None = None, {more}) -> Undefined[Order]:
        return repr(order)

    @app.get("/broken")
    def broken(a: "not Python (" = 1, b: request.never.read = 2, c: app.nothing = 3) -> "(":
        return "broken"
"""


@pytest.mark.parametrize("more", ["page: int = 1", "page: Query[int] = 1"])
def test_names_that_only_type_checkers_know_are_not_evaluated(app, client, more):
    names = {"app": app, "__name__": "program"}
    exec(textwrap.dedent(FUTURE.format(more=more)).replace("flask", "retort"), names)

    assert client.get("/order?page=2&order=x").text == "None"
    assert client.get("/broken").text == "broken"


def test_an_attribute_of_an_object_is_not_read_for_an_annotation(app, client):
    class Odd:
        def __getattr__(self, name):
            raise RuntimeError("was read")

    names = {"app": app, "odd": Odd(), "__name__": "program"}
    exec(
        textwrap.dedent(
            """
            from __future__ import annotations

            @app.get("/")
            def index(a: odd.thing = 1, b: odd = 2):
                return "index"
            """
        ),
        names,
    )

    assert client.get("/").text == "index"


def test_an_annotation_may_be_any_object(app, client):
    @app.get("/")
    def index(a: [1] = 1, b: request = 2, c: {"x": Query} = 3, d: 4.5 = 4):  # noqa: F821
        return f"{a} {b} {c} {d}"

    assert client.get("/?a=9&b=9&c=9&d=9").text == "1 2 3 4"


def test_a_return_annotation_without_a_marker_is_not_checked(app, client):
    @app.get("/")
    def index() -> dict[str, int]:
        return {"a": "text"}

    @app.get("/marked")
    def marked() -> "Body[Undefined]":  # noqa: F821
        return {"a": "text"}

    assert client.get("/").json == {"a": "text"}
    assert client.get("/marked").json == {"a": "text"}
