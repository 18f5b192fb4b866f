"""An heir loses its mark when a class above it is changed, and does not get it back by itself."""

import gc
import sys
import weakref

import pytest

from retort.fast import IS_FAST
from retort.heirs import UNCHANGED, Seen, heir_of, settle


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


def test_marks_are_used_where_python_keeps_them_or_tells_of_changes():
    has_gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert bool(UNCHANGED) == (IS_FAST and sys.implementation.name == "cpython" and has_gil)


def test_every_change_takes_the_mark_off_however_many_there_are():
    _, kind, _ = make_classes()
    heir = heir_of(kind)
    for number in range(2_000):  # CPython 3.13 tells of a thousand
        kind.old = number
        assert not is_marked(heir)
        settle(heir)


def test_an_heir_is_forgotten_with_its_class():
    heirs = weakref.WeakSet(heir_of(make_classes()[1]) for _ in range(20))
    gc.collect()  # no error comes of it
    assert len(heirs) == 0


def test_a_result_is_kept_until_one_of_the_classes_is_changed():
    above, kind, other = make_classes()
    kind.number = 0
    seen = Seen(lambda: kind.number, kind, other)
    for changed in (kind, above, other):
        kind.number += 1
        assert seen.now() == kind.number
        changed.new = None
        assert seen.now() == kind.number


def test_what_is_changed_while_it_is_looked_at_counts_the_next_time():
    _, kind, other = make_classes()
    kind.number = 0

    def look():
        found = kind.number
        if found == 1:
            kind.number = 2
        return found

    seen = Seen(look, kind, other)
    kind.number = 1

    assert [seen.now(), seen.now()] == [1, 2]


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
