"""Bodies, forms, JSON, URLs and redirects: what is left out on the quick ways changes nothing."""

import io
import types
from functools import partial
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers, ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, ClientDisconnected, HTTPException
from werkzeug.formparser import FormDataParser, MultiPartParser
from werkzeug.routing import BuildError
from werkzeug.wrappers import Request as RequestOfWerkzeug

import retort
from retort.globals import request_ctx
from retort.http.body import open_body
from retort.http.multipart import Parts, unescape_line_breaks
from retort.routing import build_path

URLENCODED = "application/x-www-form-urlencoded"
JSON = "application/json"
app = retort.Retort("reading")
limited = retort.Retort("with limits")


class Source(io.BytesIO):
    """An input of which nothing is known but that it can be read."""

    def __init__(self, body):
        super().__init__(body)
        self.sizes = []

    def read(self, size=-1):
        self.sizes.append(size)
        return super().read(size)

    read1 = None


class WSGIBody(Source):
    """Granian's by its name."""

    __module__ = "granian._granian"


class Body(Source):
    """Gunicorn's by its name."""

    __module__ = "gunicorn.http.body"


SOURCES = [io.BytesIO, Source, WSGIBody, Body]


def request_of(kind, body, content_type=URLENCODED, source=io.BytesIO, **fields):
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": "/",
        "wsgi.url_scheme": "http",
        "wsgi.input": source(body),
        "CONTENT_TYPE": content_type,
        "CONTENT_LENGTH": str(len(body)),
    }
    request = kind({**environ, **fields})
    request.json_module = app.json
    return request


def outcome(read, *arguments):
    try:
        result = read(*arguments)
    except HTTPException as error:
        return type(error), error.description
    if isinstance(result, MultiDict):
        return type(result), list(result.items(multi=True))
    return type(result), result


READINGS = {
    "get_data": lambda request: request.get_data(),
    "get_data as text": lambda request: request.get_data(as_text=True),
    "get_data once": lambda request: request.get_data(cache=False),
    "data": lambda request: request.data,
    "form": lambda request: request.form,
    "values": lambda request: list(request.values.items()),
    "files": lambda request: request.files,
    "json": lambda request: request.json,
    "get_json once": lambda request: request.get_json(cache=False),
    "silent JSON": lambda request: request.get_json(silent=True),
    "forced JSON": lambda request: request.get_json(force=True),
    "stream": lambda request: request.stream.read(),
}
pieces = st.lists(st.sampled_from([b"a", b"=", b"&", b"+", b"%41", b"%", b"1", b"[", b"]", b'"']))


@given(
    body=pieces.map(b"".join),
    content_type=st.sampled_from([URLENCODED, JSON, f"{JSON}; charset=utf-8", "a/b+json", ""]),
    source=st.sampled_from(SOURCES),
    readings=st.lists(st.sampled_from(sorted(READINGS)), min_size=1, max_size=3),
    fields=st.fixed_dictionaries(
        {},
        optional={
            "CONTENT_LENGTH": st.just("0"),
            "REQUEST_METHOD": st.sampled_from(["GET", "PUT"]),
        },
    ),
    most=st.sampled_from([None, 0, 5, 1000]),
)
def test_a_body_is_read_as_werkzeug_reads_it(body, content_type, source, readings, fields, most):
    class OfWerkzeug(RequestOfWerkzeug):
        max_content_length = most

    def read_by(name, request):
        result = outcome(READINGS[name], request)
        return result[:1] if issubclass(result[0], HTTPException) else result

    limited.config.update(MAX_CONTENT_LENGTH=most, FORM_FROM_GET_BODY=True)
    with limited.app_context():
        ours, theirs = (
            request_of(kind, body, content_type, source, **fields)
            for kind in (retort.Request, OfWerkzeug)
        )
        for name in readings:
            assert read_by(name, ours) == read_by(name, theirs), name


@pytest.mark.parametrize("source", [WSGIBody, Body])
@pytest.mark.parametrize("way", ["get_data", "get_data as text", "form", "json", "silent JSON"])
def test_a_short_body_of_a_known_server_is_read_with_one_call(way, source):
    request = request_of(
        retort.Request, b"1", JSON if "JSON" in way.upper() else URLENCODED, source
    )
    with app.app_context():
        READINGS[way](request)
    assert request.environ["wsgi.input"].sizes == [1]
    assert request.stream.read() == b""


