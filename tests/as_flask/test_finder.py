"""``import flask`` finds Retort: each test in a process that nothing else has touched."""

import os
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import retort
from retort.as_flask.finder import fetch, origins
from retort.as_flask.tables import COMPOSED, WHOLE

INSTALL = "import retort.as_flask; retort.as_flask.install()\n"


@pytest.fixture
def python(tmp_path):
    """Run code in a new interpreter, in a folder of its own; what it printed."""

    def python(code, *options, install=True):
        result = subprocess.run(
            [sys.executable, *options, "-c", (INSTALL if install else "") + dedent(code)],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            encoding="utf-8",
            env={name: text for name, text in os.environ.items() if name != "PYTHONPATH"},
            timeout=60,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return python


@pytest.fixture
def real_flask(tmp_path):
    """Another Flask package in the current folder, which prints a line when it is imported."""
    for name in (*COMPOSED, *WHOLE):
        folder = tmp_path.joinpath(*name.split("."))
        folder.mkdir(parents=True, exist_ok=True)
        folder.joinpath("__init__.py").write_text("print('the other Flask was loaded')\n")
    return tmp_path


def distribution(folder, version):
    place = folder / f"flask-{version}.dist-info"
    place.mkdir()
    (place / "METADATA").write_text(f"Metadata-Version: 2.1\nName: Flask\nVersion: {version}\n")


def test_no_file_of_an_installed_flask_is_loaded(python, real_flask):
    names = sorted([*COMPOSED, *WHOLE])

    output = python(f"""
        import importlib, sys
        import flask
        from flask import *
        for name in {names}:
            importlib.import_module(name)
        files = [getattr(module, "__file__", None) or "" for module in sys.modules.values()]
        print([file for file in files if file.startswith({str(real_flask)!r})])
        import retort
        print(flask.Flask is retort.Flask)
    """)

    assert output == "[]\nTrue\n"


def test_the_fake_flask_of_these_tests_is_found_without_the_alias(python, real_flask):
    assert "the other Flask was loaded" in python("import flask", install=False)


def test_a_whole_module_is_the_module_of_ours(python):
    assert python(f"""
        import importlib, sys
        for name, ours in {WHOLE}.items():
            module = importlib.import_module(name)
            assert module is sys.modules[name] is sys.modules[ours], name
            assert module.__spec__.name == ours and module.__package__ in ours, name
            print(ours)
    """).split() == list(WHOLE.values())


@pytest.mark.parametrize("module", sorted(COMPOSED))
def test_every_name_in_the_table_exists(module):
    for name, origin in origins(module).items():
        if origin[1] is not None:
            assert fetch(*origin) is not None, name


# What Retort has and Flask has not: it is imported from retort.
OWN = {
    *("Event", "Retort", "WebSocketDisconnect", "condition", "copy_current_websocket_context"),
    *("created", "cross_origin_exempt", "event_stream", "has_websocket_context", "stream_body"),
    "websocket",
}


def test_flask_has_every_name_of_retort_but_its_own():
    names = set(origins("flask"))
    assert set(retort.__all__) - OWN <= names
    assert not names & OWN


def test_the_names_are_those_of_retort(python):
    assert python("""
        import flask, retort
        for name in flask.__all__:
            ours = getattr(retort, name, None)
            if ours is not None and getattr(flask, name) is not ours:
                print(name)
    """).split() == ["app"]  # the module flask.app is put together from several of ours


def test_importing_flask_imports_no_tools(python):
    assert (
        python("""
        import sys
        from flask import Flask, request, session
        heavy = ("click", "granian", "retort.cli", "retort.server", "retort.testing")
        print([name for name in heavy if name in sys.modules])
    """)
        == "[]\n"
    )


def test_an_import_hook_for_a_submodule_is_called(python):
    output = python("""
        import importlib.abc, sys

        class Waits(importlib.abc.MetaPathFinder):
            def find_spec(self, fullname, path=None, target=None):
                if fullname in {"flask.app", "flask.blueprints", "flask.templating"}:
                    print(fullname)
                return None

        sys.meta_path.insert(0, Waits())
        import flask
    """)

    assert output.split() == ["flask.app", "flask.blueprints", "flask.templating"]


def test_submodules_can_be_reached_by_attribute(python):
    assert python("""
        import flask
        print(flask.cli.AppGroup.__name__, flask.json.provider.DefaultJSONProvider.__name__)
        import flask.json.tag, flask.views
        print(flask.json.tag.JSONTag.__name__, flask.views.MethodView.__name__)
        print(flask.sansio.app.App.__name__, flask.wrappers.ResponseBase.__module__)
    """).splitlines() == [
        "AppGroup DefaultJSONProvider",
        "JSONTag MethodView",
        "App werkzeug.wrappers.response",
    ]


def test_names_that_extensions_take_by_path_are_there(python):
    python("""
        from flask.app import Flask, Rule
        from flask.blueprints import Blueprint, BlueprintSetupState
        from flask.cli import click, FlaskGroup, ScriptInfo, with_appcontext
        from flask.config import Config, ConfigAttribute
        from flask.ctx import AppContext, RequestContext, _AppCtxGlobals, has_request_context
        from flask.debughelpers import DebugFilesKeyError, FormDataRoutingRedirect
        from flask.globals import _cv_app, _cv_request, app_ctx, request_ctx
        from flask.helpers import get_debug_flag, get_root_path
        from flask.json import _json
        from flask.json.provider import _default
        from flask.json.tag import PassDict, TaggedJSONSerializer
        from flask.logging import default_handler, has_level_handler, wsgi_errors_stream
        from flask.sansio.app import App
        from flask.sansio.blueprints import Blueprint as Same
        from flask.sansio.scaffold import Scaffold, setupmethod, _endpoint_from_view_func
        from flask.sessions import SecureCookieSessionInterface, session_json_serializer
        from flask.signals import Namespace, got_request_exception
        from flask.templating import DispatchingJinjaLoader, Environment, _render
        from flask.testing import EnvironBuilder, FlaskClient, FlaskCliRunner
        from flask.typing import ResponseReturnValue, RouteCallable
        from flask.views import MethodView, http_method_funcs
        from flask.wrappers import Request, RequestBase, Response, ResponseBase

        assert Same is Blueprint and issubclass(Flask, App) and issubclass(Request, RequestBase)
    """)


REMOVED = {
    "flask": "Markup Module escape _request_ctx_stack _app_ctx_stack ext Retort",
    "flask.globals": "_request_ctx_stack _app_ctx_stack",
    "flask.json": "JSONEncoder JSONDecoder",
    "flask.signals": "signals_available",
}


def test_names_that_flask_removed_are_absent(python):
    assert python(f"""
        import importlib
        for module, names in {REMOVED}.items():
            for name in names.split():
                print(name, hasattr(importlib.import_module(module), name))
                try:
                    exec(f"from {{module}} import {{name}}")
                except ImportError:
                    continue
                print("could be imported")
    """).splitlines() == [f"{name} False" for names in REMOVED.values() for name in names.split()]


def test_modules_that_flask_does_not_have_are_absent(python):
    names = ["flask.scaffold", "flask._compat", "flask.ext", "flask.cli.locate", "flask.json.x"]

    assert python(f"""
        import importlib
        for name in {names}:
            try:
                importlib.import_module(name)
            except ModuleNotFoundError as error:
                print(error.name, error)
    """).splitlines() == [f"{name} No module named {name!r}" for name in names]


def test_a_removed_name_has_pythons_error_message(python):
    assert (
        python("""
        import flask
        try:
            flask.Markup
        except AttributeError as error:
            print(error)
    """)
        == "module 'flask' has no attribute 'Markup'\n"
    )


def test_a_name_replaced_in_flask_stays_replaced(python):
    assert (
        python("""
        import flask

        class Traced(flask.Flask):
            pass

        flask.Flask = Traced
        from flask import Flask
        import retort
        print(Flask is Traced, retort.Flask is not Traced)
    """)
        == "True True\n"
    )


def test_a_function_replaced_in_a_module_is_the_one_that_is_called(python):
    assert (
        python("""
        import flask
        import flask.templating

        real = flask.templating._render
        flask.templating._render = lambda template, context, app: "replaced"
        app = flask.Flask("x")
        with app.app_context():
            print(flask.render_template_string("real"))
    """)
        == "replaced\n"
    )


def test_the_version_is_that_of_the_flask_we_stand_in_for(python):
    assert python("""
        import warnings, flask
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            print(flask.__version__)
        print([(w.category.__name__, w.filename) for w in caught])
        print(hasattr(flask.app, "__version__"))
    """).splitlines() == ["3.1.3", "[('DeprecationWarning', '<string>')]", "False"]


def test_the_metadata_answers_without_a_flask_installed(python):
    assert python("""
        import importlib.metadata as metadata
        print(metadata.version("flask"), metadata.version("Flask"))
        print(metadata.metadata("flask")["Name"])
        print([d.version for d in metadata.distributions() if d.metadata["Name"] == "Flask"])
        print(metadata.distribution("click").metadata["Name"].lower())
        try:
            metadata.version("flask-nothing")
        except metadata.PackageNotFoundError as error:
            print(error.name)
    """).splitlines() == ["3.1.3 3.1.3", "Flask", "['3.1.3']", "click", "flask-nothing"]


@pytest.mark.parametrize(("installed", "answer"), [("3.0.1", "3.0.1"), ("2.3.3", "3.1.3")])
def test_the_metadata_of_an_installed_flask_3_is_not_changed(python, tmp_path, installed, answer):
    distribution(tmp_path, installed)

    output = python("""
        import importlib.metadata as metadata
        print(metadata.version("flask"))
        print([d.version for d in metadata.distributions() if d.metadata["Name"] == "Flask"][0])
    """)

    assert output.splitlines() == [answer, answer]


def test_without_install_nothing_is_changed(python):
    assert python(
        """
        import importlib.util, importlib.metadata, sys
        import retort, retort.as_flask
        print(importlib.util.find_spec("flask"), retort.as_flask.is_installed(), len(sys.meta_path))
        """,
        install=False,
    ).startswith("None False ")


def test_installing_twice_is_harmless(python):
    assert (
        python("""
        import sys
        import flask
        before = list(sys.meta_path)
        retort.as_flask.install()
        print(sys.meta_path == before, retort.as_flask.is_installed())
    """)
        == "True True\n"
    )


def test_a_real_flask_imported_first_is_an_error_that_names_who_did_it(python, tmp_path):
    (tmp_path / "flask").mkdir()
    (tmp_path / "flask" / "__init__.py").write_text("class Flask: pass\n")
    (tmp_path / "early.py").write_text("from flask import Flask\n")

    text = python(
        """
        import early
        import retort.as_flask
        try:
            retort.as_flask.install()
        except RuntimeError as error:
            print(type(error).__name__, error)
        print(retort.as_flask.is_installed())
        """,
        install=False,
    )

    assert text.startswith("AliasError The real Flask (")
    assert str(tmp_path / "flask" / "__init__.py") in text
    assert f"by early ({tmp_path / 'early.py'})" in text
    assert "retort.as_flask.install()" in text
    assert "retort run" in text
    assert text.endswith("False\n")


def test_an_unreferenced_real_flask_is_an_error_too(python, tmp_path):
    (tmp_path / "flask.py").write_text("")

    text = python(
        """
        import importlib
        importlib.import_module("flask")
        import retort.as_flask
        try:
            retort.as_flask.install()
        except retort.as_flask.AliasError as error:
            print(error)
        """,
        install=False,
    )

    assert "already imported, so" in text


def test_specs_are_found_and_have_the_locations(python):
    folder = Path(retort.__file__).parent

    assert python("""
        import importlib.util, os
        print(importlib.util.find_spec("flask").name)
        print(importlib.util.find_spec("flask.app").parent)
        print(importlib.util.find_spec("flask.sansio").submodule_search_locations)
        print(importlib.util.find_spec("flask.nothing"))
        import flask
        print(flask.__spec__.name, flask.__package__, flask.__path__, flask.__name__)
        print(os.path.dirname(flask.__file__))
    """).splitlines() == [
        "flask",
        "flask",
        "[]",
        "None",
        "flask flask [] flask",
        str(folder),
    ]


def test_a_module_can_be_reloaded(python):
    assert python("""
        import importlib
        import flask, flask.views, flask.app
        flask.Flask = None
        print(importlib.reload(flask) is flask, flask.Flask.__name__)
        print(importlib.reload(flask.views) is flask.views)
    """).splitlines() == ["True Flask", "True"]


def test_python_can_inspect_the_modules(python):
    assert python("""
        import inspect, pkgutil, flask
        print(inspect.getmodule(flask).__name__, inspect.getmodule(flask.Flask).__name__)
        print("class Flask(App):" in inspect.getsource(flask.Flask))
        print(list(pkgutil.iter_modules(flask.__path__)))
        print(pkgutil.resolve_name("flask.views:MethodView").__name__)
        print({"Flask", "cli", "jsonify"} <= set(dir(flask)), inspect.ismodule(flask.app))
    """).splitlines() == ["flask flask.app", "True", "[]", "MethodView", "True True"]


def test_a_name_can_be_patched_and_put_back(python):
    assert python("""
        from unittest import mock
        import flask
        with mock.patch("flask.Flask", 1), mock.patch("flask.app.Flask", 2):
            print(flask.Flask, flask.app.Flask)
        print(flask.Flask.__name__, flask.app.Flask.__name__)
    """).splitlines() == ["1 2", "Flask Flask"]


def test_a_star_import_brings_the_public_names(python):
    assert python("""
        from flask import *
        print(Flask.__name__, callable(url_for), json.dumps([1]))
        print([name for name in dir() if name.startswith("_cv")])
    """).splitlines() == ["Flask True [1]", "[]"]


def test_classes_can_be_pickled_by_the_name_they_have(python):
    assert (
        python("""
        import pickle, flask
        print(pickle.loads(pickle.dumps(flask.Flask)) is flask.Flask)
    """)
        == "True\n"
    )


def test_the_tutorials_program_runs_on_it(python):
    assert (
        python("""
        from flask import Flask, redirect, url_for, request
        app = Flask(__name__)

        @app.route("/success/<name>")
        def success(name):
            return "welcome %s" % name

        @app.route("/login", methods=["POST", "GET"])
        def login():
            return redirect(url_for("success", name=request.form["nm"]))

        answer = app.test_client().post("/login", data={"nm": "Ada"}, follow_redirects=True)
        print(answer.status_code, answer.text)
    """)
        == "200 welcome Ada\n"
    )
