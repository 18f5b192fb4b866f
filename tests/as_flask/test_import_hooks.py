"""Tools that wait for the import of Flask's modules see it, and get complete modules."""

import pytest

# A tool as ddtrace and New Relic are: a finder at the front of `sys.meta_path`, which wraps the
# loader that the other finders give, and calls a function with the loaded module.
TOOL = '''
import importlib.util
import sys


class Loader:
    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        HOOKS[module.__name__](module)


class Finder:
    busy = set()

    def find_spec(self, fullname, path=None, target=None):
        if fullname not in HOOKS or fullname in self.busy:
            return None
        self.busy.add(fullname)
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            self.busy.discard(fullname)
        if spec is not None:
            spec.loader = Loader(spec.loader)
        return spec


def wrapping(module, name):
    """Put a function around one of the module, which prints the name."""
    original = getattr(module, name)

    def wrapper(*args, **kwargs):
        print("called", name)
        return original(*args, **kwargs)

    setattr(module, name, wrapper)


def trace_application(module):
    wrapping(module.Flask, "wsgi_app")
    wrapping(module.Flask, "dispatch_request")


HOOKS = {
    "flask.app": trace_application,
    "flask.templating": lambda module: (
        wrapping(module, "_render"), wrapping(module, "render_template_string")
    ),
    "flask.views": lambda module: wrapping(module.View, "dispatch_request"),
    "flask": lambda module: wrapping(module, "jsonify"),
}
sys.meta_path.insert(0, Finder())
'''

PROGRAM = """
import flask
from flask import Flask, jsonify, render_template_string
from flask.views import View

app = Flask("program")


@app.get("/")
def index():
    render_template_string("{{ 1 }}")
    return jsonify(1)


class Page(View):
    pass


app.add_url_rule("/page", view_func=Page.as_view("page"))
client = app.test_client()
print(client.get("/").text.strip())
app.logger.disabled = True
print(client.get("/page").status)
"""

CALLED = [
    "called wsgi_app",
    "called dispatch_request",
    "called render_template_string",
    "called _render",
    "called jsonify",
    "1",
    "called wsgi_app",
    "called dispatch_request",
    "called dispatch_request",
    "500 INTERNAL SERVER ERROR",
]


@pytest.fixture(autouse=True)
def _files(write):
    write("tool.py", TOOL)
    write("program.py", PROGRAM)


def test_a_tool_that_comes_before_flask_traces_it(flask_oracle, tmp_path):
    # So that the tests below expect what the tool does with Flask itself.
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import tool, program"

    assert flask_oracle("-c", code).splitlines() == CALLED


def test_a_tool_that_comes_before_the_alias_traces_retort(run):
    code = "import tool; import retort.as_flask as a; a.install(); import program"

    assert run("-c", code).splitlines() == CALLED


def test_a_tool_that_comes_after_the_alias_traces_retort(run):
    assert run("-m", "retort", "-c", "import tool, program").splitlines() == CALLED


def test_a_tool_in_a_child_process_traces_retort(run, write, tmp_path):
    write("sitecustomize.py", "import tool")  # as agents are started

    output = run("program.py", PYTHONPATH=str(tmp_path), RETORT_AS_FLASK="1")

    assert output.splitlines() == CALLED


def test_a_hook_gets_the_module_that_the_program_gets(run, write):
    write(
        "tool.py",
        TOOL.replace(
            "sys.meta_path.insert(0, Finder())",
            """
seen = {}
for name in ("flask.helpers", "flask.sessions", "flask.config", "flask.globals", "flask.views"):
    HOOKS[name] = lambda module, name=name: seen.update({name: (module, module.__spec__)})
sys.meta_path.insert(0, Finder())
""",
        ),
    )
    code = """
import sys, tool, flask, flask.views
for name, (module, spec) in tool.seen.items():
    ours = sys.modules[f"retort.{name[6:]}"]
    assert module is sys.modules[name] is ours, name
    assert spec is module.__spec__ and spec.name == ours.__spec__.name == f"retort.{name[6:]}"
print(len(tool.seen))
"""

    assert run("-m", "retort", "-c", code) == "5\n"


def test_the_alias_is_found_before_an_installed_flask(run, other_flask):
    code = "import sys, flask; print(flask.__file__.endswith('retort/__init__.py'))"

    assert run("-m", "retort", "-c", code) == "True\n"


def test_the_alias_is_found_where_python_s_finders_were_replaced(run):
    code = """
import importlib.machinery, sys
import retort.as_flask as a

class Own(importlib.machinery.PathFinder):
    pass

sys.meta_path[:] = [Own]
a.install()
import flask
print(flask.Flask)
"""

    assert run("-c", code) == "<class 'flask.app.Flask'>\n"
