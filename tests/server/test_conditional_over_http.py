"""Conditional requests and ranges in production, read from the socket byte by byte.

The numbers R31 to R44 are of the list of requirements.
"""

import re
import textwrap

import pytest

PROGRAM = """
    from pathlib import Path

    from flask import Flask, request, send_file
    from retort import condition

    app = Flask(__name__, root_path=Path(__file__).parent)
    app.config["AUTOMATIC_ETAGS"] = True
    versions = {1: "v1"}
    ran = []

    @app.get("/file")
    def file():
        return send_file("static/ten.txt", max_age=60)

    @app.route("/note/<int:id>", methods=["GET", "PUT", "DELETE", "QUERY"])
    @condition(
        etag=lambda id: versions.get(id),
        required=True,
        headers={"Cache-Control": "private", "Vary": "Cookie", "Content-Location": "/note"},
    )
    def note(id):
        ran.append(request.method)
        return f"note {id}"

    @app.get("/ran")
    def views_that_ran():
        return ran

    @app.get("/page")
    def page():
        return "a page"

    @app.get("/stream")
    def stream():
        yield "a "
        yield "stream"

    @app.get("/teapot")
    def missing():
        return "missing", 404, {"ETag": '"v1"'}

    @app.get("/nothing")
    def nothing():
        return "", 204
"""
BODY = b"0123456789"


@pytest.fixture(scope="module")
def site(serve, tmp_path_factory):
    folder = tmp_path_factory.mktemp("conditional")
    (folder / "static").mkdir()
    (folder / "static" / "ten.txt").write_bytes(BODY)
    (folder / "static" / "big.bin").write_bytes(bytes(range(256)) * 4096)
    (folder / "program.py").write_text(textwrap.dedent(PROGRAM))
    with serve(str(folder / "program.py")) as site:
        yield site


def send(site, path, method="GET", **fields):
    """Status, header lines as they came (in lower case), and every byte of the body."""
    lines = [f"{method} {path} HTTP/1.1", "Host: a", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    answer = site.send("\r\n".join([*lines, "", ""]).encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    status_line, *headers = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in headers]
    return int(status_line.split()[1]), [(name.lower(), value) for name, value in pairs], body


def tag_of(site, path):
    return dict(send(site, path)[1])["etag"]


PATHS = ["/file", "/static/ten.txt"]


@pytest.mark.parametrize("path", PATHS)
def test_a_file_that_the_client_has_is_not_sent(site, path):
    """R31 and R35: also for a range request."""
    tag = tag_of(site, path)
    for wanted in ({}, {"Range": "bytes=0-1"}):
        status, headers, body = send(site, path, If_None_Match=tag, **wanted)
        names = [name for name, _ in headers]
        assert (status, body) == (304, b"")
        assert names.count("date") == names.count("etag") == names.count("cache-control") == 1
        assert not {"content-length", "content-range", "transfer-encoding"} & set(names)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "fields",
    [
        {"If_Match": '"other"'},
        {"If_Unmodified_Since": "Sat, 01 Jan 2000 00:00:00 GMT"},
        {"If_Match": '"other"', "Range": "bytes=0-1"},
    ],
)
def test_a_file_that_is_not_the_expected_one_is_not_sent(site, path, fields):
    """R32 and R33."""
    status, headers, body = send(site, path, **fields)

    assert (status, body) == (412, b"")
    assert ("content-length", "0") in headers
    assert "cache-control" not in dict(headers)


@pytest.mark.parametrize("path", PATHS)
def test_a_file_is_sent_if_it_is_the_expected_one(site, path):
    """R31 and R32."""
    old = "Sat, 01 Jan 2000 00:00:00 GMT"
    for expected in (tag_of(site, path), "*"):
        assert send(site, path, If_Match=expected, If_Unmodified_Since=old)[::2] == (200, BODY)
    assert send(site, path, If_Match=f"W/{tag_of(site, path)}")[0] == 412  # R37


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("wanted", "content_range", "content"),
    [
        ("bytes=2-4", "bytes 2-4/10", b"234"),
        ("bytes=-3", "bytes 7-9/10", b"789"),
        ("bytes=5-", "bytes 5-9/10", b"56789"),
        ("bytes=-500", "bytes 0-9/10", BODY),
    ],
)
def test_a_part_of_a_file_is_sent_exactly(site, path, wanted, content_range, content):
    """R39."""
    status, headers, body = send(site, path, Range=wanted)

    assert (status, body) == (206, content)
    assert ("content-range", content_range) in headers
    assert ("content-length", str(len(content))) in headers


def test_a_part_of_a_big_file_is_sent_exactly(site):
    """R39."""
    whole = bytes(range(256)) * 4096

    assert send(site, "/static/big.bin", Range="bytes=70001-700000")[2] == whole[70001:700001]
    assert send(site, "/static/big.bin", Range="bytes=-70001")[2] == whole[-70001:]


def test_several_parts_of_a_file_are_sent(site):
    """R43."""
    status, headers, body = send(site, "/static/big.bin", Range="bytes=0-1,70000-70003,-1")

    boundary = dict(headers)["content-type"].partition("boundary=")[2].encode()
    assert status == 206
    assert ("content-length", str(len(body))) in headers
    assert re.findall(rb"Content-Range: (.*)\r\n\r\n", body) == [
        b"bytes 0-1/1048576",
        b"bytes 70000-70003/1048576",
        b"bytes 1048575-1048575/1048576",
    ]
    contents = [part.partition(b"\r\n\r\n")[2] for part in body.split(b"\r\n--" + boundary)]
    assert contents[1:-1] == [b"\x00\x01", b"pqrs", b"\xff"]
    assert body.endswith(b"--\r\n")


