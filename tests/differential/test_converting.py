"""What a view returns, and errors, become the responses that the long way makes of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import Markup
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import HTTPException, MethodNotAllowed, Unauthorized, default_exceptions
from werkzeug.test import EnvironBuilder

import retort
from retort import Response
from retort.http.convert import to_response
from retort.http.response import ResponseBase


class Own(Response):
    """Goes the long way, since it is another class."""


class Short(HTTPException):
    code = 418
    description = "Short & <stout>"


class Worded(HTTPException):
    code = 499

    def get_body(self, environ=None, scope=None):
        return "in its own wörds"

    def get_headers(self, environ=None, scope=None):
        return [("Content-Type", "text/plain"), ("X-Own", "ö")]


class Elsewhere(HTTPException):
    code = 404

    def get_headers(self, environ=None, scope=None):
        return [("Content-Type", "text/html"), ("Location", "/a b"), ("X-Number", 7)]


class Bytes(HTTPException):
    code = 400

    def get_body(self, environ=None, scope=None):
        return b"bytes"


class Answering(HTTPException):
    code = 403

    def get_response(self, environ=None, scope=None):
        return Response("an answer of its own", 200)


class Silent(HTTPException):
    """Has no code."""


app = retort.Flask("converting")


def made(value, kind, method):
    """What is sent of the response, what is seen of it, and what is sent when it was changed."""
    environ = EnvironBuilder("/", method=method).get_environ()

    def convert():
        return to_response(
            value(), kind, app.json.response, environ, lambda: "The view", lambda value: None
        )

    def send(response):
        told = []
        body = b"".join(response(environ, lambda *words: told.append(words)))
        return [(status, list(fields)) for status, fields in told], body

    try:
        seen = convert()
        seen.headers["X-Later"] = "1"
        return (
            send(convert()),
            *(seen.status, seen.status_code, seen.mimetype, seen.content_length, seen.get_data()),
            send(seen),
        )
    except Exception as error:
        return type(error), str(error).replace("Own", "Response")


def make(value):
    return lambda: value


errors = [
    *(error for code, error in default_exceptions.items() if code != 401),
    *(lambda: Unauthorized(www_authenticate=WWWAuthenticate("basic", {"realm": "a"})),),
    *(lambda: MethodNotAllowed(["GET", "PUT"]), lambda: Unauthorized()),
    *(lambda: HTTPException("no code", Response("its response", 402)),),
    *(Short, Worded, Elsewhere, Bytes, Answering, Silent),
    *(lambda: Short(Markup("<b>")), lambda: Short("<b>"), lambda: Short("<b>" * 200)),
    *(lambda: Short("é <b>"), lambda: Short(response=Response("with a response"))),
]
statuses = st.one_of(
    st.sampled_from([200, 201, 204, 304, 404, 500, 100, 299, 999, 0, -1, True, "201 MADE"]),
    st.sampled_from(["204", "x", b"202 OK", 2.0, None]),
)
texts = st.text(max_size=8)


@given(
    value=st.one_of(
        st.tuples(texts | st.binary(max_size=3), statuses).map(make),
        st.tuples(st.dictionaries(texts, st.integers(), max_size=2), statuses).map(make),
        st.tuples(texts, statuses, st.sampled_from([{}, {"X-A": "1"}, []])).map(make),
        st.sampled_from(errors),
        st.tuples(st.sampled_from(errors), statuses).map(
            lambda given: lambda: (given[0](), given[1])
        ),
    ),
    method=st.sampled_from(["GET", "HEAD", "POST"]),
)
def test_what_is_returned_becomes_what_the_long_way_makes_of_it(value, method):
    with app.app_context():
        assert made(value, Response, method) == made(value, Own, method)


@given(
    body=st.text(max_size=5) | st.binary(max_size=5) | st.none(),
    status=statuses,
    types=st.fixed_dictionaries(
        {},
        optional={
            "mimetype": st.sampled_from([None, "text/plain", "image/png", "application/json"]),
            "content_type": st.sampled_from([None, "text/html", "a/b; c=é", "", "x\r\ny: z", 7]),
        },
    ),
    method=st.sampled_from(["GET", "HEAD"]),
)
def test_a_response_is_made_as_werkzeug_makes_it(body, status, types, method):
    def make_plain():
        response = Own.__new__(Own)
        ResponseBase.__init__(response, body, status, **types)
        return response

    ours = made(lambda: Response(body, status, **types), Response, method)
    assert ours == made(make_plain, Own, method)


@pytest.mark.parametrize("error", errors, ids=lambda error: error.__name__)
def test_an_error_becomes_what_the_long_way_makes_of_it(error):
    assert made(error, Response, "GET") == made(error, Own, "GET")


ERROR_METHODS = ["get_response", "get_body", "get_headers", "get_description"]


@pytest.mark.parametrize("name", ["__call__", *ERROR_METHODS])
def test_a_monkeypatched_method_of_errors_is_called(name, monkeypatch):
    calls, usual = [], getattr(HTTPException, name)

    def patched(self, *args):
        calls.append(args)
        return usual(self, *args)

    monkeypatch.setattr(HTTPException, name, patched)

    assert b"Not Found" in made(default_exceptions[404], Response, "GET")[5]
    assert calls


@pytest.mark.parametrize("name", ERROR_METHODS)
def test_a_method_overridden_on_one_error_is_called(name):
    calls = []

    def make_error():
        error = Short()
        usual = getattr(error, name)

        def own(*args):
            calls.append(args)
            return Response("its own", 410) if name == "get_response" else usual(*args)

        setattr(error, name, own)
        return error

    assert made(make_error, Response, "GET") == made(make_error, Own, "GET")
    assert len(calls) == 4  # two responses of each kind


@pytest.mark.parametrize("name", ["status", "status_code"])
def test_a_monkeypatched_status_is_used(name, monkeypatch):
    usual, seen = getattr(Response, name), []

    def note(self, value):
        seen.append(value)
        usual.fset(self, value)

    monkeypatch.setattr(Response, name, usual.setter(note))

    assert made(make(({"a": 1}, 201)), Response, "GET")[1] == "201 CREATED"

    assert seen.count(201) == 2  # it is made twice


def test_a_204_has_neither_length_nor_body():
    told = []
    response = Response("", 204)
    response.headers["X-Own"] = "1"

    body = response({"REQUEST_METHOD": "GET"}, lambda *words: told.append(words))

    assert b"".join(body) == b""
    assert told == [
        ("204 NO CONTENT", [("Content-Type", "text/html; charset=utf-8"), ("X-Own", "1")])
    ]
