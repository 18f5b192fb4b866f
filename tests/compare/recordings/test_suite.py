"""A test suite on both frameworks: its outcomes, its requests, and how its runs end."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from retort.compare.options import CompareError
from retort.compare.recordings import Suite

ORACLE = Path(sys.prefix) / "flask-oracle"
SIDES = ["flask", "again", "retort"]


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "copy"
    folder.mkdir()
    return folder


def environment(framework="flask", **more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "RETORT_", "COV"))}
    alias = "0" if framework == "flask" else "1"
    more = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **more}
    return {**kept, "PYTHONPATH": str(ORACLE), "RETORT_AS_FLASK": alias, **more}


def run(suite, folder, side="flask", *, records=False, python=sys.executable, **more):
    framework = "retort" if side == "retort" else "flask"
    return suite.run(
        side, framework, python, folder, environment(framework, **more), records=records
    )


def result(**tests):
    """The result of outcomes on the sides, in their order; ``None``: the test did not run."""
    suite = Suite("")
    for test, outcomes in tests.items():
        pairs = zip(SIDES, outcomes, strict=True)
        suite.outcomes[test] = {side: outcome for side, outcome in pairs if outcome}
    return suite.result(SIDES)


GOOD = ["passed", "xfailed", "xpassed"]
BAD = ["failed", "error", "skipped", "unfinished", "missing", None]


@pytest.mark.parametrize("good", GOOD)
@pytest.mark.parametrize("bad", BAD)
def test_a_test_that_passes_on_one_and_not_on_the_other_is_listed(good, bad):
    broken = result(a=(good, good, bad))
    mended = result(a=(bad, bad, good))

    assert (broken.broken, broken.mended, broken.unreliable) == (["a"], [], [])
    assert (mended.broken, mended.mended, mended.unreliable) == ([], ["a"], [])


@pytest.mark.parametrize("outcomes", [GOOD, BAD])
def test_a_test_that_passes_or_does_not_pass_on_both_is_not_listed(outcomes):
    for one in outcomes:
        for other in outcomes:
            found = result(a=(one, one, other))

            assert (found.broken, found.mended) == ([], [])


def test_a_test_with_two_outcomes_on_the_first_side_is_unreliable_and_counts_for_neither():
    found = result(
        a=("passed", "failed", "failed"),
        b=("failed", "passed", "passed"),
        c=("passed", "passed", "failed"),
    )

    assert found.unreliable == ["a", "b"]
    assert (found.broken, found.mended) == (["c"], [])


@pytest.mark.parametrize("stopped", ["tests/test_a.py", "tests"])
def test_a_file_that_cannot_be_collected_is_listed_and_not_its_tests(stopped):
    tests = {
        "tests/test_a.py::test_one": ("passed", "passed", None),
        "tests/test_a.py::TestTwo::test_two": ("passed", "passed", None),
        "test_b.py::test_one": ("passed", "passed", "passed"),
    }
    broken = result(**tests, **{stopped: (None, None, "uncollected")})
    both = result(**{stopped: ("uncollected",) * 3})
    turned = {test: outcomes[::-1] for test, outcomes in tests.items()}
    turned = {test: (one, one, three) for test, (one, _, three) in turned.items()}
    mended = result(**turned, **{stopped: ("uncollected", "uncollected", None)})

    assert (broken.broken, broken.mended, broken.unreliable) == ([stopped], [], [])
    assert (mended.broken, mended.mended, mended.unreliable) == ([], [stopped], [])
    assert (both.broken, both.mended) == ([], [])


def test_each_outcome_of_pytest_is_recorded(folder):
    (folder / "conftest.py").write_text(
        "import pytest\n"
        "@pytest.fixture\ndef bad_before(): assert 0, 'before'\n"
        "@pytest.fixture\ndef bad_after():\n    yield\n    assert 0, 'after'\n"
    )
    (folder / "test_a.py").write_text(
        "import pytest\n"
        "def test_passed(): pass\n"
        "def test_failed(): assert 0, 'the reason'\n"
        "def test_error(bad_before): pass\n"
        "def test_error_after(bad_after): pass\n"
        "def test_skipped(): pytest.skip()\n"
        "@pytest.mark.xfail\ndef test_xfailed(): assert 0\n"
        "@pytest.mark.xfail\ndef test_xpassed(): pass\n"
        "@pytest.mark.xfail(strict=True)\ndef test_strict(): pass\n"
    )
    (folder / "test_b.py").write_text("import missing_module\ndef test_b(): pass\n")
    suite = Suite("-q test_a.py test_b.py")

    run(suite, folder)

    found = {test.removeprefix("test_a.py::"): one["flask"] for test, one in suite.outcomes.items()}
    assert found == {
        "test_passed": "passed",
        "test_failed": "failed",
        "test_error": "error",
        "test_error_after": "error",
        "test_skipped": "skipped",
        "test_xfailed": "xfailed",
        "test_xpassed": "xpassed",
        "test_strict": "failed",
        "test_b.py": "uncollected",
    }
    assert "the reason" in suite.texts["flask test_a.py::test_failed"]
    assert "missing_module" in suite.texts["flask test_b.py"]
    assert suite.notes == []


PROGRAM = """
import flask
app = flask.Flask(__name__)
app.post('/<name>', endpoint='post')(lambda name: flask.request.form['a'] + name)
app.get('/<name>')(lambda name: name)
"""
TESTS = """
import os, program, pytest
def test_get(): assert program.app.test_client().get('/ä?q=1', headers={'X-A': 'b'}).text == 'ä'
def test_post():
    assert program.app.test_client().post('/x', data={'a': '1'}).text == '1x'
