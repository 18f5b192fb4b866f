"""Values of a recording that came from an earlier response."""

import json
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retort.compare.messages import NoResponse, Request, Response
from retort.compare.recordings.own_values import OwnValues

FORM = (("Content-Type", "application/x-www-form-urlencoded"),)
JSON = (("Content-Type", "application/json"),)
THEIRS, MINE = "recorded12345678", "mine123456789012"


def page(html, *fields, type_="text/html; charset=utf-8"):
    return Response(200, "OK", (("Content-Type", type_), *fields), html.encode())


def form(**values):
    inputs = "".join(f'<input type=hidden name="{n}" value="{v}">' for n, v in values.items())
    return page(f'<form method=post action="/p">{inputs}</form>')


def api(value):
    return page(json.dumps(value), type_="application/json")


def after(*steps):
    """The values after responses: pairs of a recorded one and that of the side."""
    own = OwnValues("localhost")
    for number, (recorded, mine) in enumerate(steps):
        own.record(Request("GET", f"/{number}"), recorded, {"flask": mine})
    return own


def sent(own, request):
    return own.apply("flask", request)


def posted(own, body, fields=FORM):
    return sent(own, Request("POST", "/p", fields, body)).body


def test_a_hidden_field_is_replaced_by_that_of_the_side():
    own = after((form(token=THEIRS), form(token=MINE)))

    assert posted(own, f"a=1&token={THEIRS}".encode()) == f"a=1&token={MINE}".encode()


def test_each_side_gets_its_own_value_and_one_without_a_response_the_recorded_one():
    own = OwnValues("localhost")
    outcomes = {"flask": form(t="own-of-flask-1"), "again": NoResponse("timeout", "no response")}
    own.record(Request("GET", "/"), form(t=THEIRS), {**outcomes, "retort": form(t="own-retort-1")})
    request = Request("POST", "/p", FORM, f"t={THEIRS}".encode())

    assert own.apply("flask", request).body == b"t=own-of-flask-1"
    assert own.apply("retort", request).body == b"t=own-retort-1"
    assert own.apply("again", request) == own.apply("unknown", request) == request


def test_one_recorded_value_under_two_names_is_replaced_by_name():
    own = after((form(user_id=1, item_id=1), form(user_id=7, item_id=9)))

    assert posted(own, b"user_id=1&item_id=1&other=1") == b"user_id=7&item_id=9&other=1"


def test_a_token_is_replaced_under_any_name_by_the_latest():
    own = after((form(a=THEIRS), form(a="first-own-1")), (form(b=THEIRS), form(b="second-own-2")))

    assert posted(own, f"a={THEIRS}&c={THEIRS}".encode()) == b"a=first-own-1&c=second-own-2"


def test_a_long_word_without_a_digit_is_no_token():
    own = after((form(a="continue"), form(a="something")))

    assert posted(own, b"b=continue") == b"b=continue"


def test_a_later_page_that_agrees_ends_the_replacement():
    own = after((form(id=5), form(id=7)), (form(id=5), form(id=5)))

    assert posted(own, b"id=5") == b"id=5"


def test_a_later_link_that_agrees_ends_the_replacement():
    own = after(
        (page('<a href="/item/5">'), page('<a href="/item/7">')),
        (page('<a href="/item/5">'), page('<a href="/item/5">')),
    )

    assert sent(own, Request("GET", "/item/5")).target == "/item/5"


def test_two_controls_of_the_same_name_have_their_own_values():
    two = '<form><input name="id" value="{}"><input name="id" value="{}"></form>'
    own = after((page(two.format(1, 2)), page(two.format(11, 12))))

    assert posted(own, b"id=1&id=2") == b"id=11&id=12"


def test_what_does_not_change_stays_as_it_is_written():
    own = after((form(token=THEIRS), form(token="own value &=1")))
    body = f"a&b=&c=%e4+%20&d=\xe4&&token={THEIRS}".encode("latin-1")

    assert posted(own, body) == b"a&b=&c=%e4+%20&d=\xe4&&token=own+value+%26%3D1"


