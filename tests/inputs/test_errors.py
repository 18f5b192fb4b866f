"""Responses for invalid inputs: which errors and statuses, in which format, with which texts."""

import json
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from retort import Body, Cookie, FieldError, Form, Header, InputError, Path, Query
from retort.errors import SetupError
from retort.extensions.inputs.errors import MESSAGES

HTML = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


class Order(msgspec.Struct, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=3)]
    size: Literal["s", "m"] = "s"
    count: Annotated[int, Meta(ge=1)] = 1


@pytest.fixture
def order(app):
    app.config["MAX_CONTENT_LENGTH"] = 1_000

    @app.post("/<id>")
    @app.patch("/<id>")
    def order(
        id: Path[Annotated[int, Meta(le=9)]],
        order: Body[Order],
        page: Query[int] = 1,
        x_trace: Header[int] = 1,
        sid: Cookie[int] = 1,
    ):
        return "ok"


def test_errors_of_all_sources_are_reported_at_once(client, order):
    client.set_cookie("sid", "x")
    response = client.post(
        "/1?page=x",
        json={"name": "long", "size": "l", "count": 0, "other": 1},
        headers={"X-Trace": "x"},
    )

    assert response.status_code == 422
    assert response.mimetype == "application/problem+json"
    assert response.json == {
        "type": "about:blank",
        "title": "Unprocessable Entity",
        "status": 422,
        "detail": "The request is well-formed, but its content is not valid.",
        "errors": [
            {
                "source": "body",
                "pointer": "/name",
                "code": "max_length",
                "detail": "Must have at most 3 characters.",
                "limit": 3,
            },
            {
                "source": "body",
                "pointer": "/size",
                "code": "choice",
                "detail": "Must be one of: s, m.",
                "limit": ["s", "m"],
            },
            {
                "source": "body",
                "pointer": "/count",
                "code": "minimum",
                "detail": "Must be 1 or more.",
                "limit": 1,
            },
            {
                "source": "body",
                "pointer": "/other",
                "code": "unknown",
                "detail": "There is no such field.",
            },
            *(
                {
                    "source": source,
                    "field": field,
                    "code": "integer",
                    "detail": "Must be a whole number.",
                }
                for source, field in (("query", "page"), ("header", "X-Trace"), ("cookie", "sid"))
            ),
        ],
    }


def test_a_variable_of_the_url_comes_before_all_other_errors(client, order):
    for body in (
        {"data": "{"},
        {"data": {"a": "b"}},
        {"json": {"name": "x" * 2_000}},
        {"json": {}},
    ):
        response = client.post("/99?page=x", **body)
        assert response.status_code == response.json["status"] == 404
        assert [each["source"] for each in response.json["errors"]] == ["path"]


def test_a_body_that_cannot_be_read_comes_before_errors_of_content(client, order):
    def status(**options):
        response = client.post("/1?page=x", **options)
        assert response.json["status"] == response.status_code
        assert "errors" not in response.json
        return response.status_code

    assert status(json={"name": "x" * 2_000}) == 413
    assert status(data="x" * 2_000, content_type="text/plain") == 413
    assert status(data="{", content_type="application/json") == 400
    assert status() == 400
    assert status(data={"a": "b"}) == 415


@pytest.mark.parametrize(("method", "name"), [("POST", "Accept-Post"), ("PATCH", "Accept-Patch")])
def test_a_body_of_another_type_gets_the_types_that_are_taken(client, order, method, name):
    response = client.open("/1", method=method, data="<a/>", content_type="text/xml")

    assert response.status_code == 415
    assert response.headers[name] == "application/json"
    assert response.json["detail"] == "Send application/json."


def test_a_form_takes_the_types_of_forms(app, client):
    @app.post("/")
    def index(order: Form[Order]): ...

    response = client.post("/", json={"name": "x"})

    assert response.status_code == 415
    assert response.headers["Accept-Post"] == (
        "application/x-www-form-urlencoded, multipart/form-data"
    )


def test_a_form_that_cannot_be_parsed_is_a_400_problem(app, client):
    @app.post("/")
    def index(order: Form[Order]): ...

    response = client.post("/", data=b"x", content_type="multipart/form-data")

    assert response.status_code == response.json["status"] == 400
    assert response.mimetype == "application/problem+json"


def test_at_most_100_errors_are_reported(app, client):
    @app.post("/")
    def index(ids: Body[list[int]], page: Query[list[int]]): ...

    response = client.post("/?" + "page=x&" * 500, json=["x"] * 5_000)

    assert len(response.json["errors"]) == 100


@pytest.mark.parametrize(
    ("accept", "mimetype"),
    [
        (None, "application/problem+json"),
        ("*/*", "application/problem+json"),
        ("application/json", "application/problem+json"),
        ("application/*", "application/problem+json"),
        ("application/problem+json", "application/problem+json"),
        ("image/png", "application/problem+json"),
        ("text/html;q=0", "application/problem+json"),
        ("text/html;q=0.5, application/json", "application/problem+json"),
        ("not a type", "application/problem+json"),
        (HTML, "text/html"),
        ("text/html", "text/html"),
        ("text/*", "text/html"),
        ("application/xhtml+xml", "text/html"),
    ],
)
def test_the_format_is_what_the_client_accepts(client, order, accept, mimetype):
    headers = {} if accept is None else {"Accept": accept}
    response = client.post("/1", json={}, headers=headers)

    assert response.status_code == 422
    assert response.mimetype == mimetype
    assert set(response.vary) == {"Accept", "HX-Request"}


