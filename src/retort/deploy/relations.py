"""Checks that the numbers of a description fit together.

`names.py`, `quantities.py` and `images.py` check single values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .description import MAX_REPLICAS
from .errors import DeployError
from .quantities import MIN_MEMORY

if TYPE_CHECKING:
    from .description import Cluster, Deployment, Probe

FIRST_FREE_PORT = 1024  # below it, a process needs a privilege
INSTANCES = 9  # of a template unit: the last digit of a port


def check(deployment: Deployment, readiness: Probe) -> None:
    """Check the ports and the times of a description.

    :param readiness: how the service, the proxy or the balancer checks readiness.
    :raises DeployError: for the first that does not fit.
    """
    check_ports(deployment)
    check_times(deployment, readiness)
    check_memory(deployment)
    if deployment.replicas > MAX_REPLICAS:
        raise DeployError(f"--replicas {deployment.replicas}: write {MAX_REPLICAS} or less.")
    if deployment.replicas < 1:
        raise DeployError(
            f"--replicas {deployment.replicas}: there is no service then. Write 1 or more; with 2,"
            " one serves while the other is replaced."
        )


def check_ports(deployment: Deployment) -> None:
    """Check that both ports can be opened.

    :raises DeployError: otherwise.
    """
    for option, port in (("--port", deployment.port), ("--ops-port", deployment.ops_port)):
        if not FIRST_FREE_PORT <= port <= 65535:
            raise DeployError(
                f"{option} {port}: write a port from {FIRST_FREE_PORT} to 65535. The server does"
                " not run as root, which lower ports need."
            )
    if deployment.port == deployment.ops_port:
        raise DeployError(
            f"--port and --ops-port are both {deployment.port}: health and readiness need a port"
            " of their own, which clients cannot reach. Change one of them."
        )


def check_times(deployment: Deployment, readiness: Probe) -> None:
    """Check the way from SIGTERM to SIGKILL.

    :raises DeployError: if a request could be lost on it.
    """
    needed = readiness.fails_within
    if deployment.drain <= needed:
        raise DeployError(
            f"--drain {deployment.drain} is too short: a check of readiness has failed after up to"
            f" {needed:g} s, and until then new connections arrive. Write {int(needed) + 1} or"
            " more."
        )
    total = deployment.drain + deployment.grace
    if deployment.stop_seconds <= total:
        raise DeployError(
            f"--stop-timeout {deployment.stop_seconds} ends the server while it finishes requests:"
            f" --drain {deployment.drain} and --grace {deployment.grace} together take {total} s."
            f" Write {total + 1} or more, or leave it out."
        )


def check_memory(deployment: Deployment) -> None:
    """Check that the memory is enough for the workers.

    :raises DeployError: if the system would end them.
    """
    memory, workers = deployment.memory, deployment.most_workers
    if memory is None or memory.size >= workers * MIN_MEMORY:
        return
    cause = f"--workers {workers}"
    if deployment.workers is None and deployment.cpu is not None:
        cause = f"the {workers} workers that --cpu {deployment.cpu.text} gives"
    raise DeployError(
        f"--memory {memory.text} is too little for {cause}: each is a process with the program and"
        f" needs 64Mi or more. Write {workers * MIN_MEMORY // 1024**2}Mi or more, or fewer workers."
    )


def check_cluster(deployment: Deployment, cluster: Cluster) -> None:
    """Check what only Kubernetes has.

    :raises DeployError: for the first that does not fit.
    """
    most = cluster.max_replicas
    if most is not None and most < deployment.replicas:
        raise DeployError(
            f"--max {most} is less than --replicas {deployment.replicas}, the least number that"
            " the autoscaler keeps. Write the same number or more."
        )
    if most is not None and most > MAX_REPLICAS:
        raise DeployError(f"--max {most}: write {MAX_REPLICAS} or less.")
    check_route(deployment, cluster)


def check_route(deployment: Deployment, cluster: Cluster) -> None:
    """Check that a route has what it needs, and nothing more.

    :raises DeployError: otherwise.
    """
    if cluster.route != "none" and not deployment.hosts:
        raise DeployError(
            f"--route {cluster.route} needs the name of the site: add --host shop.example, or"
            " write --route none."
        )
    if cluster.route == "none" and deployment.hosts:
        raise DeployError("--host has no use with --route none: leave one of them out.")
    if cluster.route == "gateway" and cluster.gateway is None:
        raise DeployError(
            "--route gateway needs the Gateway that the route belongs to: add --gateway NAME or"
            " --gateway NAMESPACE/NAME. 'kubectl get gateways --all-namespaces' lists them."
        )
    if cluster.route != "gateway" and cluster.gateway is not None:
        raise DeployError("--gateway has no use without --route gateway: add it.")


def check_instances(deployment: Deployment) -> None:
    """Check the ports of instances on one machine.

    :raises DeployError: if two of them would be the same.
    """
    if deployment.replicas > INSTANCES:
        raise DeployError(
            f"--replicas {deployment.replicas}: one machine has up to {INSTANCES} instances, since"
            " the number of one is the last digit of its port. Name the servers of several"
            " machines: --server 10.0.0.1:8001:9001."
        )
    for option, port in (("--port", deployment.port), ("--ops-port", deployment.ops_port)):
        if port % 10 or port + INSTANCES > 65535:
            raise DeployError(
                f"--port {port}: the last digit is that of the instance. Write {port // 10 * 10},"
                f" for {port // 10 * 10 + 1} and so on.".replace("--port", option, 1)
            )
