"""Input made by Hypothesis from the pieces that parsers stumble over, through a whole program.

In production mode, so that any exception but an `HTTPException` would be a 5xx. Single parsers
have properties of their own: `test_bad_input.py`, `http/test_ranges.py`, `http/test_forms.py`,
`http/test_multipart.py`, `routing/test_match.py`, `differential/test_quick_ways.py`.
"""

import email
import email.policy
import io
import re
from urllib.parse import urlsplit

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from werkzeug.test import create_environ, run_wsgi_app

import retort

CONTENT = bytes(range(65, 91)) * 4
PARSED = """
    accept_charsets accept_encodings accept_languages accept_mimetypes
    access_control_request_headers access_control_request_method access_route age allow args
    authorization cache_control charset
    content_encoding content_length content_md5 content_type cookies date full_path host if_match
    if_modified_since if_none_match if_range if_unmodified_since is_json is_safe
    last_event_id max_forwards
    mimetype mimetype_params origin pragma range referrer remote_addr root_url url user_agent values
""".split()  # noqa: SIM905
FIELDS = """
    ACCEPT ACCEPT_CHARSET ACCEPT_ENCODING ACCEPT_LANGUAGE ACCEPT_QUERY
    ACCESS_CONTROL_REQUEST_HEADERS AUTHORIZATION CACHE_CONTROL CONTENT_ENCODING CONTENT_MD5
    CONTENT_RANGE COOKIE DATE EXPECT FORWARDED HOST IF_MATCH IF_MODIFIED_SINCE IF_NONE_MATCH
    IF_RANGE IF_UNMODIFIED_SINCE LAST_EVENT_ID MAX_FORWARDS ORIGIN PRAGMA RANGE REFERER
    SEC_FETCH_SITE TE
    TRANSFER_ENCODING UPGRADE USER_AGENT X_FORWARDED_FOR X_FORWARDED_HOST X_FORWARDED_PREFIX
    X_HTTP_METHOD_OVERRIDE X_REQUESTED_WITH
""".split()  # noqa: SIM905


RULES = [
    "/int/<int:value>",
    "/signed/<int(signed=True):value>",
    "/few/<int(min=3, max=9):value>",
    "/float/<float:value>/",
    "/uuid/<uuid:value>",
    "/any/<any(one, 'two words'):value>",
    "/path/<path:value>",
    "/path/<path:value>/edit",
    "/three/<string(length=3):value>/<other>",
]


def make(app_class):
    app = app_class("fuzzed")
    app.config.update(SECRET_KEY="a key", MAX_FORM_PARTS=8, MAX_FORM_MEMORY_SIZE=400)

    @app.route("/parsed", methods=["GET", "POST"])
    def parsed():
        for name in PARSED:
            str(getattr(retort.request, name, None))
        retort.request.accept_mimetypes.best_match(["text/html", "application/json"])
        retort.session["seen"] = retort.session.get("seen", 0)
        return retort.url_for("parsed", _external=True)

    @app.get("/file")
    def file():
        return retort.send_file(
            io.BytesIO(CONTENT), "text/plain", etag="v1", last_modified=1_000_000_000
        )

    @app.post("/form")
    def form():
        files = [len(sent.read()) for sent in retort.request.files.values()]
        fields = [len(value) for value in retort.request.form.values()]
        return {"files": files, "fields": fields}

    def routed(**args):
        # Whatever a rule took can be written, and the address leads back here.
        address = retort.url_for(retort.request.endpoint, **args)
        return {"args": str(args), "address": address}

    for rule in RULES:
        app.add_url_rule(rule, rule.replace(".", ""), routed)
    return app


@pytest.fixture(scope="module", params=[retort.Flask, retort.Retort], ids=["Flask", "Retort"])
def app(request):
    return make(request.param)


def ask(app, path, **environ):
    """Status, headers and body; the values of ``environ`` as a server gives them."""
    body, status, headers = run_wsgi_app(app, {**create_environ(), "PATH_INFO": path, **environ})
    content = b"".join(body)
    if hasattr(body, "close"):
        body.close()
    assert b"Traceback" not in content
    for name, value in headers:
        assert not re.search(r"[\r\n\0]", name + value)
    return int(status[:3]), headers, content


