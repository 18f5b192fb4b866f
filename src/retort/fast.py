"""Whether the quick ways are taken, beside the plain ones that define what they mean.

``RETORT_PLAIN=1`` in the environment switches all of them off. What a program does must stay
the same: the tests run both ways.
"""

from __future__ import annotations

import os

IS_FAST = os.environ.get("RETORT_PLAIN", "") in {"", "0"}
