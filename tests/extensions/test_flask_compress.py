"""Flask-Compress: answers are smaller where the browser can read them."""

import gzip
import zlib

import brotli
import pytest
from flask import Response, stream_with_context
from flask_compress import Compress

TEXT = "word " * 1000


@pytest.fixture
def compress(app):
    return Compress(app)


@pytest.fixture
def client(app, compress):
    @app.get("/")
    def index():
        return TEXT

    @app.get("/short")
    def short():
        return "short"

    @app.get("/picture")
    def picture():
        return Response(TEXT.encode(), mimetype="image/png")

    @app.get("/etag")
    def with_etag():
        response = Response(TEXT)
        response.set_etag("version")
        return response

    @app.get("/stream")
    def stream():
        return stream_with_context(f"{number} " for number in range(3000))

    return app.test_client()


@pytest.mark.parametrize(
    ("coding", "decompress"),
    [("gzip", gzip.decompress), ("deflate", zlib.decompress), ("br", brotli.decompress)],
)
def test_a_long_response_is_compressed(client, coding, decompress):
    response = client.get("/", headers={"Accept-Encoding": coding})

    assert response.headers["Content-Encoding"] == coding
    assert "Accept-Encoding" in response.headers["Vary"]
    assert int(response.headers["Content-Length"]) == len(response.data) < 500
    assert decompress(response.data) == TEXT.encode()


@pytest.mark.parametrize("path", ["/short", "/picture"])
def test_what_does_not_shrink_is_left(client, path):
    response = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert "Content-Encoding" not in response.headers


def test_a_client_without_accept_encoding_gets_no_compression(client):
    assert client.get("/").text == TEXT


def test_the_entity_tag_depends_on_the_encoding(client):
    plain = client.get("/etag")
    packed = client.get("/etag", headers={"Accept-Encoding": "gzip"})

    assert plain.headers["ETag"] == '"version"'
    assert packed.headers["ETag"] == '"version:gzip"'


def test_a_stream_is_compressed_piece_by_piece(client):
    response = client.get("/stream", headers={"Accept-Encoding": "deflate"})

    assert response.headers["Content-Encoding"] == "deflate"
    assert zlib.decompress(response.data).decode().split()[-1] == "2999"


def test_a_single_view_can_be_compressed(app):
    app.config["COMPRESS_REGISTER"] = False
    compress = Compress(app)

    @app.get("/one")
    @compress.compressed()
    def one():
        return TEXT

    response = app.test_client().get("/one", headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