def made_of(*pieces, most=12):
    """Text of these pieces in any order, and of anything that a header can hold."""
    anything = st.characters(max_codepoint=255, exclude_characters="\r\n\0")
    return st.lists(st.sampled_from(pieces) | anything, max_size=most).map("".join)


header_values = made_of(
    *["*/*", "text/html", ";q=", "0.5", "-1", "1e9", "nan", "inf", ",", ";", "=", '"', "\\", "W/"],
    *["bytes=", "-", "9" * 30, "Basic ", "Bearer ", "Digest ", "dTpw", "é", "%ff", "Sun, 06 Nov"],
    *[" 1994 08:49:37 GMT", "99999999", "http://", "[::1", "@", "session=", "eyJ9", ".", "UTF-8''"],
)


def as_utf_8(text):
    """As a server hands the bytes of a URL over."""
    return text.encode().decode("latin-1")


@given(
    fields=st.dictionaries(st.sampled_from(FIELDS), header_values, max_size=6),
    query=made_of("a=", "&", "%", "%zz", "%ff", "+", "=", ";", "é").map(as_utf_8),
    content_type=header_values
    | made_of("multipart/form-data", "; boundary=", '"', "x", "charset="),
    method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS"]),
)
@example({"HOST": "[::1"}, "", "", "GET")
@example({"RANGE": "bytes=" + "9" * 5000 + "-"}, "", "", "GET")
@example({"MAX_FORWARDS": "9" * 5000, "DATE": "Sun, 99 Nov 99999 08:49:37 GMT"}, "", "", "GET")
def test_parsed_headers_never_raise(app, fields, query, content_type, method):
    given = {f"HTTP_{name}": value for name, value in fields.items()}

    status, _, _ = ask(
        app,
        "/parsed",
        REQUEST_METHOD=method,
        QUERY_STRING=query,
        CONTENT_TYPE=content_type,
        **given,
    )

    assert status < 500


@pytest.mark.xfail(strict=True, reason="Werkzeug's request.full_path decodes it strictly")
@pytest.mark.parametrize("query", ["\x80", "a=\xff", "a=%20&\xc3"])
def test_bytes_in_a_query_that_are_no_utf_8_are_no_error(app, query):
    # `retort run` answers such a request with 400 by itself; other servers hand it on.
    assert ask(app, "/parsed", QUERY_STRING=query)[0] < 500


ranges = made_of("bytes", "=", "-", ",", "0", "1", "5", "99", "103", "104", "500", " ", most=16)
versions = st.sampled_from(
    ['"v1"', 'W/"v1"', '"v2"', "*", "v1", '"', "Sun, 09 Sep 2001 01:46:40 GMT", "yesterday", ""]
)


def parts_of(headers, content):
    """Content-Range and content of each part of a 206."""
    if "Content-Range" in headers:
        return [(headers["Content-Range"], content)]
    text = b"Content-Type: %s\r\n\r\n" % headers["Content-Type"].encode() + content
    message = email.message_from_bytes(text, policy=email.policy.HTTP)
    return [(part["Content-Range"], part.get_payload(decode=True)) for part in message.iter_parts()]


@given(
    wanted=ranges | ranges.map("bytes={}".format),
    fields=st.dictionaries(
        st.sampled_from("IF_RANGE IF_MATCH IF_NONE_MATCH IF_MODIFIED_SINCE".split()),  # noqa: SIM905
        versions,
        max_size=2,
    ),
    method=st.sampled_from(["GET", "HEAD"]),
)
@example("bytes=0-4,6-9", {}, "GET")
@example("bytes=5-", {"IF_RANGE": '"v1"'}, "GET")
def test_a_part_of_a_file_is_exactly_the_slice_in_content_range(app, wanted, fields, method):
    given = {f"HTTP_{name}": value for name, value in fields.items()}

    status, headers, content = ask(app, "/file", REQUEST_METHOD=method, HTTP_RANGE=wanted, **given)

    assert status in {200, 206, 304, 412, 416}
    if method == "HEAD":
        assert (status in {200, 304, 412}, content) == (True, b"")
    elif status == 200:
        assert content == CONTENT
    elif status == 206:
        parts = parts_of(headers, content)
        assert parts
        for content_range, part in parts:
            first, last, size = map(
                int, re.fullmatch(r"bytes (\d+)-(\d+)/(\d+)", content_range).groups()
            )
            assert (part, size) == (CONTENT[first : last + 1], len(CONTENT))
    elif status == 416:
        assert headers["Content-Range"] == f"bytes */{len(CONTENT)}"


