"""Requests that are broken or could be read in two ways, byte for byte over raw sockets.

Each has the answers that are allowed, and what the view may have seen of it. Always: no error
of ours, no hang, no half of a body in a view, no second request that was smuggled in, and the
server goes on serving.
"""

from __future__ import annotations

import contextlib
import json
import re
import select
import socket
from dataclasses import dataclass

import pytest

PROGRAM = """
from flask import Flask, request

app = Flask(__name__)
app.config["MAX_CONTENT_LENGTH"] = 1024 * 1024
EVERYTHING = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PURGE", "M-SEARCH"]
seen = []


@app.route("/", methods=EVERYTHING)
@app.route("/<path:path>", methods=EVERYTHING)
def view(path=""):
    body = request.get_data()
    seen.append([request.path, body.decode("latin-1")])
    return "seen"


@app.get("/log")
def log():
    taken = seen[:]
    del seen[:]
    return taken


@app.get("/good")
def good():
    return "good"
"""

GONE = 0  # the connection was closed without an answer
BAD = {400, GONE}
LIMIT_SECONDS = 60  # far above what anything here takes; only a hang meets it
# After this time without another response, the client closes its side.
QUIET_SECONDS = 0.2
QUIET_SECONDS_IF_MORE_MAY_COME = 5


@dataclass(frozen=True)
class Case:
    """``bodies``: what the view may be given, if it is called at all, once for each answer.

    :param is_cut: whether the client ends the connection for writing after the last byte.
    """

    name: str
    raw: bytes
    allowed: set[int]
    bodies: tuple[bytes, ...] = ()
    is_cut: bool = False


def head(*lines: bytes | str, host: bytes | None = b"Host: a.example") -> bytes:
    """Lines of a request: the first, a Host, the others, and the empty one."""
    first, *others = [line.encode("latin-1") if isinstance(line, str) else line for line in lines]
    fields = [first, *([host] if host is not None else []), *others]
    return b"".join(line + b"\r\n" for line in fields) + b"\r\n"


def get(*fields: bytes | str, **more) -> bytes:
    return head("GET /case HTTP/1.1", *fields, **more)


def post(*fields: bytes | str, body: bytes = b"") -> bytes:
    return head("POST /case HTTP/1.1", *fields) + body


def chunked(body: bytes, *fields: bytes | str) -> bytes:
    return post("Transfer-Encoding: chunked", *fields, body=body)


def refused(name: str, raw: bytes, *, allowed: set[int] = BAD, is_cut: bool = False) -> Case:
    """The view is not called."""
    return Case(name, raw, allowed, (), is_cut)


def either(name: str, raw: bytes, *bodies: bytes, allowed: set[int] = BAD) -> Case:
    """Refused, or taken with exactly these bodies."""
    return Case(name, raw, {*allowed, 200}, bodies or (b"",))


def taken(name: str, raw: bytes, *bodies: bytes) -> Case:
    """Unusual, and unambiguous."""
    return Case(name, raw, {200}, bodies or (b"",))


SMUGGLED = head("GET /smuggled HTTP/1.1")
BAD_METHODS = {400, 405, 501, GONE}
UNKNOWN_LINES = {400, 414, 431, 505, GONE}

REQUEST_LINES = [
    refused("line: empty request", b"\r\n\r\n", is_cut=True),
    either("line: empty line in front", b"\r\n" + get()),
    refused("line: no method", head("/case HTTP/1.1")),
    refused("line: no target", head("GET HTTP/1.1")),
    refused("line: two spaces before the target", head("GET  /case HTTP/1.1")),
    refused("line: two spaces before the version", head("GET /case  HTTP/1.1")),
    refused("line: a space in the target", head("GET /a b HTTP/1.1")),
    refused("line: a space at the end", head("GET /case HTTP/1.1 ")),
    refused("line: a tab for a space", head("GET\t/case\tHTTP/1.1")),
    refused("line: a space in front", head(" GET /case HTTP/1.1")),
    refused("line: NUL", head(b"GET /ca\0se HTTP/1.1")),
    refused("line: bare CR", head(b"GET /case\rHTTP/1.1")),
    refused("line: DEL in the target", head(b"GET /ca\x7fse HTTP/1.1")),
    refused("line: escape character", head(b"GET /ca\x1bse HTTP/1.1")),
    refused("line: only a method", b"GET", is_cut=True),
    refused("line: no end", b"GET /case HTTP/1.1", is_cut=True),
    refused("line: HTTP/0.9", b"GET /case\r\n", is_cut=True),
    refused("line: HTTP/0.9 with an empty line", b"GET /case\r\n\r\n", is_cut=True),
    refused("line: bytes of TLS", bytes.fromhex("160301020001000 1fc0303".replace(" ", ""))),
    refused("line: noise", bytes(range(256)), is_cut=True),
    refused("line: an answer", head("HTTP/1.1 200 OK")),
    either("line: LF alone at its ends", get().replace(b"\r\n", b"\n")),
]

