"""Hosts of one network on this machine: network namespaces, connected by a bridge.

What runs on a host is a matter of `services.py`. Needs root and iproute2. The names of all
namespaces begin with the process id of the test run, and those of runs that were killed are
removed by the next one.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

PREFIX = "retort-test"


def ip(*words: str) -> None:
    """Run `ip` of iproute2.

    :raises subprocess.CalledProcessError: if it fails.
    """
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


@dataclass(frozen=True)
class Host:
    """A namespace with one network interface."""

    namespace: str
    address: str

    def start(self, command, log: Path, *, env=None, folder=None, user=None) -> subprocess.Popen:
        """Start a process on this host. It has the id of the returned one, and ends with the tests.

        :param log: the file to which its output is appended.
        :param user: the user and group that it runs as, in place of root.
        """
        identity = [f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
        inside = ["ip", "netns", "exec", self.namespace]
        prefix = [*inside, "setpriv", *identity, "--pdeathsig", "KILL"]
        with log.open("ab") as output:
            return subprocess.Popen(
                [*prefix, *map(str, command)],
                cwd=folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def set_link(self, state: str) -> None:
        """Connect the host to the network (``up``), or disconnect it (``down``)."""
        ip("-n", self.namespace, "link", "set", "eth0", state)


class Network:
    """Hosts in 10.77.0.0/24. Other networks of the machine are not reachable from there."""

    def __init__(self) -> None:
        self.prefix = f"{PREFIX}-{os.getpid()}"
        self.switch = f"{self.prefix}-switch"
        self.namespaces: list[str] = []

    def start(self) -> None:
        """Make the bridge.

        :raises subprocess.CalledProcessError: if this system does not allow it.
        """
        remove_abandoned()
        self._add_namespace(self.switch)
        ip("-n", self.switch, "link", "add", "bridge", "type", "bridge")
        ip("-n", self.switch, "link", "set", "bridge", "up")

    def add_host(self, name: str) -> Host:
        number = len(self.namespaces)
        host = Host(f"{self.prefix}-{name}", f"10.77.0.{number}")
        port = f"port{number}"
        self._add_namespace(host.namespace)
        ip("-n", self.switch, "link", "add", port, "type", "veth")
        ip("-n", self.switch, "link", "set", "veth0", "netns", host.namespace, "name", "eth0")
        ip("-n", self.switch, "link", "set", port, "master", "bridge", "up")
        ip("-n", host.namespace, "address", "add", f"{host.address}/24", "dev", "eth0")
        ip("-n", host.namespace, "link", "set", "lo", "up")
        host.set_link("up")
        return host

    def _add_namespace(self, name: str) -> None:
        ip("netns", "add", name)
        self.namespaces.append(name)

    def close(self) -> None:
        for name in self.namespaces:
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "delete", name)


def remove_abandoned() -> None:
    """Remove the namespaces of test runs that do not exist any more."""
    folder = Path("/run/netns")
    for path in folder.glob(f"{PREFIX}-*") if folder.is_dir() else ():
        found = re.match(rf"{PREFIX}-(\d+)-", path.name)
        if found and not Path("/proc", found[1]).exists():
            ip("netns", "delete", path.name)
