"""`retort openapi client --python`: a client by openapi-python-client that calls its program."""

import importlib
import io
import subprocess
import sys

import httpx
import pytest

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 11), reason="generated clients use typing.Self of Python 3.11"
)

SHOP = '''
from typing import Annotated

import msgspec
from msgspec import Meta

from retort import Body, Form, Query, Retort, Upload

app = Retort(__name__)


class Order(msgspec.Struct):
    sku: Annotated[str, Meta(pattern="^[A-Z]{3}$")]
    amount: Annotated[int, Meta(ge=1)] = 1


class Receipt(msgspec.Struct):
    number: int
    text: str


class Photo(msgspec.Struct):
    title: str
    file: Upload


@app.post("/orders")
def order(order: Body[Order], dry_run: Query[bool] = False) -> Receipt:
    return Receipt(order.amount, f"{order.sku} {dry_run}")


@app.post("/photos")
def photo(photo: Form[Photo]) -> Receipt:
    return Receipt(len(photo.file.read()), photo.title)


@app.post("/notes")
def note(title: Form[str], stars: Form[int] = 0) -> Receipt:
    return Receipt(stars, title)


@app.get("/plain/<int:number>")
def plain(number):
    """A view without declarations."""
    return {"number": number}
'''


@pytest.fixture
def shop(write, tmp_path, monkeypatch, framework):
    """The modules of the generated client, and a client object for the program."""
    if framework == "flask":
        pytest.skip("Flask has no such command")
    write("declaring_shop.py", SHOP)
    words = ["openapi", "client", "declaring_shop.py", "--python", "shop_client"]
    subprocess.run(
        [sys.executable, "-m", "retort", *words, "--", "--meta", "none", "--fail-on-warning"],
        check=True,
        cwd=tmp_path,
        timeout=120,
    )
    monkeypatch.syspath_prepend(tmp_path)
    app = importlib.import_module("declaring_shop").app
    modules = importlib.import_module("shop_client")
    options = {"transport": httpx.WSGITransport(app=app)}
    yield modules.Client(base_url="http://localhost", httpx_args=options)
    for name in [name for name in sys.modules if name.split(".")[0] in SHOP_MODULES]:
        del sys.modules[name]


SHOP_MODULES = {"shop_client", "declaring_shop"}


def call(operation, client, **arguments):
    """The response to a call of a generated function."""
    module = importlib.import_module(f"shop_client.api.default.{operation}")
    return module.sync_detailed(client=client, **arguments)


def models():
    return importlib.import_module("shop_client.models")


def test_the_client_sends_json_and_reads_the_returned_type(shop):
    body = models().Order(sku="ABC", amount=3)

    response = call("order", shop, body=body, dry_run=True)

    assert (response.status_code, response.parsed.number) == (200, 3)
    assert response.parsed.text == "ABC True"


def test_the_client_reads_the_errors_of_a_422(shop):
    response = call("order", shop, body=models().Order(sku="abc", amount=0))

    assert response.status_code == 422
    assert {error.pointer for error in response.parsed.errors} == {"/sku", "/amount"}


def test_the_client_sends_a_form(shop):
    response = call("note", shop, body=models().NoteBody(title="Blue", stars=4))

    assert (response.parsed.number, response.parsed.text) == (4, "Blue")


def test_the_client_sends_a_file(shop):
    file = importlib.import_module("shop_client.types").File(io.BytesIO(b"12345"), "a.png")

    response = call("photo", shop, body=models().PhotoBody(title="Sea", file=file))

    assert (response.parsed.number, response.parsed.text) == (5, "Sea")


def test_the_client_calls_a_view_without_declarations(shop):
    response = call("plain", shop, number=7)

    assert response.status_code == 200
