"""Views that read the body while it arrives, through the test client; other servers beside."""

import asyncio
import io
import threading

import pytest
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge

from retort import Blueprint, request, stream_body
from retort.errors import SetupError

LIMIT_SECONDS = 60


class SlowInput(io.RawIOBase):
    """An input that returns one piece for each read, as a server does."""

    def __init__(self, *pieces):
        self.pieces = list(pieces)
        self.threads = set()

    def readable(self):
        return True

    def read(self, size=-1):
        self.threads.add(threading.current_thread().name)
        if not self.pieces:
            return b""
        piece = self.pieces.pop(0)
        if isinstance(piece, threading.Event):
            piece.wait(LIMIT_SECONDS)
            piece = self.pieces.pop(0)
        if isinstance(piece, Exception):
            raise piece
        if 0 <= size < len(piece):
            self.pieces.insert(0, piece[size:])
            return piece[:size]
        return piece


def send(client, path, body, *, length=None, **options):
    """POST a body as a server passes it on, with its length or in chunks."""
    environ = {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": length or ""}
    if length is None:
        environ["HTTP_TRANSFER_ENCODING"] = "chunked"
    return client.post(path, environ_overrides=environ, **options)


def send_slowly(client, path, *pieces):
    """POST a body of unknown length that arrives in pieces."""
    return send(client, path, SlowInput(*pieces))


@pytest.fixture
def upload(app):
    """A view at /upload, marked by `stream_body`; the list has the pieces that it has read."""
    read = []

    @app.post("/upload")
    @stream_body
    async def upload():
        async for chunk in request.stream_chunks():
            read.append(bytes(chunk))
        return {"size": sum(map(len, read))}

    return read


def test_a_view_reads_the_body_piece_by_piece(client, upload):
    response = send_slowly(client, "/upload", b"one", b"two")

    assert response.json == {"size": 6}
    assert upload == [b"one", b"two"]


def test_a_view_is_called_before_the_body_has_arrived(app, client):
    called = threading.Event()

    @app.post("/")
    @stream_body
    async def upload():
        called.set()
        return {"size": sum([len(chunk) async for chunk in request.stream_chunks()])}

    assert send_slowly(client, "/", called, b"abc").json == {"size": 3}


def test_a_body_that_has_arrived_is_read_in_pieces_too(client, upload):
    response = client.post("/upload", data=b"a" * 150_000)

    assert response.json == {"size": 150_000}
    assert len(upload) == 3


@pytest.mark.parametrize("size", [0, 1, 65_536, 3_000_000])
def test_another_async_view_reads_a_complete_body_in_pieces(app, client, size):
    @app.post("/")
    async def index():
        pieces = [chunk async for chunk in request.stream_chunks()]
        assert b"" not in pieces
        return {"size": sum(map(len, pieces))}

    assert client.post("/", data=b"a" * size).json == {"size": size}
    assert send_slowly(client, "/", *[b"a" * 10_000] * (size // 10_000)).json["size"] <= size


def test_the_pieces_of_a_body_that_get_data_has_read(app, client):
    @app.post("/")
    async def index():
        assert request.get_data() == b"abc"
        return b"".join([chunk async for chunk in request.stream_chunks()])

    assert client.post("/", data=b"abc").data == b"abc"


def test_a_request_without_a_body_has_no_pieces(client, upload):
    assert client.post("/upload").json == {"size": 0}


def test_a_second_iteration_goes_on_where_the_first_has_stopped(app, client):
    @app.post("/")
    @stream_body
    async def index():
        first = await anext(request.stream_chunks())
        rest = [chunk async for chunk in request.stream_chunks()]
        assert [chunk async for chunk in request.stream_chunks()] == []
        return {"first": first.decode(), "rest": b"".join(rest).decode()}

    response = send_slowly(client, "/", b"one", b"two", b"three")

    assert response.json == {"first": "one", "rest": "twothree"}


def test_a_view_of_a_blueprint_reads_the_body_piece_by_piece(app, client):
    blueprint = Blueprint("files", __name__, url_prefix="/files")

    @blueprint.post("/<name>")
    @stream_body
    async def store(name):
        chunks = [chunk async for chunk in request.stream_chunks()]
        return {"name": name, "chunks": len(chunks)}

    app.register_blueprint(blueprint)

    response = send_slowly(client, "/files/a", b"one", b"two")

    assert response.json == {"name": "a", "chunks": 2}


def test_hooks_run_around_a_view_that_streams_its_body(app, client, upload):
    steps = []
    app.before_request(lambda: steps.append("before"))
    app.teardown_request(lambda error: steps.append("teardown"))

    send_slowly(client, "/upload", b"one")

    assert steps == ["before", "teardown"]


# Limits and errors


@pytest.mark.parametrize("is_marked", [True, False])
@pytest.mark.parametrize("place", ["config", "route"])
def test_a_body_beyond_the_limit_is_413(app, client, is_marked, place):
    read = []
    options = {"max_content_length": 5} if place == "route" else {}
    if place == "config":
        app.config["MAX_CONTENT_LENGTH"] = 5

    async def index():
        async for chunk in request.stream_chunks():
            read.append(bytes(chunk))
        return "read"

    app.add_url_rule(
        "/", "index", stream_body(index) if is_marked else index, methods=["POST"], **options
    )

    assert send_slowly(client, "/", b"abc", b"def", b"ghi").status_code == 413
    assert sum(map(len, read)) <= 5
    assert client.post("/", data=b"abcdef").status_code == 413
    assert send_slowly(client, "/", b"abc", b"de").text == "read"


def test_a_view_may_change_the_limit_before_it_reads(app, client):
    @app.post("/", max_content_length=100)
    @stream_body
    async def index():
        request.max_content_length = 3
        async for _ in request.stream_chunks():
            pass
        return "read"

    assert send_slowly(client, "/", b"abcd").status_code == 413
    assert send_slowly(client, "/", b"abc").text == "read"


def test_the_view_sees_the_error_of_a_body_beyond_the_limit(app, client):
    @app.post("/", max_content_length=3)
    @stream_body
    async def index():
        with pytest.raises(RequestEntityTooLarge):
            async for _ in request.stream_chunks():
                pass
        return "noted"

    assert send_slowly(client, "/", b"abcd").text == "noted"


def test_a_body_that_breaks_off_raises_in_the_view(app, client):
    @app.post("/")
    @stream_body
    async def index():
        read = []
        try:
            async for chunk in request.stream_chunks():
                read.append(chunk)
        except ClientDisconnected:
            return b"".join(read)

    assert send_slowly(client, "/", b"one", OSError("reset")).data == b"one"
    assert send(client, "/", SlowInput(b"one"), length="9").data == b"one"


def test_a_content_length_that_is_no_number_is_400(app, client, upload):
    assert send(client, "/upload", SlowInput(b"one"), length="many").status_code == 400


@pytest.mark.parametrize("attribute", ["form", "files", "data", "json", "values"])
def test_the_body_as_a_whole_is_an_error_in_a_marked_view(app, client, attribute):
    @app.post("/")
    @stream_body
    async def index():
        with pytest.raises(RuntimeError, match=r"request\.stream_chunks\(\)"):
            getattr(request, attribute)
        return "noted"

    kind = "application/json" if attribute == "json" else "application/x-www-form-urlencoded"
    for body in (io.BytesIO(b"a=1"), SlowInput(b"a=1")):
        assert send(client, "/", body, length="3", content_type=kind).text == "noted"


def test_a_thread_may_read_the_body_of_a_marked_view(app, client):
    @app.post("/")
    @stream_body
    async def index():
        first = await asyncio.to_thread(request.stream.read, 4)
        rest = [bytes(chunk) async for chunk in request.stream_chunks()]
        return {"first": first.decode(), "rest": b"".join(rest).decode()}

    response = send_slowly(client, "/", b"one", b"two", b"three")

    assert response.json["first"] == "onet"


def test_a_sync_hook_may_read_the_form_of_a_marked_view(app, client):
    @app.before_request
    def before():
        assert request.form.to_dict() == {"a": "1"}

    @app.post("/")
    @stream_body
    async def index():
        with pytest.raises(RuntimeError, match="after the form had been read"):
            request.stream_chunks()
        return request.form["a"]

    assert client.post("/", data={"a": "1"}).text == "1"


def test_in_a_sync_view_it_is_an_error_that_names_request_stream(app, client):
    @app.post("/")
    def index():
        with pytest.raises(RuntimeError, match=r"request\.stream\.read\("):
            request.stream_chunks()
        return request.stream.read()

    assert client.post("/", data=b"abc").data == b"abc"


def test_a_sync_view_cannot_be_marked():
    with pytest.raises(SetupError, match=r"which is not a coroutine function.*request\.stream"):

        @stream_body
        def view():
            return ""


def test_a_body_of_another_server_is_read_in_a_thread_of_its_own(app, client, upload):
    body = SlowInput(b"one", b"two")
    send(client, "/upload", body)

    assert body.threads == {"retort event source"}
    for thread in threading.enumerate():
        if thread.name == "retort event source":
            thread.join(LIMIT_SECONDS)
            assert not thread.is_alive()
