"""`retort check --scale`: its output, its exit status, and its options."""

import json
from pathlib import Path

import pytest

from retort.devtools.checks import RULES, SCALE_RULES

EXAMPLES = Path(__file__).parents[2] / "examples"
COUNTER = """
    from flask import Flask

    app = Flask(__name__)
    visits = 0

    @app.get("/")
    def index():
        global visits
        visits += 1
        return str(visits)
"""
LOGS = """
    import logging
    import os

    from flask import Flask

    app = Flask(__name__)
    app.secret_key = os.environ.get("NO_KEY") or os.urandom(16)
    app.logger.addHandler(logging.FileHandler(os.devnull, delay=True))
"""


def test_an_error_has_its_place_what_a_visitor_sees_and_a_fix_and_the_status_is_1(retort, write):
    write("shop.py", COUNTER)

    done = retort("check", "--scale", "shop.py")

    assert done.returncode == 1
    assert "  shop.py:9: error (module-data)\n" in done.stdout
    assert "a visitor sees 3, then 1." in " ".join(done.stdout.split())
    assert "store.incr('visits')" in " ".join(done.stdout.split())
    assert done.stdout.endswith("\n1 error, 0 warnings.\n")


def test_the_findings_are_printed_as_json(retort, write):
    write("shop.py", COUNTER)

    done = retort("check", "shop.py", "--scale", "--json")

    answer = json.loads(done.stdout)
    [finding] = answer.pop("findings")
    assert answer == {"errors": 1, "warnings": 0, "infos": 0}
    assert set(finding) == {"level", "file", "line", "rule", "message", "fix"}
    assert (finding["level"], finding["file"], finding["line"]) == ("error", "shop.py", 9)


def test_warnings_and_information_do_not_change_the_status(retort, write):
    write("shop.py", LOGS)

    done = retort("check", "--scale", "shop.py")

    assert done.returncode == 0
    assert "shop.py:7: warning (random-key-fallback)" in done.stdout
    assert "shop.py:8: info (log-file)" in done.stdout
    assert done.stdout.endswith("\n0 errors, 1 warning, 1 info.\n")


def test_a_program_without_data_of_one_process_has_no_findings(retort, write, hello):
    write("shop.py", hello)

    done = retort("check", "--scale", "shop.py")

    assert (done.stdout, done.returncode) == ("Nothing found.\n", 0)


def test_other_checks_do_not_report_what_several_replicas_change(retort, write):
    write("shop.py", COUNTER)

    assert retort("check", "shop.py").stdout == "Nothing found.\n"


def test_the_two_checks_of_production_are_run_one_after_the_other(retort, write, hello):
    write("shop.py", hello)

    done = retort("check", "--scale", "--deploy", "shop.py")

    assert done.returncode == 2
    assert "--deploy and --scale are two checks: run one after the other." in done.stderr


def test_options_of_the_server_are_refused(retort, write, hello):
    write("shop.py", hello)

    done = retort("check", "--scale", "shop.py", "--", "--workers", "2")

    assert done.returncode == 2
    assert "go with --deploy" in done.stderr


def test_a_program_that_does_not_load_is_an_error_with_its_reason(retort, write):
    write("shop.py", "import no_such_module_of_this_program\n")

    done = retort("check", "--scale", "shop.py")

    assert done.returncode != 0
    assert "no_such_module_of_this_program" in done.stderr


def test_the_help_lists_each_rule_with_its_level(retort):
    text = retort("check", "--help").stdout

    assert all(f"{level:8} {name:17} " in text for name, (level, _) in SCALE_RULES.items())
    assert not set(RULES) & set(SCALE_RULES)


def test_the_reference_lists_each_rule_with_its_level():
    text = (EXAMPLES.parent / "docs" / "cli.md").read_text(encoding="utf-8")
    section = text.partition("### `retort check --scale`")[2].partition("\n## ")[0]
    rows = [line.split("|")[1:3] for line in section.splitlines() if line.startswith("| `")]
    listed = {
        name.strip(" `"): level.strip() for names, level in rows for name in names.split(", ")
    }

    assert listed == {name: level for name, (level, _) in SCALE_RULES.items()}


# The examples: what is reported there is true


@pytest.mark.parametrize(
    ("program", "expected"),
    [
        ("login/login.py", []),
        # SQLite in a file beside the program
        ("guestbook/guestbook.py", [("guestbook.py", "local-database")]),
        # the messages of one process, without REDIS_URL
        ("chat/chat.py", [("room.py", "socket-hub"), ("room.py", "socket-hub")]),
        # a key and a set of names that are made for the example
        ("signup/signup.py", [("signup.py", "random-key"), ("signup.py", "module-data")]),
    ],
)
def test_the_findings_in_the_examples_are_those_that_are_true(retort, program, expected):
    done = retort("check", "--scale", "--json", str(EXAMPLES / program))

    found = json.loads(done.stdout)["findings"]
    assert [(Path(each["file"]).name, each["rule"]) for each in found] == expected
