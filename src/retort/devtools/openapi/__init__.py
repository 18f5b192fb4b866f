"""What the source of views says, for ``retort openapi``."""

from __future__ import annotations

from .inference import infer_from as infer_from
