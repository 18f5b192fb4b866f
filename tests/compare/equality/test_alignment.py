"""Sequences are aligned in bounded time, and what is between the changes is equal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retort.compare.equality.alignment import changes, common_end, common_start

few = st.lists(st.sampled_from("abc"), max_size=12)


@given(few, few)
def test_everything_between_the_changes_is_equal(a, b):
    rebuilt, position = [], 0
    for i1, i2, j1, j2 in changes(a, b):
        rebuilt += a[position:i1]
        assert len(rebuilt) == j1
        rebuilt += b[j1:j2]
        position = i2
    assert rebuilt + a[position:] == b


@given(st.binary(), st.binary())
def test_the_common_beginning_and_end_are_as_long_as_possible(left, right):
    head = common_start(left, right)
    tail = common_end(left, right, head)

    assert left[:head] == right[:head]
    assert left[head : head + 1] != right[head : head + 1] or head == len(left) == len(right)
    assert left[len(left) - tail :] == right[len(right) - tail :]
    assert head + tail <= min(len(left), len(right))


def test_changes_far_apart_in_a_long_sequence_are_found_apart():
    a = [str(number) for number in range(50_000)]
    b = ["new", *a]
    b[40_001] = "other"

    assert changes(a, b) == [(0, 0, 0, 1), (40_000, 40_001, 40_001, 40_002)]


@pytest.mark.parametrize("size", [1_000, 20_000])
def test_items_that_all_occur_often_are_one_change(size):
    # Item by item, the second of these takes hours.
    a, b = ["x", "y"] * size, ["z", *["y", "y", "x"] * size]

    assert changes(a, b) == [(0, 2 * size, 0, 3 * size + 1)]
