"""docs/should-i-switch.md shows the marks that a run of the probes has stored, and no others."""

import json
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
PAGE = (PROJECT / "docs" / "should-i-switch.md").read_text(encoding="utf-8")
STORED = json.loads((PROJECT / "benchmarks" / "results" / "features.json").read_text("utf-8"))


def cells(line):
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def table_that_begins(words):
    """The lines of the table with this head, without the line below the head."""
    (table,) = re.findall(rf"^(\|[ ]*\| {words}.*?)(?=\n\n|\Z)", PAGE, re.M | re.S)
    head, _, *lines = table.splitlines()
    return [cells(line) for line in (head, *lines)]


def shown_marks():
    """What the page shows: by row and framework, a mark and what is in brackets behind it."""
    (_, *names), *lines = table_that_begins("Retort")
    for text, *marks in lines:
        if not text.startswith("**"):
            yield text, dict(zip(names, marks, strict=True))


def stored_mark(row, name):
    is_there, _ = row["marks"][name]
    package = row["added_by"].get(name)
    return "yes" if is_there else f"no ({package})" if package else "no"


def test_each_mark_on_the_page_is_the_stored_one():
    stored = {
        row["text"]: {name: stored_mark(row, name) for name in STORED["frameworks"]}
        for row in STORED["rows"]
    }

    assert len(stored) > 25
    assert dict(shown_marks()) == stored


def test_each_mark_has_what_was_observed():
    for row in STORED["rows"]:
        assert set(row["marks"]) == set(STORED["frameworks"])
        assert all(note for _, note in row["marks"].values()), row["text"]


def test_the_page_names_the_date_and_the_versions_of_the_run():
    assert f"of {STORED['date']}" in PAGE
    assert f"Python {STORED['python']}" in PAGE
    for name, version in STORED["versions"].items():
        if name != "retort-web":
            assert f"{name} {version}" in PAGE


@pytest.mark.parametrize("name", STORED["frameworks"])
def test_the_page_shows_the_command_that_served_a_framework(name):
    assert f"| {name} | `{STORED['commands'][name]}` |" in PAGE


def test_the_page_names_features_that_retort_lacks():
    lacking = {text for text, marks in shown_marks() if marks["Retort"].startswith("no")}

    assert {"Administration pages", "Migrations", "Users and permissions"} <= lacking
