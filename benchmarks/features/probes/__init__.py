"""The probes: each is called with a `Visit`, and returns whether the feature is there, and what
was observed.
"""

from __future__ import annotations

from collections.abc import Callable

from ..site import Visit

Finding = tuple[bool, str]
Probe = Callable[[Visit], Finding]
