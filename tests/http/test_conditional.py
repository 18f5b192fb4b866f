"""Preconditions: RFC 9110 section 13. The numbers R31 to R37 are of the list of requirements."""

from datetime import datetime, timedelta, timezone

import pytest
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as WerkzeugResponse

import retort
from retort.http.conditional import (
    EntityTag,
    Validators,
    evaluate,
    is_safeguarded,
    parse_tag,
    to_http_time,
)

NOW = datetime(2026, 5, 4, 12, 0, 0, tzinfo=timezone.utc)
BEFORE, SAME, AFTER = (
    "Mon, 04 May 2026 11:59:59 GMT",
    "Mon, 04 May 2026 12:00:00 GMT",
    "Mon, 04 May 2026 12:00:01 GMT",
)
STRONG = Validators(EntityTag("v1"), NOW)
WEAK = Validators(EntityTag("v1", is_weak=True), NOW)
NOTHING = Validators(exists=False)
UNNAMED = Validators()  # it exists, and that is all that is known

READS = ("GET", "HEAD", "QUERY")
CHANGES = ("PUT", "PATCH", "DELETE", "POST")


def fields(**values):
    return Headers([(name.replace("_", "-"), value) for name, value in values.items()])


def verdict(current, method="GET", **values):
    return evaluate(method, fields(**values), current)


# Each precondition alone


@pytest.mark.parametrize("method", [*READS, *CHANGES])
@pytest.mark.parametrize(
    ("current", "if_match", "status"),
    [
        (STRONG, '"v1"', None),
        (STRONG, '"v0", "v1"', None),
        (STRONG, "*", None),
        (STRONG, " * ", None),
        (UNNAMED, "*", None),
        (STRONG, '"v2"', 412),
        (STRONG, 'W/"v1"', 412),  # R37: strong comparison
        (WEAK, '"v1"', 412),
        (WEAK, 'W/"v1"', 412),
        (WEAK, "*", None),
        (UNNAMED, '"v1"', 412),
        (STRONG, "", 412),
        (STRONG, '"v1', 412),
        (STRONG, '"*"', 412),
        (STRONG, '"V1"', 412),
    ],
)
def test_if_match_requires_one_of_these_versions(method, current, if_match, status):
    """R32 and R37."""
    assert verdict(current, method, If_Match=if_match) == status


@pytest.mark.parametrize("method", [*READS, *CHANGES])
@pytest.mark.parametrize(
    ("current", "since", "status"),
    [
        (STRONG, BEFORE, 412),
        (STRONG, SAME, None),
        (STRONG, AFTER, None),
        (STRONG, "Monday, 04-May-26 11:59:59 GMT", 412),  # the two old forms: section 5.6.7
        (STRONG, "Mon May  4 11:59:59 2026", 412),
        (STRONG, "yesterday", None),  # what is no date is ignored
        (STRONG, "", None),
        (STRONG, f"{BEFORE}, {BEFORE}", None),  # and so are two
        (UNNAMED, BEFORE, None),  # nothing to compare it with
    ],
)
def test_if_unmodified_since_requires_no_later_change(method, current, since, status):
    """R33."""
    assert verdict(current, method, If_Unmodified_Since=since) == status


@pytest.mark.parametrize(
    ("current", "tags", "is_known"),
    [
        (STRONG, '"v1"', True),
        (STRONG, 'W/"v1"', True),  # R37: weak comparison
        (WEAK, '"v1"', True),
        (WEAK, 'W/"v1"', True),
        (STRONG, '"v0" , "v1"', True),
        (STRONG, "v1", True),  # without quotation marks, as Werkzeug takes it
        (STRONG, "*", True),
        (UNNAMED, "*", True),
        (STRONG, '"v2"', False),
        (STRONG, "", False),
        (STRONG, '"v1', False),
        (STRONG, '"*"', False),
        (UNNAMED, '"v1"', False),
        (NOTHING, "*", False),
        (NOTHING, '"v1"', False),
    ],
)
def test_if_none_match_requires_none_of_these_versions(current, tags, is_known):
    """R34 and R37."""
    for method in READS:
        assert verdict(current, method, If_None_Match=tags) == (304 if is_known else None)
    for method in CHANGES:
        assert verdict(current, method, If_None_Match=tags) == (412 if is_known else None)


