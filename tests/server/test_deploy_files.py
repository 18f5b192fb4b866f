"""The files in docs/deploy: programs read them as they are, and a request goes through them."""

import configparser
import contextlib
import http.client
import json
import os
import re
import shlex
import shutil
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from retort.cli import cli

TESTS = Path(__file__).parent
FOLDER = TESTS.parent.parent / "docs" / "deploy"
CERTIFICATE = TESTS / "localhost.pem"
RUN = cli.commands["run"]
LIMIT_SECONDS = 60

PROGRAM = """
    import asyncio
    import threading
    from flask import Flask, request, url_for
    from retort import event_stream, websocket

    app = Flask(__name__)
    go = threading.Event()

    @app.websocket("/echo", origins=[])
    async def echo():
        async for message in websocket:
            await websocket.send(f"{message} {websocket.url} {websocket.remote_addr}")

    async def ticks():
        try:
            yield "first"
            while not go.is_set():
                await asyncio.sleep(0.01)
            yield "last"
            await asyncio.sleep(600)
        finally:
            print("closed", flush=True)

    @app.get("/events")
    def events():
        return event_stream(ticks())

    @app.get("/go")
    def let_go():
        go.set()
        return "gone"

    @app.get("/")
    def index():
        return {
            "client": request.remote_addr,
            "upgrade": request.headers.get("Upgrade"),
            "address": url_for("index", _external=True),
            "id": request.environ["retort.request_id"],
        }

    @app.post("/")
    @app.post("/upload")
    def upload():
        return {"size": len(request.get_data())}
"""


def text_of(name, **changes):
    """A file, with what differs on this machine: ``old -> new`` for words that are in it."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    for old, new in changes.items():
        assert old in text, f"{name} has no {old!r} any more"
        text = text.replace(old, new)
    return text


def whole_lines(text):
    """Lines without comments; those that end with a backslash go on."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def command_of_unit(text):
    line = next(line for line in whole_lines(text) if line.startswith("ExecStart="))
    return shlex.split(line.removeprefix("ExecStart="))


def instructions():
    """Each instruction of the Containerfile and the rest of its line."""
    lines = [line.strip() for line in whole_lines(text_of("Containerfile"))]
    return [tuple(line.split(None, 1)) for line in lines if line]


def commands():
    """The words after each `retort run` in the files and pages, and where they are."""
    yield pytest.param(command_of_unit(text_of("hello.service")), id="hello.service")
    yield pytest.param(json.loads(dict(instructions())["CMD"]), id="Containerfile")
    for page in sorted(FOLDER.glob("*.md")):
        lines = re.findall(r"retort run (.*)", page.read_text(encoding="utf-8"))
        for number, line in enumerate(lines, 1):
            words = ["retort", "run", *shlex.split(line.partition("`")[0])]
            yield pytest.param(words, id=f"{page.stem} {number}")


@pytest.mark.parametrize("words", list(commands()))
def test_every_option_of_a_command_exists(words):
    assert Path(words[0]).name == "retort"
    assert words[1] == "run"

    RUN.make_parser(RUN.make_context("run", [], resilient_parsing=True)).parse_args(words[2:])


def test_every_option_that_is_named_exists():
    known = {option for parameter in RUN.params for option in parameter.opts}
    files = [path for path in FOLDER.iterdir() if path.suffix != ".md"]

    named = {name for file in files for name in re.findall(r"`(--[a-z-]+)", file.read_text())}

    assert named
    assert named <= known


def test_the_unit_is_what_systemd_understands(tmp_path):
    unit = tmp_path / "hello.service"
    unit.write_text(text_of("hello.service", **{"/srv/hello/.venv/bin/retort": sys.executable}))
    settings = configparser.RawConfigParser(strict=False)
    settings.optionxform = str
    settings.read_string(text_of("hello.service").replace("\\\n", " "))
    words = command_of_unit(text_of("hello.service"))

    assert settings["Service"]["Type"] == "notify"
    grace = words[words.index("--grace") + 1]
    assert int(settings["Service"]["TimeoutStopSec"]) > int(grace)
    if shutil.which("systemd-analyze"):
        done = subprocess.run(
            ["systemd-analyze", "verify", "--man=no", str(unit)],
            capture_output=True,
            text=True,
            timeout=LIMIT_SECONDS,
            check=False,
        )
        assert "hello.service" not in done.stdout + done.stderr


def test_the_container_file_is_sound():
    steps = instructions()
    names = [name for name, _ in steps]
    users = [rest for name, rest in steps if name == "USER"]

    known = {"FROM", "WORKDIR", "COPY", "RUN", "USER", "ENV", "EXPOSE", "STOPSIGNAL"}
    assert set(names) <= {*known, "HEALTHCHECK", "CMD"}
    assert names[0] == "FROM"
    assert all(re.search(r":\d", rest) for name, rest in steps if name == "FROM")
    assert users[-1] not in {"root", "0"}
    assert dict(steps)["STOPSIGNAL"] == "SIGTERM"
    for name in ("CMD", "HEALTHCHECK"):  # without a shell in front
        assert json.loads(dict(steps)[name].rpartition("CMD ")[2])


