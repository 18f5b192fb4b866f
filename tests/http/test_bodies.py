"""A body too long is a 413, one that breaks off a 400: whatever its framing and reading."""

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.exceptions import BadRequest, ClientDisconnected, HTTPException, LengthRequired
from werkzeug.exceptions import RequestEntityTooLarge as TooLarge

import retort
from retort.http.body import Body, open_body
from retort.views import MethodView

LIMIT = 64

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=x"


def multipart(size):
    """A form of exactly ``size`` bytes, which has the field "a"."""
    head, tail = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n', b"\r\n--x--"
    return head + b"y" * (size - len(head + tail)) + tail


def urlencoded(size):
    return b"a=" + b"y" * (size - 2)


def a_json(size):
    return b'"' + b"y" * (size - 2) + b'"'


def lines(size):
    return (b"line\n" * size)[:size]


def read_in_pieces(request):
    return b"".join(iter(lambda: request.stream.read(7), b""))


READINGS = {
    "form": (URLENCODED, urlencoded, lambda r: r.form["a"]),
    "values": (URLENCODED, urlencoded, lambda r: r.values["a"]),
    "multipart form": (MULTIPART, multipart, lambda r: r.form["a"]),
    "files": (MULTIPART, multipart, lambda r: dict(r.files)),
    "iter_parts": (MULTIPART, multipart, lambda r: [part.read() for part in r.iter_parts()]),
    "data": ("text/plain", lines, lambda r: r.data),
    "data of a form": (URLENCODED, urlencoded, lambda r: r.data),
    "get_data": (URLENCODED, urlencoded, lambda r: r.get_data(cache=False)),
    "json": ("application/json", a_json, lambda r: r.json),
    "silent json": ("application/json", a_json, lambda r: r.get_json(silent=True)),
    "forced json": ("text/plain", a_json, lambda r: r.get_json(force=True)),
    "stream.read": ("text/plain", lines, lambda r: r.stream.read()),
    "stream.read in pieces": ("text/plain", lines, read_in_pieces),
    "stream.read of more": ("text/plain", lines, lambda r: r.stream.read(1_000_000)),
    "stream.readline": ("text/plain", lines, lambda r: list(iter(r.stream.readline, b""))),
    "stream.readlines": ("text/plain", lines, lambda r: r.stream.readlines()),
    "iteration": ("text/plain", lines, lambda r: list(r.stream)),
}
FRAMINGS = ["Content-Length", "chunked"]


def ask(read, content_type, body, framing, announced=None, **config):
    """The status, when a view reads ``body`` by ``read``."""
    app = retort.Flask("bodies")
    app.config.update(config)

    @app.post("/")
    def index():
        return repr(read(retort.request))

    environ = {"wsgi.input": io.BytesIO(body), "CONTENT_TYPE": content_type}
    if framing == "chunked":
        environ.update({"wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"})
    else:
        environ["CONTENT_LENGTH"] = str(len(body) if announced is None else announced)
    return app.test_client().post("/", environ_overrides=environ)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("way", READINGS)
def test_a_body_over_the_limit_is_413_however_it_is_read(way, framing):
    # R46e
    content_type, make, read = READINGS[way]
    for size in (LIMIT + 1, LIMIT + 7, 200_000):
        body = make(size)
        assert len(body) == size
        answer = ask(read, content_type, body, framing, MAX_CONTENT_LENGTH=LIMIT)
        assert answer.status_code == 413, (size, answer.text)


@pytest.mark.parametrize("framing", FRAMINGS)
@pytest.mark.parametrize("way", READINGS)
def test_a_body_of_exactly_the_limit_is_read_whole(way, framing):
    # R46e
    content_type, make, read = READINGS[way]
    limited = ask(read, content_type, make(LIMIT), framing, MAX_CONTENT_LENGTH=LIMIT)
    free = ask(read, content_type, make(LIMIT), framing)
    assert (limited.status_code, limited.text) == (200, free.text)


