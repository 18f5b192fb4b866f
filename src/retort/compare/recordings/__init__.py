"""Requests from recordings: a browser's HAR file, an access log, a test suite.

`har` and `access_log` read files, `suite` runs pytest; `given` has those that the options name.
`replay` sends the requests; `own_values` replaces what came from an earlier response by what each
side gave in its place.
"""

from .access_log import read_access_log
from .given import recorded_requests, suite_requests
from .har import read_har
from .recorded import Recorded
from .replay import Replayed, replay
from .suite import Suite

__all__ = [
    "Recorded",
    "Replayed",
    "Suite",
    "read_access_log",
    "read_har",
    "recorded_requests",
    "replay",
    "suite_requests",
]
