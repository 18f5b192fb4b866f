"""Each difference has one place, and what follows from it is no further difference."""

import gzip
import hashlib
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeTimedSerializer

from retort.compare.equality import compare
from retort.compare.messages import Response
from retort.json.tag import TaggedJSONSerializer

TYPES = {"json": "application/json", "html": "text/html; charset=utf-8", "text": "text/plain"}


def response(body=b"", kind="text", *fields, status=200):
    body = body if isinstance(body, bytes) else body.encode()
    return Response(status, "OK", (("Content-Type", TYPES.get(kind, kind)), *fields), body)


def found(first, other, again=None):
    verdict = compare(first, first if again is None else again, other)
    return [f"{one.part} {one.place}".strip() for one in verdict.differences]


def in_json(first, other, again=None):
    sides = [None if one is None else response(one, "json") for one in (first, other, again)]
    return found(*sides)


def fields(name, *values):
    return response(b"", "text", *((name, value) for value in values))


@pytest.mark.parametrize(
    ("first", "other", "places"),
    [
        ('{"a":1}', '{"a":1.0}', ["body /a"]),
        ('{"a":1}', '{"a":"1"}', ["body /a"]),
        ("[1]", '["1"]', ["body /0"]),
        ('{"a":NaN}', '{"a":null}', ["body /a"]),
        ('{"a":NaN}', '{"a":Infinity}', ["body /a"]),
        ('{"a":1,"a":2}', '{"a":2,"a":1}', ["body /a", "body /a (2)"]),
        ('{"a":{}}', '{"a":[]}', ["body /a"]),
        ('{"a":{"b":1}}', '{"a":5}', ["body /a"]),
        ('{"a":[1]}', '{"a":{"0":1}}', ["body /a"]),
        ("[1]", "5", ["body"]),
        ('{"a":{"b":{"c":1}},"z":1}', '{"z":1}', ["body /a"]),
        ('{"a":1,"b":2,"c":3}', '{"c":3,"b":2}', ["body order of keys", "body /a"]),
        ("[2,3,4,5]", "[1,2,3,4,5]", ["body length"]),
        ('{"a":[1,2],"aa":[3]}', '{"aa":[4]}', ["body /a", "body /aa/0"]),
        ('{"a":1,"a: b":2}', '{"a: b":3}', ["body /a", "body /a: b"]),
        ('{"x length":"a"}', '{"x length":"b"}', ["body /x length"]),
        ('{"~length":"a"}', '{"~length":"b"}', ["body /~0length"]),
        ('{"a/b":1}', '{"a/b":2}', ["body /a~1b"]),
        ('{"a":"\\ud800"}', '{"a":"\\ud801"}', ["body /a"]),
        ('{"a":"\\u00e9"}', '{"a":"é"}', ["body byte 6"]),
        ('{"a":1}\n', '{"a":1}', ["body byte 7"]),
    ],
)
def test_a_difference_of_json_has_the_place_of_its_value(first, other, places):
    assert sorted(in_json(first, other)) == sorted(places)


def test_nested_json_and_long_lists_are_compared_in_bounded_time():
    deep = ["[" * levels + "]" * levels for levels in (900, 901)]
    assert len(in_json(*deep)) == 1
    assert in_json(json.dumps([{"n": n} for n in range(20_000)]), "[]") == ["body length"]


@pytest.mark.parametrize(
    ("first", "again", "other", "places"),
    [
        # a list in another order keeps its items
        ("[1,2,3]", "[2,3,1]", "[3,2,1]", []),
        ("[1,2,3]", "[2,3,1]", "[3,1,4]", ["body /1"]),
        # a list of another length each time
        ("[11,12]", "[13,14,15]", "[16,17,18,19]", []),
        ("[11,12]", "[13,14,15]", '[16,17,"a"]', []),
        ("[11,12]", "[13,14,15]", '["a",17,18]', ["body /0"]),
        ("[11,12,13]", "[13,14]", "[16,17,18]", []),
        ("[11,12,13]", "[13,14]", '[16,17,"a"]', ["body /2"]),
        # keys that are random
        ('{"a0b1c2d3":1}', '{"f4e5d6c7":1}', '{"00112233":1}', []),
        ('{"a0b1c2d3":1}', '{"f4e5d6c7":1}', '{"00112233":2}', ["body /key 1"]),
        ('{"a0b1c2d3":1}', '{"f4e5d6c7":1}', "{}", ["body /key 1"]),
        # another type beside noise
        ('{"id":123456}', '{"id":123457}', '{"id":"123458"}', ["body /id"]),
        ('{"id":123456}', '{"id":123457}', '{"id":null}', ["body /id"]),
        ('{"id":123456}', '{"id":123457}', "{}", ["body /id"]),
        # spaces beside noise
        ('{"id":123456}', '{"id":123457}', '{"id": 123458}', ["body spaces"]),
    ],
)
def test_noise_in_json_keeps_its_form(first, again, other, places):
    assert in_json(first, other, again) == places


