"""An heir loses its mark when a class above it is changed, and does not get it back by itself."""

import sys

import pytest

from retort.fast import IS_FAST
from retort.heirs import UNCHANGED, heir_of, settle


def make_classes():
    class Above:
        def name(self):
            return "above"

    class Kind(Above):
        pass

    class Other:
        pass

    return Above, Kind, Other


def is_marked(heir):
    return bool(heir.__flags__ & UNCHANGED)


def test_marks_are_used_where_python_keeps_them():
    keeps_marks = sys.implementation.name == "cpython" and sys.version_info < (3, 13)
    assert bool(UNCHANGED) == (keeps_marks and IS_FAST)


@pytest.mark.parametrize("which", [0, 1, 2])
@pytest.mark.parametrize("change", ["set", "delete", "add"])
def test_a_change_of_a_class_takes_the_mark_off(which, change):
    kinds = make_classes()
    kinds[which].old = 1
    heir = heir_of(kinds[1], kinds[2])
    assert is_marked(heir) == bool(UNCHANGED)

    if change == "set":
        kinds[which].old = 2
    elif change == "add":
        kinds[which].new = 2
    else:
        del kinds[which].old

    assert not is_marked(heir)
    assert kinds[1]().name() == "above"  # asked of the class, not of its heir
    assert not is_marked(heir)
    settle(heir)
    assert is_marked(heir) == bool(UNCHANGED)


def test_a_class_that_notices_its_heirs_gets_none():
    heirs = []

    class Noticing:
        def __init_subclass__(cls):
            heirs.append(cls)

    class Kind(Noticing):
        pass

    heir = heir_of(Kind)
    settle(heir)

    assert heirs == [Kind]
    assert not is_marked(heir)


def test_a_class_of_another_metaclass_gets_none():
    class Meta(type):
        pass

    class Kind(metaclass=Meta):
        pass

    assert not is_marked(heir_of(Kind))
    assert Kind.__subclasses__() == []


def test_classes_that_cannot_have_an_heir_in_common_have_none():
    assert not is_marked(heir_of(int, str))
