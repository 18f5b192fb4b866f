"""HAR files: which requests are read from them, and what is said of the others."""

import base64
import json
import random

import pytest
from werkzeug.formparser import parse_form_data
from werkzeug.test import EnvironBuilder

from retort.compare.options import CompareError
from retort.compare.recordings import har, read_har

SHOP = "https://shop.example"


def entry(url=SHOP + "/", kind=None, method="GET", media_type="text/html", status=200, **more):
    response = {
        "status": status,
        "statusText": "OK",
        "headers": [{"name": "Content-Type", "value": media_type}],
        "content": {"mimeType": media_type, "text": more.pop("text", "hello")},
    }
    request = {"method": method, "url": url, "headers": more.pop("headers", []), **more}
    found = {"request": request, "response": response}
    return {**found, "_resourceType": kind} if kind else found


def post(type_, *, headers=None, **posted):
    fields = [{"name": "Content-Type", "value": type_}] if headers is None else headers
    return entry(method="POST", headers=fields, postData={"mimeType": type_, **posted})


@pytest.fixture
def read(tmp_path):
    def read(*entries):
        file = tmp_path / "visit.har"
        file.write_text(json.dumps({"log": {"entries": list(entries)}}))
        return read_har(file)

    return read


def targets(recording):
    return [one.request.target for one in recording.entries]


def only(recording):
    (found,) = recording.entries
    return found.request


def test_a_request_and_its_response_are_read(read):
    found = read(
        entry(
            SHOP + "/a?b=1#c",
            headers=[
                {"name": ":path", "value": "/a"},
                {"name": "Host", "value": "shop.example"},
                {"name": "Cookie", "value": "session=x"},
                {"name": "Accept", "value": "text/html"},
            ],
        )
    )

    (one,) = found.entries
    assert one.origin == "visit.har, entry 1"
    assert (one.request.method, one.request.target) == ("GET", "/a?b=1")
    assert one.request.fields == (("Accept", "text/html"),)
    assert (one.response.status, one.response.body) == (200, b"hello")
    assert found.notes == []


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("/ü?q=ä ö", "/%C3%BC?q=%C3%A4%20%C3%B6"),
        ("/%C3%BC?q=%zz", "/%C3%BC?q=%zz"),
        ("", "/"),
        ("?q", "/?q"),
        ("/😀", "/%F0%9F%98%80"),
        ("/\ud800", "/%ED%A0%80"),
    ],
)
def test_an_address_is_sent_in_ascii(read, written, sent):
    assert targets(read(entry(SHOP + written))) == [sent]


@pytest.mark.parametrize(
    "bad",
    [
        entry(SHOP + "/a\r\nb"),
        entry(method="GET /x HTTP/1.1\r\n"),
        entry(method=""),
        entry(headers=[{"name": "A"}]),
        entry(headers="x"),
        post("text/plain", text="%%%", encoding="base64"),
        post("multipart/form-data", params=[{"name": "a", "value": "1"}]),
        post("application/x-www-form-urlencoded", params=[1]),
    ],
)
def test_an_entry_that_cannot_be_read_is_counted_and_the_others_are_read(read, bad):
    found = read(entry(SHOP + "/good"), bad)

    assert targets(found) == ["/good"]
    assert found.notes == ["visit.har, host shop.example: left out were 1 (cannot be read)."]


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (entry("https://cdn.example/x.js"), "another host"),
        (entry("http://[/"), "another host"),
        (entry(status=0), "aborted"),
        ({"_webSocketMessages": [], **entry()}, "WebSocket"),
        (entry("wss://shop.example/chat"), "WebSocket"),
        ({}, "without an address"),
        ({"request": []}, "without an address"),
        (7, "without an address"),
    ],
)
def test_what_is_not_sent_is_counted_with_its_reason(read, other, reason):
    found = read(entry(SHOP + "/good"), entry(SHOP + "/good"), other)

    assert targets(found) == ["/good", "/good"]
    assert found.notes == [f"visit.har, host shop.example: left out were 1 ({reason})."]


def test_header_fields_that_cannot_be_sent_are_left_out(read):
    fields = [("X-A", "1"), ("X B", "2"), ("X-C", "3\r\nX-D: 4"), ("X-Ä", "5"), ("", "6")]

    found = read(entry(headers=[{"name": name, "value": value} for name, value in fields]))

    assert only(found).fields == (("X-A", "1"),)


def hosts(*pairs):
    return [entry(f"https://{host}/{number}", *more) for number, (host, *more) in enumerate(pairs)]


def image(host):
    return (host, None, "GET", "image/png")


@pytest.mark.parametrize(
    "entries",
    [
        hosts(("shop.example",), *[image("cdn.example")] * 5),
        hosts(("shop.example", "document"), *[("stats.example", "xhr")] * 3),
        hosts(("shop.example", "document"), *[("stats.example", "fetch")] * 3),
        hosts(("shop.example",), ("login.example",)),
        hosts(("login.example",), ("shop.example",), ("shop.example",)),
        hosts(*[("shop.example", "xhr")] * 2, ("stats.example", "xhr")),
        hosts(image("cdn.example"), ("shop.example",), image("cdn.example")),
    ],
    ids=[
        "images elsewhere",
        "xhr elsewhere",
        "fetch elsewhere",
        "a tie: the first",
        "most pages, not the first",
        "no page: most requests",
        "a page between images",
    ],
)
def test_the_program_is_the_host_of_the_pages(read, entries):
    found = read(*entries)

    assert "host shop.example:" in found.notes[0]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (SHOP, "https://shop.example:443"),
        ("http://shop.example:80", "http://shop.example"),
        ("http://shop.example", SHOP),  # it redirects to https
        (SHOP, "https://user:word@shop.example"),
        (SHOP, "https://SHOP.example"),
        ("http://[::1]:5000", "http://[::1]:5000"),
    ],
)
def test_the_default_port_belongs_to_the_same_host(read, first, second):
    assert targets(read(entry(first + "/a"), entry(second + "/b"))) == ["/a", "/b"]


