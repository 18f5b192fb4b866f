"""`retort deploy systemd`: two units, as systemd reads them."""

import configparser
import os
import re
import subprocess
import sys

import pytest

OPTIONS = ("--secret", "FLASK_SECRET_KEY", "--env", "A=b c", "--cpu", "1500m", "--memory", "1Gi")


def settings_of(text):
    """Sections of a unit; the last of several values with one name."""
    parser = configparser.RawConfigParser(strict=False)
    parser.optionxform = str
    parser.read_string(text.replace("\\\n", " "))
    return parser


@pytest.fixture(scope="module")
def service(write):
    return settings_of(write("systemd", "shop", *OPTIONS))["Service"]


@pytest.fixture
def verified(needed, tmp_path, write):
    """What systemd says about both units."""

    def verified(*options, name="shop"):
        for unit in ("service", "socket"):
            text = write("systemd", name, "--unit", unit, *options)
            # The folder is not on this machine.
            text = re.sub(r"ExecStart=\S+", f"ExecStart={sys.executable}", text)
            (tmp_path / f"{name}@.{unit}").write_text(text)
        files = [str(tmp_path / f"{name}@1.{unit}") for unit in ("service", "socket")]
        done = subprocess.run(
            [needed("systemd-analyze", "systemd"), "verify", "--man=no", *files],
            capture_output=True,
            text=True,
            check=False,
        )
        output = done.stdout + done.stderr
        return [line for line in output.splitlines() if f"{name}@" in line]

    return verified


@pytest.mark.parametrize("options", [(), OPTIONS], ids=["least", "most"])
def test_systemd_accepts_both_units(options, verified):
    assert verified(*options) == []


def test_systemd_reports_what_it_does_not_know(verified, tmp_path, write, needed):
    text = write("systemd", "shop").replace("TimeoutStopSec", "TimeoutStopSecs")
    (tmp_path / "shop@.service").write_text(text)
    words = [
        needed("systemd-analyze", "systemd"),
        "verify",
        "--man=no",
        tmp_path / "shop@1.service",
    ]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert "TimeoutStopSecs" in done.stdout + done.stderr


def test_the_unit_is_exposed_little(needed, tmp_path, write):
    """`systemd-analyze security` rates what a process may do, from 0 to 10."""
    file = tmp_path / "shop@.service"
    file.write_text(write("systemd", "shop"))
    done = subprocess.run(
        [needed("systemd-analyze", "systemd"), "security", "--offline=yes", "--threshold=20", file],
        capture_output=True,
        text=True,
        check=False,
    )

    level = re.search(r"Overall exposure level for .*: (\S+)", done.stdout)
    assert level, done.stderr
    assert float(level[1]) < 2
    assert done.returncode == 0


def test_the_service_is_as_the_options_say(service):
    assert service["Type"] == "notify"
    assert service["User"] == "shop"
    assert service["WorkingDirectory"] == "/srv/shop"
    assert service["StateDirectory"] == "shop"
    assert service["EnvironmentFile"] == "/etc/shop/environment"
    assert service["Environment"] == '"A=b c"'
    assert service["CPUQuota"] == "150%"
    assert service["MemoryMax"] == "1024M"
    assert service["ExecStart"].startswith("/srv/shop/.venv/bin/retort run shop ")


def test_what_has_no_option_has_no_setting(write):
    service = settings_of(write("systemd", "shop"))["Service"]

    assert not {"CPUQuota", "MemoryMax", "Environment", "EnvironmentFile"} & set(service)
    assert "--workers=auto" in service["ExecStart"].split()
    assert "--ops-host" not in service["ExecStart"]


def test_folder_user_and_address_can_be_others(write):
    options = ("--directory", "/opt/shop", "--user", "www-data", "--address", "10.0.0.1")
    service = settings_of(write("systemd", "shop", *options))["Service"]
    socket = settings_of(write("systemd", "shop", "--unit", "socket", *options))["Socket"]

    assert service["WorkingDirectory"] == "/opt/shop"
    assert service["User"] == "www-data"
    assert "--ops-host=10.0.0.1" in service["ExecStart"].split()
    assert service["ExecStart"].startswith("/opt/shop/.venv/bin/retort ")
    assert socket["ListenStream"] == "10.0.0.1:800%i"
    other = write("systemd", "shop", "--executable", "/usr/bin/retort", "--workers", "2")
    assert settings_of(other)["Service"]["ExecStart"].startswith("/usr/bin/retort run shop ")
    assert "--workers=2" in other


def test_an_ipv6_address_is_in_brackets_where_a_port_follows(verified, write):
    options = ("--address", "fd00::1")

    assert "ListenStream=[fd00::1]:800%i\n" in write(
        "systemd", "shop", "--unit", "socket", *options
    )
    assert "--ops-host=fd00::1" in write("systemd", "shop", *options)
    assert verified(*options) == []


def test_service_and_socket_belong_to_one_instance(write):
    unit = settings_of(write("systemd", "shop"))["Unit"]
    socket = settings_of(write("systemd", "shop", "--unit", "socket"))

    assert unit["Requires"] == "shop@%i.socket"
    assert "shop@%i.socket" in unit["After"].split()
    assert socket["Socket"]["Accept"] == "false"
    assert socket["Install"]["WantedBy"] == "sockets.target"


def test_the_files_are_the_same_each_time(write):
    for unit in ("service", "socket"):
        first, second = (write("systemd", "shop", "--unit", unit, *OPTIONS) for _ in "12")
        assert first == second
        assert max(len(line) for line in first.splitlines()) <= 110
        assert "\n\n\n" not in first
        assert first.startswith(f"# /etc/systemd/system/shop@.{unit}, written by")
        assert os.linesep not in first or os.linesep == "\n"
