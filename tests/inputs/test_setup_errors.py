"""Declarations that are not valid: an error with the line and the fix, at the registration."""

import re
import textwrap
from typing import Annotated

import msgspec
import pytest

from retort import Blueprint, Body, Draft, Form, Path, Query, Retort, Upload, inputs
from retort.errors import SetupError
from retort.extensions.inputs.markers import Marker
from retort.views import MethodView


class Order(msgspec.Struct):
    name: str


class Unreadable:
    pass


class WithUnreadable(msgspec.Struct):
    inner: list[Unreadable]


class Picture(msgspec.Struct):
    title: str
    file: Upload


# What the programs below may use.
NAMES = {
    "Annotated": Annotated,
    "Blueprint": Blueprint,
    "Body": Body,
    "Draft": Draft,
    "Form": Form,
    "Marker": Marker,
    "MethodView": MethodView,
    "Order": Order,
    "Path": Path,
    "Picture": Picture,
    "Query": Query,
    "Unreadable": Unreadable,
    "Upload": Upload,
    "WithUnreadable": WithUnreadable,
}


def registered(app, program):
    """Run a program that registers a view; the message of the error, and the name with the line."""
    names = {"app": app, "__name__": "program", **NAMES}
    code = compile(textwrap.dedent(program), "/somewhere/program.py", "exec")
    with pytest.raises(SetupError) as error:
        exec(code, names)
    return str(error.value)


CASES = [
    (
        """
        @app.get("/<id>")
        def index(id: Query[int]): ...
        """,
        (
            "'id' in index() (program.py:2) is a variable of the rule '/<id>', and it is"
            " marked with"
            " Query. Mark it with Path, remove the marker, or give the parameter another name."
        ),
    ),
    (
        """
        @app.get("/<other>")
        def index(id: Path[int]): ...
        """,
        (
            "'id' in index() (program.py:2) is marked with Path, and the rule '/<other>' has no"
            " variable 'id'. Add <id> to the rule, or write another marker, such as Query."
        ),
    ),
    (
        """
        @app.get("/<other>")
        def index(order: Path[Order]): ...
        """,
        (
            "'order' in index() (program.py:2) is marked with Path, and the rule '/<other>' has no"
            " variable 'name'. Add <name> to the rule, or write another marker, such as Query."
        ),
    ),
    (
        """
        @app.post("/")
        def index(order: Body[Order], form: Form[Order]): ...
        """,
        (
            "'order' and 'form' in index() (program.py:2): a request has one body, either"
            " JSON (Body)"
            " or a form (Form, Draft). Use one of them, or write two views."
        ),
    ),
    (
        """
        @app.get("/")
        def index(file: Query[Upload]): ...
        """,
        (
            "'file' in index() (program.py:2) is marked with Query, and its type is a file. Files"
            " are sent in forms only: mark it with Form."
        ),
    ),
    (
        """
        @app.post("/")
        def index(picture: Body[Picture]): ...
        """,
        "'picture' in index() (program.py:2) is marked with Body, and the field 'file' is a file.",
    ),
    (
        """
        @app.post("/")
        def index(order: Body[Order], form: Draft[Order]): ...
        """,
        "'order' and 'form' in index() (program.py:2): a request has one body,",
    ),
    (
        """
        @app.post("/")
        def index(first: Body[Order], second: Body[Order]): ...
        """,
        (
            "'first' and 'second' in index() (program.py:2) take the whole body each."
            " Write one class"
            " with the fields of both."
        ),
    ),
    (
        """
        @app.get("/orders")
        def index(order: Body[Order]): ...
        """,
        (
            "'order' in index() (program.py:2) is read from the body of the request, and the rule"
            " '/orders' takes GET, OPTIONS only. Add methods=['POST'], or write Query, if it is"
            " in the address."
        ),
    ),
    (
        """
        @app.get("/orders")
        def index(order: Form[Order]): ...
        """,
        "'order' in index() (program.py:2) is read from the body of the request,",
    ),
    (
        """
        @app.post("/")
        def index(order: Body[Unreadable]): ...
        """,
        (
            "The type of 'order' in index() (program.py:2) cannot be read. A value of the type"
            " <class 'tests.inputs.test_setup_errors.Unreadable'> cannot be read from a"
            " request. Use"
            " a type of Python, a msgspec.Struct, a dataclass, or a pydantic model whose validator"
            " makes the value."
        ),
    ),
    (
        """
        @app.post("/")
        def index(order: Body[WithUnreadable]): ...
        """,
        (
            "WithUnreadable.inner: A value of the type"
            " <class 'tests.inputs.test_setup_errors.Unreadable'> cannot be read from a request."
        ),
    ),
    (
        """
        @app.get("/")
        def index(page: Query[int] | None = None): ...
        """,
        "Write one marker around the whole type, as in `page: Query[int | None]` or",
    ),
    (
        """
        @app.get("/")
        def index(pages: list[Query[int]]): ...
        """,
        "The type of 'pages' in index() (program.py:2) is",
    ),
    (
        """
        @app.get("/")
        def index(page: Annotated[Query[int], Marker("header")]): ...
        """,
        "Write one marker around the whole type",
    ),
    (
        """
        @app.get("/")
        def index(*pages: Query[int]): ...
        """,
        (
            "'pages' in index() (program.py:2) has a marker, and inputs are given by"
            " name. Remove the"
            " `*` from the signature, or the marker."
        ),
    ),
    (
        """
        @app.get("/")
        def index(page: Query[int], /): ...
        """,
        "Remove the `/` from the signature, or the marker.",
    ),
    (
        """
        @app.get("/")
        def index(**pages: Query[int]): ...
        """,
        "Remove the `**` from the signature, or the marker.",
    ),
    (
        """
        @app.get("/")
        def index(form: Draft): ...
        """,
        (
            "The type of 'form' in index() (program.py:2) is a Draft without a class with fields."
            " Write Draft[Signup], where Signup is a msgspec.Struct, a dataclass or the like."
        ),
    ),
    (
        """
        @app.get("/")
        def index(form: Draft[int]): ...
        """,
        "is a Draft without a class with fields.",
    ),
    (
        """
        class Index(MethodView):
            def get(self, order: Body[Order]): ...
            def post(self, order: Body[Order]): ...

        app.add_url_rule("/", view_func=Index.as_view("index"))
        """,
        (
            "'order' in get() (program.py:3) is read from the body of the request, and the rule '/'"
            " takes GET only."
        ),
    ),
    (
        """
        @app.get("/")
        def index(): ...

        @index.delete
        def delete(id: Query[Unreadable]): ...
        """,
        "The type of 'id' in delete() (program.py:5) cannot be read.",
    ),
    (
        """
        shop = Blueprint("shop", __name__, url_prefix="/<id>")

        @shop.get("/x")
        def index(id: Query[int]): ...

        app.register_blueprint(shop)
        """,
        "'id' in index() (program.py:4) is a variable of the rule '/<id>/x',",
    ),
]


