"""``retort run --help``: every option is in one section, and docs/cli.md has the same sections."""

import re
from pathlib import Path

import click
import pytest

from retort.cli import cli, run_command
from retort.cli.sections import OTHER, SECTIONS

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"


def all_options(command):
    return [param for param in command.params if isinstance(param, click.Option)]


def in_sections(text, heading):
    """The long options at the start of a line, by the section they are in."""
    _, *parts = re.split(heading, text, flags=re.M)
    titles, bodies = parts[::2], parts[1::2]
    options = [re.findall(r"^\W*(?:-\w\W+)?(--[\w-]+)", body, re.M) for body in bodies]
    return dict(zip(titles, options, strict=True))


@pytest.fixture
def in_help(runner):
    text = runner.invoke(cli, ["run", "--help"]).output
    return in_sections(text, r"^(\w.*?):\n")


def test_each_option_is_in_one_section():
    names = [name for section in SECTIONS.values() for name in section]

    assert sorted(names) == sorted(option.name for option in all_options(run_command))


def test_the_help_starts_with_the_ten_everyday_options(in_help):
    title, options = next(iter(in_help.items()))

    assert title == "Everyday options"
    assert options == [
        *("--debug", "--host", "--port", "--app", "--env-file"),
        *("--reload", "--workers", "--threads", "--proxy", "--access-log"),
    ]


def test_the_help_has_the_sections_and_help_at_the_end(in_help):
    assert list(in_help) == [*SECTIONS, OTHER]
    assert in_help[OTHER] == ["--help"]


def test_the_documentation_has_the_same_sections(in_help):
    text = DOCS.read_text(encoding="utf-8")
    part = re.search(r"^## `retort run`\n(.*?)(?=^## )", text, re.M | re.S)[1]
    documented = in_sections(part.replace("`", ""), r"^### (.+)\n")

    assert documented == {title: in_help[title] for title in SECTIONS}


def test_an_option_that_a_program_adds_is_shown_at_the_end(runner):
    command = type(run_command)("own", params=[*run_command.params, click.Option(["--own"])])

    text = runner.invoke(command, ["--help"]).output

    assert text.index("Other options:") < text.index("--own") < text.index("--help")


@pytest.mark.parametrize("name", [None, *cli.commands])
def test_each_help_text_is_a_sentence(name):
    command = cli.commands[name] if name else cli
    for option in all_options(command):
        assert re.fullmatch(r"[A-Z].*[.)]", option.help, re.S), option.name
        assert option.help.split()[0] not in ("A", "An", "The", "Whether", "How"), option.name
