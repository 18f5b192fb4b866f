"""Multipart bodies: what Werkzeug's decoder finds in whole ones, and a 400 for broken ones."""

import io
import itertools
import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.exceptions import RequestEntityTooLarge as TooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.sansio.multipart import MultipartDecoder

import retort
from retort.http.multipart import Delimiter, Parts, read_boundary

BOUNDARY = b"x-boundary"


def part(content=b"content", disposition=b'form-data; name="a"', *headers, line=b"\r\n"):
    lines = [b"--" + BOUNDARY, b"Content-Disposition: " + disposition, *headers, b"", content, b""]
    return line.join(lines)


def body(*parts, line=b"\r\n"):
    return b"".join(parts or [part()]) + b"--" + BOUNDARY + b"--" + line


def read(data, *, boundary=BOUNDARY, **limits):
    stream = io.BytesIO(data)
    found = [
        (p.name, p.filename, dict(p.headers), p.read()) for p in Parts(stream, boundary, **limits)
    ]
    assert stream.read() == b""
    return found


names = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters='"\\%;'))
contents = st.one_of(
    st.binary(max_size=300),
    st.lists(
        st.sampled_from(
            [b"\r", b"\n", b"--", b"-", b" ", b"x-boundary", b"--x-boundar", b"y", b"--x-boundaryz"]
        )
    ).map(b"".join),
).filter(lambda content: not re.search(rb"(?:^|[\r\n])--x-boundary(?!z)", content))
whole_parts = st.builds(
    lambda name, filename, content: part(
        content,
        f'form-data; name="{name}"'.encode()
        + (b"" if filename is None else f'; filename="{filename}"'.encode()),
    ),
    names,
    st.one_of(st.none(), names),
    contents,
)


class InPieces:
    """Gives as much at a time as it is told to."""

    def __init__(self, data, sizes):
        self.bytes = io.BytesIO(data)
        self.sizes = itertools.cycle(sizes)

    def read(self, size):
        return self.bytes.read(next(self.sizes))


@given(parts=st.lists(whole_parts, max_size=4), sizes=st.lists(st.integers(1, 90), min_size=1))
def test_a_whole_body_is_read_as_werkzeug_reads_it(parts, sizes):
    data = body(*parts) if parts else b"--" + BOUNDARY + b"--\r\n"
    form, files = MultiPartParser(lambda **_: io.BytesIO()).parse(
        io.BytesIO(data), BOUNDARY, len(data)
    )

    fields, uploads = [], []
    for each in Parts(InPieces(data, sizes), BOUNDARY):
        content = each.read()
        if each.filename is None:
            fields.append((each.name, content.decode("utf-8", "replace")))
        else:
            uploads.append((each.name, (each.filename, dict(each.headers), content)))

    assert MultiDict(fields) == form
    assert MultiDict(uploads) == MultiDict(
        (name, (file.filename, dict(file.headers), file.read()))
        for name, file in files.items(multi=True)
    )


def test_no_way_of_cutting_a_body_in_pieces_changes_its_content():
    data = body(part(b"text\r"), part(b"\r\n--x-bound", b'form-data; name="f"; filename="f"'))
    for size in range(1, len(data) + 1):
        found = [p.read() for p in Parts(InPieces(data, [size]), BOUNDARY)]
        assert found == [b"text\r", b"\r\n--x-bound"], size


pieces = st.lists(
    st.sampled_from([b"--b", b"--", b"\r\n", b"\n", b"\r", b" ", b"\t", b"\x0b", b"x", b"b", b"-"]),
    max_size=12,
).map(b"".join)


@given(data=pieces, is_first=st.booleans())
@example(b"\r\r\n--b--", False)
@example(b"\n--b \t\r\n", False)
def test_the_delimiter_is_found_where_werkzeugs_pattern_finds_it(data, is_first):
    decoder = MultipartDecoder(b"b")
    pattern = decoder.preamble_re if is_first else decoder.boundary_re
    expected, found = pattern.search(data), Delimiter(b"b", is_first=is_first).search(data)

    assert (found is None) == (expected is None)
    if found is not None:
        assert (found.start(), found.end(), found.group(1)) == (
            expected.start(),
            expected.end(),
            expected.group(1),
        )


