"""Ranges of a body: RFC 9110 section 14. The numbers R39 to R44 are of the list of requirements."""

import email.parser
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import Headers
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.wsgi import FileWrapper

import retort
from retort.http.ranges import MAX_RANGES, find_spans

BODY = b"0123456789"
TAG = '"v1"'


def environ_of(method="GET", **fields):
    names = {f"HTTP_{name.upper()}": value for name, value in fields.items()}
    return {"REQUEST_METHOD": method, **names}


class Forward:
    """A non-seekable body that records whether it was closed."""

    def __init__(self, *blocks):
        self.blocks = iter(blocks)
        self.is_closed = False

    def __iter__(self):
        return self.blocks

    def close(self):
        self.is_closed = True


def bodies():
    """The same ten bytes in each form that a body can have."""
    return {
        "bytes": lambda: retort.Response(BODY),
        "list": lambda: retort.Response([b"01", b"", b"234567", b"89"]),
        "strings": lambda: retort.Response(["01", "234567", "89"]),
        "file": lambda: retort.Response(FileWrapper(io.BytesIO(BODY), 3), direct_passthrough=True),
        "generator": lambda: retort.Response(part for part in ("0", "1234", "", "56789")),
        "forward": lambda: retort.Response(
            Forward(b"012", b"", b"3456", b"789"), direct_passthrough=True
        ),
    }


@pytest.fixture(params=bodies())
def make(request):
    return bodies()[request.param]


def ask(response, wanted=None, method="GET", length=10, **fields):
    """Status, header fields and body of ``response`` for a request with these fields."""
    environ = environ_of(method, **fields)
    if wanted is not None:
        environ["HTTP_RANGE"] = wanted
    response.set_etag("v1")
    response.make_conditional(environ, accept_ranges=True, complete_length=length)
    body, status, headers = response.get_wsgi_response(environ)
    content = b"".join(body)
    response.close()
    return int(status[:3]), Headers(headers), content


def parts_of(headers, content):
    """The parts of a ``multipart/byteranges`` as a mail program reads them."""
    head = f"Content-Type: {headers['Content-Type']}\r\n\r\n".encode()
    message = email.parser.BytesParser().parsebytes(head + content)
    assert not message.defects
    assert message.is_multipart()
    return [
        (part["Content-Range"], part["Content-Type"], part.get_payload(decode=True))
        for part in message.get_payload()
    ]


@pytest.mark.parametrize(
    ("wanted", "content_range", "content"),
    [
        ("bytes=2-4", "bytes 2-4/10", b"234"),
        ("bytes=-3", "bytes 7-9/10", b"789"),
        ("bytes=5-", "bytes 5-9/10", b"56789"),
        ("bytes=-30", "bytes 0-9/10", BODY),  # a suffix longer than the body
        ("bytes=-99999999999999999999", "bytes 0-9/10", BODY),
        ("bytes=0-", "bytes 0-9/10", BODY),
        ("bytes=0-0", "bytes 0-0/10", b"0"),
        ("bytes=9-9", "bytes 9-9/10", b"9"),
        ("bytes=9-99999999999999999999", "bytes 9-9/10", b"9"),
        ("bytes=0-1, 20-30", "bytes 0-1/10", b"01"),  # one that has bytes is enough
        ("bytes=,0-1,,", "bytes 0-1/10", b"01"),
        ("BYTES=0-1", "bytes 0-1/10", b"01"),  # units: in any case (section 14.1)
    ],
)
def test_the_requested_bytes_are_sent(make, wanted, content_range, content):
    """R39."""
    status, headers, body = ask(make(), wanted)

    assert (status, headers["Content-Range"], body) == (206, content_range, content)
    assert headers["Content-Length"] == str(len(content))
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["ETag"] == TAG
    assert headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize("method", ["HEAD", "POST", "PUT", "QUERY", "DELETE"])
def test_the_field_means_nothing_with_other_methods_than_get(make, method):
    """R40."""
    response = make()
    response.headers["Content-Length"] = "10"

    status, headers, body = ask(response, "bytes=2-4", method)

    assert status == 200
    assert "Content-Range" not in headers
    assert headers["Content-Length"] == "10"
    assert body == (b"" if method == "HEAD" else BODY)


@pytest.mark.parametrize("wanted", ["items=0-1", "seconds=-1", "junk", "", "0-1", "=0-1"])
def test_an_unknown_unit_is_ignored(make, wanted):
    """R41."""
    status, headers, body = ask(make(), wanted)

    assert (status, body) == (200, BODY)
    assert "Content-Range" not in headers


@pytest.mark.parametrize("wanted", ["bytes=10-", "bytes=20-30", "bytes=-0", "bytes=10-11,-0"])
def test_what_lies_behind_the_end_cannot_be_had(make, wanted):
    """R42."""
    with pytest.raises(RequestedRangeNotSatisfiable) as raised:
        ask(make(), wanted)

    assert dict(raised.value.get_headers())["Content-Range"] == "bytes */10"