def test_framework(): assert (os.environ['RETORT_AS_FLASK'] == '1') == ('RETORT' in dir())
"""


def test_the_requests_of_tests_are_recorded_and_still_reach_the_program(folder):
    (folder / "program.py").write_text(PROGRAM)
    (folder / "test_a.py").write_text(TESTS)
    suite = Suite("-q test_a.py -k 'get or post'")

    found = run(suite, folder, records=True)
    other = run(suite, folder, "retort")

    assert [(one.request.method, one.request.target, one.origin) for one in found] == [
        ("GET", "/%C3%A4?q=1", "test test_a.py::test_get"),
        ("POST", "/x", "test test_a.py::test_post"),
    ]
    assert ("X-A", "b") in found[0].request.fields
    assert found[1].request.body == b"a=1"
    assert ("Content-Type", "application/x-www-form-urlencoded") in found[1].request.fields
    assert other == []
    assert {one[side] for one in suite.outcomes.values() for side in ("flask", "retort")} == {
        "passed"
    }


def test_flask_is_imported_after_the_conftest_files_of_the_suite(folder):
    (folder / "conftest.py").write_text(
        "import sys\nassert 'flask' not in sys.modules\n"
        "def pytest_configure(): assert 'flask' not in sys.modules\n"
    )
    (folder / "test_a.py").write_text(
        "import sys\nassert 'flask' not in sys.modules\ndef test_a(): pass\n"
    )

    for records in (True, False):
        suite = Suite("-q")
        run(suite, folder, records=records)
        assert suite.outcomes == {"test_a.py::test_a": {"flask": "passed"}}


def test_the_cache_of_pytest_can_be_used(folder):
    (folder / "test_a.py").write_text("def test_a(): pass\n")
    suite = Suite("-q --lf --cache-clear")

    run(suite, folder)

    assert suite.outcomes == {"test_a.py::test_a": {"flask": "passed"}}


def ends(pid):
    """Whether a process has ended, or does so at once, after it was killed."""
    give_up_at = time.monotonic() + 10
    while time.monotonic() < give_up_at:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":  # waits for its parent
            return True
        time.sleep(0.01)
    return False


HANGING = """
import subprocess, sys, time
from pathlib import Path
def test_hangs():
    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])
    Path('pid').write_text(str(child.pid))
    time.sleep(600)
