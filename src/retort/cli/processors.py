"""How many processors this process may use, for ``--workers auto``.

The only file that reads control groups: see decision 31.
"""

from __future__ import annotations

import os
from pathlib import Path

import click

CGROUPS = Path("/sys/fs/cgroup")
OWN = Path("/proc/self/cgroup")


class WorkersType(click.IntRange):
    """A number of workers, or ``auto``."""

    name = "number"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> int:
        """The number; that of the processors for ``auto``."""
        if isinstance(value, str) and value.strip().lower() == "auto":
            return processors()
        try:
            number = int(str(value))
        except ValueError:
            number = 0
        if number < 1:
            self.fail(f"{value!r} is neither a number from 1 on nor 'auto'.", param, ctx)
        return number


def processors(cgroups: Path = CGROUPS, own: Path = OWN) -> int:
    """The number of processors that this process may use, at least 1.

    It is the number of processors that the system lets it run on, or the limit of its control
    group (version 2 or 1) if that is smaller. A part of a processor does not count: with a limit
    of 2.5, a third worker would make all of them wait.

    :param cgroups: where control groups are mounted.
    :param own: the file that names the control groups of this process.
    """
    limits = [limit for limit in (_version_2(cgroups, own), _version_1(cgroups)) if limit]
    return max(1, int(min([available(), *limits])))


def available() -> int:
    """The number of processors that the system lets this process run on."""
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return len(affinity(0)) if affinity is not None else os.cpu_count() or 1


def _version_2(cgroups: Path, own: Path) -> float | None:
    """The smallest limit of the control group and those around it."""
    text = _read(own) or "0::/"
    path = next((line[3:] for line in text.splitlines() if line.startswith("0::")), "/")
    folder = cgroups / path.strip().lstrip("/")
    around = [one for one in (folder, *folder.parents) if cgroups in (one, *one.parents)]
    limits = (_quota(_read(one / "cpu.max")) for one in around)
    found = [limit for limit in limits if limit is not None]
    return min(found) if found else None


def _quota(text: str | None) -> float | None:
    """The limit in ``200000 100000``, in processors; ``None`` for ``max 100000``."""
    parts = (text or "").split()
    try:
        return int(parts[0]) / int(parts[1])
    except (IndexError, ValueError, ZeroDivisionError):
        return None


def _version_1(cgroups: Path) -> float | None:
    for name in ("cpu", "cpu,cpuacct"):
        quota = _read(cgroups / name / "cpu.cfs_quota_us")
        period = _read(cgroups / name / "cpu.cfs_period_us")
        limit = _quota(f"{quota} {period}")
        if limit is not None and limit > 0:  # -1: no limit
            return limit
    return None


def _read(file: Path) -> str | None:
    try:
        return file.read_text()
    except OSError:
        return None