@pytest.mark.parametrize(
    "wanted",
    [
        *("bytes=4-2", "bytes=abc", "bytes=", "bytes=,", "bytes=-", "bytes=--1", "bytes=1"),
        *("bytes=0-1,x", "bytes=+1-2", "bytes=0x1-2", "bytes=1-2-3", "bytes=٣-٤", "bytes=²-"),
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_ranges_that_are_not_well_formed_are_refused_as_werkzeug_does(wanted):
    with pytest.raises(RequestedRangeNotSatisfiable):
        ask(retort.Response(BODY), wanted)


def test_of_an_empty_body_the_whole_is_sent(make):
    for wanted in ("bytes=0-", "bytes=-5"):
        status, headers, body = ask(retort.Response(b""), wanted, length=0)
        assert (status, body, headers["Content-Length"]) == (200, b"", "0")


def test_several_ranges_come_as_parts(make):
    """R43."""
    status, headers, body = ask(make(), "bytes=0-1,4-6,-1")

    assert status == 206
    assert "Content-Range" not in headers
    assert headers["Content-Type"].startswith("multipart/byteranges; boundary=")
    assert headers["Content-Length"] == str(len(body))
    html = "text/html; charset=utf-8"
    assert parts_of(headers, body) == [
        ("bytes 0-1/10", html, b"01"),
        ("bytes 4-6/10", html, b"456"),
        ("bytes 9-9/10", html, b"9"),
    ]


def test_parts_of_a_seekable_body_are_in_the_requested_order(make):
    """R43: a stream that cannot is sent whole."""
    response = make()
    can_go_back = response.is_sequence or hasattr(response.response, "seek")

    status, headers, body = ask(response, "bytes=8-9,0-1")

    if can_go_back:
        assert [content for _, _, content in parts_of(headers, body)] == [b"89", b"01"]
    else:
        assert (status, body) == (200, BODY)


def test_one_range_of_several_that_has_bytes_is_no_multipart(make):
    status, headers, body = ask(make(), "bytes=4-5,100-200,300-")

    assert (status, headers["Content-Range"], body) == (206, "bytes 4-5/10", b"45")


@pytest.mark.parametrize(
    "wanted",
    [
        "bytes=0-5,3-9",
        "bytes=0-1,1-2",
        "bytes=0-,0-",
        "bytes=5-6,0-9",
        "bytes=" + ",".join(["0-0"] * (MAX_RANGES + 1)),
        "bytes=" + ",".join(["0-"] * 5000),
    ],
)
def test_ranges_that_overlap_or_are_too_many_are_not_worth_it(make, wanted):
    """R43."""
    status, headers, body = ask(make(), wanted)

    assert (status, body) == (200, BODY)


def test_many_ranges_are_fine_up_to_the_limit():
    wanted = [f"{2 * number}-{2 * number}" for number in range(MAX_RANGES)]

    assert len(find_spans("bytes=" + ",".join(wanted), 1000)) == MAX_RANGES
    assert find_spans("bytes=" + ",".join([*wanted, "500-501"]), 1000) == []


def test_parts_of_a_body_without_a_type_have_none():
    response = retort.Response(BODY)
    del response.headers["Content-Type"]

    _, headers, body = ask(response, "bytes=0-0,2-2")

    assert b"Content-Type" not in body
    assert body.count(b"Content-Range: ") == 2


spans = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(sorted)
specs = st.one_of(
    spans.map(lambda span: f"{span[0]}-{span[1]}"),
    st.integers(0, 30).map(lambda start: f"{start}-"),
    st.integers(0, 30).map(lambda count: f"-{count}"),
)


@given(
    wanted=st.lists(specs, min_size=1, max_size=5),
    blocks=st.lists(st.binary(max_size=6), max_size=6),
)
@example(wanted=["1-2", "4-4"], blocks=[b"abcdef"])
@example(wanted=["1-2", "4-4"], blocks=[b"a", b"b", b"", b"cde", b"f"])
def test_files_and_streams_give_the_bytes_that_slices_of_the_whole_are(wanted, blocks):
    whole = b"".join(blocks)
    field = "bytes=" + ",".join(wanted)
    try:
        expected = [whole[span.start : span.stop] for span in find_spans(field, len(whole))]
    except RequestedRangeNotSatisfiable:
        return
    for response in (
        retort.Response(FileWrapper(io.BytesIO(whole), 3), direct_passthrough=True),
        retort.Response(Forward(*blocks), direct_passthrough=True),
        retort.Response(list(blocks)),
    ):
        status, headers, body = ask(response, field, length=len(whole))
        assert int(headers.get("Content-Length", len(body))) == len(body)
        if status == 200:
            assert body == whole
        elif len(expected) == 1:
            assert [body] == expected
        else:
            assert [content or b"" for _, _, content in parts_of(headers, body)] == expected


def test_a_body_that_was_cut_is_closed_as_the_whole_would_be():
    body = Forward(b"0123456789")

    ask(retort.Response(body, direct_passthrough=True), "bytes=2-4")

    assert body.is_closed


def test_after_hooks_can_still_read_a_part_that_is_at_hand():
    response = retort.Response(BODY)
    response.make_conditional(environ_of(range="bytes=2-4"), True, 10)

    assert response.is_sequence
    assert response.get_data() == b"234"


def test_a_body_of_unknown_length_or_without_ranges_is_sent_whole():
    assert ask(retort.Response(BODY), "bytes=2-4", length=None)[0] == 200
    for unit in (False, "none", "items"):
        response = retort.Response(BODY)
        response.make_conditional(environ_of(range="bytes=2-4"), unit, 10)
        assert (response.status_code, response.headers.get("Accept-Ranges")) == (200, unit or None)


@pytest.mark.parametrize("status", [201, 206, 404, 500])
def test_only_a_plain_200_is_cut(status):
    response = retort.Response(BODY, status=status)
    response.make_conditional(environ_of(range="bytes=2-4"), True, 10)

    assert response.status_code == status
    assert response.get_data() == BODY


# If-Range


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        (TAG, 206),
        ('"other"', 200),
        ('W/"v1"', 200),  # R37: a weak tag does not promise the same bytes
        ("v1", 200),
        ("*", 200),
        ("", 200),
        ("Sat, 01 Jan 2000 00:00:00 GMT", 206),
        ("Sat, 01 Jan 2000 00:00:01 GMT", 200),  # later is not the same
        ("Fri, 31 Dec 1999 23:59:59 GMT", 200),
    ],
)
def test_a_part_is_sent_only_of_the_version_that_the_client_has(make, if_range, status):
    """R44 and R37."""
    response = make()
    response.headers["Last-Modified"] = "Sat, 01 Jan 2000 00:00:00 GMT"

    got, _, body = ask(response, "bytes=2-4", if_range=if_range)

    assert (got, body) == ((206, b"234") if status == 206 else (200, BODY))


