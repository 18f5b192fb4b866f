"""Two replicas of one program, as on two machines: a port and a folder each, and Redis.

The programs are those of docs/several-machines.md, with the views that a test needs behind them.
"""

import contextlib
import itertools
import re
import shutil
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis

PAGE = (Path(__file__).parents[3] / "docs" / "several-machines.md").read_text("utf-8")
LIMIT_SECONDS = 60


@pytest.fixture(scope="session")
def sample():
    def sample(heading, text=""):
        """The program below a heading of the page that contains a text."""
        (section,) = re.findall(rf"^### {heading}\n(.*?)(?=^##)", PAGE, re.M | re.S)
        programs = re.findall(r"^```python\n(.*?)^```", section, re.M | re.S)
        return next(program for program in programs if text in program)

    return sample


@pytest.fixture(scope="session", name="wait_for")
def wait_for_fixture():
    return wait_for


def wait_for(condition):
    """Wait until ``condition()`` is true; its value."""
    give_up_at = time.monotonic() + LIMIT_SECONDS
    while not (value := condition()):
        if time.monotonic() > give_up_at:
            pytest.fail("Waited in vain.")
        time.sleep(0.02)
    return value


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory):
    """Start a Redis that stores nothing on the disk; its address."""
    command = shutil.which("redis-server") or pytest.skip("needs: apt-get install redis-server")
    folder = tmp_path_factory.mktemp("redis")
    with socket.create_server(("127.0.0.1", 0)) as chosen:
        port = chosen.getsockname()[1]
    address = ["--bind", "127.0.0.1", "--port", str(port)]
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [command, *address, "--save", "", "--dir", str(folder)], stdout=output, stderr=output
        )
    try:
        url = f"redis://127.0.0.1:{port}/0"
        wait_for(lambda: is_answering(url))
        yield url
    finally:
        process.terminate()
        process.wait(LIMIT_SECONDS)
        print(log.read_text())


def is_answering(url):
    with contextlib.suppress(redis.ConnectionError), redis.Redis.from_url(url) as client:
        return client.ping()
    return False


@pytest.fixture
def store(redis_server):
    """A client of Redis, which is empty."""
    with redis.Redis.from_url(redis_server) as client:
        client.flushall()
        yield client


@pytest.fixture
def redis_url(redis_server, store):
    return redis_server


class Visitor:
    """A browser: its cookies, and each request to the next replica."""

    def __init__(self, addresses):
        self.addresses = itertools.cycle(addresses)
        self.client = httpx.Client(timeout=LIMIT_SECONDS)

    def request(self, method, path, **options):
        return self.client.request(method, f"http://{next(self.addresses)}{path}", **options)

    def get(self, path, **options):
        return self.request("GET", path, **options)

    def post(self, path, **options):
        return self.request("POST", path, **options)


@dataclass
class Machines:
    """Folders with a copy of the program; processes of it are started there."""

    launch: object
    folder: Path
    framework: str
    visitors: list
    numbers: object

    def install(self, name, text):
        """Write the program ``shop`` into the folder of a machine; the folder."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        (folder / "shop.py").write_text(text, encoding="utf-8")
        return folder

    def serve(self, text, environments, *options):
        """Start a replica for each environment, at the same time; the servers."""
        words = ["-m", self.framework, "--app", "shop", "run", "--port", "{port}", *options]
        servers = [
            self.start(f"machine-{next(self.numbers)}", text, *words, env=env)
            for env in environments
        ]
        for server in servers:
            server.wait_until_listening()
        return servers

    def start(self, name, text, *words, env=None):
        """Start ``python WORDS`` without a wait for its port."""
        folder = self.install(name, text)
        return self.launch(sys.executable, *words, env=env, cwd=folder, listens=False)

    def visit(self, *servers):
        visitor = Visitor([server.address for server in servers])
        self.visitors.append(visitor)
        return visitor


@contextlib.contextmanager
def machines_in(folder, launch, framework):
    machines = Machines(launch, folder, framework, [], itertools.count(1))
    yield machines
    for visitor in machines.visitors:
        visitor.client.close()


@pytest.fixture
def machines(tmp_path, launch, framework):
    with machines_in(tmp_path, launch, framework) as machines:
        yield machines


@pytest.fixture(scope="module")
def machines_for_module(tmp_path_factory, launch_for_module, framework):
    with machines_in(tmp_path_factory.mktemp("machines"), launch_for_module, framework) as machines:
        yield machines


@pytest.fixture
def replicas(machines, redis_url):
    def replicas(text, *options, env=None):
        """Two servers of a program, which know the address of Redis."""
        return machines.serve(text, [{"REDIS_URL": redis_url, **(env or {})}] * 2, *options)

    return replicas


@pytest.fixture
def visit(machines, replicas):
    """Start two replicas of a program; a visitor of both."""
    return lambda text, *options, env=None: machines.visit(*replicas(text, *options, env=env))


@pytest.fixture
def load(redis_url, monkeypatch):
    """Load a program into this process; the application."""
    monkeypatch.setenv("REDIS_URL", redis_url)

    def load(program):
        namespace = {"__name__": "shop"}
        exec(compile(program, "shop.py", "exec"), namespace)
        return namespace["app"]

    return load
