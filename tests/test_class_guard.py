"""A guard loses its flag when a class above it is changed, and does not get it back by itself."""

import gc
import os
import subprocess
import sys
import weakref
from pathlib import Path

import pytest

from retort.class_guard import UNCHANGED, arm, guard_of


def make_classes():
    class Above:
        def name(self):
            return "above"

    class Kind(Above):
        pass

    class Other:
        pass

    return Above, Kind, Other


def is_armed(guard):
    return bool(guard.__flags__ & UNCHANGED)


def test_flags_are_used_where_python_has_them_or_reports_changes():
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert bool(UNCHANGED) == (sys.implementation.name == "cpython" and has_gil)


def test_every_change_disarms_a_guard_however_many_there_are():
    _, kind, _ = make_classes()
    guard = guard_of(kind)
    for number in range(2_000):  # CPython 3.13 reports a thousand
        kind.old = number
        assert not is_armed(guard)
        arm(guard)


def test_a_guard_is_freed_with_its_classes():
    guards = weakref.WeakSet(guard_of(make_classes()[1]) for _ in range(20))
    gc.collect()  # must not fail
    assert len(guards) == 0


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("change", ["set", "delete", "add"])
def test_a_change_of_a_class_disarms_its_guard(which, change):
    kinds = make_classes()
    kinds[which].old = 1
    guard = guard_of(kinds[1], kinds[2])
    assert is_armed(guard) == bool(UNCHANGED)

    if change == "set":
        kinds[which].old = 2
    elif change == "add":
        kinds[which].new = 2
    else:
        del kinds[which].old

    assert not is_armed(guard)
    assert kinds[1]().name() == "above"  # looked up on the class, not on its guard
    assert not is_armed(guard)
    arm(guard)
    assert is_armed(guard) == bool(UNCHANGED)


def test_a_class_with_a_hook_for_subclasses_gets_no_guard():
    guards = []

    class Noticing:
        def __init_subclass__(cls):
            guards.append(cls)

    class Kind(Noticing):
        pass

    guard = guard_of(Kind)
    arm(guard)

    assert guards == [Kind]
    assert not is_armed(guard)


def test_a_class_of_another_metaclass_gets_no_guard():
    class Meta(type):
        pass

    class Kind(metaclass=Meta):
        pass

    assert not is_armed(guard_of(Kind))
    assert Kind.__subclasses__() == []


def test_classes_that_cannot_have_a_subclass_in_common_have_no_guard():
    assert not is_armed(guard_of(int, str))


@pytest.mark.parametrize(
    "file", ["test_overrides.py", "test_override_points.py", "differential/test_whole_requests.py"]
)
def test_without_flags_what_is_replaced_takes_effect_too(file):
    tests = Path(__file__).parent
    command = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "without_class_flags"]
    done = subprocess.run(
        [sys.executable, *command, str(tests / file)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), *filter(None, sys.path)])},
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout
