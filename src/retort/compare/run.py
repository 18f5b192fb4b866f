"""Run a comparison: start the sides, send the requests, compare, measure, and end the sides."""

from __future__ import annotations

import contextlib
import shutil
import signal
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING

from .client import Client
from .equality import Verdict, compare
from .equality.masks import Masks
from .exchange import Exchange
from .grouping import Grouping
from .in_process import InProcessClient
from .known import explains, known_row
from .measure import Measured, measure
from .messages import NoResponse, Response
from .options import CompareError
from .progress import Progress
from .recordings import Suite, read_access_log, read_har, replay
from .results import Comparison
from .sides import Side, default_specs, parse_sides, start_all
from .sides.folders import program_folder
from .sides.observed import notes_on
from .walk import Walk, check_patterns, parse_login

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .messages import Outcome, Request, Step
    from .options import Options
    from .recordings import Recorded
    from .results import Difference
    from .sides import SideSpec

_REPEATED = 5
_MAX_RESTARTS = 10
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
        self.grouping: Grouping | None = None

    def run(self) -> None:
        """Start the sides, and do everything."""
        self._start()
        exchange = Exchange(self.sides, self.clients, self._compare, self._ended)
        self._requests(exchange)
        if self.options.measure_seconds:
            self._measure()
        self.progress.clear()

    def _start(self) -> None:
        self.progress.show("starting the program on each side")
        start_all(self.sides)
        self.comparison.sides = [side.info for side in self.sides]
        notes = dict.fromkeys(note for side in self.sides for note in side.notes)
        self.comparison.notes += list(notes)[:_MAX_NOTES]
        for side in self.sides:
            self.clients[side.spec.name] = self._client(side)
        self.grouping = Grouping(
            self.names[0],
            self.names[2],
            {info.name: info.label for info in self.comparison.sides},
            self.sides[0].view_of,
            self.options.host,
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
        entries = self._recorded()
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
            for file in sorted(program_folder(options.target).glob("*.html")):
                walk.add_file(file.name, file.read_bytes())
            walk.run()
            self._note_left_out(walk)

    def _recorded(self) -> list[Recorded]:
        """The requests of all recordings, and of the test suite."""
        options = self.options
        recordings = [
            *map(read_har, options.hars),
            *(
                read_access_log(one, max_requests=options.max_requests, skip=options.skip)
                for one in options.access_logs
            ),
        ]
        self.comparison.notes += [note for one in recordings for note in one.notes]
        entries = [entry for one in recordings for entry in one.entries]
        return entries + self._from_suite()

    def _from_suite(self) -> list[Recorded]:
        if self.options.pytest is None:
            return []
        suite = Suite(self.options.pytest, self.options.pytest_seconds)
        entries: list[Recorded] = []
        for side in self.sides:
            self.progress.show(f"running the tests with {side.info.label}")
            # The first side and its repetition run alike; the requests of one are enough.
            records = side is not self.sides[2]
            found = suite.run(
                side.spec.name, side.spec.framework, *side.test_run(), records=records
            )
            entries = found if side is self.sides[0] else entries
        self.comparison.notes += suite.notes
        self.comparison.suite = suite.result(self.names)
        self.comparison.suite.requests = len(entries)
        return entries

    def _measure(self) -> None:
        """Measure the cost of the requests that had the same responses and can be repeated.

        These are what visitors send most: errors and the other methods of the walk are left out.
        """
        first, other = self.names[0], self.names[2]
        same = set(self.comparison.same)
        methods = ("GET", "POST") if self.options.measures_forms else ("GET",)
        requests: dict[tuple[str, str], tuple[str, dict[str, Request]]] = {}
        for step in self.comparison.steps:
            sent = step.requests[first]
            outcome = step.outcomes[first]
            if step.number not in same or sent.method not in methods:
                continue
            if isinstance(outcome, Response) and outcome.status < 400 and outcome.problem is None:
                endpoint = self.sides[0].endpoint_of(sent.method, sent.target)
                pair = {name: step.requests[name] for name in (first, other)}
                requests.setdefault((sent.method, sent.target), (endpoint, pair))
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

    def _compare(self, step: Step) -> None:
        """Compare the responses of a step, and record the result."""
        comparison = self.comparison
        comparison.steps.append(step)
        self.progress.show(f"{len(comparison.steps)} requests to each side")
        first, again, _other = (step.outcomes[name] for name in self.names)
        if self._is_undecided(step):
            comparison.not_compared[step.number] = f"{comparison.sides[0].label} gives two answers"
            return
        verdict = self._verdict(step, again)
        if verdict.differences and self._repeatable(step):
            verdict = self._with_more_noise(step, verdict)
        for place in verdict.masked:
            comparison.masked[place] = comparison.masked.get(place, 0) + 1
        if verdict.differences:
            self._add(step, verdict.differences)
        elif isinstance(first, NoResponse):
            comparison.not_compared[step.number] = f"on no side: {first.detail}"
        elif verdict.is_all_noise:
            comparison.not_compared[step.number] = "all of the body is noise"
        else:
            comparison.same.append(step.number)

    def _add(self, step: Step, differences: list[Difference]) -> None:
        """Record differences: those that a row of the documentation explains, and the others."""
        row = None
        if self.sides[0].spec.framework != self.sides[2].spec.framework:
            row = known_row(step, self.names[0], self.names[2])
        explained = [one for one in differences if row and explains(row, one)]
        others = [one for one in differences if one not in explained]
        if self.grouping is not None:
            for found, reason in ((explained, row), (others, None)):
                if found:
                    self.grouping.add(step, found, reason)
            self.comparison.findings = self.grouping.findings

    def _verdict(self, step: Step, again: Outcome) -> Verdict:
        return compare(
            step.outcomes[self.names[0]],
            again,
            step.outcomes[self.names[2]],
            session_cookie=self.sides[0].session_cookie,
            masks=self.masks,
        )

    def _repeatable(self, step: Step) -> bool:
        """Whether the request can be repeated, and the responses are not long in coming."""
        is_safe = step.requests[self.names[0]].method in ("GET", "HEAD", "OPTIONS")
        return is_safe and all(
            isinstance(one, Response) and one.seconds < 1 for one in step.outcomes.values()
        )

    def _with_more_noise(self, step: Step, verdict: Verdict) -> Verdict:
        """Two responses of the first side can be equal by chance, so repeat the request.

        A difference is noise if the first side differs from itself in the same part of a
        repetition, and nothing else differs there.
        """
        parts = {one.part for one in verdict.differences}
        for _ in range(_REPEATED):
            outcomes = {name: self.clients[name].send(step.requests[name]) for name in self.names}
            found = self._verdict(replace(step, outcomes=outcomes), outcomes[self.names[1]])
            if not found.differences and parts <= {place.split()[0] for place in found.masked}:
                return found
        return verdict

    def _is_undecided(self, step: Step) -> bool:
        """Whether the first side differs from itself in more than a value.

        This is noted. It is no decision if the other side gives one of the two answers.
        """
        first, again, other = (_summary(step.outcomes[name]) for name in self.names)
        if first == again:
            return False
        label = self.comparison.sides[0].label
        request = step.requests[self.names[0]]
        self.comparison.baseline.append(
            f"{label} itself gives different answers to {request.method} {request.target}:"
            f" {first} and {again}."
        )
        return other in (first, again)

    def _ended(self, side: Side, step: Step) -> None:
        """Record that a side's process has ended, and start it again."""
        request = step.requests[side.spec.name]
        title = f"{side.info.label} ended during {request.method} {request.target}"
        if self.grouping is not None:
            self.grouping.add_failure(title, step, side.describe_end())
            self.comparison.findings = self.grouping.findings
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


def _summary(outcome: object) -> str:
    if isinstance(outcome, NoResponse):
        return outcome.detail
    return f"status {getattr(outcome, 'status', '')}"


def _made(folder: Path) -> Path:
    folder.mkdir()
    return folder
