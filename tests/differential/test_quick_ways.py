"""Each quick way gives what the plain one gives, which defines what it means."""

import copy
import io
import json
import math
import pickle
import warnings
from datetime import datetime, timezone
from functools import partial
from http.cookies import SimpleCookie
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers, ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected, HTTPException
from werkzeug.routing import BuildError, Map, Rule
from werkzeug.sansio.http import parse_cookie
from werkzeug.utils import redirect as redirect_of_werkzeug
from werkzeug.wrappers import Request as PlainRequest
from werkzeug.wrappers import Response as PlainResponse

import retort
from retort.http.body import open_body
from retort.http.cookies import read_cookies
from retort.http.forms import FormParser
from retort.http.multidict import multi_dict
from retort.http.multipart import split_parts
from retort.http.redirect import parts_of_redirect
from retort.json.depth import TOO_DEEP
from retort.json.provider import _default
from retort.json.tag import TaggedJSONSerializer
from retort.routing import UrlMap
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
            raise ValueError(TOO_DEEP) from None

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


@given(pairs=st.lists(st.tuples(st.sampled_from("abc"), st.text(max_size=2)), max_size=5))
def test_a_dictionary_of_several_values_is_as_werkzeug_fills_it(pairs):
    ours, theirs = multi_dict(ImmutableMultiDict, pairs), ImmutableMultiDict(pairs)
    assert type(ours) is ImmutableMultiDict
    assert ours == theirs
    assert list(ours.items(multi=True)) == list(theirs.items(multi=True))
    assert repr(ours) == repr(theirs)
    assert hash(ours) == hash(theirs)
    assert pickle.loads(pickle.dumps(ours)) == copy.copy(ours) == theirs
    with pytest.raises(TypeError):
        ours["a"] = "changed"


# Forms

field = b'Content-Disposition: form-data; name="a"'
file = field + b'; filename="f%0A"'
lines = st.sampled_from([b"\r\n", b"\n", b"\r", b"\r\n\r\n", b"\n\n", b"\r\r", b"", b" ", b"--"])
texts = st.sampled_from([b"--bound", b"--bound--", b"--boundx", field, file, b"a: b", b"text"])
well_formed = st.lists(
    st.builds(
        lambda header, content: b"--bound\r\n" + header + b"\r\n\r\n" + content + b"\r\n",
        st.sampled_from([field, file, field + b"\r\nContent-Type: text/plain; charset=latin-1"]),
        st.one_of(st.binary(max_size=30), lines, texts),
    ),
    max_size=4,
).map(lambda parts: b"".join(parts) + b"--bound--\r\n")
odd = st.lists(st.one_of(lines, lines, texts, st.binary(max_size=3)), max_size=14).map(b"".join)


class Pieces(io.BytesIO):
    """A body that is not known to be in memory."""


def form_of(stream, **limits):
    parser = FormParser(**{"max_form_parts": 3, "max_form_memory_size": 20, **limits})
    try:
        form = parser.parse(stream, "multipart/form-data", None, {"boundary": "bound"})
    except HTTPException as error:
        return type(error), error.description
    files = [
        (name, file.filename, list(file.headers), file.read(), type(file.stream))
        for name, file in form[2].items(multi=True)
    ]
    for _, file in form[2].items(multi=True):
        file.close()
    return list(form[1].items(multi=True)), files, form[0].read()


@given(body=well_formed | odd)
def test_a_form_that_is_here_is_split_as_one_that_arrives(body):
    assert form_of(io.BytesIO(body)) == form_of(Pieces(body))
    assert form_of(opened(body)) == form_of(Pieces(body))


def opened(body, length=None):
    length = len(body) if length is None else length
    return open_body({"wsgi.input": Pieces(body), "CONTENT_LENGTH": str(length)}, None)


