"""retort run: which program is served, and how."""

import pickle
import re

import click
import pytest

from retort.cli import ScriptInfo, cli, run_command
from retort.cli.program import load_for_serving

PROGRAM = """
    from flask import Flask, current_app

    app = Flask("first")
    other = Flask("second")

    def create_app(name="made", *, key=0):
        made = Flask(f"{name} {key}")
        made.add_url_rule("/", view_func=lambda: made.name)
        return made

    for each in (app, other):
        each.add_url_rule("/", view_func=lambda: f"{current_app.name} {current_app.debug}")
"""


@pytest.fixture
def program(write):
    return write("shop.py", PROGRAM)


def params(*args, variables=(), monkeypatch=None):
    for name, value in variables:
        monkeypatch.setenv(name, value)
    parent = click.Context(cli, info_name="retort", auto_envvar_prefix="FLASK")
    parent.obj = ScriptInfo()
    return run_command.make_context("run", list(args), parent=parent).params


def test_the_defaults_are_this_machine_and_port_5000():
    expected = {
        "target": None,
        "host": "127.0.0.1",
        "port": 5000,
        "workers": 1,
        "threads": 256,
        "with_threads": True,
        "reload": None,
        "debugger": None,
        "cert": None,
        "extra_files": None,
        "exclude_patterns": None,
    }
    assert expected.items() <= params().items()


def test_operator_features_are_off_by_default():
    expected = {
        "access_log": None,
        "log_format": None,
        "request_id": False,
        "proxy": 0,
        "health": False,
        "metrics": False,
        "ops_port": None,
        "client_ca": None,
        "tls_min": "1.2",
        "allow_public_debug": False,
    }
    assert expected.items() <= params().items()


@pytest.mark.parametrize("args", [("--proxy",), ("--proxy", "1"), ("--proxy=1",)])
def test_proxy_alone_means_one(args):
    assert params(*args)["proxy"] == 1
    assert params(*args, "shop.py")["target"] == "shop.py"
    assert params("shop.py", *args, "--workers", "2")["proxy"] == 1


@pytest.mark.parametrize("value", ["-1", "11", "nginx"])
def test_a_wrong_number_of_proxies_is_refused(value):
    with pytest.raises(click.BadParameter, match=r"--proxy 1|not in the range"):
        params(f"--proxy={value}")


@pytest.mark.parametrize("path", ["internal", "/a b", "/é", ""])
def test_a_path_for_machines_has_to_be_one(path):
    with pytest.raises(click.BadParameter, match="is not a path such as"):
        params("--ops-path", path)


def test_what_can_be_chosen_is_what_there_is():
    from retort.server.operations.access_log import FORMATS

    (option,) = [param for param in run_command.params if param.name == "access_log_format"]
    assert list(option.type.choices) == list(FORMATS)


@pytest.mark.parametrize(
    ("variable", "value", "name", "expected"),
    [
        ("FLASK_RUN_HOST", "0.0.0.0", "host", "0.0.0.0"),
        ("FLASK_RUN_PORT", "8000", "port", 8000),
        ("FLASK_RUN_RELOAD", "0", "reload", False),
        ("FLASK_RUN_WORKERS", "3", "workers", 3),
        ("FLASK_RUN_EXTRA_FILES", "a.txt", "extra_files", ["a.txt"]),
    ],
)
def test_every_option_can_be_set_by_a_variable(monkeypatch, variable, value, name, expected):
    assert params(variables=[(variable, value)], monkeypatch=monkeypatch)[name] == expected


def test_an_option_counts_more_than_its_variable(monkeypatch):
    variables = [("FLASK_RUN_PORT", "8000")]

    assert params("-p", "9000", variables=variables, monkeypatch=monkeypatch)["port"] == 9000


@pytest.mark.parametrize(
    ("target", "answer"),
    [
        ("{folder}/shop.py", "first False"),
        ("{folder}/shop.py:other", "second False"),
        ("shop:app", "first False"),
        ("shop:create_app()", "made 0"),
        ('shop:create_app("named", key=7)', "named 7"),
    ],
)
def test_a_target_is_a_file_a_module_or_a_factory(serve, program, world, target, answer):
    target = target.format(folder=world)

    with serve(target, env={"PYTHONPATH": str(world)}) as site:
        assert site.ask("GET", "/").text == answer


@pytest.mark.parametrize("place", ["option", "variable"])
def test_the_target_counts_more_than_the_option_and_the_variable(serve, program, place):
    options = ["--app", "nowhere"] if place == "option" else []
    env = {} if place == "option" else {"FLASK_APP": "nowhere"}

    with serve(str(program), *options, env=env) as site:
        assert site.ask("GET", "/").status == 200


def test_several_workers_and_one_thread_serve_too(serve, program):
    with serve(str(program), "--workers", "2", "--without-threads") as site:
        assert [site.ask("GET", "/").text for _ in range(4)] == ["first False"] * 4


def test_debug_mode_reaches_the_program_and_prints_routes_and_forms(serve, write):
    program = write(
        "login.py",
        """
        from flask import Flask
        app = Flask(__name__)
        app.add_url_rule("/", "index", lambda: str(app.debug))
        """,
    )
    form = write("login.html", '<FORM action="http://localhost:5000/"></FORM>')
    write("about.html", "<p>no such thing here</p>")

    with serve(str(program), "--debug", "--no-reload") as site:
        assert site.ask("GET", "/").text == "True"
        log = site.log.read_text()

    assert re.search(r"^ +index +GET +/$", log, re.M)
    assert f"A form to open in the browser: {form}\n" in log
    assert "about.html" not in log


def test_without_debug_mode_the_routes_are_not_printed(serve, program):
    with serve(str(program)) as site:
        assert "Rule" not in site.log.read_text()


def test_an_env_file_can_name_the_options_of_the_program(serve, write):
    program = write(
        "speaks.py",
        """
        import os
        from flask import Flask
        app = Flask(__name__)
        app.add_url_rule("/", view_func=lambda: os.environ["WORD"])
        """,
    )
    variables = write("words.env", "WORD=spoken\n")

    with serve(str(program), "--env-file", str(variables)) as site:
        assert site.ask("GET", "/").text == "spoken"


def test_the_loader_of_a_serving_process_is_picklable(write):
    write("afar.py", "import retort\napp = retort.Flask('afar')\n")
    info = pickle.loads(pickle.dumps(ScriptInfo("afar.py")))

    assert load_for_serving(info, in_full=False).import_name == "afar"