METHODS = [
    refused("method: lower case", head("get /case HTTP/1.1"), allowed=BAD_METHODS),
    refused("method: mixed case", head("Post /case HTTP/1.1"), allowed=BAD_METHODS),
    refused("method: unknown", head("BREW /case HTTP/1.1"), allowed=BAD_METHODS),
    refused("method: brackets", head("G(T /case HTTP/1.1"), allowed=BAD_METHODS),
    refused("method: colon", head("GET: /case HTTP/1.1"), allowed=BAD_METHODS),
    refused("method: not ASCII", head("GÉT /case HTTP/1.1"), allowed=BAD_METHODS),
    refused("method: a separator", head("GET,POST /case HTTP/1.1"), allowed=BAD_METHODS),
    refused("method: long", head("G" * 5000 + " /case HTTP/1.1"), allowed={*BAD_METHODS, 431}),
    refused("method: CONNECT", head("CONNECT a.example:80 HTTP/1.1"), allowed=BAD_METHODS),
    refused("method: TRACE", head("TRACE /case HTTP/1.1"), allowed=BAD_METHODS),
    taken("method: with a hyphen", head("M-SEARCH /case HTTP/1.1", "Connection: close")),
]

TARGETS = [
    refused("target: a name", head("GET case HTTP/1.1"), allowed={400, 404, GONE}),
    refused("target: a star with GET", head("GET * HTTP/1.1"), allowed={400, 404, GONE}),
    either("target: a fragment", head("GET /case#part HTTP/1.1")),
    either("target: a backslash", head("GET /ca\\se HTTP/1.1")),
    either("target: raw bytes", head(b"GET /ca\xff\xfe HTTP/1.1")),
    either("target: half an escape", head("GET /case% HTTP/1.1")),
    either("target: a wrong escape", head("GET /case%zz HTTP/1.1")),
    either("target: NUL as an escape", head("GET /case%00 HTTP/1.1")),
    either(
        "target: line break as an escape",
        head("GET /case%0d%0aX:%20y HTTP/1.1"),
        allowed={400, 404},
    ),
    either("target: angle brackets", head("GET /<case> HTTP/1.1")),
    either("target: dots", head("GET /../../etc/passwd HTTP/1.1"), allowed={400, 404, GONE}),
    either("target: escaped dots", head("GET /%2e%2e/x HTTP/1.1"), allowed={400, 404, GONE}),
    refused("target: scheme only", head("GET http:// HTTP/1.1"), allowed={400, 404, GONE}),
    # Known limit: Granian shows the path of such a target, and the Host field if there is one.
    either("target: port is a word", head("GET http://a.example:x/ HTTP/1.1")),
    either("target: port too large", head("GET http://a.example:99999999/ HTTP/1.1")),
    either("target: a user", head("GET http://me@a.example/case HTTP/1.1")),
    either("target: another host than Host", head("GET http://b.example/case HTTP/1.1")),
    either("target: another scheme", head("GET ftp://a.example/case HTTP/1.1")),
    either("target: host without Host", head("GET http://a.example/case HTTP/1.1", host=None)),
    refused("target: 9 KiB", head("GET /" + "a" * 9000 + " HTTP/1.1"), allowed={414, 431}),
    refused("target: 70 KiB", head("GET /" + "a" * 70_000 + " HTTP/1.1"), allowed={414, 431}),
    refused("target: 9 KiB query", head("GET /?" + "a" * 9000 + " HTTP/1.1"), allowed={414, 431}),
    refused("target: 1 MiB without end", b"GET /" + b"a" * 1_000_000, allowed={414, 431, 400}),
]