def test_the_range_of_a_head_request_is_ignored(site):
    """R40."""
    status, headers, body = send(site, "/file", "HEAD", Range="bytes=2-4")

    assert (status, body) == (200, b"")
    assert ("content-length", "10") in headers
    assert ("accept-ranges", "bytes") in headers  # R44
    assert "content-range" not in dict(headers)


@pytest.mark.parametrize("wanted", ["items=0-1", "nonsense"])
def test_an_unknown_unit_is_ignored(site, wanted):
    """R41."""
    assert send(site, "/file", Range=wanted)[::2] == (200, BODY)


def test_what_lies_behind_the_end_cannot_be_had(site):
    """R42."""
    status, headers, body = send(site, "/file", Range="bytes=10-")

    assert status == 416
    assert ("content-range", "bytes */10") in headers
    assert BODY not in body


@pytest.mark.parametrize("wanted", ["bytes=0-5,3-9", "bytes=" + ",".join(["0-"] * 300)])
def test_ranges_that_overlap_are_not_worth_it(site, wanted):
    """R43."""
    assert send(site, "/file", Range=wanted)[::2] == (200, BODY)


def test_a_part_is_sent_only_of_the_version_that_the_client_has(site):
    """R44 and R37."""
    tag = tag_of(site, "/file")

    assert send(site, "/file", Range="bytes=2-4", If_Range=tag)[::2] == (206, b"234")
    assert send(site, "/file", Range="bytes=2-4", If_Range='"other"')[::2] == (200, BODY)
    assert send(site, "/file", Range="bytes=2-4", If_Range=f"W/{tag}")[::2] == (200, BODY)


def test_a_change_of_something_unexpected_never_reaches_the_view(site):
    """R32, R34 and R38."""
    before = site.ask("GET", "/ran").body

    assert send(site, "/note/1", "PUT", If_Match='"v0"')[0] == 412
    assert send(site, "/note/1", "DELETE", If_None_Match="*")[0] == 412
    assert send(site, "/note/1", "PUT")[0] == 428
    assert site.ask("GET", "/ran").body == before
    assert send(site, "/note/1", "PUT", If_Match='"v1"', Content_Length="0")[::2] == (
        200,
        b"note 1",
    )


def test_a_304_of_condition_repeats_what_caches_need(site):
    """R35; the view does not run."""
    before = site.ask("GET", "/ran").body

    status, headers, body = send(site, "/note/1", If_None_Match='W/"v1"')

    assert (status, body) == (304, b"")
    fields = dict(headers)
    assert fields["etag"] == '"v1"'
    assert (fields["cache-control"], fields["vary"]) == ("private", "Cookie")
    assert fields["content-location"] == "/note"
    assert [name for name, _ in headers].count("date") == 1
    assert "content-length" not in fields
    assert site.ask("GET", "/ran").body == before


def test_a_query_is_conditional_as_get_is(site):
    """R25."""
    said = {"Content_Type": "text/plain", "Content_Length": "0"}

    assert send(site, "/note/1", "QUERY", If_None_Match='"v1"', **said)[0] == 304


def test_an_error_has_no_preconditions(site):
    """R36."""
    assert send(site, "/teapot", If_None_Match='"v1"')[::2] == (404, b"missing")
    assert send(site, "/no-such-page", If_Match='"v1"', If_None_Match="*")[0] == 404


def test_pages_get_weak_tags_and_streams_none(site):
    tag = tag_of(site, "/page")

    assert tag.startswith('W/"')
    assert send(site, "/page", If_None_Match=tag)[::2] == (304, b"")
    assert send(site, "/page", "HEAD", If_None_Match=tag)[0] == 304
    assert send(site, "/page", If_None_Match='"other"')[::2] == (200, b"a page")
    status, headers, _ = send(site, "/stream")
    assert status == 200
    assert "etag" not in dict(headers)


def test_a_204_has_neither_body_nor_length(site):
    status, headers, body = send(site, "/nothing")

    assert (status, body) == (204, b"")
    assert not {"content-length", "transfer-encoding"} & set(dict(headers))


def test_the_next_request_in_the_connection_is_understood(site):
    """A 304, a 412 and a 206 end where the client thinks they do."""
    tag = tag_of(site, "/file").encode()
    answer = site.send(
        b"GET /file HTTP/1.1\r\nHost: a\r\nIf-None-Match: " + tag + b"\r\n\r\n"
        b'GET /file HTTP/1.1\r\nHost: a\r\nIf-Match: "other"\r\n\r\n'
        b"GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes=0-1,4-5\r\n\r\n"
        b"GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
        b"GET /file HTTP/1.1\r\nHost: a\r\nRange: bytes=8-\r\nConnection: close\r\n\r\n"
    )

    assert re.findall(rb"HTTP/1\.1 (\d+)", answer) == [b"304", b"412", b"206", b"204", b"206"]
    assert answer.endswith(b"\r\n\r\n89")
