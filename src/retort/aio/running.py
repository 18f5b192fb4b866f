"""Whether the current thread runs an event loop, for code that must not import `asyncio`."""

from __future__ import annotations

import sys
from typing import Any


def is_loop_running() -> bool:
    """Whether the current thread runs an event loop; it need not be that of the process."""
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