def test_the_command_and_the_health_check_of_the_container_work(start, choose_port):
    words = json.loads(dict(instructions())["CMD"])
    check = json.loads(dict(instructions())["HEALTHCHECK"].rpartition("CMD ")[2])
    ops_port = str(choose_port())
    here = {"0.0.0.0": "127.0.0.1", "8000": "0", "9000": ops_port, "hello": "hello"}
    words = ["-m", "retort", *[here.get(word, word) for word in words[1:]]]

    program = start(PROGRAM.replace('["retort.request_id"]', '["PATH_INFO"]'), words=words,
        name="hello.py")  # fmt: skip
    assert program.port
    code = check[2].replace("9000", ops_port)
    assert ops_port in code

    program.wait_for(
        lambda: subprocess.run([sys.executable, *check[1:2], code], check=False).returncode == 0
    )
    assert program.end() == 0


def needed(name):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.skip(f"{name} is not installed: sudo apt-get install {name}")
    return path


@contextlib.contextmanager
def running(words, folder):
    """A proxy, for as long as the block lasts."""
    log = folder / "proxy.log"
    with log.open("wb") as output:
        process = subprocess.Popen(words, cwd=folder, stdout=output, stderr=output)
        try:
            yield
        finally:
            process.terminate()
            process.wait(LIMIT_SECONDS)
            print(log.read_text())


def check(words):
    done = subprocess.run(words, capture_output=True, timeout=LIMIT_SECONDS, check=False)
    assert done.returncode == 0, done.stderr.decode()


FORGED = {
    "Host": "hello.example",
    "X-Forwarded-For": "192.0.2.66",
    "X-Forwarded-Proto": "gopher",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Port": "66",
    "X-Forwarded-Prefix": "/evil",
    "X-Request-ID": "forged",
}


def ask(port, method="GET", path="/", body=None, *, tls=True, headers=FORGED):
    if tls:
        trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
        connection = http.client.HTTPSConnection(
            "localhost", port, timeout=LIMIT_SECONDS, context=trusting
        )
    else:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS)
    with contextlib.closing(connection):
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def assert_events_arrive_at_once(program, port):
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    with (
        socket.create_connection(("127.0.0.1", port), timeout=LIMIT_SECONDS) as plain,
        trusting.wrap_socket(plain, server_hostname="localhost") as connection,
    ):
        connection.sendall(b"GET /events HTTP/1.1\r\nHost: hello.example\r\n\r\n")
        received = b""
        for event in (b"data: first\n\n", b"data: last\n\n"):
            while event not in received:
                piece = connection.recv(65536)
                assert piece, received
                received += piece
            assert ask(port, path="/go")[2] == b"gone"
    program.wait_for_output("closed")


def assert_websockets_pass(port):
    """WebSockets reach the program with what the proxy says of them, and no other upgrade does."""
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    origin, headers = f"https://localhost:{port}", {"X-Forwarded-For": "192.0.2.66"}
    address = f"wss://localhost:{port}/echo"
    with connect(
        address, ssl=trusting, origin=origin, additional_headers=headers, proxy=None
    ) as client:
        client.send("hello")
        assert client.recv(LIMIT_SECONDS) == f"hello {address} 127.0.0.1"
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(address, ssl=trusting, origin="https://evil.example", proxy=None),
    ):
        pass
    assert refused.value.response.status_code == 403

    other = {
        "Connection": "Upgrade, HTTP2-Settings",
        "Upgrade": "h2c",
        "HTTP2-Settings": "AAMAAABk",
    }
    status, _, body = ask(port, headers=other)
    assert (status, json.loads(body)["upgrade"]) == (200, None)


def is_served(port):
    with contextlib.suppress(OSError):
        return ask(port)[0] == 200
    return False


def assert_only_the_proxy_is_believed(http_port, https_port):
    status, headers, body = ask(https_port)
    answer = json.loads(body)

    assert status == 200
    assert answer["client"] == "127.0.0.1"
    assert answer["address"] == f"https://hello.example:{https_port}/"
    assert answer["id"] not in {"", "forged"}
    assert headers["X-Request-ID"] == answer["id"]
    assert ask(http_port, tls=False)[0] == 301


