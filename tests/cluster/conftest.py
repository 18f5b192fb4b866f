"""A cluster for the tests of this folder, and what they have counted."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

import pytest

from .hosts import Network
from .ledger import Balance
from .services import Haproxy, Load, Postgresql, Redis, Server, postgresql_command

NAMES = ["one", "two", "three", "four"]
REPETITIONS = 20  # in the long form

PACKAGES = {
    "haproxy": "haproxy",
    "redis-server": "redis-server",
    "ip": "iproute2",
    "setpriv": "util-linux",
}


class Cluster:
    """The hosts and what runs on them; three servers of four places, in the beginning."""

    def __init__(self, network: Network, folder: Path) -> None:
        self.folder = folder
        self.database = Postgresql(network.add_host("postgresql"), folder / "postgresql")
        self.store = Redis(network.add_host("redis"), folder / "redis")
        self.haproxy = Haproxy(network.add_host("haproxy"), folder / "haproxy")
        self.client_host = network.add_host("client")
        self.server_hosts = {name: network.add_host(name) for name in NAMES}
        self.servers: dict[str, Server] = {}
        self.load: Load | None = None

    def start(self) -> None:
        self.database.start()
        self.store.start()

    def start_servers(self) -> None:
        """Start HAProxy and three servers of version 1, then the load."""
        env = {"DATABASE_URL": self.database.url, "REDIS_URL": self.store.url}
        self.servers = {
            name: Server(host, self.folder / name, name, env)
            for name, host in self.server_hosts.items()
        }
        for name in NAMES[:3]:
            self.servers[name].start()
        self.haproxy.start({name: host.address for name, host in self.server_hosts.items()})
        self.haproxy.wait_for_servers(NAMES[:3])
        self.load = Load(self.client_host, self.folder / "client")
        self.load.start(self.haproxy.host.address, self.haproxy.port)
        self.wait_until_normal()

    def wait_for_answers_of(self, sources) -> None:
        """Wait until the answers to new requests come from these servers, with their versions."""
        self.load.wait_for_records(
            lambda records: {(r.server, r.version) for r in records} >= sources
        )

    def wait_until_normal(self) -> None:
        """Wait until a second of new requests is answered promptly."""
        self.load.wait_for_second(lambda record: record.is_prompt)

    def finish(self) -> Balance:
        """End the load, and compare its records with the effects."""
        records = self.load.finish()
        return Balance(records, self.database.effects())

    def reset(self) -> None:
        """End servers, HAProxy and load, and forget the effects."""
        for service in (self.load, *self.servers.values(), self.haproxy):
            if service is not None:
                service.kill()
        self.load = None
        shutil.rmtree(self.folder / "client", ignore_errors=True)
        self.database.query("TRUNCATE effects")

    def close(self) -> None:
        self.store.kill()
        self.database.kill()


@pytest.fixture(scope="session")
def hosts():
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("no network namespaces here: they need Linux and root")
    for command, package in PACKAGES.items():
        if shutil.which(command) is None:
            pytest.skip(f"There is no {command}. On Debian: apt-get install {package}")
    if postgresql_command("postgres") is None:
        pytest.skip("There is no postgres. On Debian: apt-get install postgresql")
    network = Network()
    try:
        network.start()
        yield network
    except subprocess.CalledProcessError as error:
        pytest.skip(f"no network namespaces here: {error.stderr}")
    finally:
        network.close()


@pytest.fixture(scope="session")
def started(hosts):
    # Not below pytest's own folder, which the user of PostgreSQL may not enter.
    with tempfile.TemporaryDirectory(prefix="retort-cluster-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        cluster = Cluster(hosts, folder)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.close()


@pytest.fixture
def cluster(started):
    try:
        started.start_servers()
        yield started
    finally:
        started.reset()


@pytest.fixture(autouse=True)
def repetition(request):
    """The number of the run of this test: each runs once, with `--long` 20 times."""
    return request.param


def pytest_generate_tests(metafunc):
    count = REPETITIONS if metafunc.config.getoption("--long") else 1
    metafunc.parametrize("repetition", range(1, count + 1), indirect=True)


# What the tests have counted is printed at their end.

COUNTS = pytest.StashKey[dict]()


@pytest.fixture
def count(request):
    """Add a balance to the sums that are printed: ``count(balance, seconds)``."""
    sums = request.config.stash.setdefault(COUNTS, defaultdict(list))

    def count(balance, seconds_until_normal=None):
        sums[request.function.__name__].append((balance, seconds_until_normal))

    return count


def pytest_terminal_summary(terminalreporter, config):
    for name, results in config.stash.get(COUNTS, {}).items():
        balances = [balance for balance, _ in results]
        parts = [f"{len(results)} times", f"{sum(len(b.records) for b in balances)} requests"]
        for what in ("lost", "twice", "missing", "broken", "unknown", "failed"):
            parts.append(f"{sum(len(getattr(b, what)) for b in balances)} {what}")
        seconds = [value for _, value in results if value is not None]
        if seconds:
            parts.append(f"normal after {max(seconds):.1f} s at most")
        terminalreporter.write_line(f"{name}: {', '.join(parts)}")
