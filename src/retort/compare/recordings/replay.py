"""Send the requests of a recording to all sides."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .own_values import OwnValues

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from ..messages import Request, Step
    from .recorded import Recorded


def replay(
    entries: Iterable[Recorded],
    exchange: Callable[[str, Mapping[str, Request]], Step],
    sides: Sequence[str],
    *,
    host: str = "localhost",
    skip: Iterable[str] = (),
    max_requests: int = 500,
    is_over: Callable[[], bool] = lambda: False,
) -> int:
    """Send the requests in their order; returns how many were sent to each side.

    :param skip: regular expressions of targets that are not requested.
    :param is_over: whether the time is over.
    """
    patterns = [re.compile(one) for one in skip]
    own = OwnValues(host)
    count = 0
    for entry in entries:
        if count >= max_requests or is_over():
            break
        if any(one.search(entry.request.target) for one in patterns):
            continue
        step = exchange(entry.origin, {side: own.apply(side, entry.request) for side in sides})
        count += 1
        if entry.response is not None:
            own.record(entry.request, entry.response, step.outcomes)
    return count
