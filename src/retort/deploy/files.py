"""Kind of file -> the function that writes it, from the target and the options of the command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from . import names, reading
from .compose import as_compose
from .errors import DeployError
from .haproxy import as_haproxy
from .kubernetes import as_kubernetes
from .systemd import as_systemd

if TYPE_CHECKING:
    from collections.abc import Callable


def kubernetes(target: str, options: dict[str, Any]) -> str:
    """See `as_kubernetes`."""
    if not options["hosts"] and options["proxies"] is None:
        options["proxies"] = 0  # the Service alone adds no X-Forwarded-For
    made = reading.deployment(target, options)
    return as_kubernetes(made, reading.cluster(made, options))


def compose(target: str, options: dict[str, Any]) -> str:
    """See `as_compose`."""
    made = reading.deployment(target, options)
    reading.check_without_places(made)
    return as_compose(made, reading.composition(options))


def systemd(target: str, options: dict[str, Any]) -> str:
    """See `as_systemd`."""
    unit = options.pop("unit")
    executable = options.pop("executable")
    made = reading.deployment(target, options)
    reading.check_without_places(made)
    machine = reading.machine(made, options)
    path = executable or f"{machine.directory}/.venv/bin/retort"
    made = replace(made, executable=names.absolute_path(path, "--executable"))
    return as_systemd(made, machine, unit)


def haproxy(target: str, options: dict[str, Any]) -> str:
    """See `as_haproxy`."""
    made = reading.deployment(target, options)
    return as_haproxy(made, reading.balancer(made, options))


__all__ = ["WRITERS", "DeployError"]

WRITERS: dict[str, Callable[[str, dict[str, Any]], str]] = {
    "kubernetes": kubernetes,
    "compose": compose,
    "systemd": systemd,
    "haproxy": haproxy,
}
