"""The result for the terminal, as JSON, and as HTML."""

import base64
import json
import re
import shlex
from dataclasses import replace
from html.parser import HTMLParser

import click
import pytest

from retort.compare.grouping import curl
from retort.compare.messages import NoResponse, Request, Response, Step
from retort.compare.report import as_html, as_json, text
from retort.compare.results import (
    Comparison,
    Cost,
    Difference,
    EndpointCost,
    Finding,
    Range,
    SideCost,
    SideInfo,
    SuiteResult,
)
from retort.compare.summary import last_line, status_of

SIDES = [SideInfo("flask", "Flask 3"), SideInfo("again", "Flask 3"), SideInfo("retort", "Retort 1")]
HOSTILE = "</pre></script><script>alert(1)</script><img src=x onerror=alert(1)>\u202e\x00"


def step(number, body=b"hello", request=None):
    request = request or Request("GET", f"/{number}")
    response = Response(200, "OK", (("Content-Type", "text/html"),), body)
    names = [one.name for one in SIDES]
    return Step(number, "a link", dict.fromkeys(names, request), dict.fromkeys(names, response))


def finding(number=1, kind="unexplained", **more):
    difference = Difference("body", "line 3", "left text", "right text")
    values = {
        "title": f"GET /{number}: the body at line 3 differs",
        "view": "shop.py:12 (index)",
        "curl": f"curl -i http://localhost/{number}",
    }
    return Finding(kind, steps=[number], differences=[difference], **{**values, **more})


def comparison(findings=(), steps=3, **more):
    made = Comparison("shop.py", list(SIDES), [step(n) for n in range(1, steps + 1)], **more)
    made.findings = list(findings)
    broken = {n for one in findings for n in one.steps}
    made.same = [one.number for one in made.steps if one.number not in broken]
    return made


SIDE = SideCost(1000, 0.0005, 0.0006, 0.001, 50 * 2**20, 0.6)
COST = Cost(
    {"flask": SIDE, "retort": replace(SIDE, cpu_seconds=0.0001)},
    Range(5.3, 5.1, 5.5, 20),
    None,
    [EndpointCost("index", 900, Range(5.3, 5.1, 5.5, 20), {"flask": 0.0005, "retort": 0.0001}, {})],
)

COMPARISONS = {
    "nothing": Comparison("shop.py", []),
    "all the same": comparison(),
    "many findings": comparison([finding(n) for n in range(1, 501)], 500, cost=COST),
    "all kinds": comparison(
        [
            finding(1, "failure", tracebacks={"": "status 3\n    last line"}),
            finding(2, tracebacks={"retort": "Traceback\nValueError: x"}),
            finding(3, "known", row="A method that no rule names"),
        ],
        baseline=["Flask 3 itself gives different answers to GET /: status 200 and status 500."]
        * 9,
        notes=["a note"] * 9,
        refused_connections=["192.0.2.1:80"],
        masked={"header date": 3},
        not_compared={3: "all of the body is noise"},
        is_interrupted=True,
        cost=COST,
        suite=SuiteResult(
            ["pytest"], {"a": {}}, broken=[f"test_{n}" for n in range(9)], unreliable=["test_dice"]
        ),
    ),
    "hostile": comparison(
        [finding(1, title=HOSTILE, view=HOSTILE, curl=HOSTILE, tracebacks={"retort": HOSTILE})],
        notes=[HOSTILE],
        masked={HOSTILE: 1},
    ),
}
COMPARISONS["hostile"].steps[0] = step(1, HOSTILE.encode())


@pytest.mark.parametrize("name", COMPARISONS)
@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_terminal_gets_at_most_40_lines_and_the_result_last(name, width):
    lines = text(COMPARISONS[name], width).splitlines()

    assert len(lines) <= 40
    assert click.unstyle(lines[-1]) == last_line(COMPARISONS[name])


def test_the_last_line_has_all_counts():
    made = comparison([finding(1), finding(2, "known")], 10, cost=COST)

    assert last_line(made) == (
        "same answers: 8 of 10; known differences: 1; unexplained: 1;"
        " CPU per request: 5.3 times less (5.1 to 5.5)"
    )


