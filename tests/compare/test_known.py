"""Known differences are rows of the documentation, and rules for them are narrow."""

import re
from pathlib import Path

import pytest

from retort.compare.known import RULES, explains, known_row
from retort.compare.messages import NoResponse, Request, Response, Step
from retort.compare.results import Difference

PAGE = Path(__file__).parents[2] / "docs" / "moving-from-flask.md"
FORM = ("Content-Type", "application/x-www-form-urlencoded")
MULTIPART = ("Content-Type", "multipart/form-data; boundary=b")

# Rows that no request of a comparison shows, with the reason.
NOT_VISIBLE = {
    "the server differs, and both sides have ours": (
        "`flask run`, `app.run()`",
        "A handler of SIGTERM or SIGINT that does not raise",
        "A program patched by gevent or eventlet",
        "WebSockets of flask-sock and Flask-SocketIO (threading mode)",
        "Debug mode, a `Host` that is not this machine, `TRUSTED_HOSTS` or `SERVER_NAME`",
        "Request lines of debug mode (logger `werkzeug`)",
        "A client that leaves",
    ),
    "it is about the start, the process or the log": (
        "A mistake in the setup of the application",
        "An app under two names in a module",
        "Child processes with a separate environment, or `python -S`",
        "`python -m flask`",
        '`flask.__version__`, `importlib.metadata.version("flask")`',
        "Line breaks and control characters in a message of the default log handler",
    ),
    "no client of a comparison sends it": (
        "A chunked body over `MAX_CONTENT_LENGTH`",
        "A body that ends before its `Content-Length`",
        "A `Content-Length` that is not a number",
        "A signed cookie whose content cannot be decoded",
        "A signature in another spelling of the same base64",
    ),
    "the response does not show it": (
        "Session data of less than 256 bytes",
        "Inside a request",
        "Popping a context in the wrong order",
        "The page of an error, in a hook",
        "A streamed body",
        "A client in a `with` block",
        "Coroutine functions",
        "A task of `asyncio.create_task`",
        "A lock, a pool or a client of asyncio that several requests use",
        "The body of a request to an async view",
        "`app.asgi`, `app.websocket`, `app.before_serving`, `app.add_background_task` and others",
        "The internals of Werkzeug, itsdangerous and `json`, when patched",
        "`werkzeug.wrappers.Response.set_cookie`, when patched",
        "A method of the application's class, patched by a request",
        "A `before_request` function that registers another",
    ),
    "its effect depends on the program, so it stays unexplained": (
        "A view for HEAD, added after the one for GET",
        '`SECRET_KEY_FALLBACKS = "abc"`',
        "A cookie's name with `;`, `=` or a control character",
    ),
}


def rows():
    text = PAGE.read_text("utf-8").partition("## What differs")[2].partition("\n## ")[0]
    found = re.findall(r"^\| ([^|]+?) \|", text, re.M)
    return [row for row in found if not row.startswith(("**", "---"))]


def test_each_rule_is_a_row_of_the_documentation():
    assert set(RULES) <= set(rows())


def test_each_row_has_a_rule_or_a_reason_for_having_none():
    without = [row for group in NOT_VISIBLE.values() for row in group]

    assert sorted([*RULES, *without]) == sorted(rows())


def step(request, left, right, output=""):
    def outcome(value):
        return value if isinstance(value, NoResponse) else Response(value, "", (), b"")

    outcomes = {"flask": outcome(left), "retort": outcome(right)}
    return Step(1, "", {"flask": request, "retort": request}, outcomes, {"flask": output})


def get(*fields, target="/"):
    return Request("GET", target, fields)


def failed(text):
    return f"Traceback (most recent call last):\n  ...\nTypeError: {text}\n"


