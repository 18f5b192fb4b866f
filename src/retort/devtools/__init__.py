"""What a developer sees when something fails: the interactive debugger, the start-up error page.

Only for machines the developer sits at. When to use which is decided in `retort.server`.
"""

from __future__ import annotations

from .debugger import with_debugger
from .failure import Failure, failure_page

__all__ = ["Failure", "failure_page", "with_debugger"]
