"""Run a comparison: start the sides, send the requests, compare, measure, and end the sides."""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .client import Client
from .equality.masks import Masks
from .exchange import Exchange
from .grouping import Grouping
from .in_process import InProcessClient
from .judging import Judge
from .measure import Measured, measure
from .messages import Response
from .options import CompareError
from .progress import Progress
from .recordings import recorded_requests, replay, suite_requests
from .results import Comparison
from .sides import Side, default_specs, parse_sides, start_all
from .sides.folders import html_files
from .sides.isolation import check_isolation
from .sides.observed import notes_on
from .walk import Walk, check_patterns, parse_login

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .messages import Request, Step
    from .options import Options
    from .recordings import Recorded
    from .sides import SideSpec

_MAX_RESTARTS = 5
_MEASURED_OF_AN_ENDPOINT = 5  # addresses; with more, the rounds would be long and few
_MAX_NOTES = 5


def run(options: Options, terminal: IO[str]) -> Comparison:
    """Compare the program on all sides.

    Ctrl-C and SIGTERM end it early; the result has what was done.

    :param terminal: where the progress is shown.
    :raises CompareError: if an option is wrong, or a side does not start.
    """
    specs = default_specs() if options.sides is None else parse_sides(options.sides)
    if options.login is not None:
        parse_login(options.login)
    masks = Masks(options.masks)
    check_patterns(options.skip)
    if options.isolates:
        check_isolation()
    began = time.monotonic()
    with _folder(options) as folder, _interruptible():
        comparison = Comparison(options.target or "the program", [])
        if options.keep:
            comparison.notes.append(f"The copies of the program's folder are in {folder}.")
        running = _Running(options, specs, masks, folder, comparison, Progress(terminal))
        try:
            running.run()
        except KeyboardInterrupt:
            comparison.is_interrupted = True
        except _TooManyEnds as error:
            comparison.notes.append(str(error))
        finally:
            running.end()
    comparison.seconds = time.monotonic() - began
    return comparison


@contextlib.contextmanager
def _folder(options: Options) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="retort-compare-"))
    try:
        yield folder
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end the comparison as Ctrl-C does."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:  # not in the main thread, as in tests
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class _TooManyEnds(Exception):
    """The program ends its process again and again, or does not start after that."""


