"""Access logs: which requests are read from them, and what is said of the others."""

import gzip
import io
import json
import random
import sys
import types

import pytest

from retort.compare.options import CompareError
from retort.compare.recordings import read_access_log

COMMON = '127.0.0.1 - - [01/Dec/2026:00:00:00 +0000] "{}" 200 12\n'
COMBINED = COMMON.rstrip() + ' "https://shop.example/" "Mozilla/5.0 (\\"x\\")"\n'


def log(*requests, form=COMMON):
    return "".join(form.format(request) for request in requests)


@pytest.fixture
def read(tmp_path):
    def read(content, name="access.log", **options):
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / name).write_bytes(data)
        return read_access_log(str(tmp_path / name), **options)

    return read


def targets(recording):
    return [entry.request.target for entry in recording.entries]


@pytest.mark.parametrize(
    "form",
    [COMMON, COMBINED, "shop.example:443 " + COMBINED, COMMON.rstrip().removesuffix(" 12") + "\n"],
    ids=["common", "combined", "with a virtual host", "without a size"],
)
def test_the_known_formats_are_read(read, form):
    found = read(log("GET /a?b=1 HTTP/1.1", "HEAD /b HTTP/2.0", form=form))

    assert [(one.request.method, one.request.target) for one in found.entries] == [
        ("GET", "/a?b=1"),
        ("HEAD", "/b"),
    ]
    assert [one.origin for one in found.entries] == ["access.log, line 1", "access.log, line 2"]
    assert found.notes == []


@pytest.mark.parametrize(
    ("line", "target"),
    [
        ({"method": "GET", "target": "/a?b=1"}, "/a?b=1"),
        ({"request_method": "GET", "uri": "/a", "query_string": "b=1"}, "/a?b=1"),
        ({"request_method": "GET", "request_uri": "/a?b=1", "query_string": "b=1"}, "/a?b=1"),
        ({"method": "GET", "path": "/a", "query": "?b=1"}, "/a?b=1"),
        ({"method": "GET", "path": "/ä"}, "/%C3%A4"),
        ({"request": "GET /ä?b HTTP/1.1"}, "/%C3%A4?b"),
    ],
)
def test_a_line_of_json_is_read_by_the_usual_names(read, line, target):
    ascii_found = read(json.dumps(line) + "\n")
    found = read(json.dumps(line, ensure_ascii=False) + "\n")

    assert targets(found) == targets(ascii_found) == [target]


@pytest.mark.parametrize("line", ["{", "{}", '{"method": 1, "path": "/"}', '{"a":' + "[" * 60_000])
def test_a_line_of_other_json_has_an_unknown_format(read, line):
    with pytest.raises(CompareError, match="no line of a known format"):
        read(line + "\n")


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        (r"/\xc3\xa4", "/%C3%A4"),
        (r"/\xC3\xA4?q=\xe4", "/%C3%A4?q=%E4"),
        ("/ä?q=ö", "/%C3%A4?q=%C3%B6"),
        ("/%c3%a4?q=%zz", "/%c3%a4?q=%zz"),
        ("/a b?c d", "/a%20b?c%20d"),
        (r"/\"a\"", '/"a"'),
        (r"/a\\b", "/a\\b"),
        ("http://shop.example/a?b", "/a?b"),
        ("https://shop.example:8443", "/"),
        ("http://shop.example?b", "/?b"),
    ],
)
def test_an_address_is_sent_in_ascii_and_without_its_host(read, written, sent):
    assert targets(read(log(f"GET {written} HTTP/1.1"))) == [sent]


@pytest.mark.parametrize(
    ("request_line", "reason"),
    [
        ("POST /a HTTP/1.1", "of other methods"),
        (r"GET /a\x0d\x0aX: y HTTP/1.1", "without a path"),
        (r"GET /a\nb HTTP/1.1", "without a path"),
        (r"\x16\x03\x01", "without a path"),
        ("-", "without a path"),
        ("GET /a", "without a path"),
        ("OPTIONS * HTTP/1.1", "without a path"),
        ("CONNECT shop.example:443 HTTP/1.1", "without a path"),
    ],
)
def test_what_is_not_sent_is_counted_with_its_reason(read, request_line, reason):
    found = read(log("GET /good HTTP/1.1", request_line))

    assert targets(found) == ["/good"]
    assert found.notes == [f"access.log: left out were 1 ({reason}) lines."]


def test_the_same_request_is_sent_three_times_at_most(read):
    found = read(log(*["GET /a HTTP/1.1"] * 5, "HEAD /a HTTP/1.1"))

    assert targets(found) == ["/a"] * 4
    assert found.notes == ["access.log: left out were 2 (repeated) lines."]