def test_boundaries_with_special_characters_are_taken_as_they_are():
    # RFC 2046 section 5.1.1: bchars
    boundary = b"'()+_,-./:=? a"
    data = body().replace(BOUNDARY, boundary)
    assert read(data, boundary=boundary)[0][3] == b"content"


@pytest.mark.parametrize("line", [b"\r\n", b"\n", b"\r"])
def test_lines_may_end_as_in_werkzeug(line):
    data = body(part(line=line), line=line)
    assert read(data)[0][3] == b"content"
    assert MultiPartParser().parse(io.BytesIO(data), BOUNDARY, len(data))[0] == {"a": ["content"]}


@pytest.mark.parametrize(
    "around",
    [
        (b"", b""),
        (b"\r\n", b""),
        (b"a preamble\r\n", b"an epilogue\r\n"),
        (b"", b"x" * 300_000),
    ],
)
def test_what_stands_before_and_behind_the_parts_is_left_out(around):
    before, behind = around
    assert [found[3] for found in read(before + body() + behind)] == [b"content"]


@pytest.mark.parametrize(
    ("written", "name"),
    [
        (b"a%22b", 'a"b'),
        (b"a%0D%0Ab", "a\r\nb"),
        (b'a\\"b', 'a"b'),
        (b"%25", "%25"),
        (b"100%", "100%"),
        (b"", ""),
        ("Zoë".encode(), "Zoë"),
        (b"Zo\xeb", "Zo�"),
        (b"a;b=c", "a;b=c"),
    ],
)
def test_names_are_read_as_browsers_write_them(written, name):
    # R61; the HTML standard, "Multipart form data"
    found = read(
        body(part(b"", b'form-data; name="' + written + b'"; filename="' + written + b'"'))
    )
    assert found[0][:2] == (name, name)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (body().replace(BOUNDARY, b"another"), "not in its body"),
        (b"a=1&b=2", "not in its body"),
        (b"x" * 200_000, "not in its body"),
        (body()[:-4], "breaks off in part 1: the boundary"),
        (body(part(), part())[:60], "breaks off in part 1"),
        (part() + b"--" + BOUNDARY + b"\r\nContent-Dispo", "breaks off in part 2"),
        (part() + b"--" + BOUNDARY + b"\r\n", "breaks off in part 2"),
        (body(part(), part(b"", b"form-data")), "Part 2 of the multipart form has no name"),
        (body(part(b"", b'form-data; filename="f"')), "Part 1 of the multipart form has no name"),
        (body(b"--" + BOUNDARY + b"\r\nX: y\r\n\r\n\r\n"), "Part 1 .* no Content-Disposition"),
        (body(b"--" + BOUNDARY + b"\r\n\r\n\r\n"), "Part 1 .* no Content-Disposition"),
        (
            body(part(), part(b"", b"form-data", b"X: " + b"y" * 200_000)),
            "header of part 2 .* too long",
        ),
    ],
)
def test_a_broken_body_is_a_bad_request_that_says_how(data, says):
    # R61
    with pytest.raises(BadRequest) as error:
        read(data)
    assert re.search(says, error.value.description)


@pytest.mark.parametrize("parameters", [{}, {"boundary": ""}, {"boundary": "é"}])
def test_a_content_type_without_a_usable_boundary_says_so(parameters):
    # R61
    with pytest.raises(BadRequest, match="boundary"):
        read_boundary(parameters)


@given(st.integers(1, len(body(part(), part())) - 3))
def test_a_body_that_is_cut_anywhere_is_a_bad_request(length):
    # R61
    with pytest.raises(BadRequest):
        read(body(part(), part())[:length])


def test_an_empty_body_is_an_empty_form():
    assert read(b"") == []


def test_more_parts_than_allowed_are_too_many():
    assert len(read(body(part(), part()), most_parts=2)) == 2
    with pytest.raises(TooLarge):
        read(body(part(), part(), part()), most_parts=2)


def test_the_limit_of_memory_is_one_for_each_part_that_is_no_file():
    field, file = part(b"y" * 100_000), part(b"y" * 100_001, b'form-data; name="f"; filename="f"')
    assert len(read(body(field, field, file), most_memory=100_000)) == 3
    with pytest.raises(TooLarge):
        read(body(part(b"y" * 100_001)), most_memory=100_000)
    small = part(b"y" * 20)
    assert len(read(body(small, file), most_memory=20)) == 2
    with pytest.raises(TooLarge):
        read(body(small), most_memory=19)


