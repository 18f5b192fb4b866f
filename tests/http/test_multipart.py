"""Multipart bodies: whole ones as Werkzeug reads them, broken ones a 400, however they are cut."""

import io
import itertools
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, HTTPException
from werkzeug.exceptions import RequestEntityTooLarge as TooLarge
from werkzeug.formparser import MultiPartParser

import retort
from retort.http.multipart import Parts, read_boundary, split_parts

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
line_breaks = st.sampled_from([b"\r\n", b"\n", b"\r"])
whole_parts = st.builds(
    lambda name, filename, content, fields, line: part(
        content,
        f'form-data; name="{name}"'.encode()
        + (b"" if filename is None else f'; filename="{filename}"'.encode()),
        *fields,
        line=line,
    ),
    names,
    st.one_of(st.none(), names),
    contents,
    st.lists(
        st.sampled_from(
            [
                b"Content-Type: text/plain; charset=iso-8859-1",
                b"content-type:a/b \t",
                b"X-Folded: one\r\n\ttwo",
                b"X-No-Colon",
                "X: é".encode(),
            ]
        ),
        max_size=2,
    ),
    line_breaks,
)
preambles = st.sampled_from(
    [b"", b"\r\n", b"\n", b"a preamble\r\n", b"--x-boundar", b"--x-boundaryz"]
)
epilogues = st.sampled_from([b"", b"\r\n", b"\n", b"more", b"\r\n--x-boundary\r\n"])


class InPieces:
    """Returns blocks of the given sizes."""

    def __init__(self, data, sizes):
        self.bytes = io.BytesIO(data)
        self.sizes = itertools.cycle(sizes)

    def read(self, size):
        return self.bytes.read(next(self.sizes))


def as_fields_and_files(parts):
    """What a form has of parts, as `MultiPartParser` gives it."""
    fields, files = [], []
    for each in parts:
        if each.filename is None:
            fields.append((each.name, each.text()))
        else:
            files.append((each.name, (each.filename, list(each.headers), each.read())))
    return MultiDict(fields), MultiDict(files)


@given(
    parts=st.lists(whole_parts, max_size=4),
    around=st.tuples(preambles, epilogues),
    padding=st.sampled_from([b"", b" ", b" \t"]),
    sizes=st.lists(st.integers(1, 90), min_size=1),
)
def test_a_whole_body_is_read_as_werkzeug_reads_it(parts, around, padding, sizes):
    before, behind = around
    delimiter = b"--" + BOUNDARY
    parts = [each.replace(delimiter, delimiter + padding, 1) for each in parts]
    data = before + b"".join(parts) + delimiter + b"--" + behind
    form, files = MultiPartParser(lambda **_: io.BytesIO()).parse(
        io.BytesIO(data), BOUNDARY, len(data)
    )

    expected = (
        form,
        MultiDict(
            (name, (file.filename, list(file.headers), file.read()))
            for name, file in files.items(multi=True)
        ),
    )
    assert as_fields_and_files(Parts(InPieces(data, sizes), BOUNDARY)) == expected
    at_once = split_parts(data, BOUNDARY, max_parts=None, max_memory_bytes=None)
    assert as_fields_and_files(at_once) == expected


def test_no_way_of_cutting_a_body_in_pieces_changes_its_content():
    data = body(part(b"text\r"), part(b"\r\n--x-bound", b'form-data; name="f"; filename="f"'))
    for size in range(1, len(data) + 1):
        found = [p.read() for p in Parts(InPieces(data, [size]), BOUNDARY)]
        assert found == [b"text\r", b"\r\n--x-bound"], size


def fragments_of(boundary):
    delimiter, field = b"--" + boundary, b'Content-Disposition: form-data; name="a%0A"'
    return st.sampled_from(
        [
            *(b"\r", b"\n", b"\r\n", b"\r\n\r\n", b"\n\n", b"\r\r", b"--", b"-", b" ", b"\t"),
            *(
                delimiter,
                delimiter + b"--",
                delimiter + b"\r\n",
                delimiter + b"\r",
                delimiter + b"y",
            ),
            *(delimiter[:-1], b"\r\n" + delimiter[:-1], b"\r\n" + delimiter + b"\r\n"),
            *(field, field + b"\r\n\r\n", field + b'; filename="f"\r\n\r\n', b"\r\n" + field),
            *(b"A: b", b"text", b"z", b"\xff", b" " * 256, b"z" * 30),
        ]
    )


def joined_fragments(boundary, closing):
    joined = st.lists(fragments_of(boundary), max_size=12).map(b"".join)
    part_begins = b"--" + boundary + b'\r\nContent-Disposition: form-data; name="f"'
    return st.tuples(
        st.sampled_from([b"", part_begins, part_begins + b"\r\n\r\n"]),
        joined,
        st.sampled_from([b"", closing, closing, closing + b"\r\nmore"]),
    ).map(b"".join)


