"""docs/several-machines.md: each kind of state has a section with lines, and a test of them.

The tests themselves run where the extensions are: tests/extensions/several_machines.
"""

import re
from pathlib import Path

PROJECT = Path(__file__).parent.parent
PAGE = (PROJECT / "docs" / "several-machines.md").read_text(encoding="utf-8")
TESTS = PROJECT / "tests" / "extensions" / "several_machines"
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
