"""What a deployment is made of: one description for all kinds of files.

Data only. The command makes it of its options, `relations.py` checks that its numbers fit
together, and docs/cli.md gives the reason for each default.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from .quantities import Cpu, Memory

PORT = 8000
OPS_PORT = 9000
REPLICAS = 2
DRAIN = 15
GRACE = 10
MAX_REPLICAS = 1000
STOP_MARGIN = 5  # what the end of the program takes after the grace time: functions at exit
START_TIMEOUT = 60
LOAD_TIMEOUT = 600  # the defaults of the server
WORKER_TIMEOUT = 30
CPU = "500m"
MEMORY = "256Mi"
UID = 10001
RESPONSE_TIMEOUT = 60  # as --send-timeout of the server


class Probe(NamedTuple):
    """How a service is checked.

    :param period: seconds between two checks.
    :param failures: how many have to fail, one after the other.
    :param timeout: after how many seconds without a response a check has failed.
    """

    period: float
    failures: int
    timeout: float

    @property
    def fails_within(self) -> float:
        """The longest time from the first bad response to the decision, in seconds."""
        return self.period * self.failures + self.timeout


# A function of READY_CHECKS may take a second or two.
READINESS = Probe(period=3, failures=2, timeout=3)
LIVENESS = Probe(period=15, failures=4, timeout=5)
# Health, not readiness: a database that is away does not end a pod that starts.
STARTUP = Probe(period=1, failures=START_TIMEOUT, timeout=1)
# With `inter 200ms fall 1`, a busy machine failed the checks by itself.
BALANCER = Probe(period=0.5, failures=2, timeout=1)


class Secret(NamedTuple):
    """A variable with a value that the file refers to.

    :param variable: its name.
    :param secret: the Secret of Kubernetes that has it; ``None``: that of the deployment.
    :param key: the key in the Secret.
    """

    variable: str
    secret: str | None
    key: str


@dataclass(frozen=True)
class Deployment:
    """A program, and how it is served.

    :param name: of the deployment, a DNS label.
    :param target: the application, as for ``retort run``.
    :param executable: the command ``retort`` where the program runs.
    :param port: the port of the site.
    :param ops_port: that of health and readiness.
    :param replicas: how many there are, or at least.
    :param drain: seconds to keep serving after SIGTERM, while readiness is 503.
    :param grace: seconds for open requests after that.
    :param stop_timeout: seconds until SIGKILL; ``None``: a little more than both together.
    :param start_timeout: seconds for loading the program.
    :param workers: processes of each replica; ``None``: from its processor time.
    :param cpu: processor time of each replica; ``None``: not limited.
    :param memory: memory of each replica; ``None``: not limited.
    :param hosts: the names of the site.
    :param proxies: how many proxies are in front.
    :param env: variables with values that anyone may read.
    :param secrets: variables with values that are elsewhere.
    """

    name: str
    target: str
    executable: str = "retort"
    port: int = PORT
    ops_port: int = OPS_PORT
    replicas: int = REPLICAS
    drain: int = DRAIN
    grace: int = GRACE
    stop_timeout: int | None = None
    start_timeout: int = START_TIMEOUT
    workers: int | None = None
    cpu: Cpu | None = None
    memory: Memory | None = None
    hosts: tuple[str, ...] = ()
    proxies: int = 1
    env: tuple[tuple[str, str], ...] = ()
    secrets: tuple[Secret, ...] = ()

    @property
    def stop_seconds(self) -> int:
        """Seconds from SIGTERM to SIGKILL."""
        return self.stop_timeout or self.drain + self.grace + STOP_MARGIN

    @property
    def most_workers(self) -> int:
        """How many workers a replica starts; where nothing says it, one is assumed."""
        return self.workers or (self.cpu.workers if self.cpu is not None else 1)

    @property
    def repair_seconds(self) -> int:
        """Seconds in which the server replaces its only worker, if that hangs.

        Who watches the server from outside has to wait longer.
        """
        return WORKER_TIMEOUT + self.start_timeout

    def instance_port(self, number: int) -> int:
        """The port of one instance on a machine: its number is the last digit."""
        return self.port // 10 * 10 + number

    def instance_ops_port(self, number: int) -> int:
        """The port of its health and readiness."""
        return self.ops_port // 10 * 10 + number


@dataclass(frozen=True)
class Egress:
    """Where pods may connect to.

    :param cidr: a range of addresses.
    :param port: ``None``: each port.
    """

    cidr: str
    port: int | None


@dataclass(frozen=True)
class Cluster:
    """What only Kubernetes has.

    :param image: with a tag or a digest.
    :param max_replicas: how many the autoscaler may start; ``None``: no autoscaler.
    :param namespace: ``None``: that of the context of kubectl.
    :param route: ``ingress``, ``gateway`` or ``none``.
    :param gateway: the Gateway, ``NAME`` or ``NAMESPACE/NAME``.
    :param ingress_class: ``None``: the default of the cluster.
    :param tls_secret: the Secret with the certificate; ``None``: no TLS at the Ingress.
    :param migrate: the words of the command that migrates the database.
    :param pull_secret: the Secret for the registry.
    :param from_namespaces: who may connect to the site's port; empty: all pods.
    :param metrics_from: the namespace that may read metrics; ``None``: no metrics.
    :param egress: where pods may connect to; empty: not limited.
    :param requires_spread: whether a pod waits rather than join another of its node.
    :param uid: the user of the processes.
    """

    image: str
    max_replicas: int | None = None
    namespace: str | None = None
    route: str = "none"
    gateway: str | None = None
    ingress_class: str | None = None
    tls_secret: str | None = None
    migrate: tuple[str, ...] = ()
    pull_secret: str | None = None
    from_namespaces: tuple[str, ...] = ()
    metrics_from: str | None = None
    egress: tuple[Egress, ...] = ()
    requires_spread: bool = False
    uid: int = UID


@dataclass(frozen=True)
class Composition:
    """What only Compose has.

    :param image: with a tag or a digest.
    :param migrate: the words of the command that migrates the database.
    :param certificate: a file on the machine, certificate and key; ``None``: no TLS.
    :param uid: the user of the processes.
    :param response_timeout: as in `Balancer`.
    """

    image: str
    migrate: tuple[str, ...] = ()
    certificate: str | None = None
    uid: int = UID
    response_timeout: int = RESPONSE_TIMEOUT


@dataclass(frozen=True)
class Machine:
    """What only systemd has.

    :param directory: that of the program.
    :param user: of the processes.
    :param address: the IP address on which the instances listen.
    """

    directory: str
    user: str
    address: str = "127.0.0.1"


class Server(NamedTuple):
    """A server behind HAProxy: a host and its two ports."""

    host: str
    port: int
    ops_port: int


@dataclass(frozen=True)
class Balancer:
    """What only HAProxy has.

    :param servers: what is in ``backend``.
    :param certificate: a file with certificate and key; ``None``: no TLS.
    :param response_timeout: seconds for the first byte of a response, and between two.
    """

    servers: tuple[Server, ...]
    certificate: str | None = None
    response_timeout: int = RESPONSE_TIMEOUT
