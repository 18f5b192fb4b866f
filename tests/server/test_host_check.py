"""RunOptions mode answers hosts of this machine and of the program only (DNS rebinding)."""

import socket
import sys

import pytest
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

import retort
from retort.server.development.host_check import HostCheck, is_own, listened_hosts, name_of

LOOPBACK = [
    "localhost",
    "localhost:5000",
    "LOCALHOST",
    "localhost.",
    "shop.localhost:80",
    "127.0.0.1:5000",
    "127.8.8.8",
    "[::1]",
    "[::1]:5000",
    "[::ffff:127.0.0.1]",
]
FOREIGN = [
    "evil.example",
    "evil.example:5000",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "evillocalhost",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0.0.0.0",
    "192.0.2.7",
    "a",
]
FOREIGN_IPV6 = ["[2001:db8::7]", "[2001:db8::7]:5000", "[::]"]


@pytest.fixture
def app():
    app = retort.Flask("shop")
    app.add_url_rule("/", "index", lambda: "served")
    return app


def ask(app, host, *hosts, program="the same", **options):
    """The response of ``app`` in development mode, which listens on ``hosts``, to ``host``."""
    check = HostCheck(app, app if program == "the same" else program, hosts)
    return Client(check).get("/", environ_overrides={"HTTP_HOST": host}, **options)


def is_served(app, host, *hosts):
    response = ask(app, host, *hosts)
    assert (response.status_code, response.text == "served") in {(200, True), (400, False)}
    return response.status_code == 200


@pytest.mark.parametrize("host", LOOPBACK)
@pytest.mark.parametrize("listens_on", ["127.0.0.1", "0.0.0.0", "192.0.2.1"])
def test_loopback_names_are_accepted(app, host, listens_on):
    assert is_served(app, host, listens_on)


@pytest.mark.parametrize("host", FOREIGN)
def test_other_hosts_are_refused_with_the_line_that_allows_them(app, host):
    response = ask(app, host, "127.0.0.1")

    assert response.status_code == 400
    line = f'app.config["TRUSTED_HOSTS"] = ["{name_of(host)}", "localhost", "127.0.0.1"]'
    assert line in response.text
    assert response.content_type == "text/plain; charset=utf-8"
    assert "served" not in response.text


@pytest.mark.parametrize("host", FOREIGN_IPV6)
def test_an_ipv6_address_of_others_is_refused_with_the_option_that_allows_it(app, host):
    response = ask(app, host, "127.0.0.1")

    assert response.status_code == 400
    assert f"--host {name_of(host)}\n" in response.text
    assert is_served(app, host, name_of(host))


@pytest.mark.parametrize("host", ["evil.example", "shop.test", "192.0.2.7"])
def test_the_line_of_a_refusal_does_allow_the_host(app, host):
    line = next(
        line for line in ask(app, host).text.splitlines() if line.startswith("    app.config[")
    )
    exec(line.strip(), {"app": app})

    assert is_served(app, host)
    assert is_served(app, "localhost")


def test_the_line_keeps_the_hosts_that_are_trusted_already(app):
    app.config["TRUSTED_HOSTS"] = ["shop.test"]
    line = ask(app, "other.test").text.splitlines()[-1]
    exec(line.strip(), {"app": app})

    assert app.config["TRUSTED_HOSTS"] == ["shop.test", "other.test"]


def test_a_refusal_of_head_has_no_body(app):
    response = Client(HostCheck(app, app, [])).head("/", headers={"Host": "evil.example"})

    assert (response.status_code, response.data) == (400, b"")


def test_trusted_hosts_are_accepted(app):
    app.config["TRUSTED_HOSTS"] = ["shop.test", ".example.com"]

    assert is_served(app, "shop.test:5000")
    assert is_served(app, "a.example.com")
    assert HostCheck(app, app, []).is_allowed("Shop.Test:5000")
    assert not is_served(app, "sub.shop.test")
    assert not is_served(app, "evil.example")


def test_trusted_hosts_may_be_set_while_the_program_runs(app):
    check = Client(HostCheck(app, app, []))
    there = {"headers": {"Host": "shop.test"}}

    assert check.get("/", **there).status_code == 400
    app.config["TRUSTED_HOSTS"] = ["shop.test"]
    assert check.get("/", **there).status_code == 200


@pytest.mark.parametrize("server_name", ["shop.test", "shop.test:5000", "SHOP.test"])
def test_the_server_name_and_its_subdomains_are_accepted(app, server_name):
    app.config["SERVER_NAME"] = server_name

    assert is_served(app, "shop.test:5000")
    assert is_served(app, "api.shop.test")
    assert not is_served(app, "evilshop.test")


def test_the_name_and_the_address_listened_on_are_accepted(app):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        hosts = listened_hosts(listener, "dev.test")

    assert hosts == ["dev.test", "127.0.0.1"]
    assert is_served(app, "dev.test:5000", *hosts)
    assert is_served(app, "Dev.Test.", *hosts)
    assert is_served(app, "192.0.2.7", "192.0.2.7")
    assert is_served(app, "[2001:db8::7]:80", "2001:db8::7")