multipart_pieces = st.sampled_from(
    [
        b"--x\r\n",
        b"--x--\r\n",
        b"--x",
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b'Content-Disposition: form-data; name="a"\r\n\r\n',
        b'Content-Disposition: form-data; name="f"; filename="n.txt"\r\n\r\n',
        b"Content-Disposition: form-data; filename*=UTF-8''%ff; name=a\r\n\r\n",
        b"Content-Disposition: attachment\r\n\r\n",
        b"Content-Type: text/plain; charset=utf-7\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Transfer-Encoding: base64\r\n",
        b": \r\n",
        b"\0\xff\xfe",
        b"value",
        b"v" * 500,
    ]
)
urlencoded_pieces = st.sampled_from(
    [b"a", b"=", b"&", b"%", b"%ff", b"%00", b"+", b"\xff", b";", b"_method=", b"v" * 500]
)


@given(
    body=st.lists(multipart_pieces | st.binary(max_size=6), max_size=14).map(b"".join),
    content_type=st.sampled_from(
        ["multipart/form-data; boundary=x", 'multipart/form-data; boundary="x"; charset=utf-16']
    ),
)
def test_a_multipart_form_is_read_or_a_bad_request_and_nothing_is_added_to_it(
    app, body, content_type
):
    assert_read_or_refused(app, body, content_type)


@given(body=st.lists(urlencoded_pieces | st.binary(max_size=3), max_size=30).map(b"".join))
def test_an_urlencoded_form_is_read_or_a_bad_request_and_nothing_is_added_to_it(app, body):
    assert_read_or_refused(app, body, "application/x-www-form-urlencoded")


def assert_read_or_refused(app, body, content_type):
    status, _, content = ask(
        app,
        "/form",
        REQUEST_METHOD="POST",
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH=str(len(body)),
        **{"wsgi.input": io.BytesIO(body)},
    )

    assert status in {200, 400, 413}
    if status == 200:
        sizes = retort.json.loads(content)
        assert sum(sizes["files"]) + sum(sizes["fields"]) <= len(body)


BEGINNINGS = "/int/ /signed/ /few/ /float/ /uuid/ /any/ /path/ /three/".split()  # noqa: SIM905
paths = made_of(
    *[
        "/",
        "//",
        ".",
        "..",
        "-",
        "0",
        "7",
        "12",
        "1.5",
        "00",
        "9" * 400,
        "one",
        "two words",
        "edit",
    ],
    *["abc", "/edit", "%2f", "%", "+", "_", "é", "\xc3\xa9", "\xff", "\0", "\r", "\n", "\t", " "],
    *["6f1d0b5e-1111-4111-8111-111111111111", "http:", "@", "?", "#", "|", "\\", "\u0085"],
    most=6,
)


@given(beginning=st.sampled_from(BEGINNINGS), rest=paths)
@example("/path/", "a/edit")
@example("/float/", "9" * 400 + ".5")
def test_what_a_route_takes_can_be_written_and_leads_back(app, beginning, rest):
    status, headers, content = ask(app, beginning + rest)

    assert status in {200, 308, 404}
    if status == 308:
        assert urlsplit(headers["Location"]).hostname in {None, "localhost"}
    elif status == 200:
        answer = retort.json.loads(content)
        client = app.test_client()
        again = client.get(answer["address"], follow_redirects=True)
        assert again.status_code == 200, answer
        assert again.json["args"] == answer["args"]


def test_the_routes_do_take_something(app):  # or the property above would be empty
    for path in ("/int/7", "/signed/-7", "/few/4", "/float/1.5/", "/any/one", "/path/a/b/edit"):
        assert ask(app, path)[0] == 200, path
