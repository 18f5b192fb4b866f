"""Use the client that openapi-python-client has generated: ``python use_client.py http://ADDRESS``.

mypy checks this file, and the client, with ``--strict``.
"""

import datetime as dt
import io
import sys

from shop_client import Client
from shop_client.api.default import add_order, add_picture, profile_post, search, signup
from shop_client.models import (
    AddPictureBody,
    Item,
    Kind,
    Order,
    Problem,
    ProfilePostBody,
    Receipt,
    SearchTheme,
    SignupBody,
)
from shop_client.types import File


def send_json(client: Client) -> None:
    items = [Item(sku="AB1234", count=2, price=1.5)]
    order = Order(customer="Ada", items=items, kind=Kind.GAME, due=dt.date(2026, 12, 24))

    receipt = add_order.sync(client=client, body=order, dry_run=False, x_trace="t")

    assert receipt == Receipt(number=1, customer="Ada", total=3.0)


def send_form(client: Client) -> None:
    form = SignupBody(
        email="ada@example.org",
        age=36,
        password="correct horse",
        address_street="High Street",
        newsletter=True,
        tags=["a", "b"],
        budget=2.5,
    )

    receipt = signup.sync(client=client, body=form)

    assert receipt == Receipt(number=36, customer="ada@example.org", total=2.5)


def send_file(client: Client) -> None:
    file = File(payload=io.BytesIO(b"12345"), file_name="a.png", mime_type="image/png")

    receipt = add_picture.sync(client=client, body=AddPictureBody(title="Sea", file=file))

    assert receipt == Receipt(number=5, customer="Sea", total=0.0)


def send_query_and_header(client: Client) -> None:
    found = search.sync(client=client, q="chess", tags=["x"], x_limit=3, theme=SearchTheme.LIGHT)

    assert found == [Receipt(number=0, customer="chesslight", total=3.0)]


def read_errors(client: Client) -> None:
    form = SignupBody(email="x", age=1, password="correct horse", address_street="High Street")

    problem = signup.sync(client=client, body=form)

    assert isinstance(problem, Problem)
    assert problem.status == 422
    assert problem.errors
    email, age = problem.errors
    assert (email.source, email.field, email.code) == ("form", "email", "pattern")
    assert (age.source, age.field, age.code, age.limit) == ("form", "age", "minimum", 18)


def read_errors_of_a_draft(client: Client) -> None:
    form = ProfilePostBody(email="x", age=1, password="correct horse", address_street="High Street")

    response = profile_post.sync_detailed(client=client, body=form)

    assert response.status_code == 422
    assert response.content.startswith(b"<form>")


if __name__ == "__main__":
    with Client(base_url=sys.argv[1], raise_on_unexpected_status=True) as client:
        send_json(client)
        send_form(client)
        send_file(client)
        send_query_and_header(client)
        read_errors(client)
        read_errors_of_a_draft(client)
    print("all answers are right")
