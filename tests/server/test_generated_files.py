"""Runs what `retort deploy` writes: units behind HAProxy, and the commands of containers."""

import contextlib
import http.client
import io
import itertools
import json
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from retort.cli.deploy_files import deploy_group

LIMIT_SECONDS = 60
FOLDER = Path(sys.executable).parent

PROGRAM = """
    import os
    import time
    from pathlib import Path
    from flask import Flask, request, url_for

    app = Flask(__name__)
    here = Path(__file__).parent
    instance = os.environ.get("INSTANCE", "0")

    def note(name):
        with (here / name).open("a") as file:
            file.write(f"{instance}\\\\n")

    @app.get("/")
    def index():
        return {
            "instance": instance,
            "client": request.remote_addr,
            "forwarded": request.environ.get("HTTP_X_FORWARDED_FOR"),
            "address": url_for("index", _external=True),
            "pid": os.getpid(),
        }

    @app.post("/numbers/<number>")
    def add(number):
        note(f"number-{number}")
        return "", 204

    @app.route("/slow", methods=["GET", "POST"])
    def slow():
        note("started")
        while not (here / "go").exists():
            time.sleep(0.01)
        return instance
"""

# What systemd does: the socket as number 3, and the process id known before the program runs.
ACTIVATE = """
    import os
    os.dup2({fd}, 3)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="1", INSTANCE={instance!r})
    os.execv({words[0]!r}, {words!r})
"""