@pytest.mark.parametrize(
    ("current", "since", "status"),
    [
        (STRONG, BEFORE, None),
        (STRONG, SAME, 304),
        (STRONG, AFTER, 304),
        (STRONG, "soon", None),
        (STRONG, f"{AFTER}, {AFTER}", None),
        (UNNAMED, AFTER, None),
        (NOTHING, AFTER, None),
    ],
)
def test_if_modified_since_requires_a_later_change(current, since, status):
    for method in READS:
        assert verdict(current, method, If_Modified_Since=since) == status
    for method in CHANGES:  # section 13.1.3: for reading alone
        assert verdict(current, method, If_Modified_Since=since) is None


# Together


@pytest.mark.parametrize(
    ("values", "status"),
    [
        # If-Match takes precedence over If-Unmodified-Since.
        ({"If_Match": '"v1"', "If_Unmodified_Since": BEFORE}, None),
        ({"If_Match": '"v2"', "If_Unmodified_Since": AFTER}, 412),
        # If-None-Match takes precedence over If-Modified-Since.
        ({"If_None_Match": '"v2"', "If_Modified_Since": AFTER}, None),
        ({"If_None_Match": '"v1"', "If_Modified_Since": BEFORE}, 304),
        ({"If_None_Match": "", "If_Modified_Since": AFTER}, None),
        # The first two come before the other two.
        ({"If_Match": '"v2"', "If_None_Match": '"v1"'}, 412),
        ({"If_Match": '"v1"', "If_None_Match": '"v1"'}, 304),
        ({"If_Unmodified_Since": BEFORE, "If_None_Match": '"v1"'}, 412),
        ({"If_Unmodified_Since": BEFORE, "If_Modified_Since": AFTER}, 412),
        ({"If_Unmodified_Since": AFTER, "If_Modified_Since": AFTER}, 304),
        ({}, None),
    ],
)
def test_preconditions_are_taken_in_the_order_of_the_standard(values, status):
    """R31."""
    assert verdict(STRONG, **values) == status


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT"])
def test_methods_that_are_about_no_representation_have_no_preconditions(method):
    assert verdict(STRONG, method, If_Match='"other"', If_None_Match='"v1"') is None


@pytest.mark.parametrize("values", [{"If_Match": '"v1"'}, {"If_Match": "*"}])
def test_nothing_is_there_to_match(values):
    """R32: a change is refused; R36: for a read it is the plain answer, a 404, that counts."""
    for method in CHANGES:
        assert verdict(NOTHING, method, **values) == 412
    for method in READS:
        assert verdict(NOTHING, method, **values) is None


@pytest.mark.parametrize(
    ("current", "values", "expected"),
    [
        (STRONG, {"If_Match": '"v0"'}, True),
        (STRONG, {"If_Match": ""}, True),  # it never holds, so nothing is overwritten
        (STRONG, {"If_Unmodified_Since": SAME}, True),
        (STRONG, {"If_None_Match": "*"}, True),
        (STRONG, {}, False),
        (STRONG, {"If_None_Match": '"v0"'}, False),
        (STRONG, {"If_Modified_Since": SAME}, False),
        (STRONG, {"If_Unmodified_Since": "yesterday"}, False),  # ignored, so no safeguard
        (UNNAMED, {"If_Unmodified_Since": SAME}, False),
    ],
)
def test_what_keeps_a_change_of_others_from_being_overwritten(current, values, expected):
    assert is_safeguarded(fields(**values), current) is expected


