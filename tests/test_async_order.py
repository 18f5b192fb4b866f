"""The steps of a request run in one order, whichever of them are coroutine functions."""

import runpy
from pathlib import Path

import pytest
from hypothesis import given, settings

import retort

FOLDER = Path(__file__).parent / "differential" / "flask"  # compares the same apps with Flask
Recorder = runpy.run_path(str(FOLDER / "mixed_apps.py"))["Recorder"]
made = runpy.run_path(str(FOLDER / "mixed_descriptions.py"))


def recorded(description):
    return Recorder(retort, description).record()


@settings(max_examples=200)
@given(description=made["descriptions"]())
def test_any_mix_of_functions_and_coroutine_functions_runs_in_the_same_order(description):
    assert recorded(description) == recorded(made["all_sync"](description))


@pytest.mark.parametrize("description", [*made["every_place_of_an_error"]()])
def test_an_error_in_any_step_is_followed_by_the_same_steps(description):
    mixed, reference = recorded(description), recorded(made["all_sync"](description))

    assert mixed == reference
    assert any(event[0] == "app teardown" for _, events, _ in mixed for event in events)
