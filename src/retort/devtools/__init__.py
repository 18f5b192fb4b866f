"""Developer tools: error pages, advice, warnings, static checks and the debugger.

Only for the developer's own machine. `retort.server` decides when they are active.
"""

from __future__ import annotations

from .debugger import with_debugger
from .failure import Failure, failure_page

__all__ = ["Failure", "failure_page", "with_debugger"]