VERSIONS = [
    refused(f"version: {name}", head(f"GET /case {version}"), allowed=UNKNOWN_LINES)
    for name, version in {
        "0.9": "HTTP/0.9",
        "1.2": "HTTP/1.2",
        "1.10": "HTTP/1.10",
        "2.0": "HTTP/2.0",
        "2": "HTTP/2",
        "9.9": "HTTP/9.9",
        "lower case": "http/1.1",
        "none": "HTTP/",
        "no point": "HTTP/11",
        "a comma": "HTTP/1,1",
        "a minus": "HTTP/-1.1",
        "another protocol": "ICAP/1.0",
        "a letter more": "HTTP/1.1x",
        "leading zeros": "HTTP/01.1",
    }.items()
] + [
    taken("version: 1.0 without Host", head("GET /case HTTP/1.0", host=None)),
    refused(
        "version: the preface of HTTP/2",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes.fromhex("000000040000000000"),
        allowed=UNKNOWN_LINES,
        is_cut=True,
    ),
    either(
        "version: an upgrade to HTTP/2",
        get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQ"),
    ),
]

HOSTS = [
    refused("host: none", get(host=None)),
    refused("host: empty", get(host=b"Host:")),
    refused("host: two", get("Host: b.example")),
    refused("host: the same twice", get("Host: a.example")),
    refused("host: an empty second", get("Host:")),
    *[
        refused(f"host: {name}", get(host=b"Host: " + value))
        for name, value in {
            "a list": b"a.example, b.example",
            "a space": b"a b",
            "a path": b"a.example/admin",
            "a user": b"me@a.example",
            "a scheme": b"http://a.example",
            "a word as port": b"a.example:http",
            "two ports": b"a.example:80:80",
            "a huge port": b"a.example:123456789",
            "a negative port": b"a.example:-1",
            "open bracket": b"[::1",
            "brackets of nothing": b"[]",
            "a bracket in the middle": b"a[::1]",
            "angle brackets": b"<script>",
            "quotes": b'"a"',
            "a backslash": b"a\\b",
            "a question mark": b"a?b",
            "a hash": b"a#b",
            "not ASCII": "bücher.example".encode(),
            "a tab": b"a\tb",
            "NUL": b"a\0b",
        }.items()
    ],
    either("host: HTTP/1.0 with two", head("GET /case HTTP/1.0", "Host: b.example")),
]

FIELDS = [
    refused("field: space before the colon", get("X-A : b")),
    refused("field: tab before the colon", get("X-A\t: b")),
    refused("field: length with a space before the colon", post("Content-Length : 3", body=b"abc")),
    refused(
        "field: coding with a space before the colon",
        post("Transfer-Encoding : chunked", body=b"0\r\n\r\n" + SMUGGLED),
    ),
    refused("field: no colon", get("X-A b")),
    refused("field: no name", get(": b")),
    refused("field: first line begins with a space", head("GET /case HTTP/1.1", host=b" Host: a")),
    refused("field: folded by a space", get("X-A: b", " c")),
    refused("field: folded by a tab", get("X-A: b", "\tc")),
    refused("field: a folded length", post("Content-Length:", " 3", body=b"abc")),
    refused("field: a folded coding", post("Transfer-Encoding:", " chunked", body=b"0\r\n\r\n")),
    refused("field: a space in the name", get("X A: b")),
    refused("field: a bracket in the name", get("X(A): b")),
    refused("field: NUL in the name", get(b"X\0A: b")),
    refused("field: a control character in the name", get(b"X\x01A: b")),
    refused("field: not ASCII in the name", get("Xé: b")),
    refused("field: DEL in the name", get(b"X\x7f: b")),
    refused("field: NUL in the value", get(b"X-A: b\0c")),
    refused("field: a control character in the value", get(b"X-A: b\x01c")),
    refused("field: DEL in the value", get(b"X-A: b\x7fc")),
    refused("field: bare CR in the value", get(b"X-A: b\rc")),
    refused("field: bare CR before a length", post(b"X-A: b\rContent-Length: 3", body=b"abc")),
    refused("field: CR CR LF at the end of a line", get(b"X-A: b\r")),
    either("field: bare LF in the value", get(b"X-A: b\nX-B: c")),
    either("field: bytes above ASCII in the value", get(b"X-A: \xff\xfe")),
    either("field: a name of 60,000 bytes", get("X" * 60_000 + ": b"), allowed={400, 431, GONE}),
    refused("field: a value of 200,000 bytes", get("X-A: " + "b" * 200_000), allowed={431, GONE}),
    refused(
        "field: 200,000 bytes in all",
        get(*[f"X-{number}: {'b' * 2500}" for number in range(80)]),
        allowed={431, GONE},
    ),
    refused(
        "field: 101 of them", get(*["X-A: b"] * 101), allowed={431, 400, GONE}
    ),
    refused("field: 10,000 of them", get(*["X-A: b"] * 10_000), allowed={431, 400, GONE}),
    refused("field: the end is missing", b"GET /case HTTP/1.1\r\nHost: a\r\n", is_cut=True),
    refused("field: cut in the middle", b"GET /case HTTP/1.1\r\nHo", is_cut=True),
    refused("field: 2 MiB that do not end", b"GET / HTTP/1.1\r\nX: " + b"a" * 2_000_000,
        allowed={431, 400, GONE}),
]  # fmt: skip

