"""The first steps of `make`: report missing tools, create environments, with a fake Python."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
NEED, ENVIRONMENT = ".ci/need", ".ci/environment"

# Answers as a Python of this version does; the environments it makes have a python, too.
PYTHON = """#!/bin/sh
case "$*" in
    *"import ctypes"*) exit {has_libatomic} ;;
    *"import ensurepip"*) exit {has_venv} ;;
    *"sys.exit"*) exit {is_old} ;;
    *-venv*) echo python{version}-venv ;;
    *abiflags*) echo "Python {version} in /usr" ;;
    *-version*) echo "Python {version}.0" ;;
    *"-m venv"*)
        for folder; do :; done
        [ "$4" = --clear ] && rm -rf "$folder"
        mkdir -p "$folder/bin"
        touch "$folder/pyvenv.cfg"
        cp "$0" "$folder/bin/python"
        ;;
esac
"""


@pytest.fixture
def machine(tmp_path):
    """A folder with all the commands there are, and no apt-get among them."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("basename", "cat", "cp", "dirname", "id", "mkdir", "rm", "sh", "touch", "uname"):
        (folder / name).symlink_to(shutil.which(name))
    return folder


@pytest.fixture
def add_python(machine):
    def add_python(name="python3", version="3.13", **facts):
        facts = {"has_libatomic": 0, "has_venv": 0, "is_old": 0, **facts}
        (machine / name).write_text(PYTHON.format(version=version, **facts))
        (machine / name).chmod(0o755)

    return add_python


@pytest.fixture
def call(machine, tmp_path):
    """Run one of the scripts there: ``call(NEED, "git", PYTHON="python3.12")``."""

    def call(script, *words, **env):
        return subprocess.run(
            ["sh", str(PROJECT / script), *words],
            cwd=tmp_path,
            env={"PATH": str(machine), **env},
            capture_output=True,
            text=True,
            check=False,
        )

    return call


def test_nothing_is_printed_if_nothing_is_missing(call, add_python, machine):
    add_python()
    (machine / "git").symlink_to("/bin/true")

    done = call(NEED, "python-venv", "--optional", "git", "libatomic1")

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.skipif(sys.platform != "linux", reason="a library of Linux")
def test_all_that_is_missing_is_named_with_one_command(call, add_python):
    add_python(has_venv=1, has_libatomic=1)

    done = call(NEED, "python-venv", "--optional", "git", "patch", "libatomic1", "chromium")

    assert done.returncode == 1
    assert (
        "with: sudo apt-get install python3.13-venv git patch libatomic1 chromium\n" in done.stderr
    )
    assert "patch: tests apply the changes that error pages show with it" in done.stderr


def test_a_person_may_go_on_without_what_is_optional_and_ci_may_not(call, add_python):
    add_python()

    alone = call(NEED, "python-venv", "--optional", "patch")
    in_ci = call(NEED, "python-venv", "--optional", "patch", CI="true")

    assert alone.returncode == 0
    assert "sudo apt-get install patch\n" in alone.stderr
    assert "tests that use it are skipped" in alone.stderr
    assert in_ci.returncode == 1


APT_GET = """#!/bin/sh
echo "what apt-get prints"
case $1 in
    update) echo "E: a list is expired" >&2; exit 100 ;;
    install) ln -s /bin/true "{folder}/patch" ;;
esac
"""


@pytest.mark.parametrize("ci", ["", "true"])
def test_root_gets_it_installed_even_if_a_list_of_packages_cannot_be_updated(
    call, add_python, machine, ci
):
    add_python()
    for name, text in (("apt-get", APT_GET.format(folder=machine)), ("id", "#!/bin/sh\necho 0\n")):
        (machine / name).unlink(missing_ok=True)
        (machine / name).write_text(text)
        (machine / name).chmod(0o755)
    for name in ("ln", "mktemp"):
        (machine / name).symlink_to(shutil.which(name))

    done = call(NEED, "patch", CI=ci)

    assert done.returncode == 0
    assert (machine / "patch").exists()
    assert ("what apt-get prints" in done.stdout) == (not ci)


def test_a_python_that_is_not_there_or_too_old_is_named(call, add_python):
    add_python("python3.9", version="3.9", is_old=1)

    missing = call(NEED, "python-venv", PYTHON="python3.99")
    old = call(NEED, "python-venv", PYTHON="python3.9")

    assert missing.returncode == old.returncode == 1
    assert "PYTHON=python3.99: there is no such command" in missing.stderr
    assert "needs Python 3.10 or newer, and python3.9 is Python 3.9.0" in old.stderr


def test_an_environment_is_made_anew_only_for_another_python(call, add_python, tmp_path):
    add_python()
    add_python("python3.12", version="3.12")
    first = call(ENVIRONMENT, ".venv")
    installed = tmp_path / ".venv" / "runs"
    installed.touch()

    again = call(ENVIRONMENT, ".venv")
    assert installed.exists()
    other = call(ENVIRONMENT, ".venv", PYTHON="python3.12")

    assert "Python 3.13" in first.stdout
    assert (again.returncode, again.stdout) == (0, "")
    assert not installed.exists()
    assert "with Python 3.12 in /usr; it was made with Python 3.13 in /usr" in other.stdout
    assert "VENV=.venv-python3.12" in other.stdout


def test_a_folder_that_is_no_environment_is_not_emptied(call, add_python, tmp_path):
    add_python()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")

    done = call(ENVIRONMENT, "mine")

    assert done.returncode == 0
    assert (tmp_path / "mine" / "thesis.txt").read_text() == "years of work"


@pytest.mark.skipif(shutil.which("make") is None, reason="make runs it")
def test_make_installs_again_into_an_environment_that_was_made_anew(add_python, machine, tmp_path):
    add_python()
    add_python("python3.12", version="3.12")
    for name in ("echo", "touch"):
        (machine / name).unlink(missing_ok=True)
        (machine / name).symlink_to(shutil.which(name))
    folder = tmp_path / "environment"

    def made(python):
        done = subprocess.run(
            [shutil.which("make"), f"{folder}/runs", f"VENV={folder}", f"PYTHON={python}"],
            cwd=PROJECT,
            env={"PATH": str(machine), **{k: v for k, v in os.environ.items() if k == "LANG"}},
            capture_output=True,
            text=True,
            check=True,
        )
        return "Installing Retort" in done.stdout

    assert [made("python3"), made("python3")] == [True, False]
    assert [made("python3.12"), made("python3.12"), made("python3")] == [True, False, True]
