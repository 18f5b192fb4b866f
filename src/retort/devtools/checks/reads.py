"""Find the form fields that a view reads, and whether the list is complete."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .program import BODY_METHODS
from .reading.origins import COLLECTIONS, JSON, RAW, REQUEST, SERVER
from .reading.reader import read_all_lines

if TYPE_CHECKING:
    from .reading.reader import Uses
    from .source import Code

SOURCES = frozenset({"form", "args", "values", "files"})

_METHODS = BODY_METHODS | {"GET", "HEAD", "OPTIONS"}
# The attributes of the request, by the names of the sources.
_ATTRIBUTES = {source: name for name, source in COLLECTIONS.items() if name in SOURCES}
_WHOLE = frozenset({JSON, RAW, SERVER})


@dataclass(frozen=True)
class Read:
    """A field that is read by a literal name.

    :param source: ``form``, ``args``, ``values`` or ``files``.
    :param is_required: whether its absence causes a 400.
    """

    source: str
    name: str
    line: int
    is_required: bool


@dataclass
class Reads:
    """The request data that a function reads.

    :param touched: each source that is used, with the first line.
    :param is_open: it may read fields that were not found.
    """

    fields: list[Read] = field(default_factory=list)
    touched: dict[str, int] = field(default_factory=dict)
    is_open: bool = False

    def names(self) -> set[str]:
        """The names of the fields."""
        return {read.name for read in self.fields}

    def add(self, other: Reads) -> None:
        """Add the reads of another function."""
        self.fields += other.fields
        self.is_open = self.is_open or other.is_open


def direct_reads(code: Code) -> Reads:
    """The reads in a function's own source."""
    return _reads(read_all_lines(code, _METHODS, follows=False))


def all_reads(code: Code) -> Reads:
    """The reads of a function and of the functions of the program that it calls."""
    return _reads(read_all_lines(code, _METHODS, follows=True))


def _reads(uses: Uses) -> Reads:
    found = Reads()
    for use in uses.fields:
        source = _ATTRIBUTES.get(use.origin.source)
        if source is not None:
            found.fields.append(Read(source, use.origin.path[0], use.line, use.is_item))
    for source, _, line in uses.touched:
        found.is_open = found.is_open or source in _WHOLE
        if source in _ATTRIBUTES:
            found.touched.setdefault(_ATTRIBUTES[source], line)
    found.is_open = found.is_open or any(
        source == REQUEST or source in _ATTRIBUTES for source, _ in uses.open
    )
    return found
