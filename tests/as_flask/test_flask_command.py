"""``python -m flask`` under the alias is Retort's command line."""

PROGRAM = """
from flask import Flask

app = Flask(__name__)


@app.cli.command("greet")
def greet():
    print("hello from", __name__)


@app.get("/hello")
def hello():
    return "hello"
"""


def test_python_m_retort_m_flask_runs_commands(run, write):
    write("app.py", PROGRAM)

    assert "/hello" in run("-m", "retort", "-m", "flask", "routes")
    assert run("-m", "retort", "-m", "flask", "--app", "app", "greet") == "hello from app\n"


def test_python_m_flask_in_a_child_process_runs_commands(run, write):
    write("app.py", PROGRAM)

    assert run("-m", "flask", "greet", RETORT_AS_FLASK="1") == "hello from app\n"


def test_its_usage_names_the_command_as_it_was_typed(run):
    assert run("-m", "retort", "-m", "flask", "--help").startswith("Usage: python -m flask ")


def test_the_loader_has_code_for_flask_main_alone(run):
    code = """
import importlib.util
spec = importlib.util.find_spec("flask.__main__")
print(spec.name, spec.loader.get_source("flask.__main__").splitlines())
try:
    spec.loader.get_code("flask.app")
except ImportError as error:
    print(error)
"""

    assert run("-m", "retort", "-c", code).splitlines() == [
        "flask.__main__ ['from retort.cli import main', 'main()']",
        "flask.app has no code of its own.",
    ]
