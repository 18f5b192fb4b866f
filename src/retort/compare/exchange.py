"""Send the same request to all sides, and record the step.

`run` decides what becomes of a step; `walk` and `recordings` decide what is sent.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .messages import NoResponse, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .client import Client
    from .messages import Outcome, Request
    from .sides import Side

_OUTPUT_SECONDS = 0.2


class Exchange:
    """Sends requests to each side in turn.

    :param sides: in their order; the first one is the reference.
    :param clients: by the name of the side.
    :param on_step: called with each step.
    :param on_end: called with a side whose process has ended, which is then started again.
    """

    def __init__(
        self,
        sides: Sequence[Side],
        clients: Mapping[str, Client],
        on_step: Callable[[Step], None],
        on_end: Callable[[Side, Step], None],
    ) -> None:
        self.sides = sides
        self.clients = clients
        self.on_step = on_step
        self.on_end = on_end
        self.count = 0

    def __call__(self, origin: str, requests: Mapping[str, Request]) -> Step:
        """Send each side its request, and return the responses."""
        self.count += 1
        marks = {side.spec.name: side.mark() for side in self.sides}
        outcomes = {
            side.spec.name: self.clients[side.spec.name].send(requests[side.spec.name])
            for side in self.sides
        }
        outputs = {
            side.spec.name: self._output(side, marks[side.spec.name], outcomes[side.spec.name])
            for side in self.sides
        }
        step = Step(self.count, origin, dict(requests), outcomes, outputs)
        self.on_step(step)
        for side in self.sides:
            if isinstance(outcomes[side.spec.name], NoResponse) and not side.is_alive():
                self.on_end(side, step)
        return step

    def _output(self, side: Side, mark: tuple[int, ...], outcome: Outcome) -> str:
        """What the side wrote during the request; a traceback may be written after the response."""
        give_up_at = time.monotonic() + _OUTPUT_SECONDS
        while True:
            text = side.output_since(mark)
            has_failed = not isinstance(outcome, NoResponse) and outcome.status >= 500
            if text or not has_failed or time.monotonic() > give_up_at:
                return text
            time.sleep(0.005)
