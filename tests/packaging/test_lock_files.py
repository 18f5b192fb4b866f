"""The lock files have one version, with hashes, of each dependency on each supported Python."""

import re
import sys
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PROJECT = Path(__file__).parents[2]
METADATA = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]
PYTHONS = [
    words[-1]
    for words in (line.split(" :: ") for line in METADATA["classifiers"])
    if re.fullmatch(r"3\.\d+", words[-1])
]
EXTRAS = {"run.txt": {"metrics", "tls"}, "dev.txt": {"dev"}}


def locked(name):
    """The requirements in a lock file, and the number of hashes of each."""
    text = (PROJECT / "requirements" / name).read_text()
    for entry in re.split(r"\n(?=[A-Za-z0-9])", text.replace("\\\n", "")):
        requirement, *hashes = re.sub(r"\s+#.*", "", entry).split("--hash=sha256:")
        yield Requirement(requirement.strip()), len(hashes)


def wanted(extras):
    """The dependencies of Retort with these extras."""
    yield from map(Requirement, METADATA["dependencies"])
    for extra in extras:
        for requirement in map(Requirement, METADATA["optional-dependencies"][extra]):
            if requirement.name == METADATA["name"]:
                yield from wanted(requirement.extras)
            else:
                yield requirement


def environment(python):
    return {**default_environment(), "python_version": python, "python_full_version": f"{python}.0"}


def test_five_pythons_are_supported():  # so that the test below is not empty
    assert PYTHONS[0] == "3.10"
    assert len(PYTHONS) == 5


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("name", EXTRAS)
def test_each_dependency_has_one_version_that_is_allowed(name, python):
    env = environment(python)
    versions = {}
    for requirement, _ in locked(name):
        if requirement.marker is None or requirement.marker.evaluate(env):
            assert requirement.name not in versions
            [specifier] = requirement.specifier
            versions[requirement.name] = specifier.version

    for requirement in wanted(EXTRAS[name]):
        assert requirement.specifier.contains(versions[requirement.name]), requirement


@pytest.mark.parametrize("name", EXTRAS)
def test_each_entry_has_hashes_and_no_address(name):
    for requirement, hashes in locked(name):
        assert hashes >= 1, requirement
        assert requirement.url is None
    assert "://" not in (PROJECT / "requirements" / name).read_text()
