"""The headline of a report: one sentence, and what is below it."""

import pytest

from retort.devtools.advice import Advice
from retort.devtools.report import Report


def report_of(what):
    return Report(status=500, heading="Internal Server Error", advice=Advice(what=what))


@pytest.mark.parametrize(
    ("what", "headline", "below"),
    [
        ("login() returned None.", "login() returned None.", ""),
        ("No field 'nm'. Did you mean 'name'?", "No field 'nm'.", "Did you mean 'name'?"),
        (
            "app.get() failed: see app.py, e.g. line 7.",
            "app.get() failed: see app.py, e.g. line 7.",
            "",
        ),
        ("ValueError: one\n  two\nthree", "ValueError: one", "two\nthree"),
        ("", "", ""),
    ],
)
def test_the_headline_is_the_first_sentence_and_the_rest_is_below(what, headline, below):
    report = report_of(what)

    assert (report.headline, report.below_headline) == (headline, below)


def test_a_long_message_is_shortened_in_the_headline_and_whole_below():
    message = "OperationalError: " + "(sqlite3.OperationalError) no such column: user.colour " * 9

    report = report_of(message)

    assert len(report.headline) <= 162
    assert report.headline.endswith(" …")
    assert message.startswith(report.headline.removesuffix(" …"))
    assert report.below_headline == message.strip()


def test_a_long_word_is_shortened_as_well():
    report = report_of("x" * 500)

    assert report.headline == "x" * 160 + " …"
    assert report.below_headline == "x" * 500
