"""Processor time and memory of a side's processes, from Linux's ``/proc``.

A side's own process reports its processor time itself, in nanoseconds. The kernel gives that of
other processes in ticks (mostly 10 ms), so the table is read for those alone that the program has
started: docs/decisions/0030. Other systems have no such table.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

TABLE = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """What the processes of a side have used since their start.

    :param cpu_seconds: of all of its processes, also those that the program has started.
    :param memory_bytes: resident memory; pages that processes share count for each.
    """

    cpu_seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Entry:
    """One living process, or an ended one that its parent has not waited for.

    :param usage: its own, and the processor time of children that it has waited for.
    """

    pid: int
    parent: int
    session: int
    usage: Usage


def usage_of(pid: int, reported: tuple[float, int]) -> Usage:
    """The usage of a side's process and of all that it has started.

    :param reported: by the process itself: processor time with that of ended children, in
        seconds; the most memory so far, in bytes, which counts where there is no table.
    """
    entries = read_table()
    own = next((entry.usage.memory_bytes for entry in entries if entry.pid == pid), reported[1])
    started = started_by(pid, entries)
    return Usage(
        reported[0] + sum(entry.usage.cpu_seconds for entry in started),
        own + sum(entry.usage.memory_bytes for entry in started),
    )


def started_by(pid: int, entries: list[Entry]) -> list[Entry]:
    """The processes below ``pid``, and those in its session, whose parents may have ended."""
    family = {pid}
    found: list[Entry] = []
    rest = entries
    while True:
        members = [e for e in rest if e.parent in family or pid in (e.pid, e.session)]
        if not members:
            return [entry for entry in found if entry.pid != pid]
        found += members
        family |= {entry.pid for entry in members}
        rest = [entry for entry in rest if entry.pid not in family]


def read_table() -> list[Entry]:
    """All processes; an empty list where there is no table."""
    try:
        pids = [name for name in os.listdir(TABLE) if name.isdecimal()]
    except OSError:
        return []
    entries = (_entry(pid) for pid in pids)
    return [entry for entry in entries if entry is not None]


def _entry(pid: str) -> Entry | None:
    """One line of the table: proc(5), /proc/pid/stat; ``None`` if the process has ended."""
    try:
        line = (TABLE / pid / "stat").read_bytes()
    except OSError:
        return None
    # The name is in brackets and may itself have spaces and brackets; the third field follows.
    fields = line.rpartition(b")")[2].split()
    ticks = sum(map(int, fields[11:15]))  # utime stime cutime cstime
    return Entry(
        int(pid),
        parent=int(fields[1]),
        session=int(fields[3]),
        usage=Usage(ticks / os.sysconf("SC_CLK_TCK"), int(fields[21]) * os.sysconf("SC_PAGE_SIZE")),
    )