@pytest.mark.parametrize("size", [10, 100_000])
def test_the_stream_of_granian_is_read_once(size):
    source = WSGIBody(b"x" * size)
    environ = {"wsgi.input": source, "CONTENT_LENGTH": str(size), "wsgi.input_terminated": True}
    assert open_body(environ, None).read() == b"x" * size
    assert source.sizes == [size]


@pytest.mark.parametrize("way", ["get_data", "form", "json"])
def test_a_body_of_granian_that_breaks_off_is_a_bad_request_each_time(way):
    content_type = JSON if way == "json" else URLENCODED
    request = request_of(retort.Request, b"a=1", content_type, WSGIBody, CONTENT_LENGTH="10")
    with app.app_context():
        with pytest.raises(ClientDisconnected, match="ended 7 bytes before"):
            READINGS[way](request)
        with pytest.raises(ClientDisconnected):
            READINGS[way](request)


def test_a_connection_that_breaks_is_a_bad_request():
    class Broken(WSGIBody):
        __module__ = "granian._granian"

        def read(self, size=-1):
            raise OSError("connection reset")

    Broken.__qualname__ = "WSGIBody"
    with pytest.raises(ClientDisconnected, match="could not be read to its end"):
        request_of(retort.Request, b"abc", source=Broken).get_data()


def test_a_plain_form_has_no_files():
    with app.app_context():
        request = request_of(retort.Request, b"a=1")
        assert request.form["a"] == "1"
        assert type(request.files) is ImmutableMultiDict
        assert not request.files
        assert request.files is request.files
        request.close()


@pytest.mark.parametrize("application", [retort.Flask, retort.Retort])
def test_a_form_in_the_body_of_a_get_is_parsed_if_configured(application):
    for says_so in (True, False):
        form_app = application("form")
        form_app.config["FORM_FROM_GET_BODY"] = says_so
        with form_app.app_context():
            request = request_of(retort.Request, b"a=1", REQUEST_METHOD="GET")
            assert ("a" in request.form) is says_so


# Overridable parts


def seen_by(patch, owner, name):
    """A list of the calls of a method, which is replaced by one that notes them."""
    real, calls = getattr(owner, name), []

    def method(*arguments, **named):
        calls.append(name)
        return real(*arguments, **named)

    patch.setattr(owner, name, method)
    return calls


@pytest.mark.parametrize(
    ("name", "way"),
    [
        *(("get_data", "get_data"), ("get_json", "json"), ("get_data", "json")),
        *(("_load_form_data", "form"), ("make_form_data_parser", "form")),
    ],
)
def test_what_was_put_in_place_of_a_method_of_the_class_is_called(monkeypatch, name, way):
    content_type = JSON if way == "json" else URLENCODED
    with app.app_context():
        READINGS[way](request_of(retort.Request, b"1", content_type))
        calls = seen_by(monkeypatch, retort.Request, name)
        READINGS[way](request_of(retort.Request, b"1", content_type))
        assert calls
        calls.clear()
        monkeypatch.undo()
        READINGS[way](request_of(retort.Request, b"1", content_type))
        assert not calls


@pytest.mark.parametrize(
    ("name", "value", "way", "read"),
    [
        ("want_form_data_parsed", False, "form", []),
        ("mimetype", "text/plain", "form", []),
        ("mimetype", JSON, "forced JSON", 1),
        ("is_json", True, "json", 1),
        ("json_module", types.SimpleNamespace(loads=lambda text: [text]), "forced JSON", [b"1"]),
        ("parameter_storage_class", dict, "form", {"1": ""}),
        ("max_content_length", 0, "form", 413),
        ("stream", io.BytesIO(b"2"), "get_data", b"2"),
    ],
)
def test_an_attribute_of_a_subclass_takes_effect(name, value, way, read):
    own_class = type("Own", (retort.Request,), {name: value})
    request = own_class(request_of(retort.Request, b"1").environ)
    if name != "json_module":
        request.json_module = app.json
    with app.app_context():
        try:
            result = READINGS[way](request)
        except HTTPException as error:
            result = error.code
    assert (list(result) if read == [] else result) == read