@pytest.fixture
def nginx_conf(tmp_path):
    """A main file for `nginx -t` that includes ours, which belongs into conf.d."""

    def write(**changes):
        (tmp_path / "hello.conf").write_text(
            text_of("nginx.conf", **{"/etc/ssl/hello.pem": str(CERTIFICATE), **changes})
        )
        kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        folders = " ".join(f"{kind}_temp_path {tmp_path}/{kind};" for kind in kinds)
        user = "user root;" if os.geteuid() == 0 else ""  # who may open the socket of this test
        main = tmp_path / "nginx.conf"
        main.write_text(
            f"{user} daemon off; pid {tmp_path}/pid; error_log stderr; events {{}}\n"
            f"http {{ access_log off; {folders} include {tmp_path}/hello.conf; }}\n"
        )
        return ["-p", str(tmp_path), "-e", "stderr", "-c", str(main)]

    return write


def test_nginx_takes_its_file(nginx_conf):
    check([needed("nginx"), *nginx_conf(), "-t"])


@pytest.fixture
def behind_nginx(run, tmp_path, choose_port, nginx_conf):
    """Run the program behind nginx: ``with behind_nginx("tcp") as (program, http, https):``."""

    @contextlib.contextmanager
    def behind_nginx(socket_kind):
        nginx = needed("nginx")
        place = "--unix=hello.sock" if socket_kind == "unix" else "--port=0"
        program = run(PROGRAM, place, "--proxy", "1", "--request-id")
        program.wait_for_output("Listening on|Open http")
        server = f"unix:{tmp_path}/hello.sock"
        if socket_kind == "tcp":
            server = f"127.0.0.1:{program.port}"
        http_port, https_port = choose_port(), choose_port()
        options = nginx_conf(
            **{
                "server unix:/run/hello/hello.sock": f"server {server}",
                "listen 80": f"listen 127.0.0.1:{http_port}",
                "listen 443": f"listen 127.0.0.1:{https_port}",
            }
        )
        with running([nginx, *options], tmp_path):
            program.wait_for(lambda: is_served(https_port))
            yield program, http_port, https_port

    return behind_nginx


@pytest.mark.parametrize("socket_kind", ["unix", "tcp"])
def test_a_request_goes_through_nginx(behind_nginx, socket_kind):
    with behind_nginx(socket_kind) as (_, http_port, https_port):
        assert_only_the_proxy_is_believed(http_port, https_port)
        for path, size, status in (("/", 2, 200), ("/upload", 17, 200), ("/", 17, 413)):
            with contextlib.suppress(ConnectionError):  # a refused body may not be read
                assert ask(https_port, "POST", path, b"a" * size * 1024 * 1024)[0] == status


def test_events_go_through_nginx_at_once(behind_nginx):
    with behind_nginx("tcp") as (program, _, https_port):
        assert_events_arrive_at_once(program, https_port)


@pytest.mark.parametrize("socket_kind", ["unix", "tcp"])
def test_a_websocket_goes_through_nginx(behind_nginx, socket_kind):
    with behind_nginx(socket_kind) as (_, _, https_port):
        assert_websockets_pass(https_port)


def test_haproxy_takes_its_file(tmp_path):
    haproxy = needed("haproxy")
    file = tmp_path / "haproxy.cfg"
    file.write_text(text_of("haproxy.cfg", **{"/etc/ssl/hello.pem": str(CERTIFICATE)}))

    check([haproxy, "-c", "-f", str(file)])


@pytest.fixture
def behind_haproxy(run, tmp_path, choose_port):
    """Run the program behind HAProxy; the program, the HTTP port and the HTTPS port."""
    haproxy = needed("haproxy")
    http_port, https_port, ops_port = choose_port(), choose_port(), choose_port()
    apart = ("--health", f"--ops-port={ops_port}")
    program = run(PROGRAM, "--port=0", "--proxy", "1", "--request-id", *apart)
    file = tmp_path / "haproxy.cfg"
    file.write_text(
        text_of(
            "haproxy.cfg",
            **{
                "/etc/ssl/hello.pem": str(CERTIFICATE),
                "maxconn 10000": "maxconn 100",  # what this machine's limits allow
                "bind :80": f"bind 127.0.0.1:{http_port}",
                "bind :443": f"bind 127.0.0.1:{https_port}",
                "127.0.0.1:8000": f"127.0.0.1:{program.port}",
                "check port 9000": f"check port {ops_port}",
            },
        )
    )

    with running([haproxy, "-db", "-f", str(file)], tmp_path):
        program.wait_for(lambda: is_served(https_port))
        yield program, http_port, https_port


def test_a_request_goes_through_haproxy(behind_haproxy):
    _, http_port, https_port = behind_haproxy
    assert_only_the_proxy_is_believed(http_port, https_port)
    assert json.loads(ask(https_port, "POST", "/", b"a" * 2_000_000)[2]) == {"size": 2_000_000}


def test_events_go_through_haproxy_at_once(behind_haproxy):
    program, _, https_port = behind_haproxy
    assert_events_arrive_at_once(program, https_port)


def test_a_websocket_goes_through_haproxy(behind_haproxy):
    _, _, https_port = behind_haproxy
    assert_websockets_pass(https_port)
