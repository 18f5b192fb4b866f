"""The requests of all recordings that the options name, and of the test suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .access_log import read_access_log
from .har import read_har
from .suite import Suite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ..options import Options
    from ..progress import Progress
    from ..results import Comparison
    from ..sides import Side
    from .recorded import Recorded


def recorded_requests(options: Options, comparison: Comparison) -> list[Recorded]:
    """The requests of the files; notes on what was left out go to the comparison."""
    recordings = [
        *map(read_har, options.hars),
        *(
            read_access_log(one, max_requests=options.max_requests, skip=options.skip)
            for one in options.access_logs
        ),
    ]
    comparison.notes += [note for one in recordings for note in one.notes]
    return [entry for one in recordings for entry in one.entries]


def suite_requests(
    options: Options, comparison: Comparison, sides: Sequence[Side], progress: Progress
) -> list[Recorded]:
    """Run the test suite on each side; the requests that it makes on the first one."""
    suite = Suite(options.pytest or "", options.pytest_seconds)
    entries: list[Recorded] = []
    for side in sides:
        progress.show(f"running the tests with {side.info.label}")
        # The first side and its repetition run alike; the requests of one are enough.
        records = side is not sides[2]
        found = suite.run(side.spec.name, side.spec.framework, *side.test_run(), records=records)
        entries = found if side is sides[0] else entries
    comparison.notes += suite.notes
    comparison.suite = suite.result([side.spec.name for side in sides])
    comparison.suite.requests = len(entries)
    return entries