def test_what_a_server_still_reads_is_split_at_once_if_it_is_short(monkeypatch):
    monkeypatch.setattr("retort.http.forms.Parts", None)
    body = b"--bound\r\n" + field + b"\r\n\r\ncontent\r\n--bound--\r\n"
    assert form_of(opened(body), max_form_parts=1)[0] == [("a", "content")]
    with pytest.raises(TypeError):
        form_of(opened(body, length=2_500_001))


def test_a_form_that_breaks_off_is_none():
    body = b"--bound\r\n" + field + b"\r\n\r\ncontent\r\n--bound--\r\n"
    error, reason = form_of(opened(body, length=len(body) + 5))
    assert error is ClientDisconnected
    assert reason.startswith("The request body ended 5 bytes before")


def test_an_ordinary_form_is_split_at_once():
    body = b"--bound\r\n" + file + b"\r\n\r\ncontent\r\n--bound--\r\n"
    (part,) = split_parts(body, b"bound", max_parts=1, max_memory_bytes=0)
    assert (part.name, part.filename, part.read()) == ("a", "f\n", b"content")


def test_an_in_memory_file_is_written_to_disk_by_fileno():
    body = b"--bound\r\n" + file + b"\r\n\r\ncontent\r\n--bound--\r\n"
    _, _, files = FormParser().parse(
        io.BytesIO(body), "multipart/form-data", None, {"boundary": "bound"}
    )
    with files["a"].stream as stream:
        assert stream.fileno() > 2
        assert stream.read() == b"content"
        stream.write(b", and more")
        stream.seek(0)
        assert stream.read() == b"content, and more"


def test_a_factory_of_the_program_makes_every_file():
    made = []

    def factory(**of_what):
        made.append(of_what["filename"])
        return Pieces()

    body = b"--bound\r\n" + file + b"\r\n\r\ncontent\r\n--bound--\r\n"
    assert form_of(io.BytesIO(body), stream_factory=factory)[1][0][3:] == (b"content", Pieces)
    assert made == ["f\n"]


@given(body=st.binary(max_size=20), length=st.integers(0, 25), start=st.integers(0, 25))
def test_a_body_that_is_here_is_read_as_one_that_arrives(body, length, start):
    def read(source):
        source.seek(start)
        environ = {"wsgi.input": source, "CONTENT_LENGTH": str(length)}
        try:
            return open_body(environ, 20).read()
        except HTTPException as error:
            return type(error), error.description

    assert read(io.BytesIO(body)) == read(Pieces(body))


def form_request(kind, body, **fields):
    given = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
    kind_of_body = {"CONTENT_TYPE": "application/x-www-form-urlencoded", "REQUEST_METHOD": "POST"}
    return kind(environ_with(**{**given, **kind_of_body, **fields}))


def own_parser(monkeypatch):
    class Own(FormParser):
        def parse(self, *arguments):
            seen.append("seen")
            return super().parse(*arguments)

    monkeypatch.setattr(retort.Request, "form_data_parser_class", Own)
    return (seen := [])


def own_method(kind, name, monkeypatch):
    real = getattr(kind, name)

    def method(*arguments, **named):
        seen.append("seen")
        return real(*arguments, **named)

    monkeypatch.setattr(kind, name, method)
    return (seen := [])


@pytest.mark.parametrize(
    "change",
    [
        own_parser,
        partial(own_method, retort.Request, "make_form_data_parser"),
        partial(own_method, retort.Request, "_load_form_data"),
    ],
)
def test_what_was_put_in_place_of_a_reader_of_forms_reads_them(monkeypatch, change):
    request = form_request(retort.Request, b"a=0")
    assert request.form["a"] == "0"
    seen = change(monkeypatch)
    for number in "12":
        assert form_request(retort.Request, b"a=" + number.encode()).form["a"] == number
    assert len(seen) == 2
    monkeypatch.undo()
    assert form_request(retort.Request, b"a=3").form["a"] == "3"
    assert len(seen) == 2


def test_a_body_that_is_here_needs_no_reader():
    source = io.BytesIO(b"body")
    assert open_body({"wsgi.input": source, "CONTENT_LENGTH": "4"}, 4) is source


