"""`retort check --scale` on programs with known data of one process, and on stateless ones."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAMS = sorted(HERE.joinpath("programs").glob("*.py"))
STATELESS = sorted(HERE.joinpath("stateless").glob("*.py"))
EXAMPLES = Path(__file__).parents[3] / "examples"
LABEL = re.compile(r"# local: ([\w-]+)")


def labels_of(path):
    """Where a program has data of one process: line and rule, by the comments in it."""
    lines = enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
    found = ((number, LABEL.search(line)) for number, line in lines)
    return {(number, match[1]) for number, match in found if match}


@pytest.fixture(scope="module")
def found(checked):
    return checked("programs")


@pytest.fixture(scope="module")
def found_in_stateless(checked):
    return checked("stateless")


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda path: path.stem)
def test_what_lives_in_one_process_is_found_at_its_line_and_nothing_else(found, program):
    places = {(line, rule) for _, line, rule, *_ in found[program.name]}

    assert places == labels_of(program)


@pytest.mark.parametrize("program", STATELESS, ids=lambda path: path.stem)
def test_nothing_is_found_in_a_program_without_data_of_one_process(found_in_stateless, program):
    assert found_in_stateless[program.name] == []


def test_each_program_is_labelled_and_there_are_enough_of_them():
    assert len(PROGRAMS) >= 25
    assert len(STATELESS) >= 20
    assert all(map(labels_of, PROGRAMS))
    assert not any(map(labels_of, STATELESS))