def test_another_port_is_another_host(read):
    found = read(entry("http://localhost:5000/a"), entry("http://localhost:5001/b"))

    assert targets(found) == ["/a"]


@pytest.mark.parametrize(
    ("posted", "body"),
    [
        ({"text": "a=1&b=%C3%A4"}, b"a=1&b=%C3%A4"),
        ({"text": "YT0x", "encoding": "base64"}, b"a=1"),
        ({"params": [{"name": "a", "value": "1"}, {"name": "b c"}]}, b"a=1&b+c="),
        ({"params": [{"name": "ä", "value": None}]}, b"%C3%A4="),
        ({"params": []}, b""),
        ({}, b""),
    ],
)
def test_a_form_is_sent_from_its_text_or_its_fields(read, posted, body):
    assert only(read(post("application/x-www-form-urlencoded", **posted))).body == body


def test_multipart_fields_are_sent_with_the_boundary_of_the_recording(read):
    params = [
        {"name": 'a"\r\nb', "value": "1\r\n2"},
        {"name": "file", "fileName": "ä.txt", "contentType": "text/plain", "value": "content"},
        {"name": "empty", "fileName": ""},
    ]
    request = only(read(post("multipart/form-data; boundary=----x1", params=params)))

    environ = EnvironBuilder(
        method="POST", data=request.body, content_type=dict(request.fields)["Content-Type"]
    ).get_environ()
    _, form, files = parse_form_data(environ)
    assert form.to_dict() == {'a"%0D%0Ab': "1\r\n2"}
    assert files["file"].filename == "ä.txt"
    assert files["file"].mimetype == "text/plain"
    assert files["file"].read() == b"content"
    assert files["empty"].filename == ""
    for file in files.values():
        file.close()


def test_a_body_without_a_content_type_field_gets_the_recorded_one(read):
    request = only(read(post("application/json", headers=[], text='{"a": 1}')))

    assert request.fields == (("Content-Type", "application/json"),)


def test_a_binary_response_is_read(read):
    one = entry()
    one["response"]["content"] = {
        "encoding": "base64",
        "text": base64.b64encode(b"\0\xff").decode(),
    }

    (found,) = read(one).entries

    assert found.response.body == b"\0\xff"


@pytest.mark.parametrize(
    "content", [None, "x", {"encoding": "base64", "text": "%"}, {"text": None}, {"text": 7}]
)
def test_a_response_without_a_readable_body_is_still_sent(read, content):
    one = entry()
    one["response"]["content"] = content

    assert targets(read(one)) == ["/"]


@pytest.mark.parametrize("response", [None, {}, {"status": None}, "x"])
def test_an_entry_without_a_response_is_sent(read, response):
    (found,) = read({**entry(), "response": response}).entries

    assert found.response is None


def test_a_long_body_is_left_out(read, monkeypatch):
    monkeypatch.setattr(har, "MAX_BODY_BYTES", 1024**2)

    found = read(entry(SHOP + "/good"), post("text/plain", text="x" * (1024**2 + 1)))

    assert targets(found) == ["/good"]
    assert "1 (a body of more than 1 MiB)" in found.notes[0]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is no HAR file, because it is no JSON"),
        ("[" * 100_000, "is no HAR file, because it is no JSON"),
        ("\x1f\x8b", "is no HAR file, because it is no JSON"),
        ("[]", "it has no log.entries"),
        ('{"log": 1}', "it has no log.entries"),
        ('{"log": {"entries": {}}}', "log.entries is no list"),
        ('{"log": {"entries": []}}', "has no request to the program. none."),
        (
            '{"log": {"entries": [{"request": {"url": "ws://shop/"}}]}}',
            "has no request to the program. 1 (WebSocket). Record a visit",
        ),
    ],
)
def test_a_file_that_is_no_recording_is_an_error_that_says_why(tmp_path, content, message):
    file = tmp_path / "visit.har"
    file.write_text(content)

    with pytest.raises(CompareError) as caught:
        read_har(file)

    assert message in str(caught.value)


def test_a_missing_file_and_a_folder_are_errors(tmp_path):
    for file in (tmp_path / "missing.har", tmp_path):
        with pytest.raises(CompareError, match=r"cannot be read: .+\."):
            read_har(file)


def test_a_file_of_hundreds_of_megabytes_is_an_error_before_it_is_read(tmp_path):
    file = tmp_path / "visit.har"
    with file.open("wb") as sparse:
        sparse.truncate(har.MAX_FILE_BYTES + 1)

    with pytest.raises(CompareError, match=r"has more than 300 MiB\. Record a shorter visit"):
        read_har(file)


def test_whatever_a_value_is_replaced_by_the_file_is_read_or_explained(read):
    source = random.Random(19)
    values = [None, 7, "x", [], {}, [None], {"a": "b"}, True, "\ud800", 1e300]
    form = post("multipart/form-data; boundary=x", params=[{"name": "a", "value": "1"}])
    for _ in range(300):
        changed = json.loads(json.dumps(source.choice([entry(), form])))
        _replace_one(changed, source, values)

        found = read(entry(SHOP + "/good"), changed)

        assert targets(found)[0] == "/good"
        for one in found.entries:
            assert one.request.target.isascii()


def _replace_one(value, source, values):
    """Replace one value somewhere in it."""
    while True:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = source.choice(keys)
        if not value[key] or not isinstance(value[key], (dict, list)) or source.random() < 0.3:
            value[key] = source.choice(values)
            return
        value = value[key]
