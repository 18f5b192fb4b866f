"""`retort deploy`: its target, `--diff` and its exit statuses. tests/deploy has the files."""

import pytest

from retort.cli import cli
from retort.cli.deploy_files import deploy_group

WORDS = ("haproxy", "shop")


@pytest.fixture
def deploy(runner):
    def deploy(*words, stdin=None, **more):
        return runner.invoke(deploy_group, words, input=stdin, **more)

    return deploy


@pytest.fixture
def written(deploy, write):
    """A file with what the command writes, and its text."""
    text = deploy(*WORDS).stdout
    return write("haproxy.cfg", text), text


def test_the_file_is_written_to_standard_output_and_nowhere_else(deploy, world):
    result = deploy(*WORDS)

    assert result.exit_code == 0
    assert result.stdout.startswith("# shop behind HAProxy")
    assert result.stdout.endswith("\n")
    assert result.stderr == ""
    assert list(world.iterdir()) == []


def test_the_program_is_not_loaded(retort, write):
    write("shop.py", "raise SystemExit('it was loaded')")

    done = retort("deploy", *WORDS)

    assert done.returncode == 0, done.stderr
    assert "it was loaded" not in done.stdout + done.stderr


@pytest.mark.parametrize("words", [("--app", "store.py", "deploy"), ("deploy",)])
def test_the_target_may_be_that_of_the_group(words, retort, write):
    write("store.py", "from flask import Flask\napp = Flask(__name__)\n")

    done = retort(*words, "haproxy", env={"FLASK_APP": "store.py"})

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# store behind HAProxy")


def test_without_a_target_the_error_shows_where_it_goes(deploy):
    result = deploy("systemd")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "Name the application as it will run: retort deploy systemd shop ..." in result.stderr


def test_a_command_of_the_program_with_this_name_has_precedence(retort, write):
    write(
        "shop.py",
        """
        from flask import Flask

        app = Flask(__name__)

        @app.cli.command("deploy")
        def deploy():
            print("that of the program")
        """,
    )

    assert "that of the program" in retort("--app", "shop.py", "deploy").stdout


def test_options_can_be_variables(retort):
    done = retort("deploy", *WORDS, env={"FLASK_DEPLOY_HAPROXY_REPLICAS": "3"})

    assert "server shop-3 " in done.stdout


def test_an_equal_file_has_no_diff(deploy, written):
    file, text = written

    result = deploy(*WORDS, "--diff", str(file))

    assert (result.exit_code, result.stdout) == (0, "")
    assert file.read_text() == text


def test_a_diff_shows_what_would_change_in_the_file(deploy, written):
    file, text = written

    result = deploy(*WORDS, "--replicas", "3", "--diff", str(file))

    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert lines[:2] == [f"--- {file}", "+++ written now"]
    changed = [line for line in lines[2:] if line[0] in "+-"]
    assert changed == ["+    server shop-3 127.0.0.1:8003 check port 9003"]
    assert file.read_text() == text


def test_a_diff_reads_standard_input(deploy, written):
    _, text = written

    assert deploy(*WORDS, "--diff", "-", stdin=text).exit_code == 0
    result = deploy(*WORDS, "--diff", "-", stdin=text + "# mine\n")
    assert result.exit_code == 1
    assert result.stdout.startswith("--- standard input\n")
    assert result.stdout.endswith("\n-# mine\n")


def test_a_missing_end_of_line_is_shown(deploy, written):
    _, text = written

    result = deploy(*WORDS, "--diff", "-", stdin=text.rstrip("\n"))

    assert result.exit_code == 1
    assert "\n\\ No newline at end of file\n" in result.stdout


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "does not exist"), (b"\xff\xfe", "it is no text in UTF-8. Name the written file.")],
)
def test_a_file_that_cannot_be_read_is_an_error(content, message, deploy, world):
    if content is not None:
        (world / "old.yaml").write_bytes(content)

    result = deploy(*WORDS, "--diff", "old.yaml")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert message in " ".join(result.stderr.split())


def test_an_error_with_a_diff_is_no_difference(deploy, written):
    file, _ = written

    result = deploy(*WORDS, "--replicas", "0", "--diff", str(file))

    assert result.exit_code == 2
    assert result.stdout == ""


@pytest.mark.parametrize("kind", ["kubernetes", "compose", "systemd", "haproxy"])
def test_each_kind_of_file_has_help(kind, deploy):
    result = deploy(kind, "--help")

    assert result.exit_code == 0
    assert "TARGET names the application" in result.stdout
    assert "--diff FILE" in result.stdout


def test_deploy_is_a_command_of_retort():
    assert cli.commands["deploy"] is deploy_group
    assert set(deploy_group.commands) == {"kubernetes", "compose", "systemd", "haproxy"}