def test_a_finding_has_its_view_values_and_request():
    shown = click.unstyle(text(comparison([finding()]), 80))

    assert (
        """
unexplained: GET /1: the body at line 3 differs
  view: shop.py:12 (index)
  body line 3
    Flask 3: left text
    Retort 1: right text
  curl -i http://localhost/1
"""
        in shown
    )


def test_long_values_are_shown_at_their_difference():
    one = finding()
    one.differences = [Difference("body", "line 1", "a" * 500 + "LEFT", "a" * 500 + "RIGHT")]

    shown = click.unstyle(text(comparison([one]), 80))

    assert "LEFT" in shown
    assert "RIGHT" in shown
    assert max(map(len, shown.splitlines())) <= 80


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_json_has_everything(name):
    made = COMPARISONS[name]
    found = json.loads(as_json(made))

    assert found["version"] == 1
    assert found["summary"] == last_line(made)
    assert found["counts"]["requests"] == len(made.steps)
    assert len(found["findings"]) == len(made.findings)
    assert (found["cost"] is None) == (made.cost is None)


SECRET = "s3cr3t"


def with_difference(part, place):
    one = finding()
    one.differences = [Difference(part, place, SECRET, "x")]
    return comparison([one])


def with_exchange(request=None, response=None):
    """A finding whose step has this request, or this response on each side."""
    made = comparison([finding()])
    names = [one.name for one in SIDES]
    first = made.steps[0]
    made.steps[0] = replace(
        first,
        requests=dict.fromkeys(names, request or first.requests["flask"]),
        outcomes=dict.fromkeys(names, response or first.outcomes["flask"]),
    )
    return made


def answer(body=b"", content_type="text/html", *fields):
    return Response(200, "OK", (("Content-Type", content_type), *fields), body)


JSON = (("Content-Type", "application/json"),)
WITH_SECRETS = {
    "curl: a field": comparison([finding(curl=f"curl -H 'X-Api-Key: {SECRET}' http://localhost/")]),
    "curl: a form": comparison([finding(curl=f"curl --data-binary 'a=b&password={SECRET}'")]),
    "curl: JSON": comparison(
        [finding(curl=f"""curl --data-binary '{{"password": "{SECRET}"}}'""")]
    ),
    "curl: a query": comparison([finding(curl=f"curl 'http://localhost/?token={SECRET}'")]),
    "title": comparison([finding(title=f"GET /x?token={SECRET}: status 200")]),
    "traceback": comparison([finding(tracebacks={"retort": f"E: password='{SECRET}'"})]),
    "note": comparison(notes=[f"postgresql://ada:{SECRET}@db/shop is shared by all sides"]),
    "baseline": comparison(baseline=[f"Flask gives two answers to GET /?token={SECRET}"]),
    "test": comparison(
        suite=SuiteResult(["pytest"], {"a": {}}, ["a"], texts={"a": f"password='{SECRET}'"})
    ),
    "cookie": with_difference("cookie", "remember_me"),
    "session": with_difference("cookie", "session: csrf_token"),
    "header": with_difference("header", "x-auth-token"),
    "JSON value": with_difference("body", "/users/0/password"),
    "form": with_exchange(Request("POST", "/login", (), f"name=a&password={SECRET}".encode())),
    "JSON": with_exchange(Request("POST", "/", JSON, f'{{"token": "{SECRET}"}}'.encode())),
    "target": with_exchange(Request("GET", f"/?token={SECRET}")),
    "Authorization": with_exchange(Request("GET", "/", (("Authorization", f"Basic {SECRET}"),))),
    "key field": with_exchange(Request("GET", "/", (("X-Api-Key", SECRET),))),
    "Set-Cookie": with_exchange(None, answer(b"", "", ("Set-Cookie", f"a={SECRET}; Path=/"))),
    "page": with_exchange(None, answer(f"<a href='/?token={SECRET}'>a</a>".encode())),
    "data in a page": with_exchange(None, answer(f'<b>{{"token": "{SECRET}"}}</b>'.encode())),
    "JSON response": with_exchange(
        None, answer(f'{{"access_token": "{SECRET}"}}'.encode(), "application/json")
    ),
}


