"""`retort deploy compose`: what is in the file, and whether it is a Compose file."""

import json
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

SCHEMA = jsonschema.Draft7Validator(
    json.loads(Path(__file__).with_name("schemas").joinpath("compose.json").read_text())
)
EVERYTHING = (
    *("--host", "shop.example", "--migrate", "retort db upgrade", "--certificate", "./shop.pem"),
    *("--secret", "FLASK_SECRET_KEY", "--env", "A=1", "--cpu", "1500m", "--memory", "300Mi"),
)


@pytest.fixture(scope="module")
def everything(compose):
    return compose(*EVERYTHING)


@pytest.mark.parametrize("options", [(), EVERYTHING], ids=["least", "most"])
def test_the_file_fits_the_schema_of_compose(options, compose):
    SCHEMA.validate(compose(*options))


def test_the_schema_refuses_what_it_does_not_know(everything):
    wrong = {**everything, "services": {"web": {"imag": "shop:1"}}}

    with pytest.raises(jsonschema.ValidationError):
        SCHEMA.validate(wrong)


@pytest.mark.parametrize("service", ["web", "proxy", "migrate"])
def test_containers_have_no_privileges_and_a_read_only_root(service, everything):
    one = everything["services"][service]

    assert one["read_only"] is True
    assert one["cap_drop"] == ["ALL"]
    assert one["security_opt"] == ["no-new-privileges:true"]
    assert one["ulimits"] == {"nofile": 32768}
    if service != "proxy":  # HAProxy's image has a user of its own
        assert one["user"] == "10001:10001"
        assert one["tmpfs"] == ["/tmp:mode=1777"]


def test_only_the_proxy_can_be_reached_from_outside(everything, compose):
    assert everything["services"]["proxy"]["ports"] == ["80:8080", "443:8443"]
    assert compose()["services"]["proxy"]["ports"] == ["80:8080"]
    for name in ("web", "migrate"):
        assert "ports" not in everything["services"][name]


def test_secrets_are_taken_from_the_environment_and_have_to_be_there(everything):
    for name in ("web", "migrate"):
        variables = everything["services"][name]["environment"]
        assert variables["FLASK_SECRET_KEY"] == "${FLASK_SECRET_KEY:?put it into .env}"
        assert variables["A"] == "1"


def test_the_replicas_start_after_the_migration_and_the_proxy_after_them(everything):
    services = everything["services"]

    assert services["migrate"]["entrypoint"] == ["retort", "db", "upgrade"]
    assert services["migrate"]["restart"] == "no"
    assert services["web"]["depends_on"] == {
        "migrate": {"condition": "service_completed_successfully"}
    }
    assert services["proxy"]["depends_on"] == {"web": {"condition": "service_healthy"}}


def test_the_limits_are_those_of_the_options(everything, compose):
    limits = everything["services"]["web"]["deploy"]["resources"]["limits"]

    assert limits == {"cpus": "1.5", "memory": "300M"}  # M: 1024 * 1024
    assert compose()["services"]["web"]["deploy"] == {"replicas": 2}
    odd = compose("--memory", "100000000")["services"]["web"]["deploy"]["resources"]["limits"]
    assert odd == {"memory": "100000000"}


def test_the_command_takes_the_place_of_the_one_in_the_image(everything, compose):
    web = everything["services"]["web"]

    assert web["entrypoint"][:3] == ["retort", "run", "shop"]
    assert web["command"] == []
    other = compose("--executable", ".venv/bin/retort", "--workers", "3")["services"]["web"]
    assert other["entrypoint"][0] == ".venv/bin/retort"
    assert "--workers=3" in other["entrypoint"]
    assert other["healthcheck"]["test"][:3] == ["CMD", ".venv/bin/python", "-c"]


@pytest.mark.parametrize("options", [(), EVERYTHING], ids=["least", "most"])
def test_haproxy_accepts_its_configuration(options, compose, needed, tmp_path):
    configuration = compose(*options)["configs"]["haproxy"]["content"].replace("$$", "$")
    certificate = Path(__file__).parents[1] / "server" / "localhost.pem"
    file = tmp_path / "haproxy.cfg"
    file.write_text(configuration.replace("/run/secrets/certificate", str(certificate)))
    done = subprocess.run(
        [needed("haproxy"), "-c", "-f", file], capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


def test_the_certificate_is_a_secret_of_the_proxy(everything, compose):
    assert everything["secrets"] == {"certificate": {"file": "./shop.pem"}}
    assert everything["services"]["proxy"]["secrets"] == ["certificate"]
    content = everything["configs"]["haproxy"]["content"]
    assert "bind :8443 ssl crt /run/secrets/certificate" in content
    assert "secrets" not in compose()
    assert "ssl crt" not in compose()["configs"]["haproxy"]["content"]


def test_the_file_is_the_same_each_time_and_explains_itself(write):
    first, second = (write("compose", "shop", "--image", "shop:1", *EVERYTHING) for _ in "12")

    assert first == second
    assert max(len(line) for line in first.splitlines()) <= 120
    assert sum(line.lstrip().startswith("#") for line in first.splitlines()) > 20
    assert "\n\n\n" not in first
    assert yaml.safe_load(first)["name"] == "shop"
