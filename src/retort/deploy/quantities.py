"""Processor time and memory, as Kubernetes writes them, for all kinds of files."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from .errors import DeployError

MIN_MEMORY = 64 * 1024**2  # one worker with a small program needs about 50 MiB
MAX_CPUS = 1000
_CPU = re.compile(r"(?P<milli>[1-9][0-9]{0,6})m|(?P<cpus>[0-9]{1,4}(\.[0-9]{1,3})?)", re.A)
_MEMORY = re.compile(r"(?P<number>[1-9][0-9]{0,14})(?P<unit>[KMGT]i|[kMGT])?", re.A)
_UNITS = {"": 1, "k": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4} | {
    f"{letter}i": 1024**power for power, letter in enumerate("KMGT", 1)
}


@dataclass(frozen=True)
class Cpu:
    """Processor time.

    :param text: as it was written.
    :param milli: in thousandths of a processor.
    """

    text: str
    milli: int

    @property
    def workers(self) -> int:
        """One worker for each processor, and one for the rest."""
        return math.ceil(self.milli / 1000)

    @property
    def cpus(self) -> str:
        """The number of processors, for Compose: ``0.5``."""
        return f"{self.milli / 1000:.3f}".rstrip("0").rstrip(".")

    @property
    def percent(self) -> str:
        """For systemd's ``CPUQuota``, without a fraction, and at least 1."""
        return f"{max(1, math.ceil(self.milli / 10))}%"


@dataclass(frozen=True)
class Memory:
    """Memory.

    :param text: as Kubernetes reads it.
    :param size: in bytes.
    """

    text: str
    size: int

    @property
    def short(self) -> str:
        """For Compose and systemd, where ``M`` is 1024 * 1024 bytes."""
        mebibytes, rest = divmod(self.size, 1024**2)
        return str(self.size) if rest else f"{mebibytes}M"


def cpu(text: str) -> Cpu:
    """Read ``500m``, ``2`` or ``1.5``.

    :raises DeployError: for anything else.
    """
    match = _CPU.fullmatch(text)
    milli = 0
    if match is not None:
        milli = int(match["milli"] or round(float(match["cpus"]) * 1000))
    if not 0 < milli <= MAX_CPUS * 1000:
        raise DeployError(
            f"--cpu {text!r} is no processor time: write 500m for a half of a processor, or 1.5."
        )
    return Cpu(text, milli)


def memory(text: str) -> Memory:
    """Read ``256Mi`` or ``1Gi``.

    :raises DeployError: for anything else, and for less than a worker needs.
    """
    match = _MEMORY.fullmatch(text)
    if match is None:
        raise DeployError(f"--memory {text!r} is no size: write 256Mi or 1Gi.")
    size = int(match["number"]) * _UNITS[match["unit"] or ""]
    if size < MIN_MEMORY:
        raise DeployError(
            f"--memory {text!r} is {size} bytes, and a server needs 64Mi or more. Write 256Mi for"
            " 256 MiB."
        )
    return Memory(text, size)
