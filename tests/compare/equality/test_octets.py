"""Bodies of bytes: what both of the first side's have in common, the other one must have."""

import random

import pytest

from retort.compare.equality import compare
from retort.compare.messages import Response


def image(body):
    return Response(200, "OK", (("Content-Type", "image/png"),), body)


def randoms(seed, size=200):
    return random.Random(seed).randbytes(size)


def stamped(seed, end=b"B" * 500):
    return b"A" * 500 + randoms(seed, 8) + end


def found(first, again, other):
    return [one.place for one in compare(*map(image, (first, again, other))).differences]


def test_bytes_that_differ_each_time_are_masked_and_the_rest_is_compared():
    verdict = compare(*(image(stamped(seed)) for seed in range(3)))

    assert (verdict.differences, verdict.masked) == ([], ["body bytes"])
    assert not verdict.is_all_noise
    assert found(stamped(1), stamped(2), stamped(3, b"B" * 499 + b"C")) == ["byte 1007"]


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (b"", "byte 0"),
        (randoms(3, 100), "byte 0"),
        (b"\x89XNG" + randoms(3), "byte 1"),
        (b"\x89PNG" + randoms(3) + b"more", "byte 4"),
    ],
)
def test_random_bytes_keep_their_length_and_their_beginning(other, place):
    first, again = (b"\x89PNG" + randoms(seed) for seed in (1, 2))

    assert found(first, again, other) == [place]
    assert found(first, again, b"\x89PNG" + randoms(3)) == []


def test_bytes_of_another_length_each_time_are_compared_at_both_ends():
    first, again, other = (b"head" + randoms(n, 100 + n) + b"tail" for n in (1, 20, 9))

    assert found(first, again, other) == []
    assert found(first, again, other[:-1] + b"L") == ["byte 116"]
    assert found(first, again, b"H" + other[1:]) == ["byte 0"]
    assert found(first, again, b"head" + randoms(9, 2_000) + b"tail") == ["byte 4"]


def test_several_stretches_of_noise_are_masked_one_by_one():
    def parts(seed):
        return b"-" * 100 + randoms(seed, 4) + b"-" * 100 + randoms(seed + 50, 4) + b"-" * 100

    verdict = compare(*(image(parts(seed)) for seed in range(3)))

    assert verdict.masked == ["body bytes"] * 2
    assert verdict.differences == []
