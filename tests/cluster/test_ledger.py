"""The ledger finds what the scenarios are to show the absence of."""

import pytest

from .ledger import Balance, Record, read_records


def record(number=1, kind="page", ended=0.1, **fields):
    return Record(number, kind, started=0.0, ended=ended, **fields)


ANSWER = {"begun": 0.1, "status": 200, "server": "one", "version": "1", "is_complete": True}
BROKEN = {"begun": 0.1, "status": 200, "server": "one", "error": "IncompleteReadError"}
OF_HAPROXY = {"begun": 0.1, "status": 503}
OF_THE_PROGRAM = {"begun": 0.1, "status": 503, "server": "one"}


@pytest.mark.parametrize(
    ("fields", "outcome"),
    [
        (ANSWER, "answered"),
        (BROKEN, "broken"),
        (OF_THE_PROGRAM, "failed"),
        (OF_HAPROXY, "lost"),
        ({"error": "ConnectionResetError"}, "lost"),
        ({**ANSWER, "is_complete": False}, "failed"),
    ],
)
def test_the_outcome_is_what_the_client_has_received(fields, outcome):
    assert record(**fields).outcome == outcome


def test_a_get_request_without_a_response_is_lost_and_a_post_request_is_unknown():
    page, order = record(1), record(2, "order", **OF_HAPROXY)

    balance = Balance([page, order], {})

    assert (balance.lost, balance.unknown) == ([page], [order])
    assert balance.is_exact()


@pytest.mark.parametrize(
    ("effects", "finding"),
    [
        ({1: 2}, "twice"),
        ({}, "missing"),
        ({1: 1, 7: 1}, "unsent"),
    ],
)
def test_effects_that_do_not_agree_with_the_answers_are_found(effects, finding):
    balance = Balance([record(1, "order", **ANSWER)], effects)

    assert len(getattr(balance, finding)) == 1
    assert not balance.is_exact()


def test_an_answer_and_one_effect_are_exact():
    assert Balance([record(1, "order", **ANSWER)], {1: 1}).is_exact()


def test_the_last_request_without_a_prompt_answer_ends_the_fault():
    late = Record(1, "page", started=5.0, ended=7.0, **ANSWER)
    prompt = Record(2, "stream", started=6.0, ended=7.0, **ANSWER)

    assert Balance([late, prompt], {}).seconds_until_normal(fault_at=4.0) == 1.0


def test_a_line_that_is_being_written_is_not_read():
    text = '{"number": 1, "kind": "page", "started": 1.0, "ended": 2.0}\n{"number": 2, "ki'

    assert [record.number for record in read_records(text)] == [1]