@pytest.mark.parametrize("way", READINGS)
def test_a_body_shorter_than_its_length_is_a_bad_request(way):
    content_type, make, read = READINGS[way]
    for is_terminated in (False, True):

        def reads(request, read=read, is_terminated=is_terminated):
            if is_terminated:
                request.environ["wsgi.input_terminated"] = True
            return read(request)

        for size in (LIMIT, 100_000):
            answer = ask(reads, content_type, make(size), "Content-Length", announced=size + 1)
            assert answer.status_code == 400, (is_terminated, size, answer.text)


@pytest.mark.parametrize("framing", FRAMINGS)
def test_an_unread_body_is_not_checked(framing):
    answer = ask(lambda r: "unread", "text/plain", b"x" * 99, framing, MAX_CONTENT_LENGTH=10)
    assert answer.status_code == 200


def test_without_a_body_there_is_nothing_to_read():
    app = retort.Flask("bodies")
    with app.test_request_context("/", method="POST"):
        assert retort.request.get_data() == b""
        assert list(retort.request.form) == []


def test_a_bad_length_is_a_bad_request():
    for length in ("-1", "x", "1e3", "5, 6", "+5", "٣", "1_0", "9" * 5000):
        with pytest.raises(BadRequest, match="not a number"):
            open_body({"CONTENT_LENGTH": length, "wsgi.input": io.BytesIO()}, None)


def test_a_chunked_body_that_the_server_does_not_end_is_refused_not_emptied():
    environ = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input": io.BytesIO(b"x")}
    with pytest.raises(LengthRequired):
        open_body(environ, None)


def test_a_length_next_to_chunks_does_not_count():
    # RFC 9112 section 6.3
    environ = {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "CONTENT_LENGTH": "2",
        "wsgi.input": io.BytesIO(b"more than two"),
        "wsgi.input_terminated": True,
    }
    assert open_body(environ, None).read() == b"more than two"


def test_a_body_that_a_middleware_has_unpacked_is_not_held_to_its_packed_length():
    for content in (b"", b"x", b"x" * 100_000):
        environ = {
            "CONTENT_LENGTH": "40",
            "HTTP_CONTENT_ENCODING": "gzip",
            "wsgi.input": io.BytesIO(content),
            "wsgi.input_terminated": True,
        }
        assert open_body(environ, None).read() == content
    with pytest.raises(TooLarge):  # but the limit is one for what comes out
        open_body({**environ, "wsgi.input": io.BytesIO(content)}, 99_999).read()


def test_nothing_is_read_beyond_the_length():
    source = io.BytesIO(b"the body, and the next request")
    body = open_body({"CONTENT_LENGTH": "8", "wsgi.input": source}, None)
    assert body.read() == b"the body"
    assert source.read() == b", and the next request"


def test_a_stream_that_a_server_breaks_off_with_an_error_is_a_bad_request():
    class Broken(io.BytesIO):
        def read1(self, size=-1, /):
            raise OSError("connection reset")

    environ = {"wsgi.input": Broken(), "wsgi.input_terminated": True}
    with pytest.raises(ClientDisconnected):
        open_body(environ, None).read()


def test_a_source_needs_no_more_than_read():
    class Source:
        def __init__(self):
            self.bytes = io.BytesIO(b"one\ntwo\n")

        def read(self, size):
            return self.bytes.read(size)

    environ = {"wsgi.input": Source(), "wsgi.input_terminated": True}
    assert list(open_body(environ, None)) == [b"one\n", b"two\n"]


def test_reading_again_after_an_error_does_not_look_like_the_end():
    for environ, limit, error in (
        ({"wsgi.input_terminated": True}, 3, TooLarge),
        ({"CONTENT_LENGTH": "9"}, None, ClientDisconnected),
    ):
        body = open_body({**environ, "wsgi.input": io.BytesIO(b"abcde")}, limit)
        for _ in range(3):
            with pytest.raises(error):
                body.read()


def test_a_slow_sender_is_not_waited_for():
    class Slow:
        def read1(self, size):
            return b"abc"[:size]

        def read(self, size):
            pytest.fail("asked for more than is there")

    body = Body(Slow(), None)
    assert body.read(10) == b"abc"


