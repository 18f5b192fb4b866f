"""The short way in and out of a response against Werkzeug's own way."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.wrappers import Response as WerkzeugResponse

import retort


class PlainResponse(WerkzeugResponse):
    """Werkzeug's response with Retort's defaults: what the short way has to equal."""

    default_mimetype = "text/html"
    autocorrect_location_header = False


def sent(response, method="GET"):
    """What a server gets of a response: status, header fields and body."""
    begun = []
    body = response(
        {"REQUEST_METHOD": method}, lambda status, headers, _=None: begun.append((status, headers))
    )
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    return (*begun[0], content)


bodies = st.one_of(st.none(), st.text(max_size=20), st.binary(max_size=20), st.just(["a", "b"]))
options = st.fixed_dictionaries(
    {},
    optional={
        "status": st.sampled_from([200, 201, 204, 304, 404, 500, "299 Odd", None]),
        "headers": st.sampled_from([None, {"X": "y"}, {"Location": "/é b"}, [("A", "1")] * 2]),
        "mimetype": st.sampled_from([None, "", "text/plain", "application/json", "image/png"]),
        "content_type": st.sampled_from([None, "text/csv; charset=latin-1"]),
        "direct_passthrough": st.booleans(),
    },
)


@given(body=bodies, options=options, method=st.sampled_from(["GET", "HEAD", "POST"]))
def test_a_response_is_made_and_sent_as_werkzeug_does(body, options, method):
    if options.get("direct_passthrough") and isinstance(body, list):
        body = [part.encode() for part in body]
    ours, plain = retort.Response(body, **options), PlainResponse(body, **options)
    assert ours.headers == plain.headers
    assert (ours.status, ours.status_code) == (plain.status, plain.status_code)
    assert ours.direct_passthrough == plain.direct_passthrough
    assert sent(ours, method) == sent(plain, method)


@pytest.mark.parametrize("status", [100, 101, 199])
def test_an_interim_response_has_no_content_length(status):
    assert sent(retort.Response("x", status=status)) == sent(PlainResponse("x", status=status))


def test_headers_changed_by_the_server_do_not_change_the_response():
    response = retort.Response("hello")
    response({"REQUEST_METHOD": "GET"}, lambda status, headers: headers.clear())
    assert response.headers["Content-Length"] == "5"


def test_what_is_to_run_on_close_runs():
    closed = []
    response = retort.Response("hello")
    response.call_on_close(lambda: closed.append(True))
    sent(response)
    assert closed == [True]


def test_a_location_is_percent_encoded_on_the_way_out():
    response = retort.Response("", headers={"Location": "/success/Zoë B"})
    assert dict(sent(response)[1])["Location"] == "/success/Zo%C3%AB%20B"
    later = retort.Response("")
    later.headers["Content-Location"] = "/é"
    assert dict(sent(later)[1])["Content-Location"] == "/%C3%A9"


def test_an_overridden_mimetype_is_used():
    class JsonResponse(retort.Response):
        default_mimetype = "application/json"

    assert JsonResponse("{}").headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("name", ["set_data", "get_wsgi_headers", "get_app_iter", "iter_encoded"])
def test_an_overridden_step_is_called(name):
    def override(self, *args, **kwargs):
        self.heard = True
        return getattr(super(Loud, self), name)(*args, **kwargs)

    Loud = type("Loud", (retort.Response,), {name: override})
    response = Loud("hello")
    assert sent(response)[2] == b"hello"
    assert response.heard


def test_a_monkeypatched_step_is_called(monkeypatch):
    response = retort.Response("hello")
    sent(response)
    plain = retort.Response.get_wsgi_headers

    def patched(self, environ):
        headers = plain(self, environ)
        headers["X-Patched"] = "yes"
        return headers

    monkeypatch.setattr(retort.Response, "get_wsgi_headers", patched)
    assert dict(sent(response)[1])["X-Patched"] == "yes"


def test_the_largest_cookie_is_the_applications_to_set(app):
    assert retort.Response.max_cookie_size.fget is not None
    assert retort.Response().max_cookie_size == WerkzeugResponse.max_cookie_size
    app.config["MAX_COOKIE_SIZE"] = 10
    with app.app_context(), pytest.warns(UserWarning, match="too large"):
        retort.Response().set_cookie("name", "x" * 20)


@pytest.mark.parametrize("value", ["a\r\nX-Injected: 1", "a\nb", "a\rb"])
def test_a_header_with_a_line_break_is_refused(value):
    with pytest.raises(ValueError, match="newline"):
        retort.Response("", headers={"X": value})
    response = retort.Response("")
    with pytest.raises(ValueError, match="newline"):
        response.headers["X"] = value
