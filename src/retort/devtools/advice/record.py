"""The data structure of advice."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A line of the user's program; ``source`` is its text."""

    file: str
    line: int
    function: str = ""
    source: str = ""


@dataclass(frozen=True)
class Advice:
    """Advice: what happened, and the smallest change that fixes it.

    ``what`` is one sentence, also for the log; ``why`` is plain text, paragraphs are separated by
    an empty line; ``fix`` one imperative sentence; ``diff`` unified, with paths relative to the
    program's folder; ``facts`` are rows such as ``("Received fields", "name")``. Names are
    written as in a program; pages put them in code font (`html/inline_code.py`).
    """

    what: str
    why: str = ""
    place: Place | None = None
    fix: str = ""
    diff: str = ""
    facts: tuple[tuple[str, str], ...] = ()