"""


# Begins at once, unlike Python, so that a short limit suffices: it writes what the plugin writes.
HANGING_PYTHON = """#!/bin/sh
cat > "$RETORT_COMPARE_RESULTS" <<'EOF'
{"test": "a::first"}
{"test": "a::first", "outcome": "passed", "text": ""}
{"test": "a::hangs"}
EOF
printf '{"test": "a::ha' >> "$RETORT_COMPARE_RESULTS"
echo a line of the suite
sleep 600 &
echo $! > pid
wait
"""


def test_a_run_that_takes_too_long_is_ended_with_its_processes(folder):
    python = folder.parent / "python"
    python.write_text(HANGING_PYTHON)
    python.chmod(0o755)
    suite = Suite("-q", seconds=2)
    for name in ("first", "hangs", "last"):
        suite.outcomes[f"a::{name}"] = {"flask": "passed", "again": "passed"}

    run(suite, folder, "retort", python=str(python))

    found = suite.result(SIDES)
    assert found.broken == ["a::hangs"]
    assert "was ended after 2 s (--pytest-seconds) in this test" in found.texts["a::hangs"]
    assert "    a line of the suite" in found.texts["a::hangs"]
    assert found.outcomes["a::last"]["retort"] == "missing"
    (note,) = suite.notes
    assert note.startswith(
        "The tests on side 'retort' are not complete: pytest was ended after 2 s"
    )
    assert note.endswith(" in a::hangs.")
    assert ends(int((folder / "pid").read_text()))


def test_ctrl_c_ends_the_run_with_its_processes(folder):
    (folder / "test_a.py").write_text(HANGING)
    done = threading.Event()

    def interrupt():
        while not done.wait(0.05):
            if (folder / "pid").exists() and (folder / "pid").read_text():
                os.kill(os.getpid(), signal.SIGINT)
                return

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            run(Suite("-q", seconds=60), folder)
    finally:
        done.set()
        thread.join()

    assert ends(int((folder / "pid").read_text()))


def test_a_test_that_ends_the_process_is_found(folder):
    (folder / "test_a.py").write_text(
        "import os\ndef test_a(): pass\ndef test_b(): os._exit(7)\ndef test_c(): pass\n"
    )
    suite = Suite("-q")

    run(suite, folder)

    assert suite.outcomes == {
        "test_a.py::test_a": {"flask": "passed"},
        "test_a.py::test_b": {"flask": "unfinished"},
    }
    assert "ended with status 7 in this test" in suite.texts["flask test_a.py::test_b"]


def test_a_run_that_ends_before_its_first_test_is_an_error(folder):
    (folder / "conftest.py").write_text("print('a line of the suite')\nraise SystemExit(3)\n")

    with pytest.raises(CompareError) as caught:
        run(Suite("-q -k 'a b'"), folder)

    assert "\"pytest -q -k 'a b'\" ran no test (flask, status 3)" in str(caught.value)
    assert "    a line of the suite" in str(caught.value)


@pytest.mark.parametrize("side", ["flask", "retort"])
def test_a_missing_pytest_is_an_error_with_the_line_to_type_for_the_python_of_the_side(
    folder, side
):
    python = folder.parent / "python"
    python.write_text('#!/bin/sh\necho "$0: No module named pytest" >&2\nexit 1\n')
    python.chmod(0o755)

    with pytest.raises(CompareError) as caught:
        run(Suite("tests"), folder, side, python=str(python))

    assert str(caught.value) == (
        f"--pytest needs pytest in the environment of side {side!r}: {python} -m pip install pytest"
    )


def test_arguments_that_cannot_be_split_are_an_error():
    with pytest.raises(CompareError, match="cannot be split: No closing quotation"):
        Suite("-k 'a")
