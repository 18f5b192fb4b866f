"""Which sides there are: the values of ``--sides`` and ``--env``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..options import CompareError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FLASK = "flask"
RETORT = "retort"
_SIDE = re.compile(r"(flask|retort)(?:=(?P<path>[^,]+?))?(?::(?P<count>\d+)(?P<apart>:apart)?)?")
_MOST_PROCESSES = 16


@dataclass(frozen=True)
class SideSpec:
    """One side.

    :param name: the key of ``--env``, and of responses: ``flask``, ``again``, ``retort``...
    :param framework: what ``import flask`` finds.
    :param processes: how many processes answer in turn.
    :param is_apart: whether each process has a folder of its own, as on several machines.
    :param source: another Retort: a checkout, a wheel, or an environment with its Python.
    """

    name: str
    framework: str
    processes: int = 1
    is_apart: bool = False
    source: Path | None = None


def default_specs() -> list[SideSpec]:
    """Flask, Flask again, and Retort."""
    return [SideSpec("flask", FLASK), SideSpec("again", FLASK), SideSpec("retort", RETORT)]


def parse_sides(text: str) -> list[SideSpec]:
    """The sides of ``--sides``: the first one, the same again for noise, and the second one.

    :raises CompareError: if the text is not two sides.
    """
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 2:
        raise CompareError(
            f"--sides {text!r} has {len(parts)} sides. Write two with a comma, such as"
            " retort,retort:2 or retort=../older,retort."
        )
    first, second = (_parse(part) for part in parts)
    again = SideSpec("again", first.framework, first.processes, first.is_apart, first.source)
    name = second.name if second.name != first.name else f"{second.name}-2"
    other = SideSpec(name, second.framework, second.processes, second.is_apart, second.source)
    return [first, again, other]


def _parse(part: str) -> SideSpec:
    found = _SIDE.fullmatch(part)
    if found is None:
        raise CompareError(
            f"--sides: {part!r} is no side. Write flask, retort, retort:2 (two processes),"
            " retort:2:apart (each with a folder of its own), or retort=PATH with a checkout, a"
            " wheel or an environment."
        )
    count = int(found["count"] or 1)
    if not 1 <= count <= _MOST_PROCESSES:
        raise CompareError(f"--sides: {part!r} needs 1 to {_MOST_PROCESSES} processes.")
    source = Path(found["path"]).expanduser().absolute() if found["path"] else None
    if source is not None and not source.exists():
        raise CompareError(f"--sides: {found['path']!r} does not exist, as seen from here.")
    return SideSpec(found[1], found[1], count, bool(found["apart"]), source)


def variables_of(name: str, values: Iterable[str], specs: Sequence[SideSpec]) -> dict[str, str]:
    """The variables that ``--env`` sets for a side; its own override those for all.

    :raises CompareError: if a value has no ``=``, or names a side that does not exist.
    """
    for_all: dict[str, str] = {}
    own: dict[str, str] = {}
    names = [spec.name for spec in specs]
    for value in values:
        key, equals, content = value.partition("=")
        side, colon, variable = key.partition(":")
        if not equals or not (variable if colon else key):
            raise CompareError(f"--env {value!r}: write NAME=VALUE or SIDE:NAME=VALUE.")
        if not colon:
            for_all[key] = content
        elif side not in names:
            raise CompareError(f"--env {value!r}: the sides are {', '.join(names)}.")
        elif side == name:
            own[variable] = content
    return for_all | own
