"""Requests from recordings: a browser's HAR file, an access log, a test suite.

`har` and `access_log` read files, `suite` runs pytest. `replay` sends the requests; `own_values`
replaces what came from an earlier response by what each side gave in its place.
"""

from .access_log import read_access_log
from .har import read_har
from .recorded import Recorded
from .replay import Replayed, replay
from .suite import Suite

__all__ = ["Recorded", "Replayed", "Suite", "read_access_log", "read_har", "replay"]