odd_bodies = st.sampled_from([b"x", b"x-1", b"-x", b"--", b"x--x", b"x "]).flatmap(
    lambda boundary: st.tuples(
        st.just(boundary), joined_fragments(boundary, b"\r\n--" + boundary + b"--")
    )
)


def outcome(split, *body, **limits):
    """The parts, or the error instead."""
    try:
        return [(p.name, p.filename, list(p.headers), p.read()) for p in split(*body, **limits)]
    except HTTPException as error:
        return error.code, error.description


@given(
    odd=odd_bodies,
    sizes=st.lists(st.integers(1, 30), min_size=1),
    limits=st.fixed_dictionaries(
        {
            "max_parts": st.sampled_from([None, 1, 3]),
            "max_memory_bytes": st.sampled_from([None, 0, 4, 30]),
        }
    ),
)
def test_what_is_found_does_not_depend_on_how_the_body_is_cut(odd, sizes, limits):
    boundary, data = odd
    at_once = outcome(split_parts, data, boundary, **limits)
    for cut in ([len(data) or 1], *([size] for size in range(1, 8)), sizes):
        assert outcome(Parts, InPieces(data, cut), boundary, **limits) == at_once, cut


FIELD = b'Content-Disposition: form-data; name="a"'


@pytest.mark.parametrize(
    "data",
    [
        b"--x\r\n\n" + FIELD + b"\r\n\r\n1\r\n--x--",
        b"--x\r" + FIELD + b"\r\r\n1\r--x--",
        b"--x\r" + FIELD + b"\r\r\n--x\r\n" + FIELD + b"\r\n\r\n\r\r--x--",
        b"--x\n" + FIELD + b"\n\n\n\r\n\n--x \r\n" + FIELD + b"\r\n\r\n--x--\r",
        b"--x-\r\n--x\r\r\n" + FIELD + b"\r\n\r\n\r\n--x-\r\r\n--x \t--\r\n--x--y",
        b"--x\r\n" + FIELD + b"\r\n\r\n1\r\n--x\r\n\r",
    ],
)
def test_a_line_break_may_be_cut_in_two(data):
    at_once = outcome(split_parts, data, b"x", max_parts=None, max_memory_bytes=None)
    for first in range(1, len(data)):
        cut = [first, len(data)]
        assert outcome(Parts, InPieces(data, cut), b"x") == at_once, first


@pytest.mark.parametrize("over", range(-6, 7))
@pytest.mark.parametrize("line", [b"\r\n", b"\n", b"\r"])
def test_the_limits_of_preamble_and_header_are_the_same_for_every_cut(line, over):
    most = 128 * 1024
    long_header = body(
        part(b"", b'form-data; name="a"', b"X:" + b"y" * (most - 57 + over), line=line)
    )
    plain_header = body(
        part(b"", b'form-data; name="' + b"a" * (most - len(FIELD) + 1 + over) + b'"')
    )
    preamble = b"y" * (most + over) + body()
    for data in (long_header, plain_header, preamble):
        at_once = outcome(split_parts, data, BOUNDARY, max_parts=None, max_memory_bytes=None)
        for cut in ([65_536], [most + 70], [most - 3, 1], [len(data) - 1]):
            assert outcome(Parts, InPieces(data, cut), BOUNDARY) == at_once, cut


# Odd bodies


def found(data):
    """Contents of the parts, for a body whose boundary is x-boundary."""
    return [content for *_, content in read(data)]


@pytest.mark.parametrize(
    "content",
    [
        b"--x-boundary",
        b"text--x-boundary\r\n",
        b"\r\n--x-boundar",
        b"\r\n--x-boundary2",
        b"\r\n--x-boundary-",
        b"\r\n--x-boundary -- \r\n",
        b"\r\n-x-boundary\r\n",
        b"\r\n --x-boundary\r\n",
        b"\r\n--X-BOUNDARY\r\n",
        b"\r\n--x-boundary" + b" " * 257,
    ],
)
def test_what_only_looks_like_a_delimiter_is_content(content):
    content = b"text " + content + b"text"
    assert found(body(part(content), part(content))) == [content, content]


def test_the_boundary_of_a_form_inside_of_a_file_may_begin_with_that_of_the_form():
    inner = body().replace(BOUNDARY, BOUNDARY + b"2")
    assert found(body(part(inner))) == [inner]


@pytest.mark.parametrize("padding", [b" ", b"\t", b" " * 256])
def test_spaces_may_stand_behind_a_boundary(padding):
    data = body(part(b"one"), part(b"two")).replace(BOUNDARY, BOUNDARY + padding, 2)
    assert found(data) == [b"one", b"two"]


@pytest.mark.parametrize("end", [b"", b"\r", b"\r\n", b"-", b" \r\n", b"text", b"\r\n" + part()])
def test_two_hyphens_behind_the_boundary_close_the_form_whatever_follows(end):
    assert found(part() + b"--" + BOUNDARY + b"--" + end) == [b"content"]


