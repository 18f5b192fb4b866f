"""Completion in bash, zsh and fish: the scripts of click, and the words of Retort."""

import os
import shutil
import subprocess
import sys

import pytest

SHELLS = ["bash", "zsh", "fish"]


@pytest.fixture
def bin_folder(world):
    """A folder with the command ``retort``."""
    folder = world / "bin"
    folder.mkdir()
    script = folder / "retort"
    script.write_text(f"#!{sys.executable}\nfrom retort.cli import main\nmain()\n")
    script.chmod(0o755)
    return folder


@pytest.fixture
def retort(bin_folder, world):
    """Run the command ``retort`` with these variables."""

    def retort(**variables):
        done = subprocess.run(
            [bin_folder / "retort"],
            capture_output=True,
            check=False,
            cwd=world,
            encoding="utf-8",
            env={**os.environ, **variables},
            timeout=60,
        )
        assert done.stderr == ""
        return done.stdout

    return retort


@pytest.fixture
def complete(retort):
    """The words that a shell offers in place of the last one."""

    def complete(*words, shell="bash"):
        number = len(words) - 1
        lines = retort(
            _RETORT_COMPLETE=f"{shell}_complete",
            COMP_WORDS=" ".join(words),
            COMP_CWORD=words[-1] if shell == "fish" else str(number),
        ).split("\n")
        if shell == "zsh":  # type, word and description are lines of their own
            return lines[1::3]
        return [line.partition(",")[2].partition("\t")[0] for line in lines if line]

    return complete


@pytest.mark.parametrize("shell", SHELLS)
def test_each_shell_has_a_script(retort, shell):
    script = retort(_RETORT_COMPLETE=f"{shell}_source")

    assert f"_RETORT_COMPLETE={shell}_complete" in script


@pytest.mark.parametrize("shell", SHELLS)
def test_commands_and_options_are_completed(complete, shell):
    assert complete("retort", "ru", shell=shell) == ["run"]
    assert complete("retort", "run", "--access", shell=shell) == [
        "--access-log",
        "--access-log-format",
    ]


def test_values_of_an_option_are_completed(complete):
    assert complete("retort", "run", "--tls-min", "") == ["1.2", "1.3"]


@pytest.mark.parametrize("command", ["run", "check"])
def test_the_target_is_completed_with_files(retort, command):
    answer = retort(
        _RETORT_COMPLETE="bash_complete", COMP_WORDS=f"retort {command} sh", COMP_CWORD="2"
    )

    assert answer == "file,sh\n"


def test_the_commands_of_the_program_are_completed(complete, write, hello):
    write("app.py", hello + "    app.cli.command('greet')(lambda: None)\n")

    assert complete("retort", "gr") == ["greet"]


def test_a_program_that_cannot_be_loaded_prints_nothing_during_completion(complete, write):
    write("app.py", "1 / 0\n")

    assert complete("retort", "ru") == ["run"]
    assert complete("retort", "greet", "gr") == []


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_bash_completes_a_command(retort, bin_folder, world):
    (world / "complete.bash").write_text(retort(_RETORT_COMPLETE="bash_source"))
    lines = """
        source complete.bash
        COMP_WORDS=(retort ro); COMP_CWORD=1
        _retort_completion retort
        echo "${COMPREPLY[@]}"
    """

    done = subprocess.run(
        ["bash", "--norc", "-c", lines],
        capture_output=True,
        check=False,
        cwd=world,
        encoding="utf-8",
        env={**os.environ, "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}"},
        timeout=60,
    )

    assert (done.stdout, done.stderr) == ("routes\n", "")