@pytest.mark.parametrize(("program", "message"), CASES)
def test_the_message_has_the_place_and_the_fix(app, program, message):
    assert message in registered(app, program)


LATER = """
    from __future__ import annotations
    from typing import TYPE_CHECKING
    from retort import Body, Query

    if TYPE_CHECKING:
        from nowhere import Missing

    @app.post("/")
    def index(order: Body[Missing]): ...
"""


def test_a_type_for_type_checkers_only_is_an_error_of_the_first_request(app, client):
    names = {"app": app, "__name__": __name__}
    exec(compile(textwrap.dedent(LATER), "/somewhere/program.py", "exec"), names)

    with pytest.raises(SetupError) as error:
        client.post("/", json={})
    assert str(error.value) == (
        "The type of 'order' in index() (program.py:9) is 'Body[Missing]', and it cannot be"
        " evaluated there: name 'Missing' is not defined. Define or import the type in the module"
        " of the function, not below `if TYPE_CHECKING:`; in a function such as create_app(),"
        " above the view."
    )


def test_a_field_for_type_checkers_only_is_an_error_of_the_first_request(app, client):
    names = {"app": app, "__name__": __name__}
    program = LATER.replace(
        '    @app.post("/")',
        "    import dataclasses\n    @dataclasses.dataclass\n    class Order:\n"
        '        item: Missing\n\n    @app.post("/")',
    ).replace("Body[Missing]", "Body[Order]")
    exec(compile(textwrap.dedent(program), "/somewhere/program.py", "exec"), names)

    with pytest.raises(SetupError, match=re.escape("A type in Order is not known where")):
        client.post("/", json={})


def test_an_invalid_declaration_fails_its_own_requests_alone(app, client):
    app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    names = {"app": app, "__name__": __name__}
    exec(compile(textwrap.dedent(LATER), "/somewhere/program.py", "exec"), names)

    @app.get("/other")
    def other(page: Query[int]):
        return repr(page)

    @app.errorhandler(500)
    def handle(error):
        return f"own {type(error.original_exception).__name__}", 500

    for _ in range(2):
        assert client.post("/", json={}).text == "own SetupError"
        assert client.get("/other?page=1").text == "1"


def test_inputs_above_a_view_without_markers_is_an_error(app, client):
    @app.get("/")
    @inputs
    def index(page: int = 1): ...

    with pytest.raises(SetupError, match=r"@inputs is above index\(\) \(test_setup_errors.py:"):
        client.get("/")


def test_a_view_of_several_methods_may_have_a_body(app, client):
    @app.route("/", methods=["GET", "POST"])
    def index(form: Draft[Order], tags: Query[list[str]] = ()):
        return f"{form.is_submitted} {form.is_valid}"

    assert client.get("/").text == "False False"
    assert client.post("/", data={"name": "x"}).text == "True True"


def test_an_error_is_not_kept_for_the_next_application():
    def index(id: Query[int]):
        return repr(id)

    with pytest.raises(SetupError):
        Retort("first").add_url_rule("/<id>", view_func=index)

    app = Retort("second")
    app.add_url_rule("/", view_func=index)
    assert app.test_client().get("/?id=1").text == "1"