LENGTHS = [
    refused(f"length: {name}", post(b"Content-Length: " + value, body=b"abc"), is_cut=True)
    for name, value in {
        "negative": b"-1",
        "negative zero": b"-0",
        "plus": b"+3",
        "hexadecimal": b"0x3",
        "a point": b"3.0",
        "an exponent": b"3e0",
        "a word": b"three",
        "empty": b"",
        "an underscore": b"0_3",
        "a space in it": b"3 3",
        "Arabic digits": "٣".encode(),
        "superscript": "³".encode("latin-1"),
        "2 to the 64th": b"18446744073709551616",
        "2 to the 64th and 3": b"18446744073709551619",
        "a hundred digits": b"9" * 100,
        "a list of two": b"3, 4",
        "a list with a comma alone": b"3,",
        "in quotes": b'"3"',
        "with a semicolon": b"3;x=y",
    }.items()
] + [
    refused("length: two that differ", post("Content-Length: 3", "Content-Length: 4", body=b"abc"),
        is_cut=True),
    refused(
        "length: a second of 0",
        post("Content-Length: 3", "Content-Length: 0", body=b"abc"),
        is_cut=True,
    ),
    either("length: the same twice", post("Content-Length: 3", "Content-Length: 3", body=b"abc"),
        b"abc"),
    either("length: a list of the same", post("Content-Length: 3, 3", body=b"abc"), b"abc"),
    either("length: zeros in front", post("Content-Length: 0003", body=b"abc"), b"abc"),
    refused("length: too large for the program", post("Content-Length: 1048577"),
        allowed={400, 413}, is_cut=True),
    refused("length: 2 to the 63rd", post("Content-Length: 9223372036854775808"),
        allowed={413, 400, GONE}, is_cut=True),
    refused("length: the body is shorter", post("Content-Length: 10", body=b"abc"), is_cut=True),
    refused("length: the body is missing", post("Content-Length: 10"), is_cut=True),
    refused(
        "length: a long body is shorter",
        post("Content-Length: 900000", body=b"a" * 899_999),
        is_cut=True,
    ),
    refused(
        "length: GET with a body that is shorter", get("Content-Length: 10") + b"abc", is_cut=True
    ),
    taken("length: GET with a body", get("Content-Length: 3", "Connection: close") + b"abc",
        b"abc"),
]  # fmt: skip

