"""The commands on the pages about deployment write files."""

import re
import shlex
from pathlib import Path

import pytest

from retort.cli.deploy_files import deploy_group
from retort.deploy import description

TIMES = ("--drain", "--grace", "--start-timeout")
DOCS = Path(__file__).parents[2] / "docs"


def commands():
    """The words after each ``$ retort deploy`` that stands on a page, and where."""
    for page in sorted(DOCS.rglob("*.md")):
        text = re.sub(r"\\\n\s*", "", page.read_text(encoding="utf-8"))
        for line in re.findall(r"^\$ retort deploy (.*)$", text, re.M):
            yield pytest.param(page, shlex.split(line), id=f"{page.stem}: {line}")


@pytest.mark.parametrize(("page", "words"), list(commands()))
def test_a_command_on_a_page_writes_a_file(page, words, deploy, tmp_path):
    if ">" in words:
        words = words[: words.index(">")]
    status = 0
    if "--diff" in words:
        file = tmp_path / "old"
        file.touch()
        words[words.index("--diff") + 1] = str(file)
        status = 1

    result = deploy(*words)

    assert result.exit_code == status, result.stderr
    assert result.stdout


def test_the_pages_have_commands_for_each_kind_of_file():
    kinds = {one.values[1][0] for one in commands()}

    assert kinds == {"kubernetes", "compose", "systemd", "haproxy"}


def test_the_times_on_the_page_are_the_defaults(write):
    page = (DOCS / "deploy" / "generated.md").read_text(encoding="utf-8")
    text = write("kubernetes", "shop", "--image", "shop:1")

    drain, grace, stop = (
        re.search(pattern, text)[1]
        for pattern in (r"--drain=(\d+)", r"--grace=(\d+)", r"GracePeriodSeconds: (\d+)")
    )
    assert f"| {drain} s | `--drain` |" in page
    assert f"| {grace} s | `--grace` |" in page
    assert f"| {stop} s in all | `--stop-timeout` |" in page


@pytest.mark.parametrize(
    ("kind", "words", "seconds"),
    [("kubernetes", ("--image", "shop:1"), 9), ("haproxy", (), 2)],
)
def test_the_time_that_readiness_needs_is_that_on_the_page(kind, words, seconds, deploy):
    page = (DOCS / "deploy" / "generated.md").read_text(encoding="utf-8")

    assert re.search(rf"\b{seconds} s (in Kubernetes|with HAProxy)", page)
    refused = deploy(kind, "shop", *words, "--drain", str(seconds))
    assert f"after up to {seconds} s" in " ".join(refused.stderr.split())
    assert deploy(kind, "shop", *words, "--drain", str(seconds + 1)).exit_code == 0


def defaults(kind):
    return {one.opts[0]: one.default for one in deploy_group.commands[kind].params}


def test_the_defaults_in_the_table_are_those_of_the_options():
    page = (DOCS / "cli.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(--[\w-]+) [A-Z]+` \| (\d+) \|", page, re.M))

    assert rows.pop("--proxy") == "1"  # or none: it depends on the other options
    assert rows == {
        option: str(defaults("kubernetes")[option])
        for option in ("--replicas", "--port", "--ops-port", *TIMES)
    }


def test_the_defaults_of_options_are_those_of_a_description():
    made = description.Deployment(name="shop", target="shop")
    fields = ("--port", "--ops-port", "--replicas", *TIMES)

    for kind in ("kubernetes", "compose", "systemd", "haproxy"):
        given = {option: defaults(kind)[option] for option in fields if option in defaults(kind)}
        assert given == {option: getattr(made, field_of(option)) for option in given}
    assert defaults("kubernetes")["--cpu"] == description.CPU
    assert defaults("kubernetes")["--memory"] == description.MEMORY
    assert defaults("kubernetes")["--uid"] == description.UID
    assert defaults("haproxy")["--response-timeout"] == description.RESPONSE_TIMEOUT


def field_of(option):
    return option.removeprefix("--").replace("-", "_")