def test_a_parser_of_the_program_is_given_what_werkzeug_documents():
    given = []

    class Parser(FormDataParser):
        def parse(self, stream, mimetype, content_length, options=None):
            given.append((mimetype, content_length, options, self.max_form_parts))
            return stream, self.cls([("of", "the parser")]), self.cls()

    class Own(retort.Request):
        form_data_parser_class = Parser

    with app.app_context():
        request = request_of(Own, b"a=1", f"{URLENCODED}; x=y")
        assert request.form["of"] == "the parser"
        assert not request.files
    assert given == [(URLENCODED, 3, {"x": "y"}, 1000)]


@pytest.mark.parametrize(
    ("name", "way"),
    [("get_data", "json"), ("_load_form_data", "form"), ("make_form_data_parser", "form")],
)
def test_what_was_put_in_place_of_a_method_of_one_request_is_called(monkeypatch, name, way):
    request = request_of(retort.Request, b"1", JSON if way == "json" else URLENCODED)
    calls = seen_by(monkeypatch, request, name)
    with app.app_context():
        READINGS[way](request)
    assert calls == [name]


def test_a_stream_that_was_put_there_is_what_is_read():
    form = ImmutableMultiDict([("a", "2")])
    for way, body, value in (("get_data", b"2", b"2"), ("json", b"2", 2), ("form", b"a=2", form)):
        request = request_of(retort.Request, b"1", JSON if way == "json" else URLENCODED)
        request.stream = io.BytesIO(body)
        with app.app_context():
            assert READINGS[way](request) == value


def test_a_subclass_may_override_the_stream():
    class Own(retort.Request):
        @property
        def stream(self):
            return io.BytesIO(b"2")

    with app.app_context():
        assert request_of(Own, b"1").get_data() == b"2"
        assert request_of(Own, b"1", JSON).json == 2


def test_limits_set_on_one_request_hold():
    for name in ("max_content_length", "max_form_memory_size"):
        request = request_of(retort.Request, b"a=12345")
        setattr(request, name, 3)
        with app.app_context():
            assert outcome(READINGS["form"], request)[0].code == 413


def test_a_shallow_request_reads_no_body():
    request = request_of(partial(retort.Request, shallow=True), b"a=1")
    for read in (request.get_data, lambda: request.form, lambda: request.get_json(force=True)):
        with app.app_context(), pytest.raises(RuntimeError, match="shallow"):
            read()


def test_what_answers_bad_json_is_kept_as_werkzeug_keeps_it():
    class Provider:
        def __init__(self):
            self.texts = []

        def loads(self, text):
            self.texts.append(text)
            raise ValueError("never")

    for kind in (retort.Request, RequestOfWerkzeug):
        request = request_of(kind, b"[", JSON)
        request.json_module = provider = Provider()
        answers = iter("abc")
        request.on_json_loading_failed = lambda error, answers=answers: next(answers)
        with app.app_context():
            assert [request.get_json(), request.json] == ["a", "a"]
            assert request.get_json(silent=True) is None
        assert provider.texts == [b"[", b"["]


# Content types and multipart forms

type_letters = st.lists(
    st.sampled_from(
        [
            "multipart/form-data",
            "; ",
            ";",
            "boundary=",
            "x-1",
            '"',
            " ",
            "é",
            "%22",
            "A/b",
            "*=",
            ",",
        ]
    ),
    max_size=6,
)


@given(letters=type_letters)
def test_a_content_type_is_taken_apart_as_werkzeug_does(letters):
    given_type = "".join(letters)
    ours, theirs = (
        request_of(kind, b"", given_type) for kind in (retort.Request, RequestOfWerkzeug)
    )
    assert (ours.mimetype, ours.mimetype_params) == (theirs.mimetype, theirs.mimetype_params)
    assert ours.is_json == theirs.is_json


def test_the_parameters_of_a_content_type_can_be_changed():
    for _ in range(2):
        request = request_of(retort.Request, b"", "a/b; c=d")
        assert request.mimetype_params == {"c": "d"}
        request.mimetype_params["e"] = "f"


def test_a_content_type_of_other_headers_counts():
    request = request_of(retort.Request, b"", "a/b")
    request.headers = Headers({"Content-Type": "c/d"})
    assert request.mimetype == "c/d"