def written(*words):
    """A file, as the command prints it."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        deploy_group.main(list(words), standalone_mode=False)
    return output.getvalue()


def ask(port, method="GET", path="/", headers=None):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS)
    with contextlib.closing(connection):
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()


def status_of(port, path):
    with contextlib.suppress(OSError):
        return ask(port, path=path)[0]
    return None


def lines_of(file):
    return file.read_text().split() if file.exists() else []


class Site:
    """Two instances of a template unit, and HAProxy in front of them."""

    def __init__(self, start, folder, sockets, ops_port):
        self.start_program = start
        self.folder = folder
        self.sockets = sockets
        self.ops_port = ops_port
        self.instances = {}
        self.port = 0

    @property
    def options(self):
        port = self.sockets["1"].getsockname()[1] - 1
        return ("--port", str(port), "--ops-port", str(self.ops_port), "--drain", "4")

    def start(self, instance):
        unit = written(
            "systemd", "shop", "--directory", str(self.folder), "--executable",
            str(FOLDER / "retort"), "--grace", "2", "--workers", "1", *self.options,
        )  # fmt: skip
        line = next(line for line in unit.replace("\\\n", "").splitlines() if "ExecStart" in line)
        words = line.replace("%i", instance).removeprefix("ExecStart=").split()
        fd = self.sockets[instance].fileno()
        program = self.start_program(
            ACTIVATE.format(fd=fd, instance=instance, words=words),
            name=f"start{instance}.py",
            pass_fds=[fd],
        )
        self.instances[instance] = program

    def balancer(self, port):
        text = written("haproxy", "shop", "--replicas", "2", *self.options)
        here = {"bind :80": f"bind 127.0.0.1:{port}"}
        file = self.folder / "haproxy.cfg"
        file.write_text(changed(text, **here))
        return file

    def is_serving(self, instance):
        with contextlib.suppress(OSError, ValueError):
            return json.loads(ask(self.port)[1])["instance"] == instance
        return False

    def wait_for(self, instance):
        self.instances[instance].wait_for(lambda: self.is_serving(instance))


def free_ports():
    """Two listening sockets with the numbers 1 and 2 as last digits, and a base for others."""
    for base in range(10_000 + os.getpid() % 1000 * 20, 32_000, 20):
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            opened = {
                str(one): stack.enter_context(socket.create_server(("127.0.0.1", base + one)))
                for one in (1, 2)
            }
            for one in (11, 12):
                socket.create_server(("127.0.0.1", base + one)).close()
            stack.pop_all()
            return opened, base + 10
    pytest.fail("no free ports")


@contextlib.contextmanager
def running_haproxy(file):
    """Run HAProxy with a configuration, for as long as the block lasts."""
    path = shutil.which("haproxy") or shutil.which("haproxy", path="/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.skip("haproxy is not installed: sudo apt-get install haproxy")
    log = file.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen([path, "-db", "-f", file], stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait(LIMIT_SECONDS)
            print(log.read_text())


def changed(text, **changes):
    """A text, with what differs on this machine."""
    for old, new in changes.items():
        assert old in text, f"there is no {old!r} any more"
        text = text.replace(old, new)
    return text


@pytest.fixture
def site(start, tmp_path, choose_port):
    (tmp_path / "shop.py").write_text(PROGRAM.replace("\n    ", "\n").replace("\\\\n", "\\n"))
    sockets, ops_port = free_ports()
    site = Site(start, tmp_path, sockets, ops_port)
    with contextlib.ExitStack() as stack:
        for one in sockets.values():
            stack.enter_context(one)
        for instance in sockets:
            site.start(instance)
        site.port = choose_port()
        stack.enter_context(running_haproxy(site.balancer(site.port)))
        for instance in sockets:
            site.wait_for(instance)
        yield site


def test_only_the_proxy_is_believed(site):
    forged = {"X-Forwarded-For": "192.0.2.66", "X-Forwarded-Host": "evil.example"}
    others = {
        "X-Forwarded-Port": "66",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Proto": "gopher",
    }
    body = json.loads(ask(site.port, headers={"Host": "shop.example", **forged, **others})[1])

    assert body["client"] == body["forwarded"] == "127.0.0.1"
    assert body["address"] == "http://shop.example/"


class Client:
    """Sends requests one after the other, until it is stopped; keeps what failed."""

    def __init__(self, port):
        self.port = port
        self.failed, self.acknowledged = [], []
        self.is_stopped = threading.Event()
        self.thread = threading.Thread(target=self.run)

    def run(self):
        for number in itertools.count():
            if self.is_stopped.is_set():
                return
            for method, path in (("GET", "/"), ("POST", f"/numbers/{number}")):
                try:
                    status = ask(self.port, method, path)[0]
                except OSError as error:
                    status = repr(error)
                if status not in (200, 204):
                    self.failed.append((method, path, status))
            self.acknowledged.append(number)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_stopped.set()
        self.thread.join(LIMIT_SECONDS)


def test_a_restart_of_one_instance_loses_no_request_and_repeats_none(site):
    program = site.instances["1"]
    ready = site.ops_port + 1
    with Client(site.port) as client:
        program.process.send_signal(signal.SIGTERM)
        program.wait_for(lambda: status_of(ready, "/-/ready") == 503)
        assert status_of(ready, "/-/health") == 200
        assert program.wait() == 0
        between = len(client.acknowledged)
        site.start("1")
        site.wait_for("1")
        program.wait_for(lambda: len(client.acknowledged) > between)

    assert client.failed == []
    effects = {one: lines_of(site.folder / f"number-{one}") for one in client.acknowledged}
    assert [one for one, lines in effects.items() if len(lines) != 1] == []


@pytest.mark.parametrize(("method", "status"), [("GET", 200), ("POST", 502)])
def test_only_a_request_without_an_effect_is_repeated_when_a_server_is_killed(method, status, site):
    started, results = site.folder / "started", []
    thread = threading.Thread(target=lambda: results.append(ask(site.port, method, "/slow")))
    thread.start()
    site.instances["1"].wait_for(lambda: lines_of(started))
    [first] = lines_of(started)
    os.killpg(site.instances[first].process.pid, signal.SIGKILL)
    if method == "GET":
        site.instances["1"].wait_for(lambda: len(lines_of(started)) == 2)
    (site.folder / "go").touch()
    thread.join(LIMIT_SECONDS)

    [(answered, body)] = results
    assert answered == status
    assert len(lines_of(started)) == (2 if method == "GET" else 1)
    if method == "GET":
        assert body.decode() not in ("", first)


@pytest.fixture
def container(start, choose_port):
    """Run the command of a container with ports of this machine: its program and its ports."""

    def container(command, options, environment):
        ports = SimpleNamespace(site=choose_port(), ops=choose_port())
        texts = written(*options, f"--port={ports.site}", f"--ops-port={ports.ops}")
        words = [word.replace("0.0.0.0", "127.0.0.1") for word in command(texts)]
        assert words[0] == "retort"
        program = start(
            PROGRAM, words=["-m", "retort", *words[1:]], name="shop.py", env=environment
        )
        program.wait_for(lambda: status_of(ports.ops, "/-/ready") == 200)
        return program, ports, texts

    return container


def of_kubernetes(text):
    found = {one["kind"]: one for one in yaml.safe_load_all(text)}
    return found["Deployment"]["spec"]["template"]["spec"]["containers"][0]


def test_the_command_for_kubernetes_drains_while_it_is_not_ready(container):
    # The number that the resourceFieldRef of the request gives.
    program, ports, text = container(
        lambda text: of_kubernetes(text)["command"],
        ("kubernetes", "shop", "--image=shop:1"),
        {"FLASK_RUN_WORKERS": "2"},
    )
    probes = [of_kubernetes(text)[f"{one}Probe"]["httpGet"] for one in ("startup", "liveness")]
    assert {status_of(ports.ops, probe["path"]) for probe in probes} == {200}
    assert status_of(ports.site, "/-/ready") == 404
    pids = set()
    program.wait_for(lambda: pids.add(json.loads(ask(ports.site)[1])["pid"]) or len(pids) == 2)

    program.process.send_signal(signal.SIGTERM)

    program.wait_for(lambda: status_of(ports.ops, "/-/ready") == 503)
    assert status_of(ports.ops, "/-/health") == 200
    assert status_of(ports.site, "/") == 200


def test_the_command_and_the_health_check_for_compose_work(container):
    def service(text):
        return yaml.safe_load(text)["services"]["web"]

    program, ports, text = container(
        lambda text: service(text)["entrypoint"],
        ("compose", "shop", "--image=shop:1", "--workers=1"),
        {},
    )
    check = service(text)["healthcheck"]["test"]
    assert check[:2] == ["CMD", "python"]

    def is_healthy():
        words = [sys.executable, *check[2:]]
        return subprocess.run(words, capture_output=True, check=False).returncode == 0

    assert is_healthy()
    assert json.loads(ask(ports.site)[1])["instance"] == "0"
    program.process.send_signal(signal.SIGTERM)
    program.wait_for(lambda: not is_healthy())


class NameServer:
    """What Docker's DNS server says of a service: an address for each replica."""

    def __init__(self):
        self.addresses = ["127.0.0.1"]
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve)

    def serve(self):
        while True:
            query, client = self.socket.recvfrom(65535)
            if query == b"end":
                return
            end = query.index(b"\0", 12) + 5
            is_ipv4 = query[end - 4 : end - 2] == b"\0\1"
            found = self.addresses if is_ipv4 else []
            head = query[:2] + struct.pack(">HHHHH", 0x8180, 1, len(found), 0, 0)
            answers = [
                struct.pack(">HHHIH", 0xC00C, 1, 1, 1, 4) + socket.inet_aton(one) for one in found
            ]
            self.socket.sendto(head + query[12:end] + b"".join(answers), client)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.socket.sendto(b"end", ("127.0.0.1", self.port))
        self.thread.join(LIMIT_SECONDS)
        self.socket.close()


