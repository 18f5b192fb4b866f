"""Declared inputs that cannot be read, and responses that debug mode does not change."""

import logging

import pytest
import werkzeug.test

from retort.devtools import with_debugger
from retort.devtools.advice import advise
from retort.errors import SetupError

TOP = """\
from functools import {functools}
import msgspec
from retort import Body, Form, Path, Query, Retort, inputs

app = Retort(__name__)

"""


def write(mistake, program, functools="wraps"):
    mistake.write("program.py", TOP.format(functools=functools) + program)


# Set-up errors


def test_a_type_that_is_defined_nowhere_is_shown_at_its_view(mistake):
    write(mistake, "@app.post('/')\ndef order(order: 'Body[Ordre]'):\n    return ''\n")

    advice = mistake.advised("POST", "/", json={})

    assert advice.what.endswith("name 'Ordre' is not defined.")
    assert "'order' in order() (program.py:7)" in advice.what
    assert advice.place.source == "def order(order: 'Body[Ordre]'):"
    assert advice.fix.startswith("Define or import the type in the module of the function")


def test_a_type_of_a_field_that_is_defined_nowhere_names_the_view(mistake):
    order = "class Order(msgspec.Struct):\n    price: 'Decimal'\n"
    write(mistake, f"{order}@app.post('/')\ndef buy(order: Body[Order]):\n    return ''\n")

    advice = mistake.advised("POST", "/", json={})

    assert advice.what.startswith("The inputs of buy() cannot be read. A type in Order")
    assert advice.place.function == "buy"


def test_an_input_that_does_not_fit_its_rule_is_shown_at_its_decorator(mistake):
    write(mistake, "@app.get('/')\ndef order(order: Body[int]):\n    return ''\n")

    with pytest.raises(SetupError) as caught:
        mistake.load()
    advice = advise(caught.value, None, None)

    assert "'order' in order() (program.py:7) is read from the body" in advice.what
    assert advice.place.source == "@app.get('/')"
    assert advice.fix.startswith("Add methods=['POST']")


def test_another_setup_error_has_no_such_advice(mistake):
    view = "@app.get('/')\ndef index():\n    return ''\n"
    write(mistake, view + view.replace("'/'", "'/other'"))

    with pytest.raises(SetupError) as caught:
        mistake.load()
    advice = advise(caught.value, None, None)

    assert advice is None or "markers" not in advice.why


# A decorator without functools.wraps

PLAIN = """\
def plain(f):
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)
    return wrapper

@app.get('/')
@plain
def search(q: Query[str]):
    return 'found ' + q
"""


@pytest.mark.parametrize("functools", ["wraps", "partial"])
def test_a_decorator_that_hides_inputs_gets_wraps(mistake, functools):
    write(mistake, PLAIN, functools)

    advice = mistake.advised("GET", "/?q=tea")

    assert advice.what.startswith("The decorator plain() hides the inputs 'q' of search()")
    assert advice.place.source == "def wrapper(*args, **kwargs):"
    assert mistake.mended("GET", "/?q=tea").text == "found tea"


def test_another_missing_argument_has_no_such_advice(mistake):
    write(mistake, PLAIN.replace("+ q", "+ helper()") + "def helper(q):\n    return q\n")

    mistake.ask("GET", "/?q=tea")

    assert mistake.advice is None or "hides" in mistake.advice.what  # the view itself fails first

    write(
        mistake, "def helper(q):\n    return q\n@app.get('/')\ndef index():\n    return helper()\n"
    )
    mistake.ask("GET", "/")
    assert mistake.advice is None or "hides" not in mistake.advice.what


def test_a_decorator_that_takes_the_variables_only_is_explained(mistake):
    decorator = PLAIN.replace(
        "    def wrapper(*args", "    @wraps(f)\n    def wrapper(*args"
    ).replace("(*args, **kwargs)", "()")
    write(mistake, decorator)

    advice = mistake.advised("GET", "/?q=tea")

    assert "takes no 'q', but the view that it decorates declares that as input" in advice.what
    assert "@inputs" in advice.fix
    assert advice.diff == ""


# Return values


def test_a_value_that_is_not_as_annotated_is_shown_at_its_return(mistake):
    write(
        mistake,
        "class Receipt(msgspec.Struct):\n    total: int\n"
        "@app.post('/')\n"
        "def buy(count: Query[int]) -> Receipt:\n"
        "    return {'total': 'secret'}\n",
    )

    advice = mistake.advised("POST", "/?count=1")

    assert advice.what == (
        "buy() (program.py:9) returned a value that is not what its annotation says:"
        " total: Must be a whole number."
    )
    assert advice.place.source == "return {'total': 'secret'}"
    assert advice.fix == "Return another value, or change the annotation."


# What debug mode leaves alone

VIEWS = """\
class Order(msgspec.Struct):
    count: int

@app.get('/orders/<id>')
def show(id: Path[int]):
    return ''

@app.post('/json')
def json(order: Body[Order]):
    return ''

@app.post('/form')
def form(order: Form[Order]):
    return ''
"""
REFUSED = {
    "a variable": ("GET", "/orders/s3cret", {}, 404),
    "a body": ("POST", "/json", {"json": {"count": "s3cret"}}, 422),
    "JSON that is not valid": (
        "POST",
        "/json",
        {"data": '{"count": s3cret', "content_type": "application/json"},
        400,
    ),
    "a form in place of JSON": ("POST", "/json", {"data": {"count": "s3cret"}}, 415),
    "a form": ("POST", "/form", {"data": {"count": "s3cret"}}, 422),
    "JSON in place of a form": ("POST", "/form", {"json": {"count": "s3cret"}}, 415),
}
ACCEPT = {
    "a browser": "text/html,application/xhtml+xml,*/*;q=0.8",
    "curl": "*/*",
    "a client for JSON": "application/json",
}


@pytest.mark.parametrize("accept", ACCEPT.values(), ids=ACCEPT)
@pytest.mark.parametrize(("method", "path", "options", "status"), REFUSED.values(), ids=REFUSED)
def test_the_response_for_invalid_inputs_is_that_of_production(
    mistake, caplog, method, path, options, status, accept
):
    caplog.set_level(logging.DEBUG)
    write(mistake, VIEWS)
    app = mistake.load()

    def response_of(served):
        client = werkzeug.test.Client(served)
        return client.open(path, method=method, headers={"Accept": accept}, **options)

    in_debug_mode = response_of(with_debugger(app, console=False))
    app.debug = False

    assert in_debug_mode.status_code == status
    assert in_debug_mode.data == response_of(app).data
    assert "s3cret" not in in_debug_mode.text
    assert "s3cret" not in caplog.text