# request.iter_parts()


@pytest.fixture
def upload(app, client):
    """Let a function read the request to a multipart body; its answer as JSON."""

    def upload(read, data, **options):
        @app.post("/upload", **options)
        def view():
            return {"it": read(retort.request)}

        return client.post(
            "/upload",
            environ_overrides={
                "CONTENT_TYPE": "multipart/form-data; boundary=x-boundary",
                "CONTENT_LENGTH": str(len(data)),
                "wsgi.input": io.BytesIO(data),
            },
        )

    return upload


def test_parts_come_one_by_one_with_name_file_name_headers_and_content(upload):
    data = body(
        part("é".encode()),
        part(b"y" * 200_000, b'form-data; name="f"; filename="g.bin"', b"Content-Type: a/b"),
        part(b"", b'form-data; name="none"; filename=""'),
    )

    def read(request):
        return [
            [p.name, p.filename, p.content_type, len(list(p)) > 1 if p.filename else p.text()]
            for p in request.iter_parts()
        ]

    assert upload(read, data).json == {
        "it": [["a", None, None, "é"], ["f", "g.bin", "a/b", True], ["none", "", None, ""]]
    }


def test_parts_are_handed_over_before_the_body_has_ended(app):
    head = part(b"first") + part(b"y" * 100, b'form-data; name="f"; filename="f"')[:-20]

    class Sender(io.RawIOBase):
        sent = 0

        def read1(self, size):
            if self.sent:
                pytest.fail("read on before the first part was handed over")
            self.sent = len(head)
            return head

    environ = {
        "CONTENT_TYPE": "multipart/form-data; boundary=x-boundary",
        "wsgi.input": Sender(),
        "wsgi.input_terminated": True,
    }
    with app.test_request_context("/", method="POST", environ_overrides=environ):
        first = next(retort.request.iter_parts())
        assert (first.name, first.read()) == ("a", b"first")


def test_a_part_that_is_not_read_is_passed_over(upload):
    data = body(part(b"y" * 150_000), part(b"second"))
    assert upload(lambda r: [p.read() for p in r.iter_parts() if p][-1].decode(), data).json == {
        "it": "second"
    }


def test_a_part_that_was_passed_over_does_not_look_empty(app, upload):
    def read(request):
        parts = list(request.iter_parts())
        with pytest.raises(RuntimeError, match=r"'a' .* was passed over.*inside of the loop"):
            parts[0].read()
        return "told"

    assert upload(read, body(part(b"one"), part(b"two"))).json == {"it": "told"}


def test_a_form_is_read_either_whole_or_by_parts(upload):
    def read(request):
        list(request.iter_parts())
        for again in (lambda: request.form, lambda: request.files, request.iter_parts):
            with pytest.raises(RuntimeError, match=r"request\.iter_parts\(\)"):
                again()
        return "told"

    assert upload(read, body()).json == {"it": "told"}


def test_parts_cannot_be_had_after_the_form(upload):
    def read(request):
        assert request.form["a"] == "content"
        with pytest.raises(RuntimeError, match=r"request\.form"):
            request.iter_parts()
        return "told"

    assert upload(read, body()).json == {"it": "told"}


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({}, 200),
        ({"max_content_length": 100}, 413),
        ({"max_form_parts": 1}, 413),
        ({"max_form_memory_size": 3}, 413),
    ],
)
def test_the_limits_hold_for_parts_too(upload, options, status):
    data = body(part(), part())
    assert upload(lambda r: len(list(r.iter_parts())), data, **options).status_code == status


def test_a_broken_form_is_a_bad_request_for_parts_too(upload):
    # R61
    answer = upload(lambda r: [p.read() for p in r.iter_parts()], body()[:-8])
    assert answer.status_code == 400
    assert "breaks off" in answer.text


def test_a_request_that_is_no_multipart_form_has_no_parts(app, client):
    @app.post("/")
    def index():
        return [part.name for part in retort.request.iter_parts()] + [retort.request.form["a"]]

    assert client.post("/", data={"a": "1"}).json == ["1"]


def test_parts_of_data_that_was_kept(upload):
    def read(request):
        request.get_data()
        return [part.name for part in request.iter_parts()]

    assert upload(read, body()).json == {"it": ["a"]}
