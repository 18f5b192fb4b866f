"""An empty text: not filled in for a form or a query, a value of its own elsewhere."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

import msgspec
import pytest
from msgspec import Meta

from retort import Cookie, Form, Header, Query

Theme = Literal["dark", "light"]


class Preferences(msgspec.Struct):
    theme: Theme = "dark"
    visits: int = 0
    name: str = "anonymous"


def view_of(marked: Any, *default: Any) -> Any:
    def view(value: Any) -> Any:
        return {"value": msgspec.to_builtins(value)}

    view.__defaults__ = default or None
    view.__annotations__ = {"value": marked}
    return view


@pytest.fixture
def ask(app):
    """Call a view with an empty value of an input; its answer."""

    def ask(marked, *default, path="/", **sent):
        app.add_url_rule("/", "view", view_of(marked, *default), methods=["GET", "POST"])
        response = app.test_client(use_cookies=False).open(path, **sent)
        if response.status_code == 200:
            return response.json["value"]
        return [(each["field"], each["code"]) for each in response.json["errors"]]

    return ask


@pytest.mark.parametrize("marked", [int, Theme, dt.date | None, Annotated[str, Meta(min_length=2)]])
def test_an_empty_field_of_a_query_or_a_form_has_its_default(app, marked):
    app.add_url_rule("/query", "query", view_of(Query[marked], "default"))
    app.add_url_rule("/form", "form", view_of(Form[marked], "default"), methods=["POST"])
    client = app.test_client()

    assert client.get("/query?value=").json == {"value": "default"}
    assert client.post("/form", data={"value": ""}).json == {"value": "default"}


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Theme, [("value", "choice")]),
        (int, [("value", "integer")]),
        (bool, [("value", "boolean")]),
        (dt.date | None, [("value", "date")]),
        (Annotated[str, Meta(min_length=2)], [("value", "min_length")]),
        (str, ""),
        (str | None, ""),
        (int | str, ""),
        (Literal["", "a"], ""),
        (Any, ""),
    ],
)
def test_an_empty_cookie_is_a_value(ask, annotation, expected):
    assert ask(Cookie[annotation], "default", headers={"Cookie": "value="}) == expected


@pytest.mark.parametrize(("annotation", "expected"), [(int, [("Value", "integer")]), (str, "")])
def test_an_empty_header_is_a_value(ask, annotation, expected):
    assert ask(Header[annotation], "default", headers={"Value": ""}) == expected


def test_a_cookie_or_a_header_that_was_not_sent_has_its_default(ask):
    assert ask(Cookie[Theme], "dark") == "dark"


def test_empty_fields_of_a_whole_source(ask):
    wrong = [("theme", "choice"), ("visits", "integer")]
    sent = {"Cookie": "theme=; visits=; name="}

    assert ask(Cookie[Preferences], Preferences(), headers=sent) == wrong


def test_an_empty_text_of_a_whole_source_is_a_text(ask):
    found = ask(Cookie[Preferences], Preferences(), headers={"Cookie": "name="})

    assert found == {"theme": "dark", "visits": 0, "name": ""}


# Lists in headers: RFC 9110 section 5.6.1


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["a"], ["a"]),
        (["a,b , c"], ["a", "b", "c"]),
        (["a", "b,c"], ["a", "b", "c"]),
        (["a,,b,"], ["a", "b"]),
        ([""], []),
    ],
)
def test_a_list_in_a_header_is_separated_by_commas(ask, lines, expected):
    assert ask(Header[list[str]], headers=[("Value", line) for line in lines]) == expected


def test_a_list_in_all_headers_is_separated_by_commas(ask):
    class Wanted(msgspec.Struct):
        x_numbers: list[int]
        x_name: str = ""

    sent = {"X-Numbers": "1, 2", "X-Name": "a,b"}
    assert ask(Header[Wanted], headers=sent) == {"x_numbers": [1, 2], "x_name": "a,b"}


def test_a_wrong_element_of_a_list_has_its_place(ask):
    assert ask(Header[list[int]], headers={"Value": "1,x"}) == [("Value.1", "integer")]


def test_a_list_with_an_open_quotation_mark_is_no_empty_list(ask):
    found = ask(Header[list[Literal["a", "b"]]], headers={"Value": 'a, "b'})

    assert found == [("Value.0", "choice")]
