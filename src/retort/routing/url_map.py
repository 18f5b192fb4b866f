"""The URL map: Werkzeug's, with the tables compiled from it.

`compile.py` compiles the tables, `match.py` searches them; `build.py` builds paths.
"""

from __future__ import annotations

import typing as t
from threading import RLock

from werkzeug.datastructures import ImmutableDict
from werkzeug.routing import Map

from .build import Path, find_paths
from .compile import Tables, compile_tables
from .converters import IntegerConverter
from .route_options import options_of

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.routing import Rule, RuleFactory

    from ..registries import Changes

# The attributes that decide how a path is matched or built. Werkzeug sets `_remap` to `True` after
# each change of the rules. Converters are used only when a rule is added.
_DECIDING = frozenset(
    {
        *("default_subdomain", "host_matching", "merge_slashes", "redirect_defaults"),
        *("sort_key", "sort_parameters", "strict_slashes"),
    }
)


class UrlMap(Map):
    """Werkzeug's ``Map``, with tables for the rules that need no search."""

    default_converters = ImmutableDict({**Map.default_converters, "int": IntegerConverter})

    #: Records changes, if set.
    changes: Changes | None = None
    #: The tables for `match.py`; ``None``: they have to be compiled.
    tables: Tables | None = None
    #: The compiled paths of endpoints that have one ordinary rule; ``None``: likewise.
    paths: dict[str, Path] | None = None

    def __init__(self, *args: t.Any, **kwargs: t.Any) -> None:
        self._lock = RLock()  # no rule is added while tables are compiled
        super().__init__(*args, **kwargs)

    def __setattr__(self, name: str, value: t.Any) -> None:
        super().__setattr__(name, value)
        if name in _DECIDING or (name == "_remap" and value):
            self._discard_compiled()

    def _discard_compiled(self) -> None:
        with self._lock:
            self.tables = self.paths = None
        if self.changes is not None:
            self.changes.note()

    def add(self, rulefactory: RuleFactory) -> None:
        """Add a rule, or all rules of a factory.

        :raises ValueError: if a rule is malformed; those before it in the factory stay.
        """
        with self._lock:
            try:
                super().add(rulefactory)
            except BaseException:
                self._remap = True
                raise

    def update(self) -> None:
        """Sort the rules before the first use after a change."""
        if self._remap:
            with self._lock:
                if self._remap:
                    leave_head_to_its_handlers(self._rules)
                    super().update()

    def compile_tables(self) -> Tables:
        """:attr:`tables`, compiled if necessary."""
        with self._lock:
            if self.tables is None:
                self.tables = compile_tables(self)
            return self.tables

    def compile_paths(self) -> dict[str, Path]:
        """:attr:`paths`, compiled if necessary."""
        with self._lock:
            if self.paths is None:
                self.update()
                self.paths = dict(find_paths(self))
            return self.paths


def leave_head_to_its_handlers(rules: Iterable[Rule]) -> None:
    """Remove the implicit HEAD of GET rules if another rule of the same path names HEAD.

    Werkzeug tries the rules of one path in the order they were added, and each rule for GET
    matches HEAD. A view for HEAD has to match in any order.
    """
    named = [tuple(rule._parts) for rule in rules if options_of(rule).names_head]
    if not named:
        return
    for rule in rules:
        has_it_for_get = options_of(rule).names_head is False
        if rule.methods and has_it_for_get and tuple(rule._parts) in named:
            rule.methods.discard("HEAD")