# What a program gives


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ("abc", EntityTag("abc")),
        ('"abc"', EntityTag("abc")),
        ('W/"abc"', EntityTag("abc", is_weak=True)),
        ('""', EntityTag("")),
        ("a,b", EntityTag("a,b")),
        ("é", EntityTag("é")),
    ],
)
def test_a_tag_may_be_given_with_and_without_quotation_marks(text, tag):
    assert parse_tag(text) == tag


@pytest.mark.parametrize(
    "text", ["", "a b", 'a"b', '"a', 'W/"a', "a\r\nSet-Cookie:x", "日本", "\x7f"]
)
def test_what_cannot_be_a_tag_is_an_error_that_shows_it(text):
    with pytest.raises(ValueError, match="cannot be an entity tag") as raised:
        parse_tag(text)

    assert repr(text) in str(raised.value)


@pytest.mark.parametrize(
    "when",
    [
        NOW,
        NOW.replace(tzinfo=None),
        NOW.timestamp(),
        NOW.timestamp() + 0.9,
        int(NOW.timestamp()),
        NOW + timedelta(microseconds=999_999),
        NOW.astimezone(timezone(timedelta(hours=-7))),
    ],
)
def test_a_time_is_brought_to_whole_seconds_of_utc(when):
    assert to_http_time(when) == NOW
    assert to_http_time(when).utcoffset() == timedelta(0)


# A response that is already made


def conditional(method="GET", status=200, tag="v1", **values):
    """What `make_conditional` makes of a response, and what is sent of it."""
    response = retort.Response("content", status=status)
    if tag is not None:
        response.set_etag(tag)
    response.headers["Last-Modified"] = SAME
    response.headers["Cache-Control"] = "public, max-age=60"
    names = {f"HTTP_{name.upper()}": value for name, value in values.items()}
    environ = {"REQUEST_METHOD": method, **names}
    assert response.make_conditional(environ) is response
    body, status_line, headers = response.get_wsgi_response(environ)
    return int(status_line[:3]), Headers(headers), b"".join(body)


def test_a_version_that_the_client_has_is_not_sent_again():
    """R35."""
    status, headers, body = conditional(If_None_Match='"v1"')

    assert (status, body) == (304, b"")
    assert headers["ETag"] == '"v1"'
    assert headers["Cache-Control"] == "public, max-age=60"
    assert "Date" in headers
    assert not {"Content-Length", "Content-Type"} & set(headers.keys())


@pytest.mark.parametrize(
    "values",
    [
        {"If_Match": '"v2"'},
        {"If_Match": 'W/"v1"'},
        {"If_Unmodified_Since": BEFORE},
    ],
)
def test_a_412_has_nothing_of_the_representation(values):
    """R32 and R33."""
    status, headers, body = conditional(**values)

    assert (status, body, headers["Content-Length"]) == (412, b"", "0")
    assert headers["ETag"] == '"v1"'
    # Otherwise a cache could store it, and send it for requests without a precondition.
    assert "Cache-Control" not in headers
    assert "Content-Type" not in headers


def test_a_star_matches_what_exists():
    """R32."""
    assert conditional(If_Match="*")[::2] == (200, b"content")
    assert conditional(If_Match="*", tag=None)[0] == 200


@pytest.mark.parametrize("status", [301, 403, 404, 405, 500])
@pytest.mark.parametrize(
    "values", [{"If_None_Match": '"v1"'}, {"If_Match": '"v2"'}, {"If_Unmodified_Since": BEFORE}]
)
def test_a_response_that_is_no_success_has_no_preconditions(status, values):
    """R36."""
    assert conditional(status=status, **values)[::2] == (status, b"content")


@pytest.mark.parametrize("method", CHANGES)
def test_a_change_that_has_been_made_is_not_denied_afterwards(method):
    assert conditional(method, If_Match='"v2"', If_None_Match='"v1"')[::2] == (200, b"content")