@pytest.mark.parametrize(
    ("recorded", "mine"),
    [
        ('<a href="/item/5">', '<a href="/item/7">'),
        ('<a href="https://shop.example/item/5">', '<a href="http://localhost/item/7">'),
        ('<form action="/item/5"></form>', '<form action="/item/7"></form>'),
        (
            '<meta http-equiv=refresh content="0; url=/item/5">',
            '<meta http-equiv=refresh content="0; url=/item/7">',
        ),
    ],
)
def test_a_link_is_replaced_by_that_at_the_same_position(recorded, mine):
    own = after((page(recorded), page(mine)))

    assert sent(own, Request("GET", "/item/5")).target == "/item/7"


def test_the_target_of_a_redirect_is_replaced_although_the_pages_differ():
    own = after((page('<a href="/x">', ("Location", "/item/5")), page("", ("Location", "/item/7"))))

    assert sent(own, Request("GET", "/item/5")).target == "/item/7"


def test_a_link_that_the_side_has_as_well_is_kept():
    own = after(
        (page('<a href="/a"><a href="/b">'), page('<a href="/b"><a href="/a">')),
    )

    assert sent(own, Request("GET", "/a")).target == "/a"


def test_pages_with_other_numbers_of_links_replace_none():
    own = after((page('<a href="/item/5">'), page('<a href="/item/7"><a href="/x">')))

    assert sent(own, Request("GET", "/item/5")).target == "/item/5"


def test_an_identifier_of_a_json_response_is_replaced_in_a_path():
    own = after((api({"id": 5, "page": 6}), api({"id": 7, "page": 8})))

    assert sent(own, Request("GET", "/items/5/x?id=5")).target == "/items/7/x?id=7"
    assert sent(own, Request("GET", "/items/6")).target == "/items/6"


def test_a_token_in_a_path_is_encoded():
    own = after((form(t=THEIRS), form(t="own 1/ü")))

    assert sent(own, Request("GET", f"/a/{THEIRS}")).target == "/a/own%201%2F%C3%BC"


@pytest.mark.parametrize(
    ("recorded", "mine", "body", "expected"),
    [
        ({"id": 5}, {"id": 7}, {"id": 5, "n": 5}, {"id": 7, "n": 5}),
        ({"id": 5}, {"id": "seven"}, {"id": 5}, {"id": 5}),
        ({"id": 5}, {"id": "--7"}, {"id": 5}, {"id": 5}),
        ({"ids": [5, 6]}, {"ids": [7, 8]}, {"ids": [6, 5]}, {"ids": [8, 7]}),
        ({"a": {"id": 5}}, {"a": {"id": 7}}, [{"id": 5}], [{"id": 7}]),
        (
            {"t": THEIRS},
            {"t": MINE},
            {"x": [THEIRS, 1.5, None, True]},
            {"x": [MINE, 1.5, None, True]},
        ),
    ],
)
def test_values_of_json_are_replaced_in_json(recorded, mine, body, expected):
    own = after((api(recorded), api(mine)))

    assert json.loads(posted(own, json.dumps(body).encode(), JSON)) == expected


def test_json_with_half_of_a_surrogate_pair_is_sent():
    own = after((form(t=THEIRS), form(t=MINE)))
    body = f'{{"t": "{THEIRS}", "x": "\\ud800ä"}}'.encode()

    assert json.loads(posted(own, body, JSON)) == {"t": MINE, "x": "\ud800ä"}


def test_a_value_that_utf8_cannot_encode_is_not_a_value():
    own = after((api({"t": THEIRS, "u": "\ud800"}), api({"t": "\ud800-own-1", "u": MINE})))

    assert posted(own, f"t={THEIRS}&u=x".encode()) == f"t={THEIRS}&u=x".encode()


@pytest.mark.parametrize("depth", [900, 5_000, 200_000])
def test_tokens_in_json_of_any_depth_are_replaced(depth):
    own = after((form(t=THEIRS), form(t=MINE)))
    body = "[" * depth + f'"{THEIRS}"' + "]" * depth

    assert posted(own, body.encode(), JSON) == body.replace(THEIRS, MINE).encode()


def test_deep_and_long_json_responses_are_read_as_far_as_possible():
    deep = page("[" * 50_000, type_="application/json")
    number = page('{"id": ' + "9" * 5_000 + "}", type_="application/json")

    own = after((deep, deep), (number, api({"id": 7})), (api({"id": 5}), number))

    assert posted(own, b'{"id": 5}', JSON) == b'{"id": 5}'


