"""Files that `retort deploy` writes, and what other programs read in them."""

import inspect
import shutil

import pytest
import yaml
from click.testing import CliRunner

from retort.cli.deploy_files import deploy_group

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast, if it is there


def run_command(kind, *options):
    """The result of ``retort deploy KIND OPTIONS``, with standard error apart."""
    mixes = "mix_stderr" in inspect.signature(CliRunner).parameters
    runner = CliRunner(mix_stderr=False) if mixes else CliRunner()
    return runner.invoke(deploy_group, [kind, *options])


@pytest.fixture(scope="session")
def deploy():
    """Run the command: ``deploy("kubernetes", "shop", ...)``."""
    return run_command


@pytest.fixture(scope="session")
def write():
    """The text of a file."""

    def write(kind, *options):
        result = run_command(kind, *options)
        assert result.exit_code == 0, result.stderr
        return result.stdout

    return write


@pytest.fixture(scope="session")
def objects(write):
    """The objects of Kubernetes by kind: ``objects("--host", "shop.example")["Ingress"]``."""

    def objects(*options, target="shop", image="registry/shop:1"):
        text = write("kubernetes", target, "--image", image, *options)
        found = {one["kind"]: one for one in yaml.load_all(text, LOADER)}
        assert len(found) == text.count("\n---\n") + 1
        return found

    return objects


@pytest.fixture(scope="session")
def compose(write):
    """The content of a Compose file."""

    def compose(*options, target="shop"):
        text = write("compose", target, "--image", "registry/shop:1", *options)
        return yaml.load(text, LOADER)

    return compose


@pytest.fixture(scope="session")
def needed():
    """The path of a program; without it, a test is skipped."""

    def needed(name, package=None):
        path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
        if path is None:
            pytest.skip(f"{name} is not installed: sudo apt-get install {package or name}")
        return path

    return needed
