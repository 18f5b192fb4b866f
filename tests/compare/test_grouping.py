"""Differences with one cause are one finding, with a line for a shell."""

import shlex
import subprocess
import sys

import pytest

from retort.compare.grouping import Grouping, curl, traceback_in
from retort.compare.messages import BROWSER, Request, Response, Step
from retort.compare.results import Difference

LABELS = {"flask": "Flask 3", "retort": "Retort 1"}


def view_of(method, target):
    return f"shop.py:{len(target)} (view)"


@pytest.fixture
def grouping():
    return Grouping("flask", "retort", LABELS, view_of, "localhost")


def step(number, target="/", method="GET", output=""):
    request = Request(method, target)
    response = Response(200, "OK", (), b"")
    return Step(
        number,
        "",
        dict.fromkeys(LABELS, request),
        dict.fromkeys(LABELS, response),
        {"retort": output},
    )


FIELD = Difference("header", "x-frame-options", "DENY", None)
LINE = Difference("body", "line 3", "a", "b")


def test_the_same_missing_field_on_many_pages_is_one_finding(grouping):
    for number in range(50):
        grouping.add(step(number, f"/{number}"), [FIELD], None)

    (found,) = grouping.findings
    assert found.title == "GET /0: the header field x-frame-options is missing with Retort 1"
    assert found.steps == list(range(50))


def test_bodies_of_two_views_are_two_findings(grouping):
    grouping.add(step(1, "/a"), [LINE], None)
    grouping.add(step(2, "/b"), [LINE], None)
    grouping.add(step(3, "/long"), [LINE], None)

    assert [(one.title, one.steps) for one in grouping.findings] == [
        ("GET /a: the body at line 3 differs", [1, 2]),
        ("GET /long: the body at line 3 differs", [3]),
    ]


@pytest.mark.parametrize(
    ("difference", "title"),
    [
        (Difference("status", "", "200", "500"), "status 200 with Flask 3, 500 with Retort 1"),
        (Difference("cookie", "theme", None, "x"), "the cookie theme is only there with Retort 1"),
        (Difference("ending", "", "complete", "cut"), "the end of the body differs"),
        (Difference("connection", "", "stays open", "closed"), "the connection differs"),
        (
            Difference("response", "", "status 200", "timeout"),
            "status 200 with Flask 3, timeout with Retort 1",
        ),
    ],
)
def test_the_title_says_what_differs(grouping, difference, title):
    grouping.add(step(1), [difference], None)

    assert grouping.findings[0].title == f"GET /: {title}"


def test_findings_that_are_not_explained_come_first(grouping):
    grouping.add(step(1), [LINE], "A method that no rule names")
    grouping.add(step(2), [LINE], None)
    grouping.add_failure("Retort ended", step(3), "status 1")

    assert [one.kind for one in grouping.findings] == ["failure", "unexplained", "known"]


CHAINED = """starting
Traceback (most recent call last):
  File "shop.py", line 1, in a
    b()
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "shop.py", line 3, in c
    d()
    ~^^
ValueError: first line
"""


def test_the_last_traceback_is_found_in_the_output():
    found = traceback_in(CHAINED)

    assert found.startswith("Traceback (most recent call last):")
    assert found.endswith("ValueError: first line")
    assert traceback_in("no traceback\n") == ""


GROUP = """starting
  + Exception Group Traceback (most recent call last):
  |   File "shop.py", line 3, in f
  |     raise
  | ExceptionGroup: two tasks (1 sub-exception)
  +-+---------------- 1 ----------------
    | ValueError: 1
    +------------------------------------
127.0.0.1 - - GET /
"""


def test_the_traceback_of_a_group_of_exceptions_is_found(grouping):
    grouping.add(step(1, output=GROUP), [Difference("status", "", "200", "500")], None)

    (found,) = grouping.findings
    assert found.title.endswith(": ExceptionGroup: two tasks (1 sub-exception)")
    assert found.tracebacks["retort"].endswith("+------------------------------------")


def test_an_exception_is_a_cause_for_itself(grouping):
    status = Difference("status", "", "200", "500")
    for number in range(3):
        grouping.add(step(number, "/a", output=CHAINED), [status], None)

    (found,) = grouping.findings
    assert found.title == "GET /a: an exception with Retort 1: ValueError: first line"
    assert list(found.tracebacks) == ["retort"]


BODIES = [
    b"",
    b"a=1&b=2",
    b'it\'s $HOME `x` \\ "q"',
    "ä€😀".encode(),
    bytes(range(1, 256)),
    b"\n\r\t",
    b"@/etc/passwd",
]


@pytest.mark.parametrize("body", BODIES)
def test_a_shell_passes_the_body_to_curl_unchanged(body, tmp_path):
    line = curl(Request("POST", "/a?b=c&d='", (("X-A", "it's"),), body), "localhost")
    program = tmp_path / "curl"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        "for one in sys.argv[1:]: sys.stdout.buffer.write(os.fsencode(one) + b'\\0')\n"
    )
    program.chmod(0o755)

    done = subprocess.run(
        ["bash", "-c", line],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        check=True,
    )

    arguments = done.stdout.split(b"\0")[:-1]
    assert arguments[-1] == b"http://localhost/a?b=c&d='"
    assert b"X-A: it's" in arguments
    assert (arguments[arguments.index(b"--data-raw") + 1] if body else b"") == body


def test_the_fields_of_the_walk_are_left_out():
    assert curl(Request("GET", "/", BROWSER), "localhost") == "curl -i http://localhost/"
    assert "-I" in shlex.split(curl(Request("HEAD", "/"), "localhost"))
    assert "-X OPTIONS" in curl(Request("OPTIONS", "*"), "localhost")


def arguments_of(method="GET", target="/", fields=(), body=b""):
    return shlex.split(curl(Request(method, target, fields, body), "localhost"))


def test_curl_sends_the_address_and_the_fields_as_they_are():
    assert "--path-as-is" in arguments_of(target="/a/../b")
    assert "--path-as-is" not in arguments_of(target="/a..b?c=/../")
    assert "-g" in arguments_of(target="/a?b[]={c}")
    assert "X-Empty;" in arguments_of(fields=(("X-Empty", ""),))
    assert arguments_of("OPTIONS", "*")[-3:] == ["--request-target", "*", "http://localhost/"]


def test_curl_adds_no_media_type():
    form = (("content-type", "application/json"),)

    assert "Content-Type:" in arguments_of("POST", body=b"a")
    assert "Content-Type:" not in arguments_of("POST", fields=form, body=b"{}")
    assert "Content-Type:" not in arguments_of("POST")


def test_a_head_request_with_a_body_has_no_option_that_forbids_one():
    assert arguments_of("HEAD", body=b"a")[:4] == ["curl", "-i", "-X", "HEAD"]


def test_the_address_follows_a_body_that_is_too_long_for_the_line():
    assert arguments_of("POST", body=b"a" * 5_000)[-2:] == [
        "@BODY-OF-5000-BYTES",
        "http://localhost/",
    ]


def test_a_body_with_a_zero_byte_is_piped_to_curl():
    line = curl(Request("POST", "/", (), b"a\0b'%\\\xff\n"), "localhost")
    command, _, rest = line.partition(" | ")

    assert rest.startswith("curl -i -X POST")
    assert "--data-binary @- http://localhost/" in rest
    assert subprocess.run(["sh", "-c", command], capture_output=True, check=True).stdout == (
        b"a\0b'%\\\xff\n"
    )
