"""Run a program's test suite on both frameworks, and collect the requests that it makes."""

from __future__ import annotations

import base64
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..messages import Request
from ..options import CompareError
from ..results import SuiteResult
from .recorded import Recorded, sent_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PLUGIN = Path(__file__).with_name("suite_plugin.py")
SUITE_SECONDS = 1_800.0
_GOOD = frozenset({"passed", "xfailed", "skipped"})
_LAST_LINES = 25


class Suite:
    """The runs of one test suite.

    :param arguments: of pytest, in one text as for a shell.
    """

    def __init__(self, arguments: str) -> None:
        try:
            self.arguments = shlex.split(arguments)
        except ValueError as error:
            raise CompareError(f"--pytest {arguments!r} cannot be split: {error}.") from None
        self.outcomes: dict[str, dict[str, str]] = {}
        self.texts: dict[str, str] = {}

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

        :raises CompareError: if pytest is missing or collects no test.
        """
        results = folder.parent / f"tests-{side}.jsonl"
        plugin_folder = folder.parent / "plugin"
        plugin_folder.mkdir(exist_ok=True)
        (plugin_folder / "retort_compare_suite.py").write_bytes(PLUGIN.read_bytes())
        path = environment.get("PYTHONPATH", "")
        command = [python, *(["-m", "retort"] if framework == "retort" else []), "-m", "pytest"]
        command += ["-p", "retort_compare_suite", "-p", "no:cacheprovider", *self.arguments]
        done = subprocess.run(
            command,
            cwd=folder,
            env={
                **environment,
                "PYTHONPATH": f"{plugin_folder}:{path}" if path else str(plugin_folder),
                "RETORT_COMPARE_RESULTS": str(results),
                "RETORT_COMPARE_RECORDS": "1" if records else "",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SUITE_SECONDS,
            check=False,
        )
        lines = self._read(results)
        found = [line for line in lines if "test" in line and "outcome" in line]
        if not found:
            raise CompareError(_nothing(side, done, self.arguments))
        for line in found:
            self.outcomes.setdefault(line["test"], {})[side] = line["outcome"]
            if line.get("text"):
                self.texts[f"{side} {line['test']}"] = line["text"]
        return [_recorded(line) for line in lines if "method" in line]

    @staticmethod
    def _read(results: Path) -> list[dict[str, Any]]:
        if not results.exists():
            return []
        with results.open(encoding="utf-8") as lines:
            return [json.loads(line) for line in lines if line.endswith("\n")]

    def result(self, sides: Sequence[str]) -> SuiteResult:
        """What passes on the first side only, and the reverse.

        A test that gives two results on the first side is unreliable, and counts for neither.
        """
        first, again, other = sides
        broken, mended = [], []
        for test, outcomes in self.outcomes.items():
            if outcomes.get(first) != outcomes.get(again):
                continue
            was_good, is_good = (outcomes.get(one, "missing") in _GOOD for one in (first, other))
            if was_good and not is_good:
                broken.append(test)
            elif is_good and not was_good:
                mended.append(test)
        texts = {test: self.texts.get(f"{other} {test}", "") for test in broken}
        return SuiteResult(["pytest", *self.arguments], self.outcomes, broken, mended, texts)


def _nothing(side: str, done: subprocess.CompletedProcess[str], arguments: Sequence[str]) -> str:
    output = done.stdout + done.stderr
    if "No module named pytest" in output:
        return (
            "--pytest needs pytest in the program's environment: pip install pytest. (Its Python is"
            f" {sys.executable}.)"
        )
    last = "\n".join(f"    {line}" for line in output.splitlines()[-_LAST_LINES:])
    command = shlex.join(["pytest", *arguments])
    return f"'{command}' ran no test ({side}, status {done.returncode}). It printed:\n{last}"


def _recorded(line: Mapping[str, Any]) -> Recorded:
    fields = [(str(name), str(value)) for name, value in line["fields"]]
    body = base64.b64decode(line["body"])
    request = Request(line["method"], line["target"], sent_fields(fields), body)
    return Recorded(request, f"test {line['of']}")
