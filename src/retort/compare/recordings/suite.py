"""Run a program's test suite on both frameworks, and collect the requests that it makes.

`suite_plugin` writes outcomes and requests in the process of the suite; `suite_run` starts it.
"""

from __future__ import annotations

import base64
import json
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..messages import Request
from ..options import PYTEST_SECONDS, CompareError
from ..results import SuiteResult
from .recorded import Recorded, sent_fields
from .suite_run import run_in_group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .suite_run import Run

PLUGIN_NAME = "retort_compare_suite"
PLUGIN = Path(__file__).with_name("suite_plugin.py")

# Outcomes beside those of pytest: passed, failed, error, skipped, xfailed, xpassed.
UNCOLLECTED = "uncollected"  # a file that cannot be imported
UNFINISHED = "unfinished"  # the process ended, or the time was over, during the test
MISSING = "missing"  # the test did not run
_GOOD = frozenset({"passed", "xfailed", "xpassed"})
_BAD = frozenset({"failed", "error", UNCOLLECTED, UNFINISHED})


class Suite:
    """The runs of one test suite.

    :param arguments: of pytest, in one text as for a shell.
    :param seconds: for how long one run may take.
    """

    def __init__(self, arguments: str, seconds: float = PYTEST_SECONDS) -> None:
        try:
            self.arguments = shlex.split(arguments)
        except ValueError as error:
            raise CompareError(f"--pytest {arguments!r} cannot be split: {error}.") from None
        self.seconds = seconds
        self.outcomes: dict[str, dict[str, str]] = {}
        self.texts: dict[str, str] = {}
        self.notes: list[str] = []
        self._cut_off: set[str] = set()

    def run(
        self,
        side: str,
        framework: str,
        python: str,
        folder: Path,
        environment: Mapping[str, str],
        *,
        records: bool,
    ) -> list[Recorded]:
        """Run it once; returns the requests of the tests if ``records``.

        :param python: the interpreter of the side.
        :param folder: the working directory; files for the run are put beside it.
        :raises CompareError: if pytest is missing, or no test ran.
        """
        results = folder.parent / f"tests-{side}.jsonl"
        done = run_in_group(
            self._command(framework, python),
            folder,
            _environment(environment, folder.parent, results, records=records),
            folder.parent / f"tests-{side}.log",
            self.seconds,
        )
        lines = _read(results)
        tests = [line for line in lines if "test" in line]
        if not any("outcome" in line for line in tests):
            raise CompareError(self._nothing(side, python, done))
        for line in tests:
            self._add(side, line)
        self._end(side, done, [line["test"] for line in tests])
        return [_recorded(line) for line in lines if "method" in line]

    def _command(self, framework: str, python: str) -> list[str]:
        runner = ["-m", "retort"] if framework == "retort" else []
        options = ["-p", PLUGIN_NAME, "--continue-on-collection-errors"]
        return [python, *runner, "-m", "pytest", *options, *self.arguments]

    def _add(self, side: str, line: Mapping[str, str]) -> None:
        """Add an outcome. A failure stays, whatever is reported of the test's other parts."""
        outcome = line.get("outcome")
        outcomes = self.outcomes.setdefault(line["test"], {})
        if outcome is None or (outcomes.get(side) in _BAD and outcome not in _BAD):
            return
        outcomes[side] = outcome
        if line.get("text"):
            self.texts[f"{side} {line['test']}"] = line["text"]

    def _end(self, side: str, done: Run, started: Iterable[str]) -> None:
        """Add the tests that were running when the process was ended."""
        unfinished = [test for test in dict.fromkeys(started) if side not in self.outcomes[test]]
        how = f"was ended after {self.seconds:g} s (--pytest-seconds)"
        if done.status is not None:
            how = f"ended with status {done.status}"
        for test in unfinished:
            self.outcomes[test][side] = UNFINISHED
            self.texts[f"{side} {test}"] = f"pytest {how} in this test. {_printed(done)}"
        if unfinished or done.status is None:
            self._cut_off.add(side)
            where = f" in {unfinished[0]}" if unfinished else ""
            self.notes.append(f"The tests on side {side!r} are not complete: pytest {how}{where}.")

    def result(self, sides: Sequence[str]) -> SuiteResult:
        """What passes on the first side only, and the reverse.

        A test that gives two results on the first side is unreliable, and counts for neither. Tests
        of a file that cannot be imported, or that would have followed when a run was ended, are not
        listed: what stopped them is.
        """
        first, again, other = sides
        found = SuiteResult(["pytest", *self.arguments], self.outcomes)
        for test in self.outcomes:
            one, two, three = (self._outcome(test, side) for side in (first, again, other))
            if None in (one, two, three):
                continue
            if one != two:
                found.unreliable.append(test)
            elif UNCOLLECTED in (one, three):
                if one != three:
                    (found.broken if three == UNCOLLECTED else found.mended).append(test)
            elif one in _GOOD and three not in _GOOD:
                found.broken.append(test)
            elif three in _GOOD and one not in _GOOD:
                found.mended.append(test)
        for outcomes in self.outcomes.values():
            for side in sides:
                outcomes.setdefault(side, MISSING)
        found.texts = {test: self.texts.get(f"{other} {test}", "") for test in found.broken}
        return found

    def _outcome(self, test: str, side: str) -> str | None:
        """The outcome of a test; ``None`` if something else is the reason that it did not run."""
        outcome = self.outcomes[test].get(side)
        if outcome is not None:
            return outcome
        uncollected = (
            one for one, found in self.outcomes.items() if found.get(side) == UNCOLLECTED
        )
        is_stopped = any(test.startswith((f"{one}::", f"{one}/")) for one in uncollected)
        return None if is_stopped or side in self._cut_off else MISSING

    def _nothing(self, side: str, python: str, done: Run) -> str:
        printed = done.last_lines()
        if "No module named pytest" in printed or "No module named 'pytest'" in printed:
            return (
                f"--pytest needs pytest in the environment of side {side!r}:"
                f" {shlex.join([python, '-m', 'pip', 'install', 'pytest'])}"
            )
        command = shlex.join(["pytest", *self.arguments])
        how = f"status {done.status}"
        if done.status is None:
            how = f"ended after {self.seconds:g} s, see --pytest-seconds"
        return f"{command!r} ran no test ({side}, {how}). {_printed(done)}"


def _environment(
    environment: Mapping[str, str], folder: Path, results: Path, *, records: bool
) -> dict[str, str]:
    """The environment of pytest, in which it finds the plugin."""
    plugin_folder = folder / "plugin"
    plugin_folder.mkdir(exist_ok=True)
    (plugin_folder / f"{PLUGIN_NAME}.py").write_bytes(PLUGIN.read_bytes())
    path = [str(plugin_folder), environment.get("PYTHONPATH", "")]
    return {
        **environment,
        "PYTHONPATH": os.pathsep.join(filter(None, path)),
        "RETORT_COMPARE_RESULTS": str(results),
        "RETORT_COMPARE_RECORDS": "1" if records else "",
    }


def _printed(done: Run) -> str:
    printed = done.last_lines()
    return f"It printed:\n{printed}" if printed else "It printed nothing."


def _read(results: Path) -> list[dict[str, Any]]:
    """The lines of the plugin; the last one is not complete if the process was ended."""
    if not results.exists():
        return []
    with results.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines if line.endswith("\n")]


def _recorded(line: Mapping[str, Any]) -> Recorded:
    fields = [(str(name), str(value)) for name, value in line["fields"]]
    body = base64.b64decode(line["body"])
    request = Request(line["method"], line["target"], sent_fields(fields), body)
    return Recorded(request, f"test {line['of']}")