@pytest.mark.parametrize("where", WITH_SECRETS)
def test_no_report_has_secrets(where):
    made = WITH_SECRETS[where]

    for shown in (as_json(made), as_html(made), text(made, 100)):
        assert SECRET not in shown


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (f"a=b&password={SECRET}", "a=b&password=••••••"),
        (f"password={SECRET}&a=b", "password=••••••&a=b"),
        (f'{{"password": "two {SECRET}", "a": 1}}', '{"password": "••••••", "a": 1}'),
        ('{"api_key": 12345, "a": 1}', '{"api_key": "••••••", "a": 1}'),
        (f'{{"token": "it\'s {SECRET}"}}', "••••••"),  # the shell's quotation marks are in it
    ],
)
def test_a_curl_line_without_secrets_is_still_a_line_for_a_shell(body, shown):
    request = Request(
        "POST", "/login", (("X-Token", SECRET), ("Accept", "text/plain")), body.encode()
    )
    made = comparison([finding(curl=curl(request, "localhost"))])

    words = shlex.split(json.loads(as_json(made))["findings"][0]["curl"])

    assert words[words.index("--data-raw") + 1] == shown
    assert words[-1] == "http://localhost/login"
    assert "X-Token: ••••••" in words
    assert "Accept: text/plain" in words
    assert SECRET not in " ".join(words)


def test_what_is_no_secret_stays_in_a_report():
    one = finding(curl="curl -H 'Accept: text/html' http://localhost/?q=shoes")
    one.differences = [
        Difference("cookie", "session: user_id", "7", "8"),
        Difference("cookie", "session; SameSite", "Lax", "Strict"),
        Difference("header", "access-control-allow-credentials", "true", "false"),
        Difference("body", "line 1", "<label>Password: <input>", "<label>Passwort: <input>"),
        Difference("cookie", "remember_me", "abc", "defgh"),
    ]

    (found,) = json.loads(as_json(comparison([one])))["findings"]

    assert found["curl"] == one.curl
    assert [(d["left"], d["right"]) for d in found["differences"]] == [
        ("7", "8"),
        ("Lax", "Strict"),
        ("true", "false"),
        ("<label>Password: <input>", "<label>Passwort: <input>"),
        ("•••••• (3 characters)", "•••••• (5 characters)"),
    ]


def json_body(response):
    made = with_exchange(None, response)
    first = json.loads(as_json(made))["findings"][0]["first"]["sides"]["retort"]["response"]
    return first["body"], first["body_base64"], first["body_bytes"]


@pytest.mark.parametrize(
    ("body", "content_type", "shown"),
    [
        ("a\u00a0b", "text/html; charset=utf-8", "a\u00a0b"),
        ("\U0001f469\u200d\U0001f4bb", "text/html", "\U0001f469\u200d\U0001f4bb"),
        ("é", "text/html; charset=iso-8859-1", "é"),
        ("é", "text/html; charset=unknown", "é"),
        ("é", "text/html; charset=hex", "é"),  # a codec, but not of text
    ],
)
def test_bodies_in_any_encoding_are_text(body, content_type, shown):
    encoding = "iso-8859-1" if "8859" in content_type else "utf-8"
    data = body.encode(encoding)

    assert json_body(answer(data, content_type)) == (shown, None, len(data))


def test_a_long_body_is_cut_between_characters():
    data = b"a" + "é".encode() * 20_000

    body, in_base64, size = json_body(answer(data))

    assert body == "a" + "é" * 8_191
    assert (in_base64, size) == (None, 40_001)
    assert "and 31,809 more bytes" in as_html(with_exchange(None, answer(data)))


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\x00", b"\xff\xfe"])
def test_a_body_that_is_no_text_is_in_base64(data):
    assert json_body(answer(data)) == (None, base64.b64encode(data).decode(), len(data))
    assert f"({len(data)} bytes)" in as_html(with_exchange(None, answer(data)))