def test_tokens_are_replaced_in_multipart_bodies_and_nothing_within_others():
    own = after((form(t=THEIRS, u="1"), form(t=MINE, u="2")))
    body = "--x\r\n\r\n{}\r\n--x\r\n\r\n{}9\r\n--x\r\n\r\n1\r\n--x--\r\n\xff"

    found = posted(
        own,
        body.format(THEIRS, THEIRS).encode("latin-1"),
        (("Content-Type", "multipart/form-data; boundary=x"),),
    )

    assert found == body.format(MINE, THEIRS).encode("latin-1")


def cookie(value, more="; Path=/", name="csrftoken"):
    return page("", ("Set-Cookie", f"{name}={value}{more}"))


@pytest.mark.parametrize("field", ["X-CSRFToken", "X-CSRF-Token", "x-xsrf-token"])
@pytest.mark.parametrize(("theirs", "mine"), [(THEIRS, MINE), ("abc", "xyz")])
def test_a_readable_csrf_cookie_is_replaced_where_scripts_send_it(field, theirs, mine):
    own = after((cookie(theirs), cookie(mine)))

    assert sent(own, Request("POST", "/", ((field, theirs),))).fields == ((field, mine),)


def test_a_cookie_is_replaced_decoded_as_well():
    own = after((cookie("a%2Fb%3D12345"), cookie("c%2Fd%3D67890")))

    fields = (("X-A", "a/b=12345"), ("X-B", "a%2Fb%3D12345"))
    assert sent(own, Request("POST", "/", fields)).fields[0] == ("X-A", "c/d=67890")


def test_a_cookie_that_scripts_cannot_read_is_no_value():
    own = after((cookie(THEIRS, "; HttpOnly; Path=/"), cookie(MINE, "; HttpOnly; Path=/")))

    assert sent(own, Request("POST", "/", (("X-A", THEIRS),))).fields == (("X-A", THEIRS),)


def test_several_cookies_in_one_field_are_read():
    own = after((cookie("a=1", f"\ncsrftoken={THEIRS}", "x"), cookie(MINE)))

    assert sent(own, Request("POST", "/", (("X-CSRFToken", THEIRS),))).fields == (
        ("X-CSRFToken", MINE),
    )


@pytest.mark.parametrize(
    ("make", "field"),
    [
        (lambda value: api({"access_token": value}), "Bearer {}"),
        (lambda value: api({"access_token": value}), "Token {}"),
        (lambda value: page(f"<meta name='csrf-token' content='{value}'>"), "{}"),
        (lambda value: page("", ("X-CSRF-Token", value)), "{}"),
    ],
    ids=["bearer", "token", "meta", "field"],
)
def test_a_token_is_replaced_in_header_fields(make, field):
    own = after((make(THEIRS), make(MINE)))

    found = sent(own, Request("GET", "/", (("Authorization", field.format(THEIRS)),)))
    assert found.fields == (("Authorization", field.format(MINE)),)


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VALUES = st.dictionaries(TEXTS, TEXTS, max_size=4)


@settings(max_examples=60, deadline=None)
@given(recorded=VALUES, mine=VALUES)
def test_a_form_gets_the_values_of_the_side_and_what_else_is_sent_stays(recorded, mine):
    own = after((api(recorded), api(mine)))
    names = [name for name in recorded if name and len(recorded[name]) < 8 and recorded[name]]

    body = urlencode([(name, recorded[name]) for name in names])
    found = dict(parse_qsl(posted(own, body.encode()).decode(), keep_blank_values=True))

    assert found == {name: mine.get(name) or recorded[name] for name in names}


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(recorded=JSON_VALUES, mine=JSON_VALUES, body=JSON_VALUES, raw=st.binary(max_size=40))
def test_no_response_or_body_is_an_exception(recorded, mine, body, raw):
    own = after((api(recorded), api(mine)), (api(mine), page("", ("Set-Cookie", "a"))))

    for fields in (FORM, JSON, ()):
        posted(own, raw, fields)
        posted(own, json.dumps(body).encode(), fields)


@settings(max_examples=60, deadline=None)
@given(value=JSON_VALUES, body=JSON_VALUES)
def test_a_side_that_gives_the_recorded_values_gets_the_recorded_requests(value, body):
    own = after((api(value), api(value)))
    request = Request("POST", "/a?b=%zz", JSON, json.dumps(body).encode())

    assert sent(own, request) == request
