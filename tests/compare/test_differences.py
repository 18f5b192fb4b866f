"""Forty differences that were made on purpose: each is found once, at its place."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retort.compare.equality import compare
from retort.compare.messages import NoResponse, Response

PAGE = """<!doctype html>
<title>Shop</title>
<h1>Shop</h1>
<form method=post action=/buy>
<input type=hidden name=csrf value=3f9a7c51e02b4d86>
<input name=item value=3>
</form>
<ul>
<li>Bread</li>
<li>Milk</li>
</ul>
<p>Welcome, Ada</p>
"""
# {"user_id": 7, "_flashes": [{" t": ["message", "saved"]}]}, with time and signature
SESSION = "eyJ1c2VyX2lkIjo3LCJfZmxhc2hlcyI6W3siIHQiOlsibWVzc2FnZSIsInNhdmVkIl19XX0.aS1k.c2ln"
WITHOUT_FLASH = "eyJ1c2VyX2lkIjo3fQ.aS1k.c2ln"
OTHER_USER = "eyJ1c2VyX2lkIjo4LCJfZmxhc2hlcyI6W3siIHQiOlsibWVzc2FnZSIsInNhdmVkIl19XX0.aS1k.c2ln"

HTML = Response(
    200,
    "OK",
    (
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Length", str(len(PAGE))),
        ("Vary", "Cookie, Accept"),
        ("Cache-Control", "no-cache, max-age=0"),
        ("X-Frame-Options", "DENY"),
        ("ETag", '"abc"'),
        ("Set-Cookie", f"session={SESSION}; HttpOnly; Path=/"),
        ("Set-Cookie", "theme=dark; Path=/; SameSite=Lax"),
    ),
    PAGE.encode(),
)
JSON = Response(
    200,
    "OK",
    (("Content-Type", "application/json"), ("Content-Length", "58")),
    b'{"items":[{"id":1,"name":"Bread"},{"id":2}],"total":2.50}\n',
)
FILE = Response(
    200,
    "OK",
    (("Content-Type", "image/png"), ("Content-Length", "1000"), ("Accept-Ranges", "bytes")),
    bytes(range(250)) * 4,
)
REDIRECT = Response(302, "FOUND", (("Location", "/success/ada"), ("Content-Length", "0")), b"")
NOT_ALLOWED = Response(405, "METHOD NOT ALLOWED", (("Allow", "GET, HEAD, OPTIONS"),), b"")


def without(name, response=HTML):
    return replace(response, fields=tuple(f for f in response.fields if f[0] != name))


def having(name, value, response=HTML):
    return replace(without(name, response), fields=(*without(name, response).fields, (name, value)))


def cookie(number, value):
    kept = [f for f in HTML.fields if f[0] == "Set-Cookie"]
    kept[number] = ("Set-Cookie", value)
    return replace(HTML, fields=(*without("Set-Cookie").fields, *kept))


def page(old, new):
    assert old in PAGE
    return replace(HTML, body=PAGE.replace(old, new).encode())


def value(old, new):
    assert old in JSON.body
    return replace(JSON, body=JSON.body.replace(old, new))


MADE = {
    "a header field less": (HTML, without("X-Frame-Options"), "header x-frame-options"),
    "a header field more": (HTML, having("X-Extra", "1"), "header x-extra"),
    "another value of a field": (
        HTML,
        having("X-Frame-Options", "SAMEORIGIN"),
        "header x-frame-options",
    ),
    "Vary lacks a name": (HTML, having("Vary", "Cookie"), "header vary"),
    "Cache-Control has another time": (
        HTML,
        having("Cache-Control", "no-cache, max-age=60"),
        "header cache-control",
    ),
    "another entity tag": (HTML, having("ETag", '"xyz"'), "header etag"),
    "a weak entity tag": (HTML, having("ETag", 'W/"abc"'), "header etag"),
    "another charset": (HTML, having("Content-Type", "text/html"), "header content-type"),
    "another media type": (
        FILE,
        having("Content-Type", "image/jpeg", FILE),
        "header content-type",
    ),
    "no ranges": (FILE, without("Accept-Ranges", FILE), "header accept-ranges"),
    "302 for 303": (REDIRECT, replace(REDIRECT, status=303, reason="SEE OTHER"), "status"),
    "200 for 500": (HTML, replace(HTML, status=500), "status"),
    "another place": (
        REDIRECT,
        having("Location", "/success/Ada", REDIRECT),
        "header location",
    ),
    "an absolute place": (
        REDIRECT,
        having("Location", "http://localhost/success/ada", REDIRECT),
        "header location",
    ),
    "Allow lacks a method": (
        NOT_ALLOWED,
        having("Allow", "GET, HEAD", NOT_ALLOWED),
        "header allow",
    ),
    "Allow has a method more": (
        NOT_ALLOWED,
        having("Allow", "GET, HEAD, OPTIONS, POST", NOT_ALLOWED),
        "header allow",
    ),
    "a cookie attribute less": (
        HTML,
        cookie(1, "theme=dark; Path=/"),
        "cookie theme; SameSite",
    ),
    "a cookie attribute more": (
        HTML,
        cookie(1, "theme=dark; Path=/; SameSite=Lax; Secure"),
        "cookie theme; Secure",
    ),
    "another cookie path": (
        HTML,
        cookie(1, "theme=dark; Path=/a; SameSite=Lax"),
        "cookie theme; Path",
    ),
    "another cookie value": (HTML, cookie(1, "theme=light; Path=/; SameSite=Lax"), "cookie theme"),
    "a lost flash": (
        HTML,
        cookie(0, f"session={WITHOUT_FLASH}; HttpOnly; Path=/"),
        "cookie session: _flashes",
    ),
    "another user in the session": (
        HTML,
        cookie(0, f"session={OTHER_USER}; HttpOnly; Path=/"),
        "cookie session: user_id",
    ),
    "the session without HttpOnly": (
        HTML,
        cookie(0, f"session={SESSION}; Path=/"),
        "cookie session; HttpOnly",
    ),
    "a word of a page": (HTML, page("Welcome, Ada", "Welcome, ada"), "body line 12"),
    "a line less": (HTML, page("<li>Milk</li>\n", ""), "body line 10"),
    "a line more": (
        HTML,
        page("<li>Milk</li>\n", "<li>Milk</li>\n<li>Eggs</li>\n"),
        "body line 11",
    ),
    "two lines exchanged": (
        HTML,
        page("<li>Bread</li>\n<li>Milk</li>\n", "<li>Milk</li>\n<li>Bread</li>\n"),
        "body line 9",
    ),
    "a space more": (HTML, page("<h1>Shop", "<h1> Shop"), "body line 3"),
    "an entity": (HTML, page("Welcome, Ada", "Welcome&#44; Ada"), "body line 12"),
    "the end of line": (
        HTML,
        page("<title>Shop</title>\n", "<title>Shop</title>\r\n"),
        "body line 2",
    ),
    "no line break at the end": (HTML, page("Ada</p>\n", "Ada</p>"), "body line 12"),
    "an empty page": (HTML, replace(HTML, body=b""), "body line 1"),
    "a JSON value": (JSON, value(b'"Bread"', b'"bread"'), "body /items/0/name"),
    "a JSON number as text": (JSON, value(b'"id":2', b'"id":"2"'), "body /items/1/id"),
    "a JSON key less": (JSON, value(b',"total":2.50', b""), "body /total"),
    "an item of a list less": (JSON, value(b',{"id":2}', b""), "body /items length"),
    "the order of keys": (
        JSON,
        value(b'"id":1,"name":"Bread"', b'"name":"Bread","id":1'),
        "body /items/0 order of keys",
    ),
    "JSON with spaces": (JSON, value(b'"total":2', b'"total": 2'), "body byte 52"),
    "one byte of a file": (
        FILE,
        replace(FILE, body=FILE.body[:500] + b"!" + FILE.body[501:]),
        "body byte 500",
    ),
    "a file cut off": (
        FILE,
        replace(FILE, body=FILE.body[:600], problem="the body was cut off", stays_open=False),
        "ending",
    ),
    "a connection that is closed": (HTML, replace(HTML, stays_open=False), "connection"),
    "another length of a HEAD response": (
        replace(HTML, body=b""),
        having("Content-Length", "12", replace(HTML, body=b"")),
        "header content-length",
    ),
    "chunks instead of a length": (
        HTML,
        having("Transfer-Encoding", "chunked", without("Content-Length")),
        "header transfer-encoding",
    ),
    "no response": (HTML, NoResponse("closed", "the connection was closed"), "response"),
}


def places(verdict):
    return [f"{one.part} {one.place}".strip() for one in verdict.differences]


@pytest.mark.parametrize("name", MADE)
def test_a_made_difference_is_found_at_its_place(name):
    first, other, place = MADE[name]

    found = places(compare(first, first, other))

    assert place in found
    assert len(found) == len(set(found))
    # What follows from another difference: the keys of an object, the items of a list.
    follows = ("body", "connection", "cookie session", "ending")
    assert [one for one in found if one != place and not one.startswith(follows)] == []


@pytest.mark.parametrize("response", [HTML, JSON, FILE, REDIRECT, NOT_ALLOWED])
def test_equal_responses_have_no_difference(response):
    verdict = compare(response, response, response)

    assert verdict.differences == []
    assert verdict.masked == []


def test_lists_in_header_fields_have_no_order():
    other = having("Allow", "OPTIONS,HEAD , GET", NOT_ALLOWED)

    assert compare(NOT_ALLOWED, NOT_ALLOWED, other).differences == []


def test_names_of_header_fields_have_no_case_and_no_order():
    other = replace(HTML, fields=tuple((n.lower(), v) for n, v in reversed(HTML.fields[:-2])))
    first = replace(HTML, fields=HTML.fields[:-2])

    assert compare(first, first, other).differences == []


@pytest.mark.parametrize("name", ["Date", "Server", "X-Request-ID"])
def test_fields_of_the_server_are_masked(name):
    first, other = having(name, "one"), having(name, "two")

    verdict = compare(first, first, other)

    assert verdict.differences == []
    assert verdict.masked == [f"header {name.lower()}"]


def test_a_length_follows_from_the_body():
    other = having("Content-Length", "1", page("Ada", "Grace"))

    assert places(compare(HTML, HTML, other)) == ["body line 12"]


def test_a_compressed_body_is_compared_by_its_content():
    import gzip

    fields = (("Content-Type", "text/plain"), ("Content-Encoding", "gzip"))
    first = Response(200, "OK", fields, gzip.compress(b"hello", 1, mtime=1))
    other = Response(200, "OK", fields, gzip.compress(b"hello", 9, mtime=2))

    assert compare(first, first, other).differences == []
    changed = replace(other, body=gzip.compress(b"hallo"))
    assert places(compare(first, first, changed)) == ["body line 1"]


def test_a_body_that_claims_to_be_json_or_gzip_is_compared_as_it_is():
    broken = Response(200, "OK", (("Content-Type", "application/json"),), b"{broken")
    assert places(compare(broken, broken, replace(broken, body=b"{broken!"))) == ["body line 1"]

    fields = (("Content-Type", "text/plain"), ("Content-Encoding", "gzip"))
    first = Response(200, "OK", fields, b"no gzip")
    assert places(compare(first, first, replace(first, body=b"no zip"))) == ["body line 1"]


@given(
    st.binary(max_size=200), st.binary(max_size=200), st.sampled_from(["text/html", "image/png"])
)
def test_any_other_body_is_a_difference(left, right, type_):
    first = Response(200, "OK", (("Content-Type", type_),), left)
    other = Response(200, "OK", (("Content-Type", type_),), right)

    found = compare(first, first, other)

    assert bool(found.differences or found.masked) == (left != right)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=9))
def test_a_json_value_equals_itself_in_another_writing(value):
    import json

    fields = (("Content-Type", "application/json"),)
    first = Response(200, "OK", fields, json.dumps(value).encode())
    assert compare(first, first, first).differences == []