CHUNKS = [
    refused(f"chunk: {name}", chunked(body), is_cut=True)
    for name, body in {
        "no size": b"\r\nabc\r\n0\r\n\r\n",
        "size is a word": b"xyz\r\nabc\r\n0\r\n\r\n",
        "negative": b"-3\r\nabc\r\n0\r\n\r\n",
        "plus": b"+3\r\nabc\r\n0\r\n\r\n",
        "0x": b"0x3\r\nabc\r\n0\r\n\r\n",
        "a space in front": b" 3\r\nabc\r\n0\r\n\r\n",
        "an underscore": b"0_3\r\nabc\r\n0\r\n\r\n",
        "a point": b"3.0\r\nabc\r\n0\r\n\r\n",
        "2 to the 64th": b"10000000000000000\r\nabc\r\n0\r\n\r\n",
        "2 to the 64th and 3": b"10000000000000003\r\nabc\r\n0\r\n\r\n",
        "the largest size": b"ffffffffffffffff\r\nabc\r\n0\r\n\r\n",
        "fifty digits": b"f" * 50 + b"\r\nabc\r\n0\r\n\r\n",
        "size too small": b"2\r\nabc\r\n0\r\n\r\n",
        "size too large": b"9\r\nabc\r\n0\r\n\r\n",
        "no line break after the data": b"3\r\nabc0\r\n\r\n",
        "other bytes after the data": b"3\r\nabcXX0\r\n\r\n",
        "bare CR after the size": b"3\rabc\r\n0\r\n\r\n",
        "NUL after the size": b"3\0\r\nabc\r\n0\r\n\r\n",
        "LF alone after the data": b"3\r\nabc\n0\r\n\r\n",
        "CR and another byte after the data": b"3\r\nabc\rX0\r\n\r\n",
        "cut in the size": b"3",
        "cut after the size": b"3\r\n",
        "cut in the data": b"3\r\nab",
        "cut after the data": b"3\r\nabc",
        "cut before the last chunk": b"3\r\nabc\r\n",
        "cut in the last chunk": b"3\r\nabc\r\n0",
        "cut before the last line": b"3\r\nabc\r\n0\r\n",
        "cut in the last line": b"3\r\nabc\r\n0\r\n\r",
        "nothing at all": b"",
        "an extension of 64 KiB": b"3;" + b"x" * 65_536 + b"\r\nabc\r\n0\r\n\r\n",
        "extensions of 64 KiB in all": (b"1;" + b"x" * 1024 + b"\r\na\r\n") * 64 + b"0\r\n\r\n",
        "LF in an extension": b"3;a=b\nc\r\nabc\r\n0\r\n\r\n",
        "bare CR in an extension": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
        "a broken trailer": b"3\r\nabc\r\n0\r\nX-A b\r\n\r\n",
        "a huge trailer": b"3\r\nabc\r\n0\r\nX-A: " + b"b" * 200_000 + b"\r\n\r\n",
        "a trailer that is cut": b"3\r\nabc\r\n0\r\nX-A: ",
        "another after the last": b"3\r\nabc\r\n0\r\n3\r\nabc\r\n\r\n",
        "a plain body": b"abc",
    }.items()
] + [
    either("chunk: LF alone after the size", chunked(b"3\nabc\r\n0\r\n\r\n", "Connection: close"),
        b"abc"),
    either("chunk: a space after the size", chunked(b"3 \r\nabc\r\n0\r\n\r\n", "Connection: close"),
        b"abc"),
    taken("chunk: an extension", chunked(b"3;a=b\r\nabc\r\n0\r\n\r\n", "Connection: close"),
        b"abc"),
    taken("chunk: a trailer",
        chunked(b"3\r\nabc\r\n0\r\nX-A: b\r\n\r\n", "Connection: close"), b"abc"),
    taken("chunk: a length as trailer",
        chunked(b"3\r\nabc\r\n0\r\nContent-Length: 1\r\n\r\n", "Connection: close"), b"abc"),
    taken("chunk: zeros in front", chunked(b"0003\r\nabc\r\n000\r\n\r\n", "Connection: close"),
        b"abc"),
    taken("chunk: capitals", chunked(b"A\r\n0123456789\r\n0\r\n\r\n", "Connection: close"),
        b"0123456789"),
    refused("chunk: too much for the program",
        chunked(b"100000\r\n" + b"a" * 0x100000 + b"\r\n1\r\nb\r\n0\r\n\r\n"), allowed={413}),
]  # fmt: skip

