r"""``\s`` in the document: written out, since Python and ECMA-262 have different white space."""

import re

import pytest

from retort.extensions.openapi.patterns import document_pattern

#: The white space that only one of Python and ECMA-262 has.
DISPUTED = "\x1c\x1d\x1e\x1f\x85\ufeff"


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[^@\s]+@[^@\s]+$",
        r"a\sb\S",
        r"[]\s]x\s",
        r"[^]\s]\S",
        r"\\s\[\s",
        r"[\s-]",
        r"[-\s]x",
        r"[a\]\s]",
        r"\\\s",
        r"^(?:\s|x)*$",
    ],
)
def test_a_pattern_for_the_document_matches_the_same_texts(pattern):
    written = document_pattern(pattern)

    assert r"\s" not in written.replace(r"\\s", "")
    before, after = re.compile(pattern), re.compile(written)
    for character in map(chr, range(0x10100)):
        for text in (
            character,
            f"a{character}b",
            f"x{character}",
            f"\\{character}",
            f"{character}x",
        ):
            assert bool(before.search(text)) == bool(after.search(text)), text


def test_the_characters_are_named_where_the_languages_differ():
    written = document_pattern(r"^\s$")

    assert r"\x1c-" in written
    assert [bool(re.search(written, each)) for each in DISPUTED] == [True] * 5 + [False]


@pytest.mark.parametrize("pattern", ["^[A-Z]{2}[0-9]+$", r"\d\w\b", r"[\s\S]*", r"[\S\s]", r"\\s"])
def test_other_patterns_stay(pattern):
    assert document_pattern(pattern) == pattern


def test_what_is_no_white_space_stays_in_a_class():
    assert document_pattern(r"[\Sx]\d") == r"[\Sx]\d"
