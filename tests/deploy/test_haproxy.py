"""`retort deploy haproxy`: what HAProxy reads. tests/server/test_generated_files.py runs it."""

import re
import subprocess
from pathlib import Path

import pytest

CERTIFICATE = Path(__file__).parents[1] / "server" / "localhost.pem"


@pytest.fixture
def accepted(needed, tmp_path, write):
    """Check a configuration with HAProxy, and return it."""

    def accepted(*options):
        text = write("haproxy", "shop", *options)
        file = tmp_path / "haproxy.cfg"
        file.write_text(text)
        done = subprocess.run(
            [needed("haproxy"), "-c", "-f", file], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "WARNING" not in done.stderr
        return text

    return accepted


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--host", "shop.example", "--certificate", str(CERTIFICATE)),
        ("--host", "*.shop.example", "--host", "shop.example", "--host", "shop.test"),
        ("--host", "*.shop.example", "--replicas", "9"),
        ("--server", "10.0.0.1", "--server", "[fd00::1]:8001:9001", "--server", "127.0.0.1:81"),
    ],
    ids=["least", "certificate", "hosts", "suffix", "servers"],
)
def test_haproxy_accepts_the_configuration(options, accepted):
    accepted(*options)


def servers(text):
    return re.findall(r"^    server \S+ (\S+) check port (\d+)$", text, re.M)


def test_the_servers_are_those_of_the_options(write):
    words = ("--server", "10.0.0.1", "--server", "a.internal:8001", "--server", "[fd00::1]:1:2")

    assert servers(write("haproxy", "shop", *words)) == [
        ("10.0.0.1:8000", "9000"),
        ("a.internal:8001", "9000"),
        ("[fd00::1]:1", "2"),
    ]


def test_without_servers_they_are_the_instances_of_systemd(write):
    text = write("haproxy", "shop", "--replicas", "3", "--port", "7000", "--ops-port", "7100")

    assert servers(text) == [(f"127.0.0.1:700{one}", f"710{one}") for one in (1, 2, 3)]


def test_health_checks_do_not_fail_on_a_busy_machine(write):
    text = write("haproxy", "shop")

    assert "default-server check inter 500ms fall 2 rise 2" in text
    assert "http-check send meth GET uri /-/ready" in text


def test_only_requests_without_an_effect_are_repeated(write):
    text = write("haproxy", "shop")

    assert "retry-on conn-failure empty-response response-timeout\n" in text
    assert "http-request disable-l7-retry unless { method GET HEAD OPTIONS }\n" in text
    assert "option redispatch 1\n" in text


def test_the_time_for_a_response_can_be_another(write, compose):
    assert "    timeout server 60s\n" in write("haproxy", "shop")
    assert "    timeout server 5s\n" in write("haproxy", "shop", "--response-timeout", "5")
    content = compose("--response-timeout", "5")["configs"]["haproxy"]["content"]
    assert "    timeout server 5s\n" in content


def test_without_hosts_all_names_are_served(write):
    assert "is_site" not in write("haproxy", "shop")
    assert "deny_status 421 unless is_site" in write("haproxy", "shop", "--host", "shop.example")


def test_the_number_of_proxies_is_in_the_comment(write):
    assert "`--proxy 1`" in write("haproxy", "shop")