def test_the_rest_of_a_log_is_not_read_when_there_are_enough_requests(tmp_path):
    lines = log(*[f"GET /{number} HTTP/1.1" for number in range(40_000)]).encode()
    whole = gzip.compress(lines, mtime=0)
    file = tmp_path / "access.log.gz"
    file.write_bytes(whole[: len(whole) // 2])  # its end cannot be read

    found = read_access_log(str(file), max_requests=2)

    assert targets(found) == ["/0", "/1"]
    assert found.notes == [
        "access.log.gz was read up to line 2: --requests permits no more.",
    ]


def test_addresses_to_skip_do_not_count_as_requests(read):
    found = read(
        log("GET /static/a HTTP/1.1", "GET /a HTTP/1.1", "GET /b HTTP/1.1"),
        max_requests=2,
        skip=["^/static/"],
    )

    assert targets(found) == ["/a", "/b"]
    assert "1 (that --skip leaves out)" in " ".join(found.notes)


def test_a_compressed_log_is_read(tmp_path):
    file = tmp_path / "access.log.2.gz"
    file.write_bytes(gzip.compress(log("GET /a HTTP/1.1").encode()))

    assert targets(read_access_log(str(file))) == ["/a"]


def damaged():
    whole = bytearray(gzip.compress(log("GET /a HTTP/1.1").encode() * 500))
    whole[30:60] = b"\xff" * 30
    return bytes(whole)


@pytest.mark.parametrize(
    "content",
    [damaged(), b"no gzip", gzip.compress(log("GET /a HTTP/1.1").encode())[:-12]],
    ids=["damaged", "of another kind", "cut off"],
)
def test_a_compressed_log_that_is_damaged_is_an_error(read, content):
    with pytest.raises(CompareError, match=r"access\.log\.gz cannot be read: .+\."):
        read(content, "access.log.gz")


def test_a_missing_log_is_an_error(tmp_path):
    with pytest.raises(CompareError, match=r"missing\.log cannot be read: No such file"):
        read_access_log(str(tmp_path / "missing.log"))


def test_standard_input_is_read(monkeypatch):
    data = io.BytesIO(log(r"GET /\xc3\xa4 HTTP/1.1").encode())
    monkeypatch.setattr(sys, "stdin", types.SimpleNamespace(buffer=data))

    found = read_access_log("-")

    assert [(one.request.target, one.origin) for one in found.entries] == [
        ("/%C3%A4", "standard input, line 1")
    ]


def test_an_unknown_format_is_shown_with_the_known_ones(read):
    with pytest.raises(CompareError, match=r"The first line is 'héllo'\. Known are 'common'"):
        read("\nhéllo\nworld\n")


def test_a_log_of_forms_only_is_not_called_unknown(read):
    with pytest.raises(CompareError) as caught:
        read(log("POST /a HTTP/1.1", "POST /b HTTP/1.1") + "hello\n")

    assert str(caught.value) == (
        "access.log has no GET or HEAD request. Left out were 2 (of other methods), 1 (of an"
        " unknown format) lines."
    )


def test_an_empty_log_is_an_error(read):
    with pytest.raises(CompareError, match="is empty"):
        read("\n\n")


@pytest.mark.parametrize("character", ['"', "[", "]", "\\", " ", '" 200', "a "])
def test_a_long_line_of_one_character_is_read_in_linear_time(read, character):
    # A pattern that looks for its end from each '[' needs minutes for these.
    line = "a b " + character * (60_000 // len(character))

    with pytest.raises(CompareError, match="no line of a known format"):
        read((line + "\n") * 20)


def test_a_line_that_does_not_end_takes_little_memory(read):
    found = read(b"x" * 300_000 + b"\n" + log("GET /a HTTP/1.1").encode())

    assert [(one.request.target, one.origin) for one in found.entries] == [
        ("/a", "access.log, line 2")
    ]


def test_lines_of_any_bytes_are_left_out_or_sent_in_ascii(read):
    source = random.Random(19)
    line = log("GET /a HTTP/1.1").encode()
    content = log("GET /good HTTP/1.1").encode()
    for _ in range(2_000):
        changed = bytearray(line)
        for _ in range(source.randrange(1, 6)):
            changed[source.randrange(len(changed))] = source.randrange(256)
        content += bytes(changed)

    for target in targets(read(content)):
        assert target.startswith("/")
        assert target.isascii()
        assert target.isprintable()
        assert " " not in target
