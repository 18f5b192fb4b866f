"""What a client may do, as options of `retort run`."""

import contextlib
import socket

import click
import pytest

from retort.cli import cli
from retort.cli.limit_options import LIMIT_OPTIONS, take_limits
from retort.cli.run import run_command
from retort.cli.script_info import ScriptInfo
from retort.server.limits import LIMITS
from retort.server.options import Limits

PROGRAM = """
    from flask import Flask, request

    app = Flask(__name__)

    @app.route("/", methods=["GET", "POST"])
    def index():
        return str(len(request.get_data()))
"""


def params(*args):
    parent = click.Context(cli, info_name="retort", auto_envvar_prefix="FLASK")
    parent.obj = ScriptInfo()
    return run_command.make_context("run", list(args), parent=parent).params


def limits(*args) -> Limits:
    return Limits(**take_limits(params(*args)))


def test_what_is_not_given_is_left_to_the_program_and_the_server():
    assert take_limits(params()) == {}


def test_every_limit_of_the_server_has_an_option():
    assert {limit.field for limit in LIMITS.values()} == set(Limits.__dataclass_fields__)
    assert {option.name for option in LIMIT_OPTIONS} == set(LIMITS)


def test_the_help_names_the_defaults_of_the_server():
    texts = {option.name: option.help for option in LIMIT_OPTIONS}
    named = {
        name: LIMITS[name].read(text.rpartition(" ")[2].strip(".)"))
        for name, text in texts.items()
        if name not in ("keep_alive", "limit_body")  # they follow others
    }

    defaults = vars(Limits())
    assert named == {name: defaults[LIMITS[name].field] for name in named}


@pytest.mark.parametrize(
    ("option", "field", "expected"),
    [
        ("--header-timeout=2.5", "header_seconds", 2.5),
        ("--keep-alive=75", "keep_alive_seconds", 75),
        ("--body-timeout=5", "body_seconds", 5),
        ("--body-rate=1k", "body_rate", 1024),
        ("--body-rate=0", "body_rate", 0),
        ("--body-window=20", "body_window_seconds", 20),
        ("--upload-timeout=60", "upload_seconds", 60),
        ("--send-timeout=90", "send_seconds", 90),
        ("--limit-headers=16K", "header_bytes", 16_384),
        ("--limit-target=65534", "max_target_bytes", 65_534),
        ("--limit-body=16M", "max_body_bytes", 16 * 1024**2),
        ("--limit-body=2 GiB", "max_body_bytes", 2 * 1024**3),
    ],
)
def test_each_limit_can_be_given(option, field, expected):
    assert getattr(limits(option), field) == expected


def test_each_limit_can_be_given_by_a_variable(monkeypatch):
    monkeypatch.setenv("FLASK_RUN_HEADER_TIMEOUT", "3")
    monkeypatch.setenv("FLASK_RUN_LIMIT_BODY", "1M")

    found = limits()

    assert (found.header_seconds, found.max_body_bytes) == (3, 1024**2)
    assert limits("--limit-body=2M").max_body_bytes == 2 * 1024**2


@pytest.mark.parametrize(
    ("option", "advice"),
    [
        ("--header-timeout=0", "from 1 to 86400, such as 10 or 2.5"),
        ("--keep-alive=0.5", "from 1 to 86400"),
        ("--body-timeout=soon", "from 1 to 86400"),
        ("--body-window=nan", "from 1 to 86400"),
        ("--upload-timeout=inf", "from 1 to 2592000"),
        ("--send-timeout=-1", "from 1 to 86400"),
        ("--body-rate=fast", "such as 500000, 64K, 16M or 1G"),
        ("--body-rate=2G", "0 disables the minimum rate"),
        ("--limit-headers=4K", "from 8192 to 16777216 bytes"),
        ("--limit-target=64K", "from 1 to 65534 bytes"),
        ("--limit-body=0", "Omit it"),
        ("--limit-body=-1", "not a number of bytes"),
        ("--limit-body=1.5M", "not a number of bytes"),
        ("--limit-body=٣", "not a number of bytes"),
    ],
)
def test_a_limit_that_is_none_is_refused_with_what_to_give_instead(option, advice):
    with pytest.raises(click.BadParameter) as error:
        params(option)

    assert advice in error.value.message
    assert error.value.param.opts == [option.partition("=")[0]]


def status_of_answer(port: int, request: bytes) -> int | None:
    """Of what has come back when the server has closed the connection, if anything has."""
    received = b""
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    with connection, contextlib.suppress(ConnectionError):
        connection.sendall(request)
        while piece := connection.recv(65536):
            received += piece
    return int(received.split()[1]) if received else None


@pytest.fixture
def port(serve, write):
    """A server whose limits are low, though not so low that a busy machine misses them."""
    with serve(
        str(write("limited.py", PROGRAM)),
        "--header-timeout=5",
        "--body-timeout=5",
        "--body-window=3",
        "--limit-target=100",
        "--limit-headers=8K",
        "--limit-body=100K",
    ) as site:
        yield site.port


POST = b"POST / HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /?%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 98), 200),
        (b"GET /?%s HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 100), 414),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nX: %s\r\n\r\n" % (b"x" * 40_000),
            431,
        ),
        (POST + b"Content-Length: 102401\r\n\r\n", 413),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\n19001\r\n" + b"x" * 0x19001,
            413,
        ),
        (POST + b"Content-Length: 10\r\n\r\nx", 408),
        (POST + b"Content-Length: 90000\r\n\r\nx", 408),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", None),
    ],
    ids=["target", "long target", "headers", "body", "chunks", "slow", "slower", "slow headers"],
)
def test_the_limits_hold_and_each_is_answered_with_its_status(port, request_, status):
    assert status_of_answer(port, request_) == status