CODINGS = [
    refused(f"coding: {name}", post(*lines, body=b"3\r\nabc\r\n0\r\n\r\n"), allowed={*BAD, 501})
    for name, lines in {
        "identity": ["Transfer-Encoding: identity"],
        "gzip": ["Transfer-Encoding: gzip"],
        "gzip before chunked": ["Transfer-Encoding: gzip, chunked"],
        "gzip after chunked": ["Transfer-Encoding: chunked, gzip"],
        "chunked twice": ["Transfer-Encoding: chunked, chunked"],
        "two fields": ["Transfer-Encoding: chunked", "Transfer-Encoding: chunked"],
        "two that differ": ["Transfer-Encoding: chunked", "Transfer-Encoding: identity"],
        "an empty second": ["Transfer-Encoding: chunked", "Transfer-Encoding:"],
        "xchunked": ["Transfer-Encoding: xchunked"],
        "a letter more": ["Transfer-Encoding: chunkedx"],
        "in quotes": ['Transfer-Encoding: "chunked"'],
        "a parameter": ["Transfer-Encoding: chunked;q=1"],
        "a comma in front": ["Transfer-Encoding: , chunked"],
        "a comma at the end": ["Transfer-Encoding: chunked,"],
        "empty": ["Transfer-Encoding:"],
        "NUL": [b"Transfer-Encoding: chunked\0"],
        "vertical tab": [b"Transfer-Encoding: \x0bchunked"],
        "not ASCII": [b"Transfer-Encoding: chunked\xa0"],
    }.items()
] + [
    either("coding: capitals", post("Transfer-Encoding: CHUNKED", "Connection: close",
        body=b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
    either("coding: a tab before it", post("Transfer-Encoding:\tchunked", "Connection: close",
        body=b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
    either("coding: a space after it", post("Transfer-Encoding: chunked ", "Connection: close",
        body=b"3\r\nabc\r\n0\r\n\r\n"), b"abc"),
]  # fmt: skip

END = b"0\r\n\r\n"


def length_of(body: bytes) -> str:
    return f"Content-Length: {len(body)}"


# What comes after the point where either reading ends is a request that must not be answered.
SMUGGLING = [
    either(f"smuggling: {name}", raw, body)
    for name, raw, body in [
        ("CL.TE", post(length_of(END + SMUGGLED), "Transfer-Encoding: chunked",
            body=END + SMUGGLED), b""),
        ("TE.CL", post("Content-Length: 4", "Transfer-Encoding: chunked",
            body=b"%x\r\n" % len(SMUGGLED) + SMUGGLED + b"\r\n" + END), SMUGGLED),
        ("TE before CL", post("Transfer-Encoding: chunked", "Content-Length: 0",
            body=END + SMUGGLED), b""),
        ("CL 0 and TE", post("Content-Length: 0", "Transfer-Encoding: chunked",
            body=END + SMUGGLED), b""),
        ("TE in HTTP/1.0", head("POST /case HTTP/1.0", "Transfer-Encoding: chunked",
            "Connection: keep-alive") + END + SMUGGLED, b""),
        ("TE and CL in HTTP/1.0", head("POST /case HTTP/1.0", "Transfer-Encoding: chunked",
            "Content-Length: 5", "Connection: keep-alive") + END + SMUGGLED, b""),
        ("GET with CL and TE", get(length_of(END + SMUGGLED), "Transfer-Encoding: chunked")
            + END + SMUGGLED, b""),
    ]
] + [
    refused(f"smuggling: {name}", raw, allowed={*BAD, 501}, is_cut=True)
    for name, raw in [
        *[
            (f"TE.TE {name}", post(length_of(END + SMUGGLED), *lines, body=END + SMUGGLED))
            for name, lines in {
                "xchunked": ["Transfer-Encoding: xchunked"],
                "identity": ["Transfer-Encoding: identity"],
                "a space before the colon": ["Transfer-Encoding : chunked"],
                "a second": ["Transfer-Encoding: chunked", "Transfer-Encoding: x"],
                "folded": ["Transfer-Encoding:", " chunked"],
                "behind a bare CR": [b"X: y\rTransfer-Encoding: chunked"],
                "vertical tab": [b"Transfer-Encoding:\x0bchunked"],
                "two codings": ["Transfer-Encoding: chunked, identity"],
            }.items()
        ],
        ("CL.CL", post("Content-Length: 0", length_of(SMUGGLED), body=SMUGGLED)),
        ("CL.CL in a list", post("Content-Length: 0, 5", body=SMUGGLED)),
        ("a plus", post("Content-Length: +0", body=SMUGGLED)),
        ("a negative length", post("Content-Length: -1", body=SMUGGLED)),
        ("in a broken chunk", chunked(b"0\rX\r\n\r\n" + SMUGGLED)),
        ("in a chunk too large", chunked(b"10000000000000000\r\n" + SMUGGLED + END)),
        ("in an extension", chunked(b"3;\n" + b"abc\r\n" + END + SMUGGLED)),
        ("behind a request without Host", get(host=None) + SMUGGLED),
        ("behind two hosts", get("Host: b.example") + SMUGGLED),
        ("behind a broken line", head("GET /a b HTTP/1.1") + SMUGGLED),
        ("behind HTTP/0.9", b"GET /case\r\n" + SMUGGLED),
    ]
] + [
    either("smuggling: in the body of a GET", get(length_of(SMUGGLED), "Connection: close")
        + SMUGGLED, SMUGGLED),
    either("smuggling: a length with an underscore",
        post("Content_Length: 0", length_of(SMUGGLED), "Connection: close", body=SMUGGLED),
        SMUGGLED),
    either("smuggling: a coding with an underscore",
        post("Transfer_Encoding: chunked", length_of(END + SMUGGLED), "Connection: close",
            body=END + SMUGGLED), END + SMUGGLED),
    either("smuggling: an upgrade with a body", post("Connection: Upgrade", "Upgrade: h2c",
        length_of(SMUGGLED), body=SMUGGLED), SMUGGLED),
    either("smuggling: a length hidden by Connection", post("Connection: close, Content-Length",
        length_of(SMUGGLED), body=SMUGGLED), SMUGGLED),
    either("smuggling: behind Connection close", get("Connection: close") + SMUGGLED),
    taken("pipelined: two that are in order", get() + get("Connection: close"), b"", b""),
    taken("pipelined: behind a body", post("Content-Length: 3", body=b"abc")
        + get("Connection: close"), b"abc", b""),
    taken("pipelined: behind chunks", chunked(b"3\r\nabc\r\n" + END) + get("Connection: close"),
        b"abc", b""),
    taken("pipelined: behind a trailer",
        chunked(b"3\r\nabc\r\n0\r\nX: y\r\n\r\n") + get("Connection: close"), b"abc", b""),
    taken("pipelined: an empty line between", post("Content-Length: 3", body=b"abc") + b"\r\n"
        + get("Connection: close"), b"abc", b""),
]  # fmt: skip

CASES = [
    *REQUEST_LINES,
    *METHODS,
    *TARGETS,
    *VERSIONS,
    *HOSTS,
    *FIELDS,
    *LENGTHS,
    *CHUNKS,
    *CODINGS,
    *SMUGGLING,
]


@pytest.fixture(scope="module")
def site(serve, tmp_path_factory):
    program = tmp_path_factory.mktemp("malformed") / "program.py"
    program.write_text(PROGRAM)
    with serve(str(program)) as site:
        yield site


def answers_to(site, case: Case) -> bytes:
    """Every byte that comes back until the server closes the connection."""
    with socket.create_connection((site.host, site.port), timeout=LIMIT_SECONDS) as connection:
        with contextlib.suppress(ConnectionError):  # it may answer and close before it has all
            connection.sendall(case.raw)
            if case.is_cut:
                with contextlib.suppress(OSError):  # the server may have ended it already
                    connection.shutdown(socket.SHUT_WR)
        received = bytearray()
        with contextlib.suppress(ConnectionError):
            read_into(received, connection, len(case.bodies))
        return bytes(received)


def read_into(received: bytearray, connection: socket.socket, answers: int) -> None:
    """Read to the end; half-close when there are responses and no more arrive."""
    while piece := connection.recv(65536):
        received += piece
        has_all = len(statuses_in(received)) >= answers
        quiet = QUIET_SECONDS if has_all else QUIET_SECONDS_IF_MORE_MAY_COME
        if not select.select([connection], [], [], quiet)[0]:
            with contextlib.suppress(OSError):  # the server may have ended it already
                connection.shutdown(socket.SHUT_WR)


def statuses_in(received: bytes) -> list[int]:
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", received)] or [GONE]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_malformed_request_is_refused_and_an_ambiguous_one_smuggles_nothing(site, case):
    received = answers_to(site, case)
    statuses = statuses_in(received)
    seen = json.loads(site.ask("GET", "/log").body)

    assert set(statuses) <= case.allowed, received[:300]
    assert all(status < 500 or status in {501, 505} for status in statuses)
    assert len(statuses) <= max(1, len(case.bodies))
    assert [body.encode("latin-1") for _, body in seen] in (list(case.bodies), []), seen
    assert (200 in statuses) == bool(seen)
    assert "/smuggled" not in [path for path, _ in seen]
    assert site.ask("GET", "/good").body == b"good"


def test_the_corpus_is_large_and_each_case_has_a_name_of_its_own():
    names = [case.name for case in CASES]

    assert len(set(names)) == len(names) >= 150


def test_the_view_receives_valid_data(site):  # or the test above would be empty
    well = Case("well", post("Content-Length: 3", "Connection: close", body=b"abc"), {200})

    assert statuses_in(answers_to(site, well)) == [200]
    assert json.loads(site.ask("GET", "/log").body) == [["/case", "abc"]]
