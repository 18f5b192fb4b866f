"""The URL map: Werkzeug's, which also keeps the tables compiled from it.

`compile.py` says what is in the tables, `match.py` how they are searched; `build.py` goes the
other way.
"""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import ImmutableDict
from werkzeug.routing import Map

from .build import Path, compile_paths
from .compile import Tables, compile_tables
from .converters import IntegerConverter

if t.TYPE_CHECKING:
    from collections.abc import Iterable

    from werkzeug.routing import Rule, RuleFactory


class UrlMap(Map):
    """Werkzeug's ``Map``, with tables for the rules that need no search."""

    default_converters = ImmutableDict({**Map.default_converters, "int": IntegerConverter})
    _tables: Tables | None = None
    _paths: dict[str, Path] | None = None
    _host_matching = False

    @property
    def host_matching(self) -> bool:
        """Whether rules are for hosts, not for subdomains."""
        return self._host_matching

    @host_matching.setter
    def host_matching(self, value: bool) -> None:
        self._host_matching = value
        self._tables = self._paths = None

    def add(self, rulefactory: RuleFactory) -> None:
        """Add a rule, or all rules of a factory; the tables are compiled anew.

        :raises ValueError: if a rule is malformed.
        """
        super().add(rulefactory)
        self._tables = self._paths = None

    def update(self) -> None:
        """Put the rules in order, before the first use after a change."""
        if self._remap:
            leave_head_to_its_handlers(self._rules)
            self._paths = None
        super().update()

    @property
    def tables(self) -> Tables:
        """The tables, compiled at the first use after a change."""
        tables = self._tables
        if tables is None:
            tables = self._tables = compile_tables(self)
        return tables

    @property
    def paths(self) -> dict[str, Path]:
        """How to build the paths of endpoints that have one ordinary rule."""
        paths = self._paths
        if paths is None:
            self.update()
            paths = self._paths = dict(compile_paths(self))
        return paths


def leave_head_to_its_handlers(rules: Iterable[Rule]) -> None:
    """Take HEAD from rules that have it for their GET, where another rule names it.

    Werkzeug asks the rules of one path in the order they were added, and each that takes GET
    takes HEAD. A handler written for HEAD is to be found in any order.
    """
    named = [tuple(rule._parts) for rule in rules if getattr(rule, "names_head", False)]
    if not named:
        return
    for rule in rules:
        if rule.methods and tuple(rule._parts) in named and not getattr(rule, "names_head", True):
            rule.methods.discard("HEAD")
