"""Typed inputs, and the same views with checks by hand."""

from typing import Annotated

import msgspec
from msgspec import Meta

from retort import Body, Form, Retort, abort, request

app = Retort(__name__)


class Order(msgspec.Struct):
    name: Annotated[str, Meta(min_length=1, max_length=50)]
    count: Annotated[int, Meta(ge=1, le=100)] = 1
    is_gift: bool = False


@app.post("/json/typed")
def typed_json(order: Body[Order]):
    return {"name": order.name, "count": order.count}


@app.post("/json/by-hand")
def json_by_hand():
    order = request.get_json()
    if not isinstance(order, dict):
        abort(422)
    name, count, is_gift = order.get("name"), order.get("count", 1), order.get("is_gift", False)
    if not isinstance(name, str) or not 1 <= len(name) <= 50:
        abort(422)
    if type(count) is not int or not 1 <= count <= 100 or type(is_gift) is not bool:
        abort(422)
    return {"name": name, "count": count}


@app.post("/form/typed")
def typed_form(order: Form[Order]):
    return {"name": order.name, "count": order.count}


@app.post("/form/plain")
def plain_form():
    form = request.form
    return {"name": form["name"], "count": form["count"], "is_gift": "is_gift" in form}