ODD = "\x1b[2J\u202e\udcff"


def test_characters_without_a_visible_form_are_shown_as_escapes():
    one = finding(title=ODD, view=ODD, curl=ODD, tracebacks={"retort": ODD})
    one.differences = [Difference("body", ODD, ODD, None)]
    made = comparison([one], notes=[ODD], baseline=[ODD], masked={ODD: 1}, why_not=ODD)

    for shown in (as_html(made), click.unstyle(text(made, 80))):
        assert r"\x1b[2J\u202e\udcff" in shown
        assert set(ODD).isdisjoint(set(shown) - set("[2J"))
    assert as_json(made).isascii()
    assert json.loads(as_json(made))["findings"][0]["title"] == ODD


def test_lines_that_differ_are_marked():
    made = with_exchange(None, answer(b"one\ntwo\nthree"))
    outcomes = {**made.steps[0].outcomes, "retort": answer(b"one\nnew\ntwo\n3 <b>")}
    made.steps[0] = replace(made.steps[0], outcomes=outcomes)

    marked = re.findall("<mark>(.*?)</mark>", as_html(made))

    assert marked == ["three", "new", "3 &lt;b&gt;"]


def test_lines_of_long_responses_are_compared_by_their_number():
    left, right = (
        answer("\n".join(lines).encode()) for lines in (["a"] * 900, ["a"] * 899 + ["b"])
    )
    made = with_exchange(None, left)
    made.steps[0] = replace(made.steps[0], outcomes={**made.steps[0].outcomes, "retort": right})

    assert re.findall("<mark>(.*?)</mark>", as_html(made)) == ["a", "b"]


def test_notes_are_wrapped_and_findings_keep_their_room():
    made = replace(
        COMPARISONS["all kinds"],
        notes=["a note that is far longer than a line of the terminal is " * 3] * 9,
        findings=[finding(n, kind) for kind in ("failure", "unexplained", "known") for n in (1, 2)],
        cost=replace(
            COST, notes=["a note about the cost that is long, too, and has to wrap " * 4] * 4
        ),
    )
    lines = click.unstyle(text(made, 80)).splitlines()

    assert len(lines) <= 40
    assert all(len(line) <= 80 for line in lines[:-1])
    for kind in ("failure", "unexplained", "known"):
        assert any(line.startswith(f"{kind}: ") or f" more {kind}, in" in line for line in lines)
    assert any("more lines, in --report FILE or --json FILE." in line for line in lines)


def test_the_reason_why_nothing_was_compared_is_in_every_report():
    made = Comparison("shop.py", [], why_not="Flask is not installed.")

    assert "Nothing could be compared: Flask is not installed." in click.unstyle(text(made, 80))
    assert "Flask is not installed." in as_html(made)
    assert json.loads(as_json(made))["why_not"] == "Flask is not installed."


def test_endpoints_whose_figures_show_no_difference_say_so():
    same, few = Range(1.0, 0.9, 1.1, 20), Range(5.3, 5.1, 5.5, 20)
    cpu = {"flask": 0.0005, "retort": 0.0001}
    endpoints = [
        EndpointCost(name, count, ratio, cpu, {})
        for name, count, ratio in (("same", 900, same), ("few", 199, few), ("fast", 900, few))
    ]
    made = comparison(cost=replace(COST, endpoints=endpoints))

    found = json.loads(as_json(made))["cost"]["endpoints"]

    assert [one["summary"] for one in found] == [
        "no difference shown",
        "no difference shown",
        "5.3 times less (5.1 to 5.5)",
    ]
    assert as_html(made).count("no difference shown") == 2


def test_notes_of_a_cost_without_figures_are_shown():
    made = comparison(cost=Cost({}, None, None, notes=["Not measured: a reason."]))

    for shown in (as_json(made), as_html(made), text(made, 80)):
        assert "Not measured: a reason." in shown


