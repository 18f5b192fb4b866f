"""The distribution ``flask`` that ``importlib.metadata`` finds while the alias is installed."""

from __future__ import annotations

import importlib.metadata
import sys
from importlib.metadata import DistributionFinder
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .tables import FLASK_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable


class FlaskDistribution(importlib.metadata.Distribution):
    """Retort under the name and version of Flask."""

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return (
            f"Metadata-Version: 2.1\nName: Flask\nVersion: {FLASK_VERSION}\n"
            "Summary: Retort, under the name of Flask.\n"
        )

    def locate_file(self, path: Any) -> Path:
        return Path(__file__).parents[2].joinpath(path)


def is_flask_3_installed(finder: object, context: DistributionFinder.Context | None) -> bool:
    """Whether finders other than ``finder`` find a Flask 3."""
    wanted = DistributionFinder.Context(name="flask", path=getattr(context, "path", sys.path))
    return any(found.version.startswith("3.") for found in _found_by_others(finder, wanted))


def _found_by_others(
    finder: object, context: DistributionFinder.Context
) -> Iterable[importlib.metadata.Distribution]:
    for other in sys.meta_path:
        find = getattr(other, "find_distributions", None)
        if other is not finder and find is not None:
            yield from find(context)