KNOWN = [
    ("`get` in small letters", Request("get", "/"), 200, 501, ""),
    ("A method that no rule names", Request("FROBNICATE", "/"), 405, 501, ""),
    ("A method that no rule names", Request("PROPFIND", "/none"), 404, 501, ""),
    ("`OPTIONS *`", Request("OPTIONS", "*"), 404, 200, ""),
    ("JSON of more than 1,000 levels", Request("POST", "/", (), b"[" * 1200), 500, 400, ""),
    (
        "A broken multipart form, a part without a name",
        Request("POST", "/", (MULTIPART,), b"--b\r\n"),
        200,
        400,
        "",
    ),
    ("Form bytes that are not UTF-8", Request("POST", "/", (FORM,), b"a=%E9"), 200, 200, ""),
    ("`MAX_FORM_MEMORY_SIZE`", Request("POST", "/", (MULTIPART,), b"--b"), 413, 200, ""),
    ("`If-Match`, `If-Unmodified-Since`", get(("If-Match", '"a"')), 200, 412, ""),
    (
        "`If-None-Match` with `Range`",
        get(("If-None-Match", '"a"'), ("Range", "bytes=0-1")),
        206,
        304,
        "",
    ),
    ("`Range` on HEAD", Request("HEAD", "/", (("Range", "bytes=0-1"),)), 206, 200, ""),
    (
        "Several ranges, or a unit that is not bytes",
        get(("Range", "bytes=0-1,3-4")),
        416,
        206,
        "",
    ),
    ("Several ranges, or a unit that is not bytes", get(("Range", "lines=1-2")), 416, 200, ""),
    ("A line break from the client in `redirect(...)`", get(target="/?to=%0Ax"), 500, 400, ""),
    ("`<int:id>` with more than 4,300 digits", get(target=f"/{'1' * 4301}"), 500, 404, ""),
    (
        "An asynchronous generator as a return value",
        get(),
        500,
        200,
        failed("... it was a async_generator."),
    ),
]


@pytest.mark.parametrize(("row", "request_", "left", "right", "output"), KNOWN)
def test_a_known_difference_is_explained_by_its_row(row, request_, left, right, output):
    assert known_row(step(request_, left, right, output), "flask", "retort") == row


NEAR = [
    ("a page that is missing", Request("GET", "/x"), 404, 500),
    ("a known method that is refused", Request("POST", "/"), 200, 501),
    ("OPTIONS of an address", Request("OPTIONS", "/x"), 404, 200),
    ("JSON of few levels", Request("POST", "/", (), b"[[]]"), 500, 400),
    ("a form that is no multipart", Request("POST", "/", (FORM,), b"a=1"), 200, 400),
    ("a form of UTF-8", Request("POST", "/", (FORM,), b"a=%C3%A9"), 200, 200),
    ("412 without a condition", get(), 200, 412),
    ("304 without a range", get(("If-None-Match", '"a"')), 200, 304),
    ("a range for GET", get(("Range", "bytes=0-1")), 206, 200),
    ("a range that cannot be satisfied", get(("Range", "bytes=9-")), 416, 200),
    ("a redirect without a line break", get(target="/?to=x"), 500, 400),
    ("a short number", get(target="/11"), 500, 404),
    ("an error that has become a page", get(), 500, 200),
]


@pytest.mark.parametrize(("name", "request_", "left", "right"), NEAR)
def test_a_difference_close_to_a_known_one_is_not_explained(name, request_, left, right):
    assert known_row(step(request_, left, right), "flask", "retort") is None


def test_a_response_that_is_missing_is_never_known():
    lost = NoResponse("timeout", "no response within 10 s")

    assert known_row(step(Request("FROBNICATE", "/"), 405, lost), "flask", "retort") is None


@pytest.mark.parametrize(
    ("row", "part", "place", "is_explained"),
    [
        ("A method that no rule names", "status", "", True),
        ("A method that no rule names", "body", "line 3", True),
        ("A method that no rule names", "header", "allow", True),
        ("A method that no rule names", "header", "x-frame-options", False),
        ("A method that no rule names", "cookie", "theme", False),
        ("`If-Match`, `If-Unmodified-Since`", "header", "content-disposition", True),
        ("`Range` on HEAD", "header", "vary", False),
        ("Form bytes that are not UTF-8", "header", "location", True),
        ("Form bytes that are not UTF-8", "cookie", "session: name", True),
        ("Form bytes that are not UTF-8", "header", "x-frame-options", False),
        # With Flask the view has failed, or has run with an empty form.
        ("An asynchronous generator as a return value", "header", "x-frame-options", True),
        ("A broken multipart form, a part without a name", "cookie", "theme", True),
    ],
)
def test_a_row_explains_only_what_follows_from_it(row, part, place, is_explained):
    assert row in RULES
    assert explains(row, Difference(part, place, "a", "b")) is is_explained