@given(
    content=st.binary(max_size=60),
    announced=st.one_of(st.none(), st.integers(0, 70)),
    most=st.one_of(st.none(), st.integers(0, 70)),
    is_terminated=st.booleans(),
    sizes=st.lists(st.integers(1, 30), min_size=1),
)
def test_what_is_read_is_the_whole_body_or_an_error(content, announced, most, is_terminated, sizes):
    environ = {"wsgi.input": io.BytesIO(content)}
    if announced is not None:
        environ["CONTENT_LENGTH"] = str(announced)
    if is_terminated:
        environ["wsgi.input_terminated"] = True
    try:
        stream, read = open_body(environ, most), []
        while piece := stream.read(sizes[len(read) % len(sizes)]):
            read.append(piece)
    except HTTPException as error:
        outcome = error.code
    else:
        outcome = b"".join(read)

    whole = content if is_terminated else content[: announced or 0]
    is_short = announced is not None and len(whole) < announced
    is_long = most is not None and max(len(whole), announced or 0) > most
    if is_short or is_long:
        assert outcome in ({400, 413} if is_short else {413})
    else:
        assert outcome == whole


def test_limits_of_a_route_go_before_the_config(app, client):
    app.config["MAX_CONTENT_LENGTH"] = 10

    @app.post("/small", max_content_length=5)
    @app.post("/usual")
    @app.post("/large", max_content_length=20)
    @app.post("/any", max_content_length=None)
    def index():
        return retort.request.get_data()

    def statuses(path):
        return [client.post(path, data=b"x" * size).status_code for size in (5, 6, 10, 11, 20, 21)]

    assert statuses("/small") == [200, 413, 413, 413, 413, 413]
    assert statuses("/usual") == [200, 200, 200, 413, 413, 413]
    assert statuses("/large") == [200, 200, 200, 200, 200, 413]
    assert statuses("/any") == [200] * 6


def test_a_limit_set_on_the_request_goes_before_that_of_the_route(app, client):
    @app.post("/", max_content_length=5)
    def index():
        retort.request.max_content_length = 8
        return retort.request.get_data()

    assert client.post("/", data=b"x" * 8).status_code == 200
    assert client.post("/", data=b"x" * 9).status_code == 413


def test_limits_of_a_route_hold_in_blueprints_and_class_based_views(app, client):
    blueprint = retort.Blueprint("b", "b")

    @blueprint.post("/b", max_content_length=5)
    def index():
        return retort.request.get_data()

    class View(MethodView):
        def post(self):
            return retort.request.get_data()

    app.register_blueprint(blueprint)
    app.add_url_rule("/v", view_func=View.as_view("v"), max_content_length=5)
    for path in ("/b", "/v"):
        assert client.post(path, data=b"x" * 5).status_code == 200
        assert client.post(path, data=b"x" * 6).status_code == 413


def test_limits_of_a_route_hold_for_forms_of_both_encodings(app, client):
    @app.post("/", max_form_memory_size=20, max_form_parts=2)
    def index():
        return retort.request.form.to_dict()

    for content_type in (URLENCODED, "multipart/form-data"):

        def status(data, content_type=content_type):
            return client.post("/", data=data, content_type=content_type).status_code

        assert status({"a": "x" * 18}) == 200
        assert status({"a": "x" * 21}) == 413
        assert status({"a": "1", "b": "2"}) == 200
        assert status({"a": "1", "b": "2", "c": "3"}) == 413


@pytest.mark.parametrize("limit", ["5", 5.0, -1, True])
def test_a_limit_that_is_no_number_is_refused_at_once(app, limit):
    with pytest.raises(retort.errors.SetupError, match=r"max_content_length=100_000"):
        app.post("/", max_content_length=limit)(lambda: "")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 50_000])
def test_json_that_is_nested_too_deeply_is_a_bad_request_wherever_it_comes_from(app, client, text):
    @app.post("/body")
    def body():
        return {"it": retort.request.get_json()}

    @app.post("/field")
    def field():
        try:
            return {"it": retort.json.loads(retort.request.form["it"])}
        except ValueError:
            retort.abort(400)

    app.config["PROPAGATE_EXCEPTIONS"] = False
    assert client.post("/body", data=text, content_type="application/json").status_code == 400
    assert client.post("/field", data={"it": text}).status_code == 400
    assert client.post("/field", data={"it": json.dumps([1])}).json == {"it": [1]}
