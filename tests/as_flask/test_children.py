"""Child processes have the alias too: the variable RETORT_AS_FLASK and the .pth file."""

import os
import site
import sys

import pytest

from retort.as_flask import FLASK_VERSION, children

WHICH = "import flask; print('retort' if '/retort/__init__' in flask.__file__ else 'another')"

PROGRAM = """
import multiprocessing
import os
import subprocess
import sys


def tell():
    import flask
    print("spawned", "retort" if "/retort/__init__" in flask.__file__ else "another", flush=True)


if __name__ == "__main__":
    subprocess.run([sys.executable, "-c", WHICH], check=True)
    for method in multiprocessing.get_all_start_methods():
        process = multiprocessing.get_context(method).Process(target=tell)
        process.start()
        process.join()
        assert process.exitcode == 0
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-c", WHICH])
"""


@pytest.fixture(autouse=True)
def _files(write, other_flask):
    write("program.py", f"WHICH = {WHICH!r}\n{PROGRAM}")


def test_the_other_flask_of_these_tests_is_found_without_the_alias(run):
    assert run("-c", WHICH) == "another\n"
    assert set(run("program.py").split()) == {"another", "spawned"}


def test_every_kind_of_child_of_a_program_on_retort_has_the_alias(run):
    lines = run("-m", "retort", "program.py").splitlines()

    assert lines[0] == lines[-1] == "retort"  # subprocess, execv
    assert set(lines[1:-1]) == {"spawned retort"}
    assert len(lines) > 3


def test_a_child_of_a_program_that_installs_the_alias_itself_has_it(run):
    output = run(
        "-c", f"import retort.as_flask as a; a.install()\nimport runpy, sys\n{WHICH}\n{CHILD}"
    )

    assert output.split() == ["retort", "retort"]


CHILD = f"import subprocess; subprocess.run([sys.executable, '-c', {WHICH!r}], check=True)"


@pytest.mark.parametrize("value", ["", "0"])
def test_the_variable_can_switch_it_off_for_a_child(run, value):
    assert run("-c", WHICH, RETORT_AS_FLASK="1") == "retort\n"
    assert run("-c", WHICH, RETORT_AS_FLASK=value) == "another\n"


def test_a_child_that_never_imports_flask_does_not_load_retort(run):
    code = "import sys; print([name for name in ('retort', 'werkzeug') if name in sys.modules])"

    assert run("-c", code, RETORT_AS_FLASK="1") == "[]\n"


def test_a_process_without_the_variable_imports_nothing_for_it(run):
    code = "import sys; print('_retort_as_flask' in sys.modules, len(sys.meta_path))"
    bare = "import sys; sys.path.clear(); print(False, len(sys.meta_path))"

    assert run("-c", code) == run("-c", bare)


def test_a_submodule_may_be_what_a_child_imports_first(run):
    code = "from flask.views import View; import flask; print(View.__module__, flask.Flask)"

    assert run("-c", code, RETORT_AS_FLASK="1") == "flask.views <class 'flask.app.Flask'>\n"


def test_a_child_finds_the_version_before_it_imports_flask(run):
    code = "from importlib.metadata import version; print(version('flask'))"

    assert run("-c", code, RETORT_AS_FLASK="1") == f"{FLASK_VERSION}\n"


def test_importing_flask_from_several_threads_at_once_works(run):
    code = """
import sys, threading
sys.setswitchinterval(1e-6)
barrier = threading.Barrier(8)
found = []
def find():
    barrier.wait()
    import flask
    found.append(flask.Flask)
threads = [threading.Thread(target=find) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print(len(found), len(set(found)))
"""

    assert run("-c", code, RETORT_AS_FLASK="1") == "8 1\n"


def test_python_reads_the_variable_where_retort_is_installed():
    assert children.why_children_are_left_out() is None


def test_an_installation_that_python_does_not_read_at_its_start_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr(site, "getsitepackages", lambda: [str(tmp_path)])
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(tmp_path))

    reason = children.why_children_are_left_out()

    assert reason is not None
    assert "retort-as-flask.pth is in no site folder of" in reason
    assert sys.prefix in reason
    assert "retort.as_flask.install()" in reason


def test_a_line_is_printed_if_children_lack_the_alias(finish, write):
    write("program.py", "print('started')")
    # Without `site` Python reads no .pth file: as where Retort is only on PYTHONPATH.
    arguments = ["-S", "-m", "retort", "program.py"]

    result = finish(*arguments, PYTHONPATH=os.pathsep.join(sys.path))

    assert result.stdout == "started\n"
    assert "that this program starts will not find Retort as `flask`" in result.stderr


def test_no_line_is_printed_if_children_have_the_alias(finish, write):
    write("program.py", "print('started')")

    result = finish("-m", "retort", "program.py")

    assert (result.stdout, result.stderr) == ("started\n", "")
