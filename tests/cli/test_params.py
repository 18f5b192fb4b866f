"""Certificates and lists of paths on the command line of run."""

import os
import ssl
import sys
import types

import click
import pytest

from retort.cli import CertParamType, SeparatedPathType, run_command


def parsed(*args):
    return run_command.make_context("run", list(args)).params


@pytest.fixture
def files(write):
    return str(write("cert.pem", "")), str(write("key.pem", ""))


@pytest.fixture
def own_context(monkeypatch):
    module = types.ModuleType("own_tls")
    module.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    monkeypatch.setitem(sys.modules, "own_tls", module)
    return module.context


@pytest.fixture(params=["installed", "missing"])
def cryptography(request, monkeypatch):
    found = types.ModuleType("cryptography") if request.param == "installed" else None
    monkeypatch.setitem(sys.modules, "cryptography", found)
    return found


def test_paths_are_separated(write):
    one, two = str(write("one", "")), str(write("two", ""))

    assert parsed("--extra-files", os.pathsep.join([one, two]))["extra_files"] == [one, two]
    assert parsed("--exclude-patterns", f"*.log{os.pathsep}a")["exclude_patterns"] == ["*.log", "a"]


def test_each_path_is_checked_like_a_path(write):
    there = str(write("there", ""))
    kind = SeparatedPathType(exists=True)

    assert kind.convert(there, None, None) == [there]
    with pytest.raises(click.BadParameter, match="nowhere"):
        kind.convert(os.pathsep.join([there, "nowhere"]), None, None)


def test_a_certificate_and_its_key_become_a_pair_in_either_order(files):
    cert, key = files

    assert parsed("--cert", cert, "--key", key)["cert"] == (cert, key)
    assert parsed("--key", key, "--cert", cert)["cert"] == (cert, key)


def test_a_certificate_file_needs_its_key(files):
    with pytest.raises(click.BadParameter, match="required with --cert"):
        parsed("--cert", files[0])


def test_a_key_needs_its_certificate(files):
    with pytest.raises(click.BadParameter, match="pass --cert as well"):
        parsed("--key", files[1])


def test_a_throw_away_certificate_needs_cryptography(cryptography):
    if cryptography:
        assert parsed("--cert", "adhoc")["cert"] == "adhoc"
    else:
        with pytest.raises(click.BadParameter, match="pip install cryptography"):
            parsed("--cert", "adhoc")


@pytest.mark.parametrize("cryptography", ["installed"], indirect=True)
def test_a_throw_away_certificate_has_its_own_key(cryptography, files):
    with pytest.raises(click.BadParameter, match="creates its own key"):
        parsed("--cert", "adhoc", "--key", files[1])


def test_an_ssl_context_is_found_by_its_name(own_context, files):
    assert parsed("--cert", "own_tls:context")["cert"] is own_context
    with pytest.raises(click.BadParameter, match="has its own key"):
        parsed("--cert", "own_tls:context", "--key", files[1])


def test_an_ssl_context_is_rejected_with_the_alternative(own_context, write, runner):
    write("app.py", "import retort\napp = retort.Flask(__name__)\n")

    result = runner.invoke(run_command, ["--cert", "own_tls:context"])

    assert result.exit_code == 2
    assert "--cert FILE and --key FILE" in result.stderr


@pytest.mark.parametrize("value", ["nowhere.pem", "os:path", "1"])
def test_anything_else_is_no_certificate(value):
    with pytest.raises(click.BadParameter, match="neither a certificate file nor"):
        CertParamType().convert(value, None, None)
