"""`retort run --proxy`: forwarded headers are used only if configured."""

import http.client
import socket

PROGRAM = """
    from flask import Flask, request, url_for

    app = Flask(__name__)

    @app.get("/")
    def index():
        return " ".join([request.remote_addr or "-", url_for("index", _external=True)])
"""

FORWARDED = {
    "X-Forwarded-For": "192.0.2.1, 192.0.2.2",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example",
    "X-Forwarded-Prefix": "/shop",
    "Forwarded": "for=192.0.2.9;proto=https;host=other.example",
}


def test_without_the_option_forwarded_headers_mean_nothing(serve, program):
    with serve(program) as site:
        text = site.ask("GET", "/", headers=FORWARDED).text

    assert text == f"127.0.0.1 http://127.0.0.1:{site.port}/"


def test_one_proxy_is_believed_for_the_last_value_only(serve, program):
    with serve(program, "--proxy", "1") as site:
        text = site.ask("GET", "/", headers=FORWARDED).text
        plain = site.ask("GET", "/").text

    assert text == "192.0.2.2 https://shop.example/shop/"
    assert plain == f"127.0.0.1 http://127.0.0.1:{site.port}/"


def test_two_proxies_are_believed_for_the_last_two_by_variable(serve, program):
    headers = {
        "X-Forwarded-For": "203.0.113.66, 192.0.2.1, 192.0.2.2",
        "X-Forwarded-Proto": "https, http",
    }
    with serve(program, env={"FLASK_RUN_PROXY": "2"}) as site:
        text = site.ask("GET", "/", headers=headers).text
        too_few = site.ask("GET", "/", headers={"X-Forwarded-For": "203.0.113.66"}).text

    assert text == f"192.0.2.1 https://127.0.0.1:{site.port}/"
    assert too_few.startswith("127.0.0.1 ")


def test_a_forwarded_host_that_is_none_is_refused(serve, program):
    with serve(program, "--proxy") as site:
        answer = site.ask("GET", "/", headers={"X-Forwarded-Host": "shop.example/evil?"})

    assert answer.status == 400


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a socket that is a file."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(self.path)


def test_a_proxy_on_a_unix_socket_is_believed_as_well(start, tmp_path, program):
    path = str(tmp_path / "socket")
    with open(program) as source:
        running = start(
            source.read(), words=("-m", "retort", "run", "--unix", path, "--proxy", "{file}")
        )
    running.wait_for_output("Listening on the socket")
    connection = UnixConnection(path)
    connection.request("GET", "/", headers=FORWARDED)

    assert connection.getresponse().read() == b"192.0.2.2 https://shop.example/shop/"
    connection.close()