header_names = st.lists(
    st.sampled_from(["a", " ", "é", '\\"', "%22", "%0A", "\\", "\u2028", ";", "=", "\xa0"]),
    max_size=4,
).map("".join)
part_headers = st.builds(
    lambda name, file, content_type, odd: (
        f'Content-Disposition: form-data; name="{name}"{file}{content_type}{odd}'
    ),
    header_names,
    st.just("") | header_names.map(lambda name: f'; filename="{name}"'),
    st.sampled_from(["", "\r\nContent-Type: text/plain", "\r\nContent-Type: a/b ;c=\u00e9 \t"])
    | st.sampled_from(["\r\nContent-Type:  x", "\r\nContent-Type: ", "\r\ncontent-type: x"]),
    st.sampled_from(["", "", "\r\nA: b", "\r\n c", "; filename*=utf-8''x", "\n", "\r"]),
)


@given(header=part_headers.map(str.encode))
def test_the_header_of_a_part_is_parsed_as_by_werkzeug(header):
    body = b"--x\r\n" + header + b"\r\n\r\ncontent\r\n--x--\r\n"
    form, files = MultiPartParser().parse(io.BytesIO(body), b"x", len(body))
    if None in form or None in files:
        with pytest.raises(BadRequest, match="no name"):
            list(Parts(io.BytesIO(body), b"x"))
        return
    (part,) = Parts(io.BytesIO(body), b"x")
    names = [unescape_line_breaks(name) for name in (*form, *files)]
    assert [part.name] == names
    assert (part.filename is None) == (not files)
    for file in files.values():
        assert part.filename == unescape_line_breaks(file.filename)
        assert list(part.headers) == list(file.headers)
        file.close()


class Fresh(WSGIBody):
    """A stream with its own bytes."""

    __module__ = "granian._granian"

    def read(self, size=-1):
        return bytes(bytearray(super().read(size)))


Fresh.__qualname__ = "WSGIBody"


class Kept(WSGIBody):
    """One that keeps the bytes that it gives."""

    __module__ = "granian._granian"

    def __init__(self, body):
        super().__init__(body)
        self.given = []

    def read(self, size=-1):
        self.given.append(super().read(size))
        return self.given[-1]


Kept.__qualname__ = "WSGIBody"


def multipart(contents):
    parts = [
        b'--x\r\nContent-Disposition: form-data; name="%s"%s\r\n\r\n%s\r\n'
        % (name, b"" if filename is None else b'; filename="%s"' % filename, content)
        for name, filename, content in contents
    ]
    return b"".join(parts) + b"--x--\r\n"


