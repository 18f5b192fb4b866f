"""The wheel: what is in it, and what a type checker sees of it without Flask."""

import email
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]


def run(*command):
    done = subprocess.run(
        [sys.executable, *map(str, command)], check=False, capture_output=True, text=True, cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    options = ("--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder)
    run("-m", "pip", "wheel", "--quiet", *options, PROJECT)
    [file] = folder.glob("*.whl")
    with zipfile.ZipFile(file) as archive:
        yield archive


def files_below(folder):
    return {
        str(file.relative_to(PROJECT / "src"))
        for file in (PROJECT / "src" / folder).rglob("*")
        if file.is_file() and file.suffix != ".pyc"
    }


@pytest.mark.parametrize("folder", ["retort", "flask-stubs"])
def test_the_wheel_has_every_file_of_a_folder(wheel, folder):
    assert files_below(folder) <= set(wheel.namelist())


def test_the_wheel_has_nothing_else(wheel):
    top = {name.partition("/")[0] for name in wheel.namelist()}

    assert {name for name in top if not name.endswith(".dist-info")} == {
        *("retort", "flask-stubs", "_retort_as_flask.py", "retort-as-flask.pth")
    }


def test_the_metadata_name_what_retort_needs_and_no_address(wheel):
    [name] = [name for name in wheel.namelist() if name.endswith("/METADATA")]
    metadata = email.message_from_bytes(wheel.read(name))

    assert metadata["Name"] == "retort-web"
    assert metadata["License-Expression"] == "BSD-3-Clause"
    assert metadata["Requires-Python"] == ">=3.10"
    assert any(need.startswith("werkzeug") for need in metadata.get_all("Requires-Dist"))
    assert metadata.get_all("Project-URL") is None
    assert "make run" not in metadata.get_payload()


def test_a_program_that_imports_flask_is_checked_with_the_types_of_the_wheel(wheel, tmp_path):
    run("-m", "venv", "--without-pip", tmp_path / "env")
    scheme = {"base": str(tmp_path / "env"), "platbase": str(tmp_path / "env")}
    packages = Path(sysconfig.get_path("purelib", "posix_prefix", scheme))
    wheel.extractall(packages)
    packages.joinpath("needs.pth").write_text(sysconfig.get_path("purelib"))
    program = PROJECT / "tests" / "typing" / "flask_program.py"
    options = ("--strict", "--python-executable", tmp_path / "env" / "bin" / "python")

    shown = run("-m", "mypy", *options, "--cache-dir", tmp_path / "cache", program)

    assert shown == "Success: no issues found in 1 source file\n"
