"""The command line of ``retort run`` in a deployment, and that of a health check."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .description import LOAD_TIMEOUT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .description import Deployment


def words(
    deployment: Deployment, *, address: Sequence[str], workers: str | None, ops_port: str = ""
) -> list[str]:
    """The words of the command, with each option in one of them.

    :param address: options that say where the site is served.
    :param workers: how many worker processes, or ``auto``; ``None``: a variable says it.
    :param ops_port: instead of that of the deployment.
    """
    start = deployment.start_timeout
    return [
        deployment.executable,
        "run",
        deployment.target,
        *address,
        *([] if workers is None else [f"--workers={workers}"]),
        *([f"--proxy={deployment.proxies}"] if deployment.proxies else []),
        "--health",
        f"--ops-port={ops_port or deployment.ops_port}",
        f"--drain={deployment.drain}",
        f"--grace={deployment.grace}",
        *([f"--load-timeout={start}"] if start > LOAD_TIMEOUT else []),
        "--access-log=-",
        "--request-id",
    ]


def in_container(deployment: Deployment, workers: str | None) -> list[str]:
    """The command in a container, where both ports are reached from outside."""
    address = ["--host=0.0.0.0", f"--port={deployment.port}", "--ops-host=0.0.0.0"]
    return words(deployment, address=address, workers=workers)


def python_beside(executable: str) -> str:
    """The Python that runs the command ``retort``: they are in one folder."""
    return executable.rpartition("/")[0] + "/python" if "/" in executable else "python"
