"""Apps that mix functions and coroutine functions run their steps as on Flask, in its order."""

import runpy
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

made = runpy.run_path(str(Path(__file__).parent / "mixed_descriptions.py"))


def test_any_mix_runs_as_on_flask(flask, retort):
    @settings(
        derandomize=True,
        database=None,
        max_examples=150,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(description=made["descriptions"]())
    def the_steps_are_equal(description):
        flasks = flask.ask("mixed app", description)
        assert retort.ask("mixed app", description) == flasks

    the_steps_are_equal()


@pytest.mark.parametrize("description", [*made["every_place_of_an_error"]()])
def test_an_error_in_any_step_is_followed_by_the_steps_of_flask(description, flask, retort):
    assert retort.ask("mixed app", description) == flask.ask("mixed app", description)