def test_a_query_is_conditional_as_get_is():
    """R25."""
    assert conditional("QUERY", If_None_Match='"v1"')[0] == 304


def test_a_request_does_as_well_as_an_environ(app):
    response = retort.Response("content")
    response.set_etag("v1")
    with app.test_request_context(headers={"If-None-Match": '"v1"'}):
        response.make_conditional(retort.request)

    assert response.status_code == 304


def test_the_body_that_a_412_replaces_is_closed():
    closed = []

    class Body:
        def __iter__(self):
            return iter([b"content"])

        def close(self):
            closed.append(True)

    response = retort.Response(Body(), direct_passthrough=True)
    response.set_etag("v1")
    response.make_conditional({"REQUEST_METHOD": "GET", "HTTP_IF_MATCH": '"v2"'})

    assert closed == [True]
    assert response.get_data() == b""


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("accept_ranges", [False, True, "none"])
@pytest.mark.parametrize("body", ["content", ["con", "tent"], b""])
def test_without_preconditions_a_response_becomes_what_werkzeug_makes_of_it(
    method, accept_ranges, body
):
    environ = {"REQUEST_METHOD": method, "HTTP_HOST": "localhost", "wsgi.url_scheme": "http"}
    sent = []
    for make in (retort.Response, WerkzeugResponse):
        response = make(body, mimetype="text/plain", headers={"Date": SAME})
        response.make_conditional(environ, accept_ranges, 7)
        sent.append((response.status, dict(response.headers), response.get_data()))
    if accept_ranges and method != "POST":
        unit = "bytes" if accept_ranges is True else accept_ranges
        sent[1][1].setdefault("Accept-Ranges", unit)  # Werkzeug has it from 3.1.7 on

    assert sent[0] == sent[1]


# Files


