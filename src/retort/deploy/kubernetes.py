"""Objects of Kubernetes: one file for ``kubectl apply``."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING

from . import images, relations, server_command
from .description import LIVENESS, READINESS, STARTUP
from .writing import render

if TYPE_CHECKING:
    from .description import Cluster, Deployment, Probe

_HASH_LENGTH = 8


def as_kubernetes(deployment: Deployment, cluster: Cluster) -> str:
    """The objects as YAML.

    :raises DeployError: if values do not fit together.
    """
    relations.check(deployment, READINESS)
    relations.check_cluster(deployment, cluster)
    workers = None if deployment.workers is None else str(deployment.workers)
    command = server_command.in_container(deployment, workers)
    if cluster.metrics_from is not None:
        command.append("--metrics")
    return render(
        "kubernetes/all.yaml",
        d=deployment,
        k=cluster,
        version=images.version_of(cluster.image),
        command=command,
        readiness=READINESS,
        liveness=_liveness(deployment),
        startup=STARTUP._replace(failures=deployment.start_timeout),
        migration_name=f"{deployment.name}-migrate-{_hash_of(cluster)}",
    )


def _liveness(deployment: Deployment) -> Probe:
    failures = math.ceil(deployment.repair_seconds / LIVENESS.period) + 1
    return LIVENESS._replace(failures=failures)


def _hash_of(cluster: Cluster) -> str:
    """A Job cannot be changed: another image or command makes another Job."""
    words = "\0".join((cluster.image, *cluster.migrate))
    return hashlib.sha256(words.encode()).hexdigest()[:_HASH_LENGTH]