class _Running:
    def __init__(
        self,
        options: Options,
        specs: Sequence[SideSpec],
        masks: Masks,
        folder: Path,
        comparison: Comparison,
        progress: Progress,
    ) -> None:
        self.options = options
        self.masks = masks
        self.comparison = comparison
        self.progress = progress
        self.sides = [
            Side(spec, options, _made(folder / f"side{number}"), specs)
            for number, spec in enumerate(specs, 1)
        ]
        self.names = [spec.name for spec in specs]
        self.clients: dict[str, Client] = {}
        self.restarts = 0

    def run(self) -> None:
        """Start the sides, and do everything."""
        judge = self._start()
        exchange = Exchange(
            self.sides, self.clients, partial(self._add, judge), partial(self._ended, judge)
        )
        self._requests(exchange)
        if self.options.measure_seconds:
            self._measure()
        self.progress.clear()

    def _start(self) -> Judge:
        self.progress.show("starting the program on each side")
        start_all(self.sides)
        self.comparison.sides = [side.info for side in self.sides]
        notes = dict.fromkeys(note for side in self.sides for note in side.notes)
        self.comparison.notes += list(notes)[:_MAX_NOTES]
        for side in self.sides:
            self.clients[side.spec.name] = self._client(side)
        first, other = self.sides[0], self.sides[2]
        grouping = Grouping(
            first.spec.name,
            other.spec.name,
            {info.name: info.label for info in self.comparison.sides},
            first.view_of,
            self.options.host,
        )
        return Judge(
            self.comparison,
            grouping,
            self.names,
            self.clients,
            self.masks,
            session_cookie=first.session_cookie,
            has_known=first.spec.framework != other.spec.framework,
        )

    def _client(self, side: Side) -> Client:
        seconds, host = self.options.timeout_seconds, self.options.host
        if self.options.in_process:
            return InProcessClient(side, host=host, timeout_seconds=seconds)
        return Client(side.next_port, lambda: side.ports, host=host, timeout_seconds=seconds)

    def _requests(self, exchange: Exchange) -> None:
        options = self.options
        walk = Walk(
            exchange,
            self.names,
            start=options.start,
            targets=self.sides[0].rules,
            post_targets=self.sides[0].post_rules,
            skip=options.skip,
            host=options.host,
            max_requests=options.max_requests,
            seconds=options.seconds,
            endpoint_of=self.sides[0].endpoint_of,
        )
        entries = recorded_requests(options, self.comparison) + self._from_suite()
        if options.login is not None:
            walk.login(options.login)
        replayed = replay(
            entries,
            exchange,
            self.names,
            host=options.host,
            skip=options.skip,
            max_requests=options.max_requests - walk.count,
            is_over=walk.is_over,
        )
        walk.count += replayed.count
        note = replayed.note()
        if note is not None:
            self.comparison.notes.append(note)
        if options.walks:
            for file in html_files(options.target):
                walk.add_file(file.name, file.read_bytes())
            walk.run()
            self._note_left_out(walk)

    def _from_suite(self) -> list[Recorded]:
        if self.options.pytest is None:
            return []
        return suite_requests(self.options, self.comparison, self.sides, self.progress)

    def _measure(self) -> None:
        """Measure the cost of the requests that had the same responses and can be repeated.

        These are what visitors send most: errors and the other methods of the walk are left out.
        """
        first, other = self.names[0], self.names[2]
        same = set(self.comparison.same)
        methods = ("GET", "POST") if self.options.measures_forms else ("GET",)
        requests: dict[tuple[str, str], tuple[str, dict[str, Request]]] = {}
        counts: Counter[str] = Counter()
        for step in self.comparison.steps:
            sent = step.requests[first]
            outcome = step.outcomes[first]
            if step.number not in same or sent.method not in methods:
                continue
            if isinstance(outcome, Response) and outcome.status < 400 and outcome.problem is None:
                endpoint = self.sides[0].endpoint_of(sent.method, sent.target)
                key = (sent.method, sent.target)
                if key not in requests and counts[endpoint] < _MEASURED_OF_AN_ENDPOINT:
                    counts[endpoint] += 1
                    pair = {name: step.requests[name] for name in (first, other)}
                    requests[key] = (endpoint, pair)
        measured = [
            Measured(
                side.spec.name,
                self.clients[side.spec.name].send_all,
                side.usage,
                self._start_of(side),
            )
            for side in (self.sides[0], self.sides[2])
        ]
        self.comparison.cost = measure(
            measured, list(requests.values()), self.options.measure_seconds, self.progress.show
        )

    def _start_of(self, side: Side) -> float:
        """The time from the start of a side's process to its first response."""
        first = self.comparison.steps[0].outcomes[side.spec.name] if self.comparison.steps else None
        return side.start_seconds + (first.seconds if first is not None else 0.0)

    def _note_left_out(self, walk: Walk) -> None:
        self.comparison.notes += walk.notes[:_MAX_NOTES]
        for name, count in walk.left_out.most_common(_MAX_NOTES):
            self.comparison.notes.append(
                f"{count} more addresses of {name or 'no endpoint'} were not requested."
            )
        if walk.is_over():
            self.comparison.notes.append(
                "The limit of requests or of time was reached: raise --requests or --seconds for"
                " more."
            )

    def _add(self, judge: Judge, step: Step) -> None:
        judge.add(step)
        self.progress.show(f"{len(self.comparison.steps)} requests to each side")

    def _ended(self, judge: Judge, side: Side, step: Step) -> None:
        """Record that a side's process has ended, and start it again."""
        request = step.requests[side.spec.name]
        title = f"{side.info.label} ended during {request.method} {request.target}"
        judge.grouping.add_failure(title, step, side.describe_end())
        self.comparison.findings = judge.grouping.findings
        self.restarts += 1
        if self.restarts > _MAX_RESTARTS:
            raise _TooManyEnds(f"Processes ended {self.restarts} times, so nothing more was sent.")
        client = self.clients[side.spec.name]
        client.close()
        try:
            side.restart()
        except CompareError as error:
            text = f"Nothing more was sent, because a side did not start again. {error}"
            raise _TooManyEnds(text) from error

    def end(self) -> None:
        """Collect what the sides know at the end, and end them."""
        for client in self.clients.values():
            client.close()
        with ThreadPoolExecutor(len(self.sides)) as pool:
            list(pool.map(Side.stop, self.sides))
        found = [side.observed() for side in self.sides]
        refused = dict.fromkeys(address for one in found for address in one.refused)
        self.comparison.refused_connections += refused
        self.comparison.notes += notes_on(found, allows_network=self.options.allow_network)


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
