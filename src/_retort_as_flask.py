"""Let the child processes of a program that runs on Retort find Retort as ``flask`` too.

Python imports this module at its start by `retort-as-flask.pth`, if the environment variable
``RETORT_AS_FLASK`` is set, as `retort.as_flask.install` sets it for child processes. It stands
beside the package, and imports nothing, because a child process that never imports Flask
should not load Retort.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


class Deferred:
    """A finder that installs the alias when Flask is imported, or its version looked up."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        if fullname.partition(".")[0] != "flask":
            return None
        return _installed_finder().find_spec(fullname, path, target)

    def find_distributions(self, context: Any = None) -> Iterator[Any]:
        if (getattr(context, "name", None) or "").lower() != "flask":
            return iter(())
        _installed_finder()  # it stands behind this one, and answers
        return iter(())


def _installed_finder() -> Any:
    from retort import as_flask

    as_flask.install()
    return as_flask.FINDER


def _position() -> int:
    """Behind the finders of tools, which see each import, and before those that find files."""
    standard = {"BuiltinImporter", "FrozenImporter", "PathFinder"}
    names = [getattr(finder, "__name__", "") for finder in sys.meta_path]
    return next((at for at, name in enumerate(names) if name in standard), 0)


sys.meta_path.insert(_position(), Deferred())
