"""A configuration of HAProxy 2.6 or newer: on a machine, and in a Compose file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from . import names, relations
from .description import BALANCER, Server
from .errors import DeployError
from .writing import render

if TYPE_CHECKING:
    from .description import Balancer, Deployment

HOST = "127.0.0.1"
_SERVER = re.compile(
    r"(?P<host>\[[^\]]+\]|[^:\[\]]+)(?::(?P<port>[0-9]{1,5})(?::(?P<ops>[0-9]{1,5}))?)?", re.A
)


def server(word: str, deployment: Deployment) -> Server:
    """Read ``HOST``, ``HOST:PORT`` or ``HOST:PORT:OPS_PORT``; an IPv6 address is in brackets.

    :raises DeployError: for anything else.
    """
    match = _SERVER.fullmatch(word)
    ports = [int(port) for port in match.group("port", "ops") if port] if match else []
    if match is None or not _is_host(match["host"]) or not all(0 < one < 65536 for one in ports):
        raise DeployError(
            f"--server {word!r} is no server: write 10.0.0.1, 10.0.0.1:8001 or, with the port of"
            " /-/ready, 10.0.0.1:8001:9001. An IPv6 address is in brackets: [fd00::1]:8001."
        )
    ports += [deployment.port, deployment.ops_port][len(ports) :]
    return Server(match["host"], *ports)


def _is_host(word: str) -> bool:
    return names.is_address(word) if word.startswith("[") else names.is_server_name(word)


def instances(deployment: Deployment) -> tuple[Server, ...]:
    """The instances of `systemd.py` on this machine.

    :raises DeployError: if they do not have ports of their own.
    """
    relations.check_instances(deployment)
    return tuple(
        Server(HOST, deployment.instance_port(one), deployment.instance_ops_port(one))
        for one in range(1, deployment.replicas + 1)
    )


def as_haproxy(deployment: Deployment, balancer: Balancer) -> str:
    """The file ``/etc/haproxy/haproxy.cfg``.

    :raises DeployError: if values do not fit together.
    """
    relations.check(deployment, BALANCER)
    return _render(
        deployment,
        servers=balancer.servers,
        binds=(":80", ":443"),
        certificate=balancer.certificate,
        response_timeout=balancer.response_timeout,
        service=None,
    )


def for_compose(
    deployment: Deployment, service: str, certificate: str | None, response_timeout: int
) -> str:
    """The same for a container that finds its servers by the name of their service.

    :param service: its name.
    :param certificate: the file in the container.
    :param response_timeout: as in `Balancer`.
    """
    return _render(
        deployment,
        servers=(),
        binds=(":8080", ":8443"),
        certificate=certificate,
        response_timeout=response_timeout,
        service=service,
    )


def _render(deployment: Deployment, **values: Any) -> str:
    hosts = deployment.hosts
    return render(
        "haproxy.cfg",
        d=deployment,
        check=BALANCER,
        exact=[one for one in hosts if not one.startswith("*")],
        suffixes=[one.removeprefix("*") for one in hosts if one.startswith("*")],
        **values,
    )