def test_a_finding_without_a_request_has_its_place_in_the_page():
    one = replace(finding(), steps=[0])

    page = Page(as_html(comparison([one])))

    assert page.problems == []
    assert sum(tag == "th" and attrs.get("scope") == "col" for tag, attrs in page.tags) == 3


class Page(HTMLParser):
    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.problems = [], [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(tag)


@pytest.mark.parametrize("name", COMPARISONS)
def test_the_page_is_well_formed_and_refers_to_nothing_outside(name):
    source = as_html(COMPARISONS[name])

    page = Page(source)

    assert page.problems == []
    assert page.open == []
    assert {"script", "img", "link", "iframe"}.isdisjoint({tag for tag, _ in page.tags})
    assert all(not {"src", "href", "onerror", "onclick"} & set(attrs) for _, attrs in page.tags)
    assert "http://" not in source.replace("http://localhost", "")
    assert 'http-equiv="Content-Security-Policy"' in source
    assert "prefers-color-scheme: dark" in source


def test_the_page_shows_both_responses_and_the_chart():
    source = as_html(comparison([finding()], cost=COST))

    assert source.count("HTTP/1.1 200 OK") == 2
    assert "5.3 times less (5.1 to 5.5)" in source
    assert "500 µs Flask 3" in source
    assert "width: 20.0%" in source


def test_a_side_without_a_response_is_shown():
    made = comparison([finding()])
    outcomes = {
        **made.steps[0].outcomes,
        "retort": NoResponse("timeout", "no response within 10 s"),
    }
    made.steps[0] = replace(made.steps[0], outcomes=outcomes)

    assert "(no response within 10 s)" in as_html(made)
    assert json.loads(as_json(made))["findings"][0]["first"]["sides"]["retort"]["response"] == {
        "none": "timeout",
        "detail": "no response within 10 s",
    }


@pytest.mark.parametrize(
    ("made", "options", "status"),
    [
        (comparison(), {}, 0),
        (comparison([finding(1, "known")]), {}, 0),
        (comparison([finding(1, "known")]), {"fail_on": "known"}, 1),
        (comparison([finding(1)]), {}, 1),
        (comparison([finding(1, "failure")]), {}, 1),
        (comparison(cost=COST), {"at_least": 5.1}, 0),
        (comparison(cost=COST), {"at_least": 5.2}, 1),
        (comparison(), {"at_least": 1.0}, 1),
        (comparison(suite=SuiteResult(["pytest"], {}, broken=["a"])), {}, 1),
        (Comparison("shop.py", [], suite=SuiteResult(["pytest"], {"a": {}})), {}, 0),
        (Comparison("shop.py", [], suite=SuiteResult(["pytest"], {"a": {}}, ["a"])), {}, 1),
        (comparison(is_interrupted=True), {}, 1),
        (Comparison("shop.py", []), {}, 2),
        (comparison(steps=1, not_compared={1: "noise"}), {}, 2),
    ],
)
def test_the_exit_status_says_what_was_found(made, options, status):
    assert status_of(made, **options)[0] == status


@pytest.mark.parametrize(
    ("cost", "reason"),
    [
        (None, "no cost was measured"),
        (Cost({}, None, None), "no cost was measured"),
        (replace(COST, cpu_ratio=Range(1.0, 0.9, 1.1, 20)), "no difference is shown"),
        (COST, "the range of the ratio begins at 5.10"),
    ],
)
def test_a_ratio_that_is_not_reached_is_named(cost, reason):
    status, (found,) = status_of(comparison(cost=cost), at_least=5.5)

    assert status == 1
    assert found.startswith(f"--at-least 5.5x is not met: {reason}.")


@pytest.mark.parametrize("report", [lambda one: text(one, 100), as_json, as_html])
def test_unreliable_tests_are_in_each_report(report):
    suite = SuiteResult(["pytest"], {}, unreliable=["test_a.py::test_dice"])

    assert "test_a.py::test_dice" in report(comparison(suite=suite))
