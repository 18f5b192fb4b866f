"""What is not imported before a program needs it, each time in a process of its own."""

import subprocess
import sys
import textwrap

import pytest

OF_NO_USE_TO_A_PLAIN_ANSWER = (
    "asgiref",
    "asyncio",
    "click",
    "dotenv",
    "granian",
    "jinja2",
    "msgspec",
    "retort.cli",
    "retort.devtools",
    "retort.jinja",
    "retort.lifecycle.websockets",
    "retort.server",
    "retort.testing",
    "watchfiles",
    "websockets",
)

PLAIN_PROGRAM = """
from wsgiref.util import setup_testing_defaults

app = Flask("plain")

@app.get("/hello/<name>")
def hello(name):
    return f"hello {name}"

@app.get("/json")
def data():
    return {"a": 1}

def ask(path):
    environ = {"PATH_INFO": path, "REQUEST_METHOD": "GET"}
    setup_testing_defaults(environ)
    return b"".join(app(environ, lambda status, fields, exc_info=None: None))

assert ask("/hello/Ada") == b"hello Ada"
assert ask("/json").strip() == b'{"a":1}'
assert b"404" in ask("/nowhere") or b"Not Found" in ask("/nowhere")
"""


@pytest.fixture
def run():
    def run(program):
        command = [sys.executable, "-c", textwrap.dedent(program)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return run


def printing(*names):
    return f"\nimport sys\nfor name in {names!r}:\n    if name in sys.modules: print(name)\n"


@pytest.mark.parametrize(
    "start",
    [
        "from retort import Flask",
        "import retort.as_flask; retort.as_flask.install(); from flask import Flask",
    ],
    ids=["retort", "the alias"],
)
def test_a_plain_response_needs_neither_templates_nor_tools(run, start):
    assert run(start + PLAIN_PROGRAM + printing(*OF_NO_USE_TO_A_PLAIN_ANSWER)) == []


IN_PRODUCTION = """
import http.client, importlib, pkgutil, socket, threading
from retort import Flask
import retort.server.process
from retort.server.command import serve
from retort.server.options import Settings
from retort.server.process.serving import Worker
from retort.server.process.preload import preload_modules

for module in pkgutil.iter_modules(retort.server.process.__path__):
    importlib.import_module(f"retort.server.process.{module.name}")

app = Flask("shop")

@app.get("/hello")
def hello():
    return "hello"

@app.get("/broken")
def broken():
    raise KeyError("x")

app.logger.disabled = True
assert app.test_client().get("/hello").text == "hello"
preload_modules(app)
listener = socket.create_server(("127.0.0.1", 0))
worker = Worker(app, listener, Settings())
worker.start()
client = http.client.HTTPConnection(*listener.getsockname(), timeout=60)
for path, status in [("/hello", 200), ("/broken", 500), ("/nowhere", 404)]:
    client.request("GET", path)
    response = client.getresponse()
    assert response.status == status and response.read()
client.close()
worker.stop()
assert worker.wait()
"""

NOT_LOADING = """
from retort.server.command import serve

def load():
    raise KeyError("no configuration")

try:
    serve(load, host="127.0.0.1", port=0)
except SystemExit as ended:
    assert ended.code == 1
"""

PRINT_DEVTOOLS = """
import sys
print(*[name for name in sys.modules if name.startswith(("retort.devtools", "werkzeug.debug"))])
"""


@pytest.mark.parametrize("program", [IN_PRODUCTION, NOT_LOADING], ids=["serving", "not loading"])
def test_production_never_imports_the_devtools(run, program):
    assert run(program + PRINT_DEVTOOLS) == []


def test_a_template_brings_jinja(run):
    program = """
        from retort import Flask, render_template_string
        app = Flask("rendering")
        with app.app_context():
            print(render_template_string("hello{{ 1 + 1 }}"))
        import sys
        print("jinja2" in sys.modules)
    """

    assert run(program) == ["hello2", "True"]


@pytest.mark.parametrize(
    "asked",
    [
        "retort.Flask.jinja_environment",
        "retort.Flask('x').jinja_environment",
        "retort.templating.Environment",
        "type(retort.Flask('x').jinja_env)",
    ],
)
def test_the_class_of_the_environment_is_available_by_every_first_access(run, asked):
    program = f"import retort, retort.templating; print(({asked}) is retort.jinja.Environment)"

    assert run(program) == ["True"]


def test_a_filter_registered_at_set_up_is_in_the_environment_made_for_it(run):
    program = """
        from retort import Flask, render_template_string
        app = Flask("filters")
        @app.template_filter("twice")
        def twice(text): return text * 2
        with app.app_context():
            print(render_template_string("{{ 'ab'|twice }}"))
    """

    assert run(program) == ["abab"]


def test_concurrent_first_accesses_create_one_environment_class(run):
    program = """
        import threading
        from retort import Flask
        from retort import templating
        start = threading.Barrier(8)
        found = []
        def ask(number):
            start.wait(60)
            found.append(templating.Environment if number % 2 else Flask.jinja_environment)
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
        for thread in threads: thread.start()
        for thread in threads: thread.join(60)
        print(len(found), len(set(found)))
    """

    assert run(program) == ["8", "1"]


def test_a_decimal_is_written_though_the_module_came_later(run):
    program = """
        from retort import Flask
        app = Flask("numbers")
        from decimal import Decimal
        print(app.json.dumps(Decimal("1.50")))
    """

    assert run(program) == ['"1.50"']


def test_the_module_of_templates_has_no_other_names():
    import retort.templating

    with pytest.raises(AttributeError, match=r"'retort\.templating' has no attribute 'Nonsense'"):
        _ = retort.templating.Nonsense
