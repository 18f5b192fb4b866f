"""What a view may return: Flask's "About Responses"."""

import pytest
from werkzeug.local import LocalProxy
from werkzeug.wrappers import Response as WerkzeugResponse

import retort


@pytest.fixture
def answer(app, client):
    """The response to a request whose view returns ``value()``."""
    made = {}

    @app.get("/")
    def the_view():
        return made["value"]()

    def ask(value):
        made["value"] = value
        return client.get("/")

    return ask


@pytest.mark.parametrize(
    ("value", "body", "content_type"),
    [
        (lambda: "é", "é".encode(), "text/html; charset=utf-8"),
        (lambda: b"\xff", b"\xff", "text/html; charset=utf-8"),
        (lambda: bytearray(b"x"), b"x", "text/html; charset=utf-8"),
        (lambda: "", b"", "text/html; charset=utf-8"),
        (lambda: {"a": 1}, b'{"a":1}\n', "application/json"),
        (lambda: [1, "b"], b'[1,"b"]\n', "application/json"),
        (lambda: iter(["a", "b"]), b"ab", "text/html; charset=utf-8"),
        (lambda: (c for c in (b"a", b"b")), b"ab", "text/html; charset=utf-8"),
        (lambda: retort.Response("x", mimetype="text/plain"), b"x", "text/plain; charset=utf-8"),
        (lambda: WerkzeugResponse("x"), b"x", "text/plain; charset=utf-8"),
    ],
)
def test_a_value_alone_is_the_body(answer, value, body, content_type):
    response = answer(value)
    assert (response.status_code, response.data) == (200, body)
    assert response.headers["Content-Type"] == content_type


@pytest.mark.parametrize("body", ["x", {"x": 1}, retort.Response("x")])
@pytest.mark.parametrize("status", [201, "201 CREATED"])
@pytest.mark.parametrize("headers", [{"X-A": "1"}, [("X-A", "1")], (("X-A", "1"),)])
def test_a_tuple_gives_status_and_headers(answer, body, status, headers):
    assert answer(lambda: (body, status)).status == "201 CREATED"
    assert answer(lambda: (body, headers)).headers["X-A"] == "1"
    response = answer(lambda: (body, status, headers))
    assert (response.status, response.headers["X-A"]) == ("201 CREATED", "1")
    assert answer(lambda: (body, None, None)).status_code in {200, 201}


def test_headers_of_the_tuple_replace_those_of_a_response(answer):
    response = answer(lambda: (retort.Response("x"), {"Content-Type": "text/plain"}))
    assert response.headers.getlist("Content-Type") == ["text/plain"]


def test_a_wsgi_application_is_called_for_the_request(answer):
    def application(environ, start_response):
        start_response("202 ACCEPTED", [("X-Path", environ["PATH_INFO"])])
        return [b"from wsgi"]

    response = answer(lambda: application)
    assert (response.status_code, response.data) == (202, b"from wsgi")
    assert response.headers["X-Path"] == "/"


def test_the_response_has_the_class_of_the_application(app, answer):
    class Special(retort.Response):
        pass

    app.response_class = Special
    with app.test_request_context():
        for value in ("x", {"a": 1}, retort.Response("x"), WerkzeugResponse("x")):
            assert type(app.make_response(value)) is Special


@pytest.mark.parametrize(
    ("value", "sentences"),
    [
        (None, ["the_view()", "returned None", "'return'"]),
        ((None, 400), ["returned None"]),
        (True, ["returned True", "(type bool)"]),
        (3.5, ["(type float)"]),
        ({1, 2}, ["(type set)"]),
        (("x",), ["tuple of length 1", "(body, status, headers)"]),
        (("x", 1, {}, 4), ["tuple of length 4"]),
        (object, ["could not be called as a WSGI application"]),
    ],
)
def test_what_is_no_response_is_a_type_error_that_names_the_view(answer, value, sentences):
    with pytest.raises(TypeError) as error:
        answer(lambda: value)
    assert "test_convert.py:" in str(error.value)
    for sentence in sentences:
        assert sentence in str(error.value)


def test_a_response_can_be_made_without_a_request(app):
    with app.app_context():
        assert retort.make_response("x", 201).status_code == 201
        with pytest.raises(TypeError, match="returned None"):
            retort.make_response(None)


@pytest.mark.parametrize("name", ["request", "g"])
def test_a_proxy_of_what_is_no_response_is_an_error_in_the_request(answer, app, name):
    app.testing = True

    with pytest.raises(TypeError, match="which is not a valid response"):
        answer(lambda: getattr(retort, name))


def test_a_proxy_of_a_valid_value_is_sent_as_that_value(answer):
    assert answer(lambda: LocalProxy(lambda: "text")).text == "text"
    assert answer(lambda: LocalProxy(lambda: iter(["a", "b"]))).text == "ab"
    assert answer(lambda: LocalProxy(lambda: retort.Response("made"))).text == "made"


def test_a_proxy_may_have_a_status(answer):
    response = answer(lambda: (LocalProxy(lambda: "text"), 201, {"X-Own": "1"}))

    assert (response.status_code, response.headers["X-Own"]) == (201, "1")