@pytest.mark.parametrize(
    ("data", "content"),
    [
        (part(b""), b""),
        (part(b"")[:-2], b""),  # the line break behind the header is that before the delimiter
        (part(b"\r\n"), b"\r\n"),
        (part(b"\r"), b"\r"),
        (part(b"\n"), b"\n"),
        (part(b"", line=b"\n"), b""),
        (part(b"", line=b"\r"), b""),
    ],
)
def test_a_part_may_be_empty_or_nothing_but_line_breaks(data, content):
    assert found(body(data, part())) == [content, b"content"]


def test_a_form_may_have_no_parts():
    assert found(b"--" + BOUNDARY + b"--") == []
    assert found(b"preamble\r\n--" + BOUNDARY + b"--\r\nepilogue") == []


def test_a_line_break_between_delimiter_and_header_is_left_out():
    # As in Werkzeug
    assert found(body(part().replace(BOUNDARY, BOUNDARY + b"\r\n", 1))) == [b"content"]


@pytest.mark.parametrize("rest", [b"", b"\r\n\r\n", b"\r\n" + part()])
def test_a_header_that_ends_at_a_delimiter_is_a_bad_request(rest):
    header = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="a"\r\n'
    for end in (b"--", b"\r\n"):
        with pytest.raises(BadRequest, match=r"header of part 2 .* not followed by a blank line"):
            found(part() + header + b"--" + BOUNDARY + end + rest)


def test_the_lines_of_one_header_end_alike():
    data = b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="a"\n\r\ncontent\r\n'
    with pytest.raises(BadRequest, match="not followed by a blank line"):
        found(body(data))


@pytest.mark.parametrize(
    ("data", "part_number"),
    [
        (b"--x-boundary", 1),
        (b"--x-boundary-", 1),
        (b"--x-boundary \r", 1),
        (b"--x-boundary\r\n", 1),
        (b"--x-boundary\r\nContent-Disposition: form-data", 1),
        (part()[:-11], 1),  # before the blank line is complete
        (part()[:-9], 1),
        (part()[:-1], 1),
        (part(), 1),
        (part() + b"--x-boundary", 1),
        (part() + b"--x-boundary-", 1),
        (part() + b"--x-boundary\r\n", 2),
    ],
)
def test_the_error_of_a_truncated_body_names_the_part(data, part_number):
    with pytest.raises(BadRequest, match=f"is truncated in part {part_number}: the boundary"):
        found(data)


def test_content_is_handed_over_except_what_may_be_the_beginning_of_a_delimiter():
    data = part(b"one\ntwo\r\n--x-bou three")
    for so_far in (b"one", b"one\ntwo", b"one\ntwo\r\n--x-bou t"):
        first = data.index(so_far) + len(so_far)
        content = iter(next(iter(Parts(InPieces(data, [first, len(data)]), BOUNDARY))))
        assert next(content) == so_far


def test_content_that_is_full_of_beginnings_of_delimiters_is_handed_over_as_it_arrives():
    content = b"\r\n--x-boundar" * 10_000
    received = InPieces(body(part(content)), [1000])
    handed_over = 0
    for each in Parts(received, BOUNDARY):
        for piece in each:
            handed_over += len(piece)
            assert received.bytes.tell() - handed_over < 100
    assert handed_over == len(content)


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
        ("Zoë%22%0A".encode(), 'Zoë"\n'),
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
        (body()[:-4], "is truncated in part 1: the boundary"),
        (body(part(), part())[:60], "is truncated in part 1"),
        (part() + b"--" + BOUNDARY + b"\r\nContent-Dispo", "is truncated in part 2"),
        (part() + b"--" + BOUNDARY + b"\r\n", "is truncated in part 2"),
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
def test_a_broken_body_is_a_400_with_the_reason(data, says):
    # R61
    with pytest.raises(BadRequest) as error:
        read(data)
    assert re.search(says, error.value.description)


@pytest.mark.parametrize(
    "parameters", [{}, {"boundary": ""}, {"boundary": "é"}, {"boundary": "a\r\nb"}]
)
def test_a_content_type_without_a_usable_boundary_is_a_clear_error(parameters):
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
    assert len(read(body(part(), part()), max_parts=2)) == 2
    with pytest.raises(TooLarge):
        read(body(part(), part(), part()), max_parts=2)


def test_the_limit_of_memory_is_one_for_each_part_that_is_no_file():
    field, file = part(b"y" * 100_000), part(b"y" * 100_001, b'form-data; name="f"; filename="f"')
    assert len(read(body(field, field, file), max_memory_bytes=100_000)) == 3
    with pytest.raises(TooLarge):
        read(body(part(b"y" * 100_001)), max_memory_bytes=100_000)
    small = part(b"y" * 20)
    assert len(read(body(small, file), max_memory_bytes=20)) == 2
    with pytest.raises(TooLarge):
        read(body(small), max_memory_bytes=19)


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
        with pytest.raises(RuntimeError, match=r"'a' .* was skipped.*inside the loop"):
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
    assert "is truncated" in answer.text


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
