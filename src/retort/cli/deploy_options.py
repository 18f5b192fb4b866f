"""Options of ``retort deploy``, and the parts of a description that they become.

`retort.deploy` checks them. The defaults are repeated here, so that other commands need not import
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from collections.abc import Callable

_F = TypeVar("_F", bound="Callable[..., Any]")

_NAME = click.option(
    "--name", metavar="NAME", help="Name the deployment; default: that of the program."
)
_HOSTS = click.option(
    "--host",
    "hosts",
    metavar="NAME",
    multiple=True,
    help="Serve the site under this name, such as shop.example.",
)
_PORTS = (
    click.option(
        "--port",
        type=int,
        default=8000,
        show_default=True,
        metavar="NUMBER",
        help="Serve the site on this port of each replica.",
    ),
    click.option(
        "--ops-port",
        type=int,
        default=9000,
        show_default=True,
        metavar="NUMBER",
        help="Serve health and readiness on this port, which clients cannot reach.",
    ),
)
_REPLICAS = click.option(
    "--replicas",
    type=int,
    default=2,
    show_default=True,
    metavar="NUMBER",
    help="Run this number of replicas, or at least this number.",
)
_DRAIN = click.option(
    "--drain",
    type=click.IntRange(0, 3600),
    default=15,
    show_default=True,
    metavar="SECONDS",
    help="Continue to serve for this time after SIGTERM, while /-/ready is 503.",
)
_TIMES = (
    click.option(
        "--grace",
        type=click.IntRange(0, 3600),
        default=10,
        show_default=True,
        metavar="SECONDS",
        help="Wait this long for open requests after that.",
    ),
    click.option(
        "--stop-timeout",
        type=click.IntRange(1, 10_000),
        metavar="SECONDS",
        help="Kill a replica after this time; default: --drain, --grace and 5 seconds.",
    ),
    click.option(
        "--start-timeout",
        type=click.IntRange(1, 3600),
        default=60,
        show_default=True,
        metavar="SECONDS",
        help="Allow a replica this time for loading the program.",
    ),
)
_PROCESSES = (
    click.option(
        "--workers",
        type=click.IntRange(1, 1000),
        metavar="NUMBER",
        help="Run this number of processes in each replica; default: one for each processor.",
    ),
    click.option(
        "--proxy",
        "proxies",
        type=click.IntRange(0, 10),
        metavar="NUMBER",
        help="Trust the X-Forwarded-... headers of this number of proxies; default: 1.",
    ),
)
_ENV = (
    click.option(
        "--env",
        metavar="NAME=VALUE",
        multiple=True,
        help="Set this variable; its value can be read in the file.",
    ),
    click.option(
        "--secret",
        "secrets",
        metavar="NAME",
        multiple=True,
        help="Set this variable to a value that is elsewhere; the file refers to it.",
    ),
)
_IMAGE = click.option(
    "--image",
    required=True,
    metavar="IMAGE",
    help="Run this container image; it has a tag or a digest.",
)
_CONTAINER = (
    click.option(
        "--executable",
        default="retort",
        show_default=True,
        metavar="PATH",
        help="Start this file of the image, such as .venv/bin/retort.",
    ),
    click.option(
        "--migrate",
        metavar="COMMAND",
        help="Run this command for each new version, such as 'retort db upgrade'.",
    ),
    click.option(
        "--uid",
        type=click.IntRange(1, 2**31 - 1),
        default=10001,
        show_default=True,
        metavar="NUMBER",
        help="Run the processes as this user.",
    ),
)
_CERTIFICATE = click.option(
    "--certificate",
    metavar="FILE",
    help="Serve HTTPS with the certificate and the key in this file.",
)
_RESPONSE_TIMEOUT = click.option(
    "--response-timeout",
    type=click.IntRange(1, 86_400),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="Wait this long for a response in HAProxy; then send a GET request to another server.",
)
_DIFF = click.option(
    "--diff",
    "diff_file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="Print what this version would change in the file; exit with 1 if it differs.",
)


def _size(cpu: str | None, memory: str | None) -> tuple[Callable[[_F], _F], ...]:
    is_limit = cpu is None
    text = "Limit the processor time of a replica" if is_limit else "Request processor time"
    return (
        click.option(
            "--cpu",
            default=cpu,
            show_default=cpu is not None,
            metavar="CPUS",
            help=f"{text}, such as 500m or 2 processors.",
        ),
        click.option(
            "--memory",
            default=memory,
            show_default=memory is not None,
            metavar="SIZE",
            help="Limit the memory of a replica to this size, such as 256Mi.",
        ),
    )


_KUBERNETES = (
    click.option(
        "--max",
        "max_replicas",
        type=int,
        metavar="NUMBER",
        help="Start up to this number of replicas when the processors are busy.",
    ),
    click.option("--namespace", metavar="NAME", help="Put the objects into this namespace."),
    click.option(
        "--route",
        type=click.Choice(["ingress", "gateway", "none"]),
        help="Write an Ingress or an HTTPRoute; default: an Ingress if there is a --host.",
    ),
    click.option(
        "--gateway",
        metavar="[NAMESPACE/]NAME",
        help="Attach the HTTPRoute to this Gateway.",
    ),
    click.option("--ingress-class", metavar="NAME", help="Use this class of the Ingress."),
    click.option(
        "--tls-secret",
        metavar="NAME",
        help="Use the certificate in this Secret for the Ingress; default: NAME-tls; none: no TLS.",
    ),
    click.option(
        "--pull-secret", metavar="NAME", help="Use this Secret for the registry of the image."
    ),
    click.option(
        "--from-namespace",
        "from_namespaces",
        metavar="NAME",
        multiple=True,
        help="Accept connections from this namespace only, that of the ingress controller.",
    ),
    click.option(
        "--metrics-from",
        metavar="NAME",
        help="Serve /-/metrics to this namespace, that of Prometheus.",
    ),
    click.option(
        "--allow-egress",
        "egress",
        metavar="CIDR[:PORT]",
        multiple=True,
        help="Connect only to DNS and to these addresses, such as 10.0.0.0/8:5432.",
    ),
    click.option(
        "--node-spread",
        type=click.Choice(["prefer", "require"]),
        default="prefer",
        show_default=True,
        help="Run replicas on different nodes, if possible or always.",
    ),
)
_SYSTEMD = (
    click.option(
        "--unit",
        type=click.Choice(["service", "socket"]),
        default="service",
        show_default=True,
        help="Write this one of the two units.",
    ),
    click.option(
        "--directory",
        metavar="PATH",
        help="Run the program in this folder; default: /srv/NAME.",
    ),
    click.option(
        "--executable",
        metavar="PATH",
        help="Start this file; default: .venv/bin/retort in the folder.",
    ),
    click.option("--user", metavar="NAME", help="Run as this user; default: NAME."),
    click.option(
        "--address",
        default="127.0.0.1",
        show_default=True,
        metavar="ADDRESS",
        help="Listen on this IP address of the machine.",
    ),
)
_HAPROXY = click.option(
    "--server",
    "servers",
    metavar="HOST[:PORT[:OPS-PORT]]",
    multiple=True,
    help="Send requests to this server; default: the instances of systemd on this machine.",
)


def _combined(*options: Callable[[_F], _F]) -> Callable[[_F], _F]:
    def decorate(function: _F) -> _F:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate


kubernetes_options = _combined(
    _IMAGE, _NAME, _HOSTS, _REPLICAS, *_KUBERNETES[:1], *_size("500m", "256Mi"), *_PROCESSES,
    *_ENV, *_CONTAINER, *_KUBERNETES[1:], *_PORTS, _DRAIN, *_TIMES, _DIFF,
)  # fmt: skip
compose_options = _combined(
    _IMAGE, _NAME, _HOSTS, _REPLICAS, *_size(None, None), *_PROCESSES,
    *_ENV, *_CONTAINER, _CERTIFICATE, _RESPONSE_TIMEOUT, *_PORTS, _DRAIN, *_TIMES, _DIFF,
)  # fmt: skip
systemd_options = _combined(
    *_SYSTEMD, _NAME, *_size(None, None), *_PROCESSES, *_ENV, *_PORTS, _DRAIN, *_TIMES, _DIFF
)
haproxy_options = _combined(
    _HAPROXY, _NAME, _HOSTS, _REPLICAS, _CERTIFICATE, _RESPONSE_TIMEOUT, *_PORTS, _DRAIN, _DIFF
)
