"""`retort openapi diff`: the exit status, the options, and what cannot be compared."""

import json

import pytest

from retort.cli.openapi_diff import diff_command


def document(**get):
    operation = {"responses": {"200": {"description": "Found"}}, **get}
    return json.dumps({"openapi": "3.1.1", "paths": {"/orders": {"get": operation}}})


@pytest.fixture
def compare(runner, write):
    """Compare two documents with these options."""

    def compare(old, new, *options, stdin=None):
        write("old.json", old)
        write("new.json", new)
        return runner.invoke(diff_command, ["old.json", "new.json", *options], input=stdin)

    return compare


PLAIN = document()
BREAKING = json.dumps({"openapi": "3.1.1", "paths": {}})
RISKY = document(operationId="orders")
FINE = document(deprecated=True)
TEXT = document(summary="All orders")


@pytest.mark.parametrize(
    ("new", "option", "status"),
    [
        (PLAIN, [], 0),
        (BREAKING, [], 1),
        (RISKY, [], 0),
        (FINE, [], 0),
        (BREAKING, ["--fail-on", "risky"], 1),
        (RISKY, ["--fail-on", "risky"], 1),
        (FINE, ["--fail-on", "risky"], 0),
        (FINE, ["--fail-on", "fine"], 1),
        (PLAIN, ["--fail-on", "fine"], 0),
        (TEXT, ["--fail-on", "fine"], 0),
        (TEXT, ["--fail-on", "fine", "--all"], 1),
        (BREAKING, ["--json"], 1),
    ],
)
def test_the_exit_status_says_whether_a_change_is_as_bad(new, option, status, compare):
    assert compare(PLAIN, new, *option).exit_code == status


def test_changes_of_texts_are_listed_only_with_all(compare):
    assert compare(PLAIN, TEXT).stdout == "No changes.\n"
    assert "GET /orders: text changed: summary All orders\n" in compare(PLAIN, TEXT, "--all").stdout


def test_json_is_one_object(compare):
    report = json.loads(compare(PLAIN, BREAKING, "--json").stdout)

    assert report["counts"]["breaking"] == 1
    assert report["changes"][0]["places"][0]["path"] == "/orders"


def test_one_document_may_come_from_standard_input(runner, write):
    write("old.json", PLAIN)

    result = runner.invoke(diff_command, ["old.json", "-"], input=BREAKING)

    assert result.exit_code == 1
    assert "old.json#/paths/~1orders" in result.stdout


def test_standard_input_has_a_name_in_the_report(runner, write):
    write("old.json", PLAIN)

    result = runner.invoke(diff_command, ["old.json", "-"], input=FINE)

    assert "standard input#/paths/~1orders/get" in result.stdout


def test_two_documents_from_standard_input_are_an_error(runner):
    result = runner.invoke(diff_command, ["-", "-"], input=PLAIN)

    assert result.exit_code == 2
    assert "Standard input is one document" in result.stderr


@pytest.mark.parametrize("old", ["{", '{"swagger": "2.0"}'])
def test_a_document_that_cannot_be_read_ends_with_2_and_a_message(old, compare):
    result = compare(old, PLAIN)

    assert result.exit_code == 2
    assert result.stderr.startswith("Error: old.json")
    assert result.stdout == ""


def test_an_unknown_verdict_is_an_error(compare):
    assert compare(PLAIN, PLAIN, "--fail-on", "bad").exit_code == 2


def test_the_command_is_one_of_the_group_and_loads_no_application(retort, write):
    write("wsgi.py", "raise RuntimeError")
    write("old.json", PLAIN)
    write("new.json", BREAKING)

    done = retort("openapi", "diff", "old.json", "new.json")

    assert done.returncode == 1
    assert "path removed" in done.stdout
    assert done.stderr == ""
