"""Programs that use Flask run on Flask and on Retort; what can be seen of them is the same."""

import ast
import json
import runpy
from collections import Counter
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PROGRAMS = sorted(path.stem for path in (HERE / "programs").glob("*.py"))
DIFFERENCES = runpy.run_path(str(HERE / "differences.py"))["DIFFERENCES"]


def found_differences(flasks, retorts):
    """For each step and field that differs: what Flask gives, and what Retort gives."""
    found = {}
    for listened, steps in flasks.items():
        for step, seen in steps.items():
            other = retorts[listened][step]
            for field in sorted(seen.keys() | other.keys()):
                pair = (seen.get(field), other.get(field))
                if pair[0] != pair[1]:
                    found.setdefault((step, field), []).append((listened, *pair))
    return found


def assert_is_complete(recording):
    for steps in recording.values():
        assert steps
        for seen in steps.values():
            assert {"events", "warnings"} < set(seen)
            assert len({"status", "value", "raised"} & set(seen)) == 1


def listed_differences(program):
    """For each step and field that may differ: what Retort gives."""
    return {
        (step, field): value
        for one in DIFFERENCES
        if one.program == program
        for step in one.steps
        for field, value in one.fields.items()
    }


def is_as_listed(given, value):
    """Whether it is what the list says, where it says it."""
    if value is ...:
        return True
    if isinstance(value, list) and isinstance(given, list) and len(value) == len(given):
        return all(map(is_as_listed, given, value))
    return given == value


def describe(found):
    lines = []
    for (step, field), seen in found.items():
        for listened, flasks, retorts in seen:
            lines += [f"{step}: {field}, {listened}", *first_difference(flasks, retorts)]
    return "\n".join(lines)


def first_difference(flasks, retorts):
    """Two lines; of two lists only what follows their common start."""
    if isinstance(flasks, list) and isinstance(retorts, list):
        same = 0
        while same < min(len(flasks), len(retorts)) and flasks[same] == retorts[same]:
            same += 1
        flasks, retorts = flasks[same:], retorts[same:]
    return [f"    Flask:  {json.dumps(flasks)[:900]}", f"    Retort: {json.dumps(retorts)[:900]}"]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_does_the_same(program, flask, retort):
    flasks, retorts = flask.ask("program", program), retort.ask("program", program)
    assert_is_complete(flasks)  # so that the comparison is not empty
    found = found_differences(flasks, retorts)
    listed = listed_differences(program)

    unlisted = {place: seen for place, seen in found.items() if place not in listed}
    assert not unlisted, f"{program} differs:\n{describe(unlisted)}"

    gone = sorted(set(listed) - set(found))
    assert not gone, f"differences.py lists for {program}, but they no longer occur: {gone}"

    changed = {
        place: found[place]
        for place, value in listed.items()
        if any(not is_as_listed(retorts, value) for _, _, retorts in found[place])
    }
    assert not changed, f"{program} differs, but not as listed:\n{describe(changed)}"


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_imports_only_flask(program):
    imported = set()
    for node in ast.walk(ast.parse((HERE / "programs" / f"{program}.py").read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module.partition(".")[0])

    assert "flask" in imported
    assert "retort" not in imported


def test_there_is_a_program_for_every_area():
    assert len(PROGRAMS) >= 45


def test_differences_name_programs_and_give_reasons():
    for one in DIFFERENCES:
        assert one.program in PROGRAMS
        assert one.steps
        assert one.fields
        assert len(one.reason) > 20
    places = Counter(
        (one.program, step, field)
        for one in DIFFERENCES
        for step in one.steps
        for field in one.fields
    )
    assert [place for place, times in places.items() if times > 1] == []


def test_a_difference_is_found(flask, retort):
    """The comparison itself: one changed field of a recording shows, and nothing else."""
    flasks = flask.ask("program", "g_namespace")
    retorts = retort.ask("program", "g_namespace")
    retorts["with listeners"]["GET /"]["body"] += "!"

    assert list(found_differences(flasks, retorts)) == [("GET /", "body")]