@pytest.mark.parametrize("listens_on", ["0.0.0.0", "::", ""])
def test_a_server_on_all_addresses_accepts_those_of_this_machine(app, listens_on):
    assert is_served(app, socket.gethostname(), listens_on)
    assert is_served(app, f"{socket.gethostname()}.local:5000", listens_on)
    assert not is_served(app, "192.0.2.7", listens_on)  # for documentation: RFC 5737
    assert not is_served(app, "[2001:db8::7]", listens_on)  # RFC 3849
    assert not is_served(app, "evil.example", listens_on)


def test_an_address_is_this_machine_s_own_if_a_socket_can_have_it():
    assert is_own("127.0.0.1")
    assert not is_own("192.0.2.7")
    assert not is_own("evil.example")


@pytest.mark.skipif(sys.platform == "win32", reason="Unix sockets")
def test_on_a_unix_socket_loopback_names_and_those_of_the_program_are_accepted(app, tmp_path):
    app.config["TRUSTED_HOSTS"] = ["shop.test", "localhost"]
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "shop.sock"))
        hosts = listened_hosts(listener, f"unix:{tmp_path / 'shop.sock'}")

    assert hosts == []
    assert is_served(app, "localhost", *hosts)
    assert is_served(app, "shop.test", *hosts)
    assert not is_served(app, "evil.example", *hosts)


def test_a_request_without_a_host_is_accepted(app):
    # HTTP/1.0, which no browser sends; HTTP/1.1 without one is refused before.
    assert ask(app, "").text == "served"


@pytest.mark.parametrize("wrap", [ProxyFix, DispatcherMiddleware])
def test_the_config_is_found_inside_of_middleware(app, wrap):
    app.config["TRUSTED_HOSTS"] = ["shop.test"]

    assert is_served(wrap(app), "shop.test")
    assert not is_served(wrap(app), "evil.example")


def test_a_program_without_a_config_is_reached_by_localhost():
    def plain(environ, start_response):
        start_response("200 OK", [])
        return [b"served"]

    assert is_served(plain, "localhost")
    response = ask(plain, "evil.example")
    assert response.status_code == 400
    assert "config" not in response.text


def test_the_test_client_and_production_accept_every_host(app):
    assert app.test_client().get("/", headers={"Host": "evil.example"}).text == "served"


# Over the server

PROGRAM = """
    from flask import Flask

    app = Flask(__name__)

    @app.get("/")
    def index():
        return "served"

    @app.get("/crash")
    def crash():
        raise ValueError("the source of this view")

    {more}
"""
DEBUG = ("--debug", "--no-reload", "--port", "0")


def program_with(more=""):
    return PROGRAM.replace("{more}", more)


def status_of(program, path, host):
    return program.get(path, Host=host).status


@pytest.mark.parametrize("path", ["/", "/crash", "/nowhere", "/console", "/?__debugger__=yes"])
def test_a_rebound_name_reads_nothing_of_a_program_in_debug_mode(run, path):
    program = run(program_with(), *DEBUG)

    answer = program.get(path, Host="evil.example", Accept="text/html")

    assert answer.status == 400
    assert 'app.config["TRUSTED_HOSTS"] = ["evil.example", ' in answer.text
    assert "the source of this view" not in answer.text
    assert "/crash" not in answer.text
    assert status_of(program, "/", f"localhost:{program.port}") == 200


def test_a_rebound_name_is_refused_by_app_run_with_debug_too(start):
    more = "app.run(port=0, debug=True, use_reloader=False, use_debugger=False)"
    program = start(program_with(more), words=("-m", "retort", "{file}"))

    assert status_of(program, "/", "evil.example") == 400
    assert status_of(program, "/", "127.0.0.1") == 200


def test_trusted_hosts_of_the_program_are_accepted_in_debug_mode(run):
    more = 'app.config["TRUSTED_HOSTS"] = ["shop.test", "localhost", "127.0.0.1"]'
    program = run(program_with(more), *DEBUG)

    assert status_of(program, "/", "shop.test") == 200
    assert status_of(program, "/", "evil.example") == 400


def test_production_accepts_every_host(run):
    program = run(program_with(), "--port", "0")

    assert status_of(program, "/", "evil.example") == 200


def test_the_page_of_a_program_that_does_not_start_is_not_for_a_rebound_name(run):
    program = run(program_with("raise ValueError('no password')"), "--debug", "--port", "0")
    program.wait_for_answer("no password")

    answer = program.get("/", Host="evil.example")

    assert answer.status == 400
    assert "no password" not in answer.text
    assert "in the terminal" in answer.text


def test_a_server_of_werkzeug_refuses_a_rebound_name_as_well(start):
    more = (
        "from werkzeug.serving import WSGIRequestHandler\n"
        "    class Own(WSGIRequestHandler): pass\n"
        "    import socket, sys\n"
        "    port = int(sys.argv[1])\n"
        "    app.run(port=port, debug=True, use_reloader=False, request_handler=Own)"
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    source = program_with(more)
    program = start(source, words=("-m", "retort", "{file}", str(port)))
    program.wait_for_output("Running on")

    assert program.ask("GET", "/", headers={"Host": "evil.example"}, port=port).status == 400
    assert program.ask("GET", "/", port=port).text == "served"
