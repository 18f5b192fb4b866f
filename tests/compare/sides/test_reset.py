"""The command of ``--reset``."""

import os
import time

import pytest

from retort.compare.options import CompareError
from retort.compare.sides.reset import reset


def run(command, tmp_path, seconds=60.0, **more):
    reset(command, tmp_path, {**os.environ, **more}, seconds)


def test_it_runs_in_the_copy_with_the_variables_of_the_side(tmp_path):
    run('echo "$DB" > out && pwd >> out', tmp_path, DB="a.db")

    assert (tmp_path / "out").read_text() == f"a.db\n{tmp_path}\n"


def test_a_failure_has_the_status_and_both_outputs(tmp_path):
    with pytest.raises(CompareError) as caught:
        run("echo made; echo failed >&2; exit 3", tmp_path)

    assert str(caught.value) == (
        "--reset 'echo made; echo failed >&2; exit 3' ended with status 3. It printed:\n"
        "    made\n    failed"
    )


def test_a_failure_without_output_says_so(tmp_path):
    with pytest.raises(
        CompareError, match=r"^--reset 'exit 1' ended with status 1\. It printed nothing\.$"
    ):
        run("exit 1", tmp_path)


def test_of_a_long_output_the_end_is_shown(tmp_path):
    with pytest.raises(CompareError) as caught:
        run("seq 1 100000; exit 1", tmp_path)

    assert str(caught.value).endswith("\n    100000")
    assert len(str(caught.value)) < 10_000


def test_a_command_that_takes_too_long_is_ended_with_all_it_has_started(tmp_path):
    with pytest.raises(
        CompareError, match=r"did not end in 0\.5 seconds\. It printed:\n    waiting"
    ):
        run("echo waiting; sleep 1000 & echo $! > pid; sleep 1000", tmp_path, seconds=0.5)

    give_up_at = time.monotonic() + 30
    while is_running(int((tmp_path / "pid").read_text())):
        assert time.monotonic() < give_up_at
        time.sleep(0.01)


def is_running(pid):
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b")")[2].split()[0] != b"Z"
    except OSError:
        return False


def test_a_server_that_it_leaves_behind_does_not_block(tmp_path):
    run("sleep 1000 & echo $! > pid", tmp_path)

    pid = int((tmp_path / "pid").read_text())
    assert is_running(pid)
    os.kill(pid, 9)


def test_it_reads_nothing_from_the_terminal(tmp_path):
    run("cat > out", tmp_path)

    assert (tmp_path / "out").read_text() == ""


def test_a_side_does_not_start_if_it_fails(sides):
    with pytest.raises(CompareError, match="--reset 'exit 5' ended with status 5"):
        sides.start(reset="exit 5")
