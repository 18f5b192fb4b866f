"""Each quick way gives what the plain one gives, which defines what it means."""

import json
import math
from functools import partial
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.routing import BuildError, Map, Rule
from werkzeug.utils import redirect as redirect_of_werkzeug
from werkzeug.wrappers import Request as PlainRequest

import retort
from retort.http.redirect import redirecting
from retort.json.provider import _default
from retort.routing import UrlMap, build_path
from retort.sessions import session_json_serializer

# JSON

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
provider = retort.Flask("quick").json


def same(one, other):
    """Equal, of the same types, down to the sign of zero; and NaN is NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (one == other and math.copysign(1, one) == math.copysign(1, other)) or one != one
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[key], other[key]) for key in one)
    return one == other


def outcome(function, *arguments):
    try:
        return function(*arguments)
    except ValueError as error:
        return type(error), str(error)


@given(value=values, is_ascii=st.booleans(), indent=st.sampled_from([None, 1]))
def test_json_is_read_as_python_reads_it(value, is_ascii, indent):
    text = json.dumps(value, ensure_ascii=is_ascii, indent=indent)
    assert same(provider.loads(text), json.loads(text))
    coded = text.encode("utf-8", "surrogatepass")
    assert same(provider.loads(coded), json.loads(coded))


ODD_TEXTS = [
    *("", " ", "NaN", "-Infinity", "1e400", "-0", "-0.0", "01", "1.", ".5", "+1", "truth", "1 2"),
    *("9" * 25, "-" + "9" * 25, "9" * 5000, "1e-400", "5e-324", "0." + "1" * 300),
    *('{"a":1,"a":2}', "[1,]", "{,}", '"\\ud800"', '"\\u12"', '"\\x"', '"\x00"', '"a\tb"'),
    *("\ufeff1", "[" * 100_000, '{"a":' * 100_000, "\x0c1", '"\\ud83d\\ude00"'),
]


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_odd_json_has_the_outcome_it_has_with_python(text):
    def of_python(text):
        try:
            return json.loads(text)
        except RecursionError:
            raise ValueError("It is nested too deeply.") from None

    ours, pythons = outcome(provider.loads, text), outcome(of_python, text)
    assert same(ours, pythons) or ours == pythons


@given(pieces=st.lists(st.sampled_from(list('{}[]:,"\\ \n0123456789.eE+-tfnua')), max_size=12))
def test_what_is_no_json_is_refused_as_python_refuses_it(pieces):
    text = "".join(pieces)
    ours, pythons = outcome(provider.loads, text), outcome(json.loads, text)
    assert same(ours, pythons) or ours == pythons


@given(value=values)
def test_json_is_written_as_python_writes_it(value):
    assert provider.dumps(value) == json.dumps(value, sort_keys=True, default=_default)
    compact = {"separators": (",", ":")}
    assert provider.dumps(value, **compact) == json.dumps(value, sort_keys=True, **compact)


def test_a_circle_is_an_error_and_not_a_crash():
    circle = []
    circle.append({"again": circle})
    with pytest.raises(ValueError, match="Circular reference"):
        provider.dumps(circle)


# What comes with a request

query_letters = st.sampled_from(list("ab=&;%+ é\x00/?#[]2C"))


def environ_with(**fields):
    return {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http", **fields}


@given(letters=st.lists(query_letters, max_size=16))
def test_a_query_is_parsed_as_werkzeug_parses_it(letters):
    environ = environ_with(QUERY_STRING="".join(letters).encode().decode("latin-1"))
    expected = PlainRequest(dict(environ)).args
    args = retort.Request(environ).args
    assert list(args.items(multi=True)) == list(expected.items(multi=True))
    assert type(args) is type(expected)


@given(letters=st.lists(st.sampled_from(list('ab=;, "\\é%\x01')), max_size=16))
def test_cookies_are_parsed_as_werkzeug_parses_them(letters):
    environ = environ_with(HTTP_COOKIE="".join(letters).encode().decode("latin-1"))
    expected = PlainRequest(dict(environ)).cookies
    cookies = retort.Request(environ).cookies
    assert list(cookies.items(multi=True)) == list(expected.items(multi=True))
    assert type(cookies) is type(expected)


def test_an_ordinary_cookie_is_read():  # so the test above is not about nothing
    cookie = SimpleCookie({"name": "Ada"}).output(header="").strip()
    assert retort.Request(environ_with(HTTP_COOKIE=cookie)).cookies.to_dict() == {"name": "Ada"}
    assert retort.Request(environ_with()).cookies.to_dict() == {}


# URLs

RULES = [
    *("/", "/page", "/page/", "/<name>", "/user/<int:id>", "/a/<path:rest>", "/<a>-<b>"),
    *("/of/<int(min=3):id>", "/<float:x>", "/any/<any(one, two):which>", "/<uuid:id>/x"),
]
url_values = st.dictionaries(
    st.sampled_from(["name", "id", "rest", "a", "b", "x", "which", "q"]),
    st.none() | st.integers() | st.text(max_size=5) | st.sampled_from(["one", "7", "a b/c?"]),
    max_size=3,
)


def built(build, endpoint, values):
    try:
        return build(endpoint, values)
    except BuildError:
        return None
    except ValueError as error:  # a converter's, which Werkzeug lets pass
        return str(error)


@given(
    rule=st.sampled_from(RULES),
    values=url_values,
    options=st.sampled_from(
        [
            {},
            {"defaults": {"q": 1}},
            {"methods": ["POST"]},
            {"subdomain": "api"},
            {"build_only": True},
        ]
    ),
)
def test_a_path_is_built_as_werkzeug_builds_it(rule, values, options):
    url_map = UrlMap([Rule(rule, endpoint="page", **options)])
    path = built(partial(build_path, url_map), "page", dict(values))
    if path is not None:
        plain = Map([Rule(rule, endpoint="page", **options)]).bind("localhost", "/")
        assert path == built(plain.build, "page", dict(values))


def test_an_ordinary_path_is_built():  # so the test above is not about nothing
    url_map = UrlMap([Rule("/user/<int:id>", endpoint="user")])
    assert build_path(url_map, "user", {"id": 7, "tab": "a b"}) == "/user/7?tab=a+b"
    assert build_path(url_map, "user", {}) is None
    assert build_path(url_map, "another", {"id": 7}) is None


class GoesTheLongWay(retort.Response):
    automatically_set_content_length = True

    def get_wsgi_headers(self, environ):
        return super().get_wsgi_headers(environ)


def sent(response):
    told = []
    body = response(environ_with(HTTP_HOST="localhost"), lambda *words: told.extend(words))
    return told, b"".join(body)


locations = st.text(st.sampled_from(list("/ab?=&#%;:@[]é \\.~2C\n\t")), max_size=10)


@given(start=st.sampled_from(["/", "", "//", "http://a.example/"]), rest=locations)
def test_a_redirect_is_sent_as_werkzeug_sends_it(start, rest):
    location = start + rest
    response = redirecting(location, 303)
    if response is not None:
        expected = redirect_of_werkzeug(location, 303, Response=GoesTheLongWay)
        assert sent(response) == sent(expected)
        assert response.location == expected.location
        assert response.status == expected.status


@pytest.mark.parametrize("code", [301, 302, 303, 305, 307, 308])
def test_an_ordinary_redirect_takes_the_short_way(code):
    response = retort.Flask("quick").redirect("/success/Ada?a=1", code)
    expected = redirect_of_werkzeug("/success/Ada?a=1", code, Response=GoesTheLongWay)
    assert sent(response) == sent(expected)


# Cookies of sessions

contents = st.dictionaries(st.text(), scalars.filter(lambda value: value == value), max_size=4)
app = retort.Flask("quick")
app.secret_key = "a key"


def plain_serializer():
    return URLSafeTimedSerializer(
        "a key",
        salt="cookie-session",
        serializer=session_json_serializer,
        signer_kwargs={"key_derivation": "hmac"},
    )


@given(content=contents)
def test_a_session_is_signed_and_read_as_itsdangerous_does(content):
    ours = app.session_interface.get_signing_serializer(app)
    assert plain_serializer().loads(ours.dumps(content)) == content
    assert ours.loads(plain_serializer().dumps(content)) == content


@given(content=contents, place=st.integers(0, 400), bit=st.integers(0, 6))
def test_a_changed_cookie_is_refused(content, place, bit):
    ours = app.session_interface.get_signing_serializer(app)
    cookie = bytearray(ours.dumps(content).encode())
    cookie[place % len(cookie)] ^= 1 << bit
    with pytest.raises(BadSignature):
        ours.loads(bytes(cookie))


@given(pairs=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=4))
def test_what_a_browser_sends_comes_back(pairs):
    args = retort.Request(environ_with(QUERY_STRING=urlencode(pairs))).args
    assert args.to_dict() == pairs
