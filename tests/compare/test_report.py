"""The result for the terminal, as JSON, and as HTML."""

import json
from dataclasses import replace
from html.parser import HTMLParser

import click
import pytest

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


def test_secrets_are_removed_from_reports():
    request = Request(
        "POST",
        "/login?token=abcdef",
        (("Authorization", "Bearer abcdef"),),
        b"name=ada&password=abcdef",
    )
    made = comparison([finding(curl="curl -d 'name=ada&password=abcdef' http://localhost/")])
    response = Response(200, "OK", (("Set-Cookie", "session=abcdef; HttpOnly"),), b"hello")
    names = [one.name for one in SIDES]
    made.steps[0] = Step(1, "", dict.fromkeys(names, request), dict.fromkeys(names, response))

    for shown in (as_json(made), as_html(made), text(made, 100)):
        assert "abcdef" not in shown


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
    assert "5.3 times (5.1 to 5.5)" in source
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
        (Comparison("shop.py", []), {}, 2),
        (comparison(steps=1, not_compared={1: "noise"}), {}, 2),
    ],
)
def test_the_exit_status_says_what_was_found(made, options, status):
    assert status_of(made, **options)[0] == status


@pytest.mark.parametrize("report", [lambda one: text(one, 100), as_json, as_html])
def test_unreliable_tests_are_in_each_report(report):
    suite = SuiteResult(["pytest"], {}, unreliable=["test_a.py::test_dice"])

    assert "test_a.py::test_dice" in report(comparison(suite=suite))
