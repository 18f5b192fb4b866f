"""Programs monkeypatched by gevent or eventlet are refused with an alternative.

The libraries themselves: `tests/extensions/test_gunicorn.py`. These tests use stand-ins with
their query functions, so that neither is required.
"""

import signal

import pytest

from retort.server.process.monkeypatching import PatchedProgram, refuse_patched

PATCHED = """
    from flask import Flask
    import gevent.monkey

    gevent.monkey.patch_all()
    app = Flask(__name__)

    @app.get("/")
    def index():
        return "here"
"""

GEVENT = """
patched = set()

def patch_all():
    patched.update(["thread", "socket", "select", "time"])

def patch_subprocess():
    patched.add("subprocess")

def is_module_patched(name):
    return name in patched
"""

EVENTLET = """
patched = set()

def monkey_patch():
    patched.update(["thread", "socket"])

def is_monkey_patched(module):
    return module in patched
"""


@pytest.fixture(autouse=True)
def libraries(tmp_path):
    for name, source in [("gevent/monkey.py", GEVENT), ("eventlet/patcher.py", EVENTLET)]:
        file = tmp_path / name  # where the program is
        file.parent.mkdir()
        file.write_text(source)
        (file.parent / "__init__.py").touch()
    return str(tmp_path)


@pytest.mark.parametrize("options", [[], ["--workers=2"], ["--debug", "--no-reload"]])
def test_a_patched_program_is_refused_with_the_command_that_works(run, options):
    program = run(PATCHED, "--port=0", *options)

    assert program.wait() == 1
    assert "Error: This program calls gevent.monkey.patch_all()" in program.output
    assert "python -m retort -m gunicorn -k gevent MODULE:APP" in program.output
    assert "Traceback" not in program.output
    assert program.family() == []


def test_a_program_that_fails_while_it_is_patched_is_refused_for_that_reason(run):
    """gevent's own failure does not name the cause."""
    failing = PATCHED.replace(
        ".patch_all()", ".patch_all(); raise RuntimeError('un-acquired lock')"
    )
    program = run(failing, "--port=0")

    assert program.wait() == 1
    assert "Error: This program calls gevent.monkey.patch_all()" in program.output
    assert "un-acquired lock" not in program.output


def test_with_the_reloader_the_call_can_be_removed(run):
    program = run(PATCHED, "--port=0", "--debug")
    program.wait_for_output("Error: This program calls gevent.monkey.patch_all()")
    program.wait_for_answer("exit status 1")

    program.rewrite("gevent.monkey.patch_all()", "pass")

    program.wait_for_answer("here")


def test_a_reload_to_a_patched_program_leaves_the_old_workers_serving(run):
    program = run(PATCHED.replace(".patch_all()", ".patch_subprocess()"), "--port=0")
    program.wait_for_answer("here")
    program.rewrite(".patch_subprocess()", ".patch_all()")

    program.process.send_signal(signal.SIGHUP)

    program.wait_for_output("The old workers go on serving")
    assert "Error: This program calls gevent.monkey.patch_all()" in program.output
    assert program.get("/").text == "here"


def test_a_patched_script_is_served_by_werkzeugs_server(start):
    program = start(PATCHED + "\n    app.run(port=0)\n", words=["-m", "retort", "{file}"])

    program.wait_for_output("Served by Werkzeug's development server: gevent has replaced")


def test_eventlet_is_found_as_well(monkeypatch, libraries):
    monkeypatch.syspath_prepend(libraries)
    import eventlet.patcher

    refuse_patched()
    eventlet.patcher.monkey_patch()

    with pytest.raises(PatchedProgram, match="gunicorn -k eventlet MODULE:APP"):
        refuse_patched()
    eventlet.patcher.patched.clear()