def test_the_proxy_for_compose_finds_replicas_by_dns(start, tmp_path, choose_port):
    port, ops_port, public = choose_port(), choose_port(), choose_port()
    options = (f"--port={port}", f"--ops-port={ops_port}", "--workers=1")
    content = yaml.safe_load(written("compose", "shop", "--image=shop:1", *options))

    def replica(address):
        words = [
            word.replace("0.0.0.0", address) for word in content["services"]["web"]["entrypoint"]
        ]
        words = ["-m", "retort", *words[1:]]
        return start(PROGRAM, words=words, name="shop.py", env={"INSTANCE": address})

    def answering():
        with contextlib.suppress(OSError, ValueError):
            return json.loads(ask(public)[1])["instance"]
        return None

    with NameServer() as names:
        here = {
            "127.0.0.11:53": f"127.0.0.1:{names.port}",
            "bind :8080": f"bind 127.0.0.1:{public}",
        }
        file = tmp_path / "haproxy.cfg"
        configuration = content["configs"]["haproxy"]["content"].replace("$$", "$")
        file.write_text(changed(configuration, **here))
        first = replica("127.0.0.1")
        with running_haproxy(file):
            first.wait_for(lambda: answering() == "127.0.0.1")
            second = replica("127.0.0.2")
            names.addresses = ["127.0.0.1", "127.0.0.2"]  # --scale web=2
            second.wait_for(lambda: answering() == "127.0.0.2")
            names.addresses = ["127.0.0.2"]
            first.process.send_signal(signal.SIGTERM)
            second.wait_for(lambda: {answering() for _ in "1234"} == {"127.0.0.2"})
