"""The URL map: Werkzeug's, which also keeps the tables compiled from it.

`compile.py` says what is in the tables, `match.py` how they are searched.
"""

from __future__ import annotations

import typing as t

from werkzeug.datastructures import ImmutableDict
from werkzeug.routing import Map

from .compile import Tables, compile_tables
from .converters import IntegerConverter

if t.TYPE_CHECKING:
    from werkzeug.routing import RuleFactory


class UrlMap(Map):
    """Werkzeug's ``Map``, with tables for the rules that need no search."""

    default_converters = ImmutableDict({**Map.default_converters, "int": IntegerConverter})
    _tables: Tables | None = None

    def add(self, rulefactory: RuleFactory) -> None:
        """Add a rule, or all rules of a factory; the tables are compiled anew.

        :raises ValueError: if a rule is malformed.
        """
        super().add(rulefactory)
        self._tables = None

    @property
    def tables(self) -> Tables:
        """The tables, compiled at the first use after a change."""
        tables = self._tables
        if tables is None:
            tables = self._tables = compile_tables(self)
        return tables
