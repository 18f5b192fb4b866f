"""Template units of systemd: ``NAME@1.service`` with its socket, and so on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import quoting, relations, server_command
from .description import BALANCER
from .writing import render

if TYPE_CHECKING:
    from .description import Deployment, Machine

SERVICE = "service"
SOCKET = "socket"
_INSTANCE = "OPS-PORT-OF-INSTANCE"  # until the words are quoted, which makes %% of %


def as_systemd(deployment: Deployment, machine: Machine, unit: str) -> str:
    """One of the two units.

    :param unit: `SERVICE` or `SOCKET`.
    :raises DeployError: if values do not fit together.
    """
    relations.check(deployment, BALANCER)
    relations.check_instances(deployment)
    address = f"[{machine.address}]" if ":" in machine.address else machine.address
    return render(
        f"unit.{unit}",
        d=deployment,
        m=machine,
        address=address,
        port=_of_instance(deployment.port),
        start=_exec_start(deployment, machine),
    )


def _exec_start(deployment: Deployment, machine: Machine) -> str:
    workers = "auto" if deployment.workers is None else str(deployment.workers)
    ops_port = _of_instance(deployment.ops_port)
    on_other_address = machine.address != "127.0.0.1"  # the default of --ops-host
    address = [f"--ops-host={machine.address}"] if on_other_address else []
    words = server_command.words(deployment, address=address, workers=workers, ops_port=_INSTANCE)
    quoted = [quoting.unit_word(word).replace(_INSTANCE, ops_port) for word in words]
    return " \\\n    ".join([" ".join(quoted[:3]), *quoted[3:]])  # retort run TARGET


def _of_instance(port: int) -> str:
    """The port of each instance: ``%i`` is its number, and takes the place of the last digit."""
    return f"{port // 10}%i"