# URLs

RULES = [
    *("/", "/page", "/page/", "/<name>", "/user/<int:id>", "/a/<path:rest>", "/<a>-<b>"),
    *("/<int(fixed_digits=3):id>", "/<name>/of/<int:id>.html", "/où ça/<name>", "//<name>//"),
    *("/of/<int(min=3):id>", "/<float:x>", "/any/<any(one, two):which>", "/<uuid:id>/x"),
]
url_values = st.dictionaries(
    st.sampled_from(["name", "id", "rest", "a", "b", "x", "which", "q"]),
    st.one_of(
        *(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.floats(0, 9)),
        *(st.text("aZ09", min_size=1), st.sampled_from(["one", "7", "a b/c?", "é", ".."])),
    ),
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
def test_a_path_is_built_as_werkzeug_builds_it(build_path, rule, values, options):
    url_map = UrlMap([Rule(rule, endpoint="page", **options)])
    path = built(partial(build_path, url_map), "page", dict(values))
    if path is not None:
        plain = Map([Rule(rule, endpoint="page", **options)]).bind("localhost", "/")
        assert path == built(plain.build, "page", dict(values))


def test_an_ordinary_path_is_built(build_path):  # so the test above is not about nothing
    url_map = UrlMap([Rule("/user/<int:id>", endpoint="user")])
    assert build_path(url_map, "user", {"id": 7, "tab": "a b"}) == "/user/7?tab=a+b"
    assert build_path(url_map, "user", {}) is None
    assert build_path(url_map, "another", {"id": 7}) is None


def test_a_rule_may_have_the_digits_of_any_sample(build_path):
    digits = "".join(f"/{10**20 + number}" for number in range(3))
    url_map = UrlMap([Rule(f"{digits}/<a>/<b>", endpoint="page")])
    assert build_path(url_map, "page", {"a": "x", "b": 10**20}) == f"{digits}/x/{10**20}"


def test_a_path_is_built_as_the_rules_are_now(build_path):
    url_map = UrlMap([Rule("/<name>", endpoint="page")])
    assert build_path(url_map, "page", {"name": "x"}) == "/x"
    url_map.add(Rule("/other", endpoint="other"))
    assert build_path(url_map, "other", {}) == "/other"
    url_map.add(Rule("/more/<name>", endpoint="page"))
    assert build_path(url_map, "page", {"name": "x"}) is None
    url_map.host_matching = True
    assert build_path(url_map, "other", {}) is None


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
    parts = parts_of_redirect(location, 303)
    if parts is not None:
        response = retort.Response.of_parts(*parts)
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

app = retort.Flask("quick")
app.secret_key = "a key"


class AnotherTagged(TaggedJSONSerializer):
    """Takes the long way."""


tagged = st.dictionaries(
    st.text(max_size=3) | st.sampled_from([" t", " di", " b", " t__"]),
    scalars.filter(lambda value: value == value)
    | st.binary(max_size=3)
    | st.tuples(st.integers())
    | st.dictionaries(st.sampled_from([" t", "a"]), st.integers(), max_size=1),
    max_size=3,
)


@given(value=tagged)
def test_a_session_is_tagged_as_any_value_is(value):
    text = AnotherTagged().dumps(value)
    with app.app_context():
        assert session_json_serializer.dumps(value) == AnotherTagged().dumps(value)
        assert same(session_json_serializer.loads(text), AnotherTagged().loads(text))
    assert same(session_json_serializer.loads(text), AnotherTagged().loads(text))


def test_an_ordinary_session_needs_no_tags():
    assert session_json_serializer._leaves_alone({"n": 1, "name": "Ada"})
    assert not session_json_serializer._leaves_alone({" t": 1})
    assert not session_json_serializer._leaves_alone({"n": (1,)})


permanent = st.dictionaries(
    st.text("ab_permnt", max_size=5) | st.just("_permanent"), st.booleans(), min_size=1, max_size=3
)


@given(content=permanent)
def test_an_unchanged_session_is_not_permanent(content):
    interface = app.session_interface
    cookie = interface.get_signing_serializer(app).dumps(content)
    is_compressed = cookie.startswith(".")
    left_alone = interface.leaves_alone(f"session={cookie}", "session")
    assert left_alone is not ("_permanent" in content or is_compressed)


@given(pairs=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=4))
def test_what_a_browser_sends_comes_back(pairs):
    args = retort.Request(environ_with(QUERY_STRING=urlencode(pairs))).args
    assert args.to_dict() == pairs