def test_a_browser_gets_a_page_with_the_errors(app, client):
    @app.get("/")
    def index(order: Query[Order]): ...

    response = client.get("/?count=0&%3Cb%3E=1", headers={"Accept": HTML})

    assert response.content_type == "text/html; charset=utf-8"
    assert response.text == (
        '<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width">\n'
        "<title>422 Unprocessable Entity</title>\n<h1>Unprocessable Entity</h1>\n"
        "<p>The request is well-formed, but its content is not valid.</p>\n"
        '<ul class="errors"><li>&lt;b&gt;: There is no such field.</li>'
        "<li>name: Required.</li><li>count: Must be 1 or more.</li></ul>\n"
    )


def test_htmx_gets_the_list_alone(client, order):
    headers = {"HX-Request": "true", "Accept": "*/*"}
    response = client.post("/1", json={}, headers=headers)

    assert response.mimetype == "text/html"
    assert response.text == '<ul class="errors"><li>name: Required.</li></ul>'
    broken = client.post("/1", data="{", content_type="application/json", headers=headers)
    assert broken.text.startswith("<p>The body is not JSON: error in line 1, column")


def test_a_head_request_gets_the_headers_of_the_error(app, client):
    @app.get("/")
    def index(page: Query[int]): ...

    head, get = client.head("/"), client.get("/")

    assert head.status_code == get.status_code == 422
    assert head.data == b""
    assert head.headers["Content-Length"] == get.headers["Content-Length"]


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("naïve ключ", "naïve ключ"),
        ("a/b~c", "a/b~c"),
        ("x" * 500, "x" * 100),
        ("\ud800", "?"),
        ("\0", "\0"),
        ("", ""),
        ("<script>", "<script>"),
        ("__proto__", "__proto__"),
    ],
)
def test_a_name_that_is_unknown_is_cut_and_can_be_sent(client, order, key, shown):
    response = client.post("/1", json={"name": "x", key: 1})
    (error,) = response.json["errors"]

    assert error["code"] == "unknown"
    assert error["pointer"] == "/" + shown.replace("~", "~0").replace("/", "~1")
    assert response.data.decode()


@given(st.text())
def test_a_pointer_has_the_name_escaped_as_in_rfc_6901(name):
    pointer = FieldError("body", ("items", 0, name), "invalid").pointer

    start, *steps = pointer.split("/")
    assert start == ""
    assert [step.replace("~1", "/").replace("~0", "~") for step in steps] == ["items", "0", name]


def test_a_large_or_odd_limit_can_be_sent(app, client):
    @app.get("/")
    def index(
        a: Query[Annotated[int, Meta(ge=2**62)]],
        b: Query[Annotated[float, Meta(le=1e-300)]],
    ): ...

    response = client.get("/?a=1&b=2")

    assert [each["limit"] for each in response.json["errors"]] == [2**62, 1e-300]


# Texts


@pytest.fixture
def message(app, client):
    @app.get("/")
    def index(order: Query[Order]): ...

    def message(own):
        app.config["INPUT_MESSAGES"] = own
        errors = client.get("/?name=long&size=s").json["errors"]
        return errors[0]["detail"]

    return message


def test_a_mapping_translates_texts_by_code(message):
    assert message({"max_length": "Höchstens {limit} Zeichen."}) == "Höchstens 3 Zeichen."
    assert (
        message({"other": "x"})
        == message(None)
        == message({})
        == ("Must have at most 3 characters.")
    )
    assert message({"max_length": "{limit.__class__} {0}"}) == "{limit.__class__} {0}"


def test_a_function_makes_the_text_of_an_error(message):
    assert message(lambda error: f"{error.source} {error.field} {error.code} {error.limit}") == (
        "query name max_length 3"
    )
    assert message(lambda error: None) == "Must have at most 3 characters."


@pytest.mark.parametrize("own", ["text", ["text"], 3])
def test_texts_of_another_type_are_an_error_of_the_program(app, client, own, message):
    with pytest.raises(SetupError, match="The config INPUT_MESSAGES is a"):
        message(own)


def test_each_code_has_a_text_that_is_a_sentence():
    assert all(text[0].isupper() and text.endswith(".") for text in MESSAGES.values())


def test_an_error_can_be_raised_by_the_program(app, client):
    @app.get("/")
    def index():
        raise InputError.__subclasses__()[0]([FieldError("query", ("q",), "invalid", text="No.")])

    assert client.get("/").json["errors"] == [
        {"source": "query", "field": "q", "code": "invalid", "detail": "No."}
    ]


def test_the_problem_document_is_plain_ascii_or_utf_8(client, order):
    response = client.post("/1", json={"name": "x", "ключ": 1})

    assert json.loads(response.data.decode("utf-8"))["errors"][0]["pointer"] == "/ключ"


@pytest.mark.parametrize(
    ("code", "limit", "text"),
    [
        ("min_length", 1, "Must have at least 1 character."),
        ("min_length", 2, "Must have at least 2 characters."),
        ("max_items", 1, "Must have at most 1 item."),
        ("minimum", 1, "Must be 1 or more."),
    ],
)
def test_a_default_text_has_the_number_of_its_limit(code, limit, text):
    assert FieldError("form", ("name",), code, limit).message == text
