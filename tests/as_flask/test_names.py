"""Classes, functions and views have Flask's module names under the alias."""

import json

import pytest

PRINT_NAMES = """
import importlib, inspect, json, types

MODULES = (
    "flask flask.app flask.blueprints flask.cli flask.config flask.ctx flask.globals"
    " flask.helpers flask.json flask.json.provider flask.json.tag flask.logging"
    " flask.sansio.app flask.sansio.blueprints flask.sansio.scaffold flask.sessions"
    " flask.signals flask.templating flask.testing flask.views flask.wrappers"
).split()


def functions(attribute):
    if isinstance(attribute, (staticmethod, classmethod)):
        attribute = attribute.__func__
    if isinstance(attribute, property):
        return [attribute.fget]
    attribute = getattr(attribute, "func", attribute)
    return [attribute] if isinstance(attribute, types.FunctionType) else []


def is_of_framework(value):
    return value.__module__.partition(".")[0] in ("flask", "retort")


def name_of(value):
    return f"{value.__module__}:{value.__qualname__}"


names = {}
for module_name in MODULES:
    module = importlib.import_module(module_name)
    for name in dir(module):
        value = getattr(module, name)
        if name.startswith("__") or not isinstance(value, (type, types.FunctionType)):
            continue
        if not is_of_framework(value):
            continue
        names[f"{module_name}.{name}"] = name_of(value)
        if isinstance(value, type):
            for attribute in dir(value):
                for function in functions(inspect.getattr_static(value, attribute)):
                    if is_of_framework(function) and not attribute.startswith("_"):
                        names[f"{module_name}.{name}.{attribute}"] = name_of(function)
print(json.dumps(names))
"""

# What is called otherwise: by its name here and in Flask.
DIFFERENT = {
    # Flask has a second class Blueprint below the first.
    "flask.blueprints.SansioBlueprint",
    "flask.sansio.blueprints.Blueprint",
    # Tags share the functions that check a type, and the session's methods the one that refuses.
    "flask.json.tag.PassDict.check",
    "flask.json.tag.PassDict.tag",
    "flask.json.tag.PassList.check",
    "flask.json.tag.PassList.tag",
    "flask.json.tag.TagBytes.check",
    "flask.json.tag.TagDateTime.check",
    "flask.json.tag.TagTuple.check",
    "flask.json.tag.TagUUID.check",
    "flask.sessions.NullSession.clear",
    "flask.sessions.NullSession.pop",
    "flask.sessions.NullSession.popitem",
    "flask.sessions.NullSession.setdefault",
    "flask.sessions.NullSession.update",
    # Classes that are imported with Jinja, by the first template, and their methods.
    "flask.app.Environment",
    "flask.sansio.app.DispatchingJinjaLoader",
    "flask.sansio.app.Environment",
    "flask.templating.DispatchingJinjaLoader",
    "flask.templating.Environment",
    "flask.sansio.app.DispatchingJinjaLoader.get_source",
    "flask.sansio.app.DispatchingJinjaLoader.list_templates",
    "flask.templating.DispatchingJinjaLoader.get_source",
    "flask.templating.DispatchingJinjaLoader.list_templates",
}


@pytest.fixture(scope="module")
def flask_names(flask_oracle):
    return json.loads(flask_oracle("-W", "ignore", "-c", PRINT_NAMES))


def test_classes_functions_and_methods_are_named_as_in_flask(run, flask_names):
    ours = json.loads(run("-m", "retort", "-c", PRINT_NAMES))

    shared = flask_names.keys() & ours.keys()
    assert len(shared) > 700
    assert {name for name in shared if ours[name] != flask_names[name]} == DIFFERENT


def test_names_that_flask_has_not_stay_retort_s(run):
    code = (
        "import flask, retort\n"
        "from retort.setup import SetupError\n"
        "for value in (retort.Retort, retort.condition, SetupError):\n"
        "    print(value.__module__)"
    )

    assert run("-m", "retort", "-c", code).split() == [
        "retort.app",
        "retort.preconditions",
        "retort.errors",
    ]


def test_without_the_alias_everything_has_retort_s_names(run):
    code = "import retort, retort.as_flask; print(retort.Flask, retort.redirect.__module__)"

    assert run("-c", code) == "<class 'retort.app.Flask'> retort.helpers\n"


STATIC_VIEWS = """
from flask import Blueprint, Flask
app = Flask("program", static_folder=".", root_path=".")
app.register_blueprint(Blueprint("b", "program", root_path=".", static_folder="."))
for endpoint in ("static", "b.static"):
    view = app.view_functions[endpoint]
    print(view.__module__, view.__name__, view.__qualname__)
"""


def test_static_views_are_named_as_in_flask(run, flask_oracle):
    names = run("-m", "retort", "-c", STATIC_VIEWS)

    assert names == flask_oracle("-c", STATIC_VIEWS)
    assert names.splitlines() == [
        "flask.app <lambda> Flask.__init__.<locals>.<lambda>",
        "flask.blueprints send_static_file Blueprint.send_static_file",
    ]


def test_the_static_view_of_a_subclass_is_named_as_in_flask(run, flask_oracle):
    code = STATIC_VIEWS.replace('Flask("', 'type("Own", (Flask,), {})("')

    assert run("-m", "retort", "-c", code) == flask_oracle("-c", code)


WARNING = """
import warnings
import flask

app = flask.Flask("program")
app.config["SERVER_NAME"] = "example.org:5000"
with warnings.catch_warnings():
    warnings.simplefilter("error")
    warnings.filterwarnings("ignore", "Current server name", UserWarning, "flask.app")
    print(app.test_client().get("/", base_url="http://other.example").status)
"""


def test_a_filter_for_warnings_of_flask_app_applies(run, flask_oracle):
    assert run("-m", "retort", "-c", WARNING) == flask_oracle("-c", WARNING) == "404 NOT FOUND\n"


PICKLE = """
import pickle, sys
import flask, flask.testing, flask.views
from flask.sessions import SecureCookieSession
values = [
    flask.Flask, flask.Blueprint, flask.Request, flask.Response, flask.Config, flask.redirect,
    flask.url_for, flask.views.View, flask.testing.FlaskClient, SecureCookieSession,
]
sys.stdout.write(pickle.dumps(values).hex())
"""

UNPICKLE = """
import pickle
print([value.__name__ for value in pickle.loads(bytes.fromhex({!r}))])
"""


def test_a_pickle_can_be_read_by_flask_and_by_retort(run, flask_oracle):
    # Such as a cached response: a program can move to Retort and back.
    ours, theirs = run("-m", "retort", "-c", PICKLE), flask_oracle("-c", PICKLE)
    expected = (
        "['Flask', 'Blueprint', 'Request', 'Response', 'Config', 'redirect', 'url_for', 'View',"
        " 'FlaskClient', 'SecureCookieSession']\n"
    )

    for pickled in (ours, theirs):
        assert run("-m", "retort", "-c", UNPICKLE.format(pickled)) == expected
        assert flask_oracle("-c", UNPICKLE.format(pickled)) == expected


def test_python_finds_the_source_of_what_is_renamed(run):
    code = """
import flask, inspect
from flask.views import View
for value in (flask.Flask, flask.Blueprint, flask.Request, View, flask.url_for, View.as_view):
    print(inspect.getsource(value).strip().splitlines()[0])
"""

    assert run("-m", "retort", "-c", code).splitlines() == [
        "class Flask(App):",
        "class Blueprint(Scaffold):",
        "class Request(RequestBase):",
        "class View:",
        "def url_for(",
        "@classmethod",
    ]