def test_a_generated_weak_tag_does_not_guarantee_equal_bytes():
    """R37."""
    response = retort.Response(BODY)
    response.set_etag("v1", weak=True)
    response.make_conditional(environ_of(range="bytes=2-4", if_range='"v1"'), True, 10)

    assert response.status_code == 200


def test_with_if_range_an_unsatisfiable_range_of_another_version_is_no_error():
    assert ask(retort.Response(BODY), "bytes=20-", if_range='"other"')[0] == 200


def test_if_range_without_a_range_means_nothing(make):
    assert ask(make(), if_range=TAG)[::2] == (200, BODY)


# Files


@pytest.fixture
def files(app, tmp_path):
    """A client of an app that sends ``ten.txt`` at ``/ten``."""
    file = tmp_path / "ten.txt"
    file.write_bytes(BODY)
    app.add_url_rule("/ten", view_func=lambda: retort.send_file(file))
    return app.test_client()


def test_a_file_response_has_accept_ranges(files):
    """R44."""
    for method in ("GET", "HEAD"):
        with files.open("/ten", method=method) as response:
            assert response.headers["Accept-Ranges"] == "bytes"


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=-100", 206, BODY),
        ("items=0-1", 200, BODY),
    ],
)
def test_files_are_sent_in_parts(files, wanted, status, content):
    """R39 and R41."""
    with files.get("/ten", headers={"Range": wanted}) as response:
        assert (response.status_code, response.data) == (status, content)


def test_several_parts_of_a_file(files):
    """R43."""
    with files.get("/ten", headers={"Range": "bytes=7-8,0-1"}) as response:
        assert response.status_code == 206
        assert parts_of(response.headers, response.data) == [
            ("bytes 7-8/10", "text/plain; charset=utf-8", b"78"),
            ("bytes 0-1/10", "text/plain; charset=utf-8", b"01"),
        ]


def test_an_unsatisfiable_range_of_a_file_is_the_error_page_of_the_app(app, files):
    """R42."""
    app.register_error_handler(416, lambda error: ("nothing there", 416, error.get_headers()))

    response = files.get("/ten", headers={"Range": "bytes=10-"})

    assert (response.status_code, response.text) == (416, "nothing there")
    assert response.headers["Content-Range"] == "bytes */10"


def test_the_server_in_front_cuts_the_files_that_it_sends(app, files):
    app.config["USE_X_SENDFILE"] = True

    response = files.get("/ten", headers={"Range": "bytes=2-4"})

    assert (response.status_code, response.headers["Content-Length"]) == (200, "10")
    assert "X-Sendfile" in response.headers