@pytest.fixture
def files(app, tmp_path):
    """A client of an app that sends a file at ``/file``; ``tag`` is its entity tag."""
    file = tmp_path / "file.txt"
    file.write_text("content of the file")
    app.add_url_rule("/file", view_func=lambda: retort.send_file(file, max_age=60))
    client = app.test_client()
    with client.get("/file") as response:
        client.tag = response.headers["ETag"]
        client.modified = response.headers["Last-Modified"]
    return client


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "headers",
    [{"If-Match": '"other"'}, {"If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}],
)
def test_a_file_that_is_not_the_expected_one_is_not_sent(files, method, headers):
    """R32 and R33."""
    with files.open("/file", method=method, headers=headers) as response:
        assert (response.status_code, response.data) == (412, b"")
        assert "Content-Disposition" not in response.headers
        assert "Cache-Control" not in response.headers


def test_a_file_that_the_client_has_is_not_sent_even_in_part(files):
    """R31."""
    for known in ({"If-None-Match": files.tag}, {"If-Modified-Since": files.modified}):
        with files.get("/file", headers={**known, "Range": "bytes=0-1"}) as response:
            assert (response.status_code, response.data) == (304, b"")
            assert "Content-Range" not in response.headers


def test_a_file_is_sent_if_it_is_the_expected_one(files):
    for expected in (files.tag, "*", f'"other", {files.tag}'):
        headers = {"If-Match": expected, "If-Unmodified-Since": "Sat, 01 Jan 2000 00:00:00 GMT"}
        with files.get("/file", headers=headers) as response:
            assert (response.status_code, response.data) == (200, b"content of the file")


def test_a_304_has_no_x_sendfile(app, files):
    app.config["USE_X_SENDFILE"] = True

    response = files.get("/file", headers={"If-Match": '"other"'})

    assert response.status_code == 412
    assert "X-Sendfile" not in response.headers


# The config AUTOMATIC_ETAGS


@pytest.fixture
def pages(app):
    """A client of an app with the config on, whose view at ``/`` answers with ``answer``."""
    app.config["AUTOMATIC_ETAGS"] = True
    pages = app.test_client()
    pages.answer = lambda: "hello"
    app.add_url_rule("/", view_func=lambda: pages.answer(), methods=["GET", "POST", "QUERY"])
    return pages


def test_a_response_gets_a_weak_tag_and_is_not_sent_again(pages):
    first = pages.get("/")
    again = pages.get("/", headers={"If-None-Match": first.headers["ETag"]})

    assert first.headers["ETag"].startswith('W/"')
    assert first.text == "hello"
    assert (again.status_code, again.data) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_another_response_has_another_tag(pages):
    first = pages.get("/")
    pages.answer = lambda: "hello again"
    again = pages.get("/", headers={"If-None-Match": first.headers["ETag"]})

    assert again.text == "hello again"
    assert again.headers["ETag"] != first.headers["ETag"]


def test_head_and_query_have_the_tag_of_their_answers_bytes(pages):
    """R25."""
    tag = pages.get("/").headers["ETag"]

    assert pages.head("/").headers["ETag"] == tag
    assert pages.head("/", headers={"If-None-Match": tag}).status_code == 304
    query = {"method": "QUERY", "content_type": "text/plain", "data": "x"}
    assert pages.open("/", **query).headers["ETag"] == tag
    assert pages.open("/", headers={"If-None-Match": tag}, **query).status_code == 304


@pytest.mark.parametrize(
    "answer",
    [
        lambda: iter(["a", "stream"]),
        lambda: ("not found", 404),
        lambda: ("made", 201),
        lambda: ("", 204),
        lambda: ("secret", {"Cache-Control": "no-store"}),
        lambda: retort.redirect("/"),
    ],
)
def test_streams_errors_and_what_is_not_stored_get_none(pages, answer):
    pages.answer = answer

    assert "ETag" not in pages.get("/").headers


def test_a_stream_is_not_read_ahead(app, pages):
    steps = []

    def stream():
        steps.append("read")
        yield "x"

    app.after_request(lambda response: steps.append("after") or response)
    app.add_url_rule("/stream", view_func=stream)
    pages.get("/stream")

    assert steps == ["after", "read"]


def test_a_post_gets_none(pages):
    assert "ETag" not in pages.post("/").headers


def test_a_tag_of_the_views_own_is_kept_and_compared(pages):
    pages.answer = lambda: ("hello", {"ETag": '"mine"'})

    assert pages.get("/").headers["ETag"] == '"mine"'
    assert pages.get("/", headers={"If-None-Match": '"mine"'}).status_code == 304
    assert pages.get("/", headers={"If-Match": '"other"'}).status_code == 412


def test_a_separate_view_for_head_gets_no_entity_tag(app):
    app.config["AUTOMATIC_ETAGS"] = True
    app.add_url_rule("/", "head", lambda: "", methods=["HEAD"])
    app.add_url_rule("/", "get", lambda: "hello")

    assert "ETag" not in app.test_client().head("/").headers


def test_the_tag_is_of_what_after_hooks_made(app, pages):
    @app.after_request
    def shout(response):
        response.set_data(response.get_data().upper())
        return response

    shouted = pages.get("/").headers["ETag"]
    pages.answer = lambda: "HELLO"

    assert pages.get("/").headers["ETag"] == shouted


def test_files_keep_their_tags(app, files):
    app.config["AUTOMATIC_ETAGS"] = True

    with files.get("/file") as response:
        assert response.headers["ETag"] == files.tag
        assert not files.tag.startswith("W/")


@pytest.mark.parametrize("make", [retort.Flask, retort.Retort])
def test_no_entity_tag_is_computed_by_default(make):
    app = make("plain")
    app.add_url_rule("/", view_func=lambda: "hello")

    assert app.config["AUTOMATIC_ETAGS"] is False
    assert "ETag" not in app.test_client().get("/").headers
