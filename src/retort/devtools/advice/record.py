"""What advice is made of; who gives it, and how it is shown, is the business of others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A line of the user's program. ``source`` is that line as it stands there."""

    file: str
    line: int
    function: str = ""
    source: str = ""


@dataclass(frozen=True)
class Advice:
    """What happened, and the smallest change that corrects it.

    ``what`` is one sentence, also for the log; ``why`` plain text, paragraphs parted by an empty
    line; ``fix`` one imperative sentence; ``diff`` unified, with paths relative to the program's
    folder; ``facts`` are rows such as ``("Received fields", "name")``.
    """

    what: str
    why: str = ""
    place: Place | None = None
    fix: str = ""
    diff: str = ""
    facts: tuple[tuple[str, str], ...] = ()