def content_of(letter, size):
    return (letter + bytes(range(256)) * (size // 256 + 1))[:size]


@pytest.mark.parametrize("source", [Fresh, Kept, Source, io.BytesIO])
@pytest.mark.parametrize(
    "sizes", [(70_000,), (0, 70_000, 3), (80_000, 70_000), (65_536, 0), (9, 9)]
)
@pytest.mark.parametrize("field", ["", "x" * 100_000])
def test_large_files_are_what_was_sent_wherever_they_are_kept(source, sizes, field):
    sent = [
        (b"f", b"%d" % number, content_of(b"%d" % number, size))
        for number, size in enumerate(sizes)
    ]
    body = multipart([(b"a", None, field.encode()), *sent, (b"b", None, b"last")])
    before = bytes(bytearray(body))
    with retort.Flask("files").app_context():
        request = request_of(retort.Request, body, "multipart/form-data; boundary=x", source)
        files = request.files.getlist("f")
        assert [file.read() for file in files] == [content for _, _, content in sent]
        for file in files:
            file.seek(0, io.SEEK_END)
            file.stream.write(b"more")
            file.seek(0)
        assert [file.read() for file in files] == [content + b"more" for _, _, content in sent]
        assert request.form.to_dict() == {"a": field, "b": "last"}
        request.close()
    assert body == before
    if source is Kept:
        assert b"".join(request.environ["wsgi.input"].given) == before


def test_a_large_form_may_have_other_line_breaks():
    odd = multipart([(b"f", b"name", content_of(b"", 70_000))]).replace(b"\r\n\r\n", b"\n\n", 1)
    with retort.Flask("files").app_context():
        request = request_of(retort.Request, odd, "multipart/form-data; boundary=x", Fresh)
        assert request.files["f"].read() == content_of(b"", 70_000)
        request.close()


# URLs


@pytest.fixture
def urls():
    url_app = retort.Flask("urls")
    url_app.add_url_rule("/", "index", view_func=lambda: "")
    url_app.add_url_rule("/user/<name>", "user", view_func=lambda name: "")
    url_app.add_url_rule("/odd", ".odd", view_func=lambda: "")
    return url_app


def test_the_path_of_an_ordinary_url_is_built_without_the_method(urls):
    with urls.test_request_context("/"):
        path = build_path(request_ctx, urls, "user", {"name": "Ada"})
    assert path == "/user/Ada"


def test_a_url_is_the_same_without_the_short_way(urls, monkeypatch):
    def built():
        with urls.test_request_context("/"):
            return [
                *(retort.url_for("user", name=name) for name in ("Ada", "a b", "é", 7)),
                *(retort.url_for("index", q=q) for q in ("x y", None, 1.5, ["a", "b"])),
                *(urls.url_for("index"), retort.url_for("index", _anchor="x")),
                *(retort.url_for("index", _external=True), retort.url_for("index", _method="GET")),
            ]

    quick = built()
    monkeypatch.setattr("retort.helpers.build_path", lambda *of: None)
    monkeypatch.setattr("retort.routing.urls.build_path", lambda *of: None)
    assert built() == quick


def test_a_name_that_begins_with_a_dot_is_relative(urls):
    with urls.test_request_context("/"), pytest.raises(BuildError):
        urls.url_for(".od")
    with urls.test_request_context("/"):
        assert build_path(request_ctx, urls, ".odd", {}) is None


@pytest.mark.parametrize("name", ["url_for", "inject_url_defaults"])
def test_a_method_that_is_replaced_during_a_request_is_called(urls, monkeypatch, name):
    for owner in (urls, retort.Flask):
        with urls.test_request_context("/"):
            assert retort.url_for("index") == "/"
            calls = seen_by(monkeypatch, owner, name)
            assert retort.url_for("index") == "/"
            assert calls == [name]
            monkeypatch.undo()
            assert retort.url_for("index") == "/"
            assert calls == [name]


def test_url_for_of_a_subclass_is_given_all_options():
    class Own(retort.Flask):
        def url_for(self, endpoint, **values):
            return repr((endpoint, sorted(values)))

    with Own("own").test_request_context("/"):
        names = ["_anchor", "_external", "_method", "_scheme", "a"]
        assert retort.url_for("x", a=1) == repr(("x", names))


def test_url_defaults_are_called_once_each(urls):
    asked = []
    with urls.test_request_context("/"):
        urls.url_default_functions[None].append(lambda endpoint, values: asked.append(endpoint))
        assert retort.url_for("index") == "/"
        assert urls.url_for("index") == "/"
    assert asked == ["index", "index"]


def test_a_url_for_another_application_is_not_built_by_this_one(urls):
    other = retort.Flask("other")
    other.config["SERVER_NAME"] = "other.example"
    other.add_url_rule("/there", "index", view_func=lambda: "")
    with urls.test_request_context("/"), other.app_context():
        assert build_path(request_ctx, other, "index", {}) is None


# Redirects


def test_a_redirect_that_was_changed_does_not_change_the_next():
    with app.test_request_context("/"):
        first = app.redirect("/page?a=1")
        first.headers["X-Mine"] = "1"
        first.set_cookie("a", "b")
        first.data = b"changed"
        first.status_code = 303
        again = app.redirect("/page?a=1")
    assert again.status == "302 FOUND"
    assert b"/page?a=1" in again.data
    assert {"X-Mine", "Set-Cookie"}.isdisjoint(again.headers.keys())
    assert again.headers is not first.headers


def test_a_redirect_may_be_long_and_its_status_an_enumeration():
    for location in ("/", "/" + "a" * 3000):
        for code in (302, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER, 308):
            response = app.redirect(location, code)
            assert response.location == location
            assert response.status_code == code
            assert response.status.startswith(str(int(code)))


def test_after_a_form_the_config_sets_the_redirect_status():
    redirect_app = retort.Flask("redirects")
    redirect_app.add_url_rule(
        "/", view_func=lambda: retort.redirect("/there"), methods=["GET", "POST"]
    )
    client = redirect_app.test_client()
    for status in (303, 302):
        redirect_app.config["REDIRECT_AFTER_UNSAFE"] = status
        assert client.get("/").status_code == 302
        assert client.post("/").status_code == status
