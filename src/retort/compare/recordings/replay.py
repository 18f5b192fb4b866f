"""Send the requests of a recording to all sides."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..messages import Response
from .own_values import OwnValues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..messages import Outcome, Request, Step
    from .recorded import Recorded

_NOT_MODIFIED = 304  # recorded by a browser with a cache; the condition is not sent again


@dataclass
class Replayed:
    """What was sent, and how it agrees with the recording.

    :param count: the requests that each side got.
    :param recorded: those that have a recorded response.
    :param deviating: those for which the first side's status is another one than recorded.
    :param example: a sentence about the first of these.
    """

    count: int = 0
    recorded: int = 0
    deviating: int = 0
    example: str = ""

    def compare(self, request: Request, recorded: Response, found: Outcome) -> None:
        """Compare the status of a response with the recorded one."""
        self.recorded += 1
        status = found.status if isinstance(found, Response) else None
        if recorded.status in (status, _NOT_MODIFIED):
            return
        self.deviating += 1
        here = found.detail if not isinstance(found, Response) else f"{found.status} here"
        self.example = self.example or (
            f"{request.method} {request.target}: {recorded.status} in the recording, {here}"
        )

    def note(self) -> str | None:
        """A sentence for the report, if any status is another one."""
        if not self.deviating:
            return None
        return (
            f"{self.deviating} of {self.recorded} recorded responses had another status than the"
            f" first side's ({self.example}). The recording may need other data (--reset) or a"
            " login (--login)."
        )


def replay(
    entries: Iterable[Recorded],
    exchange: Callable[[str, Mapping[str, Request]], Step],
    sides: Sequence[str],
    *,
    host: str = "localhost",
    skip: Iterable[str] = (),
    max_requests: int = 500,
    is_over: Callable[[], bool] = lambda: False,
) -> Replayed:
    """Send the requests in their order.

    :param sides: names of the sides; statuses of the first one are compared with the recording.
    :param skip: regular expressions of targets that are not requested.
    :param is_over: whether the time is over.
    """
    patterns = [re.compile(one) for one in skip]
    own = OwnValues(host)
    done = Replayed()
    for entry in entries:
        if done.count >= max_requests or is_over():
            break
        if any(one.search(entry.request.target) for one in patterns):
            continue
        step = exchange(entry.origin, {side: own.apply(side, entry.request) for side in sides})
        done.count += 1
        if entry.response is not None:
            done.compare(entry.request, entry.response, step.outcomes[sides[0]])
            own.record(entry.request, entry.response, step.outcomes)
    return done
