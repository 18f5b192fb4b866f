"""A Compose file: replicas of a container, and HAProxy in front of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import haproxy, relations, server_command
from .description import BALANCER
from .writing import render

if TYPE_CHECKING:
    from .description import Composition, Deployment

SERVICE = "web"
PROXY_IMAGE = "docker.io/library/haproxy:3.2"
_CERTIFICATE = "/run/secrets/certificate"
_READY = "import urllib.request as r; r.urlopen('http://127.0.0.1:{port}/-/ready', timeout=2)"


def as_compose(deployment: Deployment, composition: Composition) -> str:
    """The file ``compose.yaml``.

    :raises DeployError: if values do not fit together.
    """
    relations.check(deployment, BALANCER)
    workers = "auto" if deployment.workers is None else str(deployment.workers)
    certificate = None if composition.certificate is None else _CERTIFICATE
    return render(
        "compose.yaml",
        d=deployment,
        c=composition,
        command=server_command.in_container(deployment, workers),
        healthcheck=[
            server_command.python_beside(deployment.executable),
            "-c",
            _READY.format(port=deployment.ops_port),
        ],
        service=SERVICE,
        proxy_image=PROXY_IMAGE,
        configuration=haproxy.for_compose(
            deployment, SERVICE, certificate, composition.response_timeout
        ),
    )
