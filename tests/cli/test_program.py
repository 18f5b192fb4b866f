"""Loading a program to serve it, and its exceptions."""

import pytest

from retort.cli.locate import NoAppException
from retort.cli.program import load_for_serving
from retort.cli.script_info import ScriptInfo
from retort.devtools import Failure


@pytest.fixture(autouse=True)
def no_alias(monkeypatch):
    monkeypatch.setattr("retort.cli.program.install", lambda: None)


def test_the_development_server_gets_the_import_error_of_the_program(write):
    write("unloadable.py", "import not_installed_at_all\n")

    with pytest.raises(ModuleNotFoundError) as caught:
        load_for_serving(ScriptInfo("unloadable.py"), in_full=True)

    assert caught.value.__context__ is None
    failure = Failure.from_exception(caught.value)
    assert "unloadable.py:1: import not_installed_at_all" in failure.explanation
    assert "run the command again" not in failure.explanation


def test_a_server_in_production_gets_one_paragraph(write):
    write("unloadable.py", "import not_installed_at_all\n")

    with pytest.raises(NoAppException, match="Then run the command again"):
        load_for_serving(ScriptInfo("unloadable.py"), in_full=False)


def test_a_missing_program_is_an_error_of_the_command_line_for_both(world):
    for in_full in (True, False):
        with pytest.raises(NoAppException, match="there is no file"):
            load_for_serving(ScriptInfo("not_here.py"), in_full=in_full)


def test_the_paragraph_and_the_page_have_the_same_headline_line_and_fix(write):
    write("unloadable.py", "from flask import Flask\nx = “a”\n")

    with pytest.raises(SyntaxError) as caught:
        load_for_serving(ScriptInfo("unloadable.py"), in_full=True)
    failure = Failure.from_exception(caught.value)
    with pytest.raises(Exception, match="U\\+201C") as production:
        load_for_serving(ScriptInfo("unloadable.py"), in_full=False)

    paragraph = production.value.format_message().splitlines()
    page = failure.explanation.splitlines()
    assert paragraph[0] == page[0] == failure.advice.what
    assert paragraph[1] == page[1] == "  unloadable.py:2: x = “a”"
    assert failure.advice.fix in paragraph
    assert failure.advice.fix in page


def test_a_name_that_only_retort_has_is_imported_from_there(retort, write, apply_diff, world):
    write("program.py", "from flask import Flask, websocket\napp = Flask(__name__)\n")

    done = retort("--app", "program", "routes")

    assert done.returncode == 2
    assert "flask has no 'websocket': it is in retort." in done.stderr
    assert "Write 'from retort import websocket'." in done.stderr
    apply_diff(world, done.stderr[done.stderr.index("--- a/") :])
    assert retort("--app", "program", "routes").returncode == 0
