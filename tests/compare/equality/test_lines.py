"""Texts are compared by lines, which are aligned; noise is a line, a part of one, or an order."""

import random

import pytest

from retort.compare.equality import compare
from retort.compare.equality.lines import compare_lines
from retort.compare.equality.values import DIFFERENT, NOISE, verdict
from retort.compare.messages import Response


def differences(first, again, other):
    found = compare_lines(first, again, other)
    return [(place, left, right) for decided, place, left, right in found if decided == DIFFERENT]


def shuffled(seed, *names, title="Tags"):
    items = [f"<li>{name}</li>\n" for name in names]
    random.Random(seed).shuffle(items)
    return "".join([f"<h1>{title}</h1>\n", *items, "<p>end</p>\n"])


def test_shuffled_lines_are_noise_and_keep_their_texts():
    names = ("red", "green", "blue", "black", "white")

    for seed in range(0, 150, 3):
        first, again, other = (shuffled(seed + n, *names) for n in range(3))
        if first == again:
            continue
        assert differences(first, again, other) == []
        changed = shuffled(seed + 2, *names[:-1], "brown")
        assert differences(first, again, changed), seed
        twice = shuffled(seed + 2, *names[:-1], "red")
        assert differences(first, again, twice), seed
        assert differences(first, again, shuffled(seed + 2, *names, title="Tag")), seed


def test_a_lost_line_beside_noise_has_its_own_place():
    def page(token, *lines):
        return "".join([f"<i>{token}</i>\n", *(f"{one}\n" for one in lines)])

    first, again = page("a1b2c3d4", "one", "two"), page("b1b2c3d9", "one", "two")

    assert differences(first, again, page("c1b2c3d7", "two")) == [("line 2", "one\n", None)]
    assert differences(first, again, page("c1b2c3d7", "one")) == [("line 3", "two\n", None)]
    assert differences(first, again, page("", "one", "two")) == [
        ("line 1", "<i>a1b2c3d4</i>\n", "<i></i>\n")
    ]


def test_a_part_with_another_number_of_lines_each_time_keeps_the_kind_of_its_lines():
    def page(*numbers):
        return "".join(["<ul>\n", *(f"<li>{one}</li>\n" for one in numbers), "</ul>\n"])

    first, again = page(312, 414), page(515, 616, 717)

    assert differences(first, again, page(818, 919, 120, 221)) == []
    assert differences(first, again, page(818, 919, "none")) != []
    assert differences(first, again, page()) != []


@pytest.mark.parametrize(
    ("first", "again", "other", "decided"),
    [
        ("a=1f3a7c51 b=2", "a=b2c4d6e8 b=2", "a=0f0e0d0c b=2", NOISE),
        ("a=1f3a7c51 b=2", "a=b2c4d6e8 b=2", "a=0f0e0d0c b=3", DIFFERENT),
        ("a=1f3a7c51", "a=b2c4d6e8", "a=0F0E0D0C", DIFFERENT),
        ("a=1f3a7c51", "a=b2c4d6e8", "a=0f0e0d0", DIFFERENT),
        ("3 items", "4 items", "-1 items", DIFFERENT),
        ("3 items", "4 items", "4.0 items", DIFFERENT),
        ("3 items", "4 items", " items", DIFFERENT),
        ("{'a', 'b', 'c'}", "{'b', 'c', 'a'}", "{'c', 'b', 'a'}", NOISE),
        ("{'a', 'b', 'c'}", "{'b', 'c', 'a'}", "{'c', 'b', 'd'}", DIFFERENT),
        ("green", "black", "red", NOISE),
        ("green", "black", "<b>", DIFFERENT),
        ("greenish", "blackish", "red", DIFFERENT),
        (None, "1", "1", NOISE),
        ("HIT", None, "MISS", DIFFERENT),
    ],
)
def test_noise_is_at_exactly_one_part_of_a_value(first, again, other, decided):
    assert verdict(first, again, other) == decided


def test_many_parts_of_a_long_line_are_compared_in_bounded_time():
    def line(seed, end="end"):
        words = random.Random(seed)
        return " ".join(f"n {words.randrange(1000, 9999)} x" for _ in range(1_000)) + end

    assert verdict(line(1), line(2), line(3)) == NOISE
    assert verdict(line(1), line(2), line(3, "And")) == DIFFERENT
    # Many places at which a fixed part can stand.
    first, again = (", ".join(f"{n} {'ab'[n % 2] * s}" for n in range(100, 200)) for s in (3, 5))
    assert verdict(first, again, "c, " * 5_000) == DIFFERENT


def test_a_body_of_tokens_alone_is_not_compared():
    def body(seed):
        words = random.Random(seed)
        lines = "".join(f"{words.getrandbits(64):016x}\n" for _ in range(3))
        return Response(200, "OK", (("Content-Type", "text/plain"),), lines.encode())

    assert compare(body(1), body(2), body(3)).is_all_noise
