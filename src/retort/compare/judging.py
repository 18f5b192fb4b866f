"""Decide what each step shows: the same answers, noise, or a difference with its cause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from .equality import Verdict, compare
from .known import explains, known_row
from .messages import NoResponse, Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .client import Client
    from .equality.masks import Masks
    from .grouping import Grouping
    from .messages import Outcome, Step
    from .results import Comparison, Difference

_REPEATED = 8
_LENGTH = ("header", "content-length")


@dataclass
class Judge:
    """Adds the steps to a comparison.

    :param names: of the first side, the same again, and the other side.
    :param clients: for requests that are repeated.
    :param session_cookie: the name of the session cookie.
    :param has_known: whether Flask is compared with Retort, so that the documentation lists
        differences.
    """

    comparison: Comparison
    grouping: Grouping
    names: Sequence[str]
    clients: Mapping[str, Client]
    masks: Masks
    session_cookie: str
    has_known: bool

    def add(self, step: Step) -> None:
        """Compare the responses of a step, and record the result."""
        comparison = self.comparison
        comparison.steps.append(step)
        first, again, _other = (step.outcomes[name] for name in self.names)
        if self._is_undecided(step):
            comparison.not_compared[step.number] = f"{comparison.sides[0].label} gives two answers"
            return
        verdict = self._verdict(step, again)
        if verdict.differences and self._repeatable(step):
            verdict = self._without_length_of_noise(step, verdict)
        if verdict.differences and self._repeatable(step):
            verdict = self._with_more_noise(step, verdict)
        for place in verdict.masked:
            comparison.masked[place] = comparison.masked.get(place, 0) + 1
        if verdict.differences:
            self._record(step, verdict.differences)
        elif isinstance(first, NoResponse):
            comparison.not_compared[step.number] = f"on no side: {first.detail}"
        elif verdict.is_all_noise:
            comparison.not_compared[step.number] = "all of the body is noise"
        else:
            comparison.same.append(step.number)

    def _record(self, step: Step, differences: list[Difference]) -> None:
        """Record differences: those that a row of the documentation explains, and the others."""
        row = None
        if self.has_known:
            row = known_row(step, self.names[0], self.names[2])
        explained = [one for one in differences if row and explains(row, one)]
        others = [one for one in differences if one not in explained]
        for found, reason in ((explained, row), (others, None)):
            if found:
                self.grouping.add(step, found, reason)
        self.comparison.findings = self.grouping.findings

    def _verdict(self, step: Step, again: Outcome) -> Verdict:
        return compare(
            step.outcomes[self.names[0]],
            again,
            step.outcomes[self.names[2]],
            session_cookie=self.session_cookie,
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
            first, again, _other = (outcomes[name] for name in self.names)
            found = self._verdict(replace(step, outcomes=outcomes), again)
            own = compare(first, first, again, session_cookie=self.session_cookie, masks=self.masks)
            if not found.differences and parts <= {one.part for one in own.differences}:
                found.masked += [f"{one.part} {one.place}".strip() for one in verdict.differences]
                return found
        return verdict

    def _without_length_of_noise(self, step: Step, verdict: Verdict) -> Verdict:
        """Mask the length in a response to HEAD, if it is that of a body that is equal but noise.

        Noise can have a length that differs between the sides, and a HEAD request does not show it.
        """
        places = {(one.part, one.place) for one in verdict.differences}
        if step.requests[self.names[0]].method != "HEAD" or places != {_LENGTH}:
            return verdict
        requests = {name: replace(step.requests[name], method="GET") for name in self.names}
        outcomes = {name: self.clients[name].send(requests[name]) for name in self.names}
        found = self._verdict(
            replace(step, requests=requests, outcomes=outcomes), outcomes[self.names[1]]
        )
        is_own = all(
            _length_of(outcomes[name]) == _length_of(step.outcomes[name]) for name in self.names
        )
        if is_own and not found.differences:
            return replace(verdict, differences=[], masked=[*verdict.masked, " ".join(_LENGTH)])
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


def _length_of(outcome: Outcome) -> str | None:
    return outcome.get("Content-Length") if isinstance(outcome, Response) else None


def _summary(outcome: object) -> str:
    if isinstance(outcome, NoResponse):
        return outcome.detail
    return f"status {getattr(outcome, 'status', '')}"