# Cookies

cookie_fields = st.lists(
    st.sampled_from([*'ab;=" \t,\\', "; ", "a=1", "é", "\\073", "\n", 'a="b;c"', "a", "==", ","]),
    max_size=10,
).map("".join)


@given(field=cookie_fields | st.text(max_size=20))
def test_cookies_are_read_as_werkzeug_reads_them(field):
    ours, theirs = (read(field, ImmutableMultiDict) for read in (read_cookies, parse_cookie))
    assert type(ours) is type(theirs)
    assert list(ours.items(multi=True)) == list(theirs.items(multi=True))


def test_header_fields_of_a_program_s_own_have_the_cookies():
    class OfTheClass(retort.Request):
        headers = Headers({"Cookie": "a=class"})

    class OfTheClassBelow(OfTheClass):
        pass

    environ = environ_with(HTTP_COOKIE="a=environ")
    assert OfTheClass(environ).cookies["a"] == OfTheClassBelow(environ).cookies["a"] == "class"
    request = retort.Request(environ)
    request.headers = Headers([("Cookie", "a=1"), ("Cookie", "b=2")])
    assert request.cookies.to_dict() == {"a": "1", "b": "2"}


some_text = st.text(max_size=4) | st.sampled_from(["a b", "é", "a;b", "x\n", "", "/a", ".b.c"])
attributes = st.fixed_dictionaries(
    {},
    optional={
        "max_age": st.none() | st.just(60),
        "expires": st.sampled_from(
            [None, 0, 1.5, "x", "x\r\n", datetime(2030, 1, 1, tzinfo=timezone.utc), datetime.max]
        ),
        "path": st.none() | some_text,
        "domain": st.none() | some_text,
        "secure": st.sampled_from([True, False, 1, 0, None]),
        "httponly": st.sampled_from([True, False, 1, 0, None]),
        "samesite": st.sampled_from([None, "lax", "NONE", "Strict", "x", ""]),
        "partitioned": st.sampled_from([True, False, 1]),
    },
)


def cookie_from(kind, *arguments, **attributes):
    response = kind()
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            response.set_cookie(*arguments, **attributes)
        except (ValueError, TypeError, UnicodeError) as error:
            return type(error), str(error)
    return response.headers.getlist("Set-Cookie"), [str(warning.message) for warning in warned]


@given(
    name=some_text.filter(bool) | st.just("session"),
    value=st.text(max_size=5) | st.text("aZ0._-", max_size=60),
    attributes=attributes,
    times=st.sampled_from([1, 200]),
)
def test_a_cookie_is_written_as_werkzeug_writes_it(name, value, attributes, times):
    ours, theirs = (
        cookie_from(kind, name, value * times, **attributes)
        for kind in (retort.Response, PlainResponse)
    )
    refusals = ("A cookie cannot", "The cookie", "Browsers reject")
    is_refused = ours[0] is ValueError and ours[1].startswith(refusals)
    assert is_refused or ours == theirs


def test_a_limit_of_a_class_s_own_is_warned_of(monkeypatch):
    class Small(retort.Response):
        max_cookie_size = 10

    with pytest.warns(UserWarning, match="the limit is 10 bytes"):
        Small().set_cookie("id", "xxxxxxxxxx")
    monkeypatch.setattr(retort.Response, "max_cookie_size", 11)
    with pytest.warns(UserWarning, match="the limit is 11 bytes"):
        retort.Response("x").set_cookie("id", "xxxxxxxxxx")