@pytest.mark.parametrize(
    ("name", "first", "other", "is_equal"),
    [
        ("Content-Type", "text/html; charset=UTF-8", 'TEXT/html;charset="utf-8"', True),
        ("Content-Type", "text/html; charset=utf-8", "text/html; charset=latin-1", False),
        ("Cache-Control", "max-age=60, Public", "public,MAX-AGE=60", True),
        ("Allow", "GET, get", "GET", False),
        ("X-Request-ID", "1", "2", True),
        ("X-A", "", "x", False),
    ],
)
def test_header_fields_are_compared_as_their_rfc_says(name, first, other, is_equal):
    sides = [Response(200, "OK", ((name, one),), b"") for one in (first, other)]

    assert (found(*sides) == []) is is_equal


def test_a_request_id_that_is_missing_is_a_difference():
    assert found(fields("X-Request-ID", "1"), response()) == ["header x-request-id"]
    assert found(fields("Date", "1"), response()) == []


@pytest.mark.parametrize(
    ("first", "other", "places"),
    [
        ("a=1; HttpOnly; Path=/", "a=1; path=/; httponly", []),
        ("a=1; SameSite=Lax", "a=1; SameSite=lax;", []),
        ("a=1; Max-Age=3600", "a=1; Max-Age=3599", []),
        ("a=1; Max-Age=3600", "a=1; Max-Age=60", ["cookie a; Max-Age"]),
        ("a=1; Max-Age=0", "a=1; Max-Age=5", ["cookie a; Max-Age"]),
        (
            "a=1; Expires=Tue, 01 Dec 2026 10:00:00 GMT",
            "a=1; Expires=Tue, 01 Dec 2026 11:00:00 GMT",
            ["cookie a; Expires"],
        ),
        ("a=1; Path=/; Secure", "b=1", ["cookie a", "cookie b"]),
    ],
)
def test_cookies_are_compared_by_name_with_their_attributes(first, other, places):
    assert found(fields("Set-Cookie", first), fields("Set-Cookie", other)) == places


def session(data, key="key"):
    serializer = URLSafeTimedSerializer(
        key,
        salt="cookie-session",
        serializer=TaggedJSONSerializer(),
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha1},
    )
    return fields("Set-Cookie", f"session={serializer.dumps(data)}; Path=/")


def test_a_session_is_compared_by_its_content_without_its_signature():
    assert found(session({"a": "x" * 300}), session({"a": "x" * 300}, key="other")) == []
    assert found(session({"a": 1}), session({"a": 2})) == ["cookie session: a"]
    assert found(session({"a": (1, 2)}), session({"a": [1, 2]})) == ["cookie session: a"]
    assert found(session({"a": 1, "b": {"c": 1}}), session({"a": 1})) == ["cookie session: b"]


def test_a_session_that_is_no_longer_signed_is_one_difference():
    plain = fields("Set-Cookie", "session=hello; Path=/")

    assert found(session({"a": 1, "b": 2}), plain) == ["cookie session"]
    assert found(session({"a": 1, "b": 2}), response()) == ["cookie session"]


@pytest.mark.parametrize("status", [404, 500])
def test_a_status_that_changes_each_time_is_noise_only_if_the_first_side_had_it(status):
    first, again = response(), response(status=500)

    places = found(first, response(status=status), again)

    assert places == ([] if status == 500 else ["status"])


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_compressed_body_of_any_length_is_compared_in_bounded_time(coding):
    pack = gzip.compress if coding == "gzip" else zlib.compress
    field = ("Content-Encoding", coding)
    first, other = (
        response(pack(b"0" * 40_000_000 + end), "image/png", field) for end in (b"", b"1")
    )

    assert found(first, other)[0].startswith("body byte")


def test_texts_are_decoded_by_their_charset_and_are_shown_without_surrogates():
    latin = "text/plain; charset=latin-1"
    first, other = (response(text.encode("latin-1"), latin) for text in ("é", "è"))
    (one,) = compare(first, first, other).differences
    assert (one.left, one.right) == ("é", "è")

    first, other = response(b"\xe9"), response(b"\xe8")
    (one,) = compare(first, first, other).differences
    assert f"{one.left}{one.right}".encode()


def test_lines_of_json_are_compared_by_lines():
    first, other = (response(f'{{"a":1}}\n{{"a":{n}}}\n', "application/x-ndjson") for n in (2, 3))

    assert found(first, other) == ["body line 2"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(values, values)
def test_any_other_json_value_is_a_difference(left, right):
    first, other = json.dumps(left), json.dumps(right)

    assert bool(in_json(first, other)) == (first != other)
    assert in_json(first, first) == []


@given(st.text("ab\n", max_size=30), st.text("ab\n", max_size=30))
def test_any_other_text_is_a_difference(left, right):
    assert bool(found(response(left), response(right))) == (left != right)
