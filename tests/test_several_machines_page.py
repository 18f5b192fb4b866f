"""docs/several-machines.md: each kind of state has a section and a test, and capacity is computed.

The tests themselves run where the extensions are: tests/extensions/several_machines.
"""

import json
import re
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PAGE = (PROJECT / "docs" / "several-machines.md").read_text(encoding="utf-8")
TESTS = PROJECT / "tests" / "extensions" / "several_machines"
RESULTS = PROJECT / "benchmarks" / "results"
RUN = json.loads((RESULTS / "capacity.json").read_text(encoding="utf-8"))
SECOND = json.loads((RESULTS / "capacity-2.json").read_text(encoding="utf-8"))
PARTS = ("Replicas", "Redis", "HAProxy")
KINDS = re.findall(r"^\| \[(.*?)\]\(#(.*?)\) \|", PAGE, re.M)


def prefix(kind):
    return f"test_{kind.lower().replace(' ', '_')}_"


def names_of_tests():
    for file in TESTS.glob("test_*.py"):
        yield from re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.M)


def test_the_table_has_every_kind_of_state():
    assert [kind for kind, _ in KINDS] == [
        *("Sessions", "Flashed messages", "Caches", "Limits", "Jobs", "Sockets", "Uploads"),
        *("Metrics", "Logs", "Secrets", "Migrations", "Schedules"),
    ]


def test_each_row_has_a_section_and_the_order_is_the_same():
    sections = re.search(r"^## The lines that switch\n(.*?)^## ", PAGE, re.M | re.S)

    assert re.findall(r"^### (.*)$", sections[1], re.M) == [kind for kind, _ in KINDS]
    assert [anchor for _, anchor in KINDS] == [kind.lower().replace(" ", "-") for kind, _ in KINDS]


def test_each_row_has_a_test_and_each_test_a_row():
    prefixes = tuple(prefix(kind) for kind, _ in KINDS)
    names = list(names_of_tests())

    assert [name for name in names if not name.startswith(prefixes)] == []
    assert [each for each in prefixes if not any(name.startswith(each) for name in names)] == []


# Capacity: the tables are those of the stored run


def rows_below(head):
    """The cells of the table whose head begins with this text."""
    (table,) = re.findall(rf"^\| {re.escape(head)} .*\n\| -.*\n((?:\|.*\n)+)", PAGE, re.M)
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in table.splitlines()]


def costs(run, part):
    """Microseconds: a request, its first call of the store, each further one."""
    without, one, several = run["learned"]
    further = (several[part] - one[part]) / (several["calls"] - one["calls"])
    return without[part], one[part] - without[part], further


def predicted(run, part, calls):
    request, first, further = costs(run, part)
    return request + (first + (calls - 1) * further if calls else 0)


def test_the_page_shows_what_one_replica_used():
    assert rows_below("| A request") == [
        [part, *(f"{cost:.0f} µs" for cost in costs(RUN, part))] for part in PARTS
    ]


def test_the_page_shows_the_error_of_the_prediction_for_two_replicas():
    shown = rows_below("Calls for a request")

    assert {each["replicas"] for each in RUN["predicted"]} == {2}
    assert shown == [
        [
            str(each["calls"]),
            part,
            f"{predicted(RUN, part, each['calls']):.0f} µs",
            f"{each[part]:.0f} µs",
            f"{error(RUN, each, part):+d} %",
        ]
        for each in RUN["predicted"]
        for part in PARTS
        if each["calls"] or part != "Redis"
    ]


def error(run, each, part):
    """Of the prediction, in per cent of what was measured."""
    return round(100 * (predicted(run, part, each["calls"]) / each[part] - 1))


def ranges(run):
    """The least and the largest error of a run: for replicas, and for what they share."""
    replicas = [error(run, each, "Replicas") for each in run["predicted"]]
    others = [
        error(run, each, part)
        for each in run["predicted"]
        for part in PARTS[1:]
        if each["calls"] or part != "Redis"
    ]
    return [f"from {min(errors):+d} to {max(errors):+d} %" for errors in (replicas, others)]


def test_the_text_names_the_errors_of_both_runs():
    replicas, shared = ranges(RUN)
    assert f"The error is {replicas} for the replicas, and {shared} for Redis and HAProxy" in PAGE
    replicas, shared = ranges(SECOND)
    assert f"it was {replicas} and {shared}." in PAGE


def test_the_computed_cores_are_those_of_the_formula():
    assert "/ 1,000,000 / 0.7" in PAGE
    for rate, *cells in rows_below("Requests per second"):
        used = [
            int(rate.replace(",", "")) * predicted(RUN, part, 2) / 1_000_000 / 0.7 for part in PARTS
        ]
        assert cells == [f"{cores:.1f}" for cores in used]


def test_the_page_says_what_was_measured_and_what_is_computed():
    assert f"Run of {RUN['date']}: Retort {RUN['versions']['retort-web']}" in PAGE
    assert f"Python {RUN['python']}" in PAGE
    for name in ("redis-py", "Redis", "HAProxy"):
        assert f"{name} {RUN['versions'][name]}" in PAGE
    assert f"the {RUN['cores']} cores of that machine, were not measured" in PAGE
