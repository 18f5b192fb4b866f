"""Names that Flask and its libraries removed."""

import importlib

import pytest

import retort
from retort.devtools.advice.loading.removed_names import (
    ARGUMENTS,
    ATTRIBUTES,
    ELSEWHERE,
    KEYS,
    MODULES,
    NAMES,
)

MOVED = [
    (module, name, removal)
    for module, names in NAMES.items()
    for name, removal in names.items()
    if removal.module
]


def module_of(name):
    return importlib.import_module(name.replace("flask", "retort", 1) if "flask" in name else name)


@pytest.mark.parametrize(
    ("module", "name", "removal"), MOVED, ids=[f"{module}.{name}" for module, name, _ in MOVED]
)
def test_what_the_table_offers_exists(module, name, removal):
    assert hasattr(importlib.import_module(removal.module), removal.name or name)


@pytest.mark.parametrize("module", NAMES)
def test_what_the_table_calls_removed_is_gone(module):
    still = [name for name in NAMES[module] if hasattr(module_of(module), name)]

    assert still == []


@pytest.mark.parametrize("module", MODULES)
def test_a_removed_module_is_gone_and_its_replacement_exists(module):
    with pytest.raises(ImportError):
        module_of(module)
    if MODULES[module].module:
        importlib.import_module(MODULES[module].module)


def test_removed_attributes_arguments_and_settings_are_gone():
    app = retort.Flask("shop", root_path=".")
    things = {
        "Flask": app,
        "Blueprint": retort.Blueprint("b", "b", root_path="."),
        "Config": app.config,
        "Request": retort.Request({}),
    }

    for name, attributes in ATTRIBUTES.items():
        assert [one for one in attributes if hasattr(things[name], one)] == []
    assert not KEYS.keys() & app.config.keys()
    for function, names in ARGUMENTS.items():
        with app.test_request_context(), pytest.raises(TypeError):
            getattr(retort, function)("a", **dict.fromkeys(names, "x"))


def test_names_of_elsewhere_are_not_in_flask():
    assert [name for name in ELSEWHERE if hasattr(retort, name)] == []


@pytest.mark.parametrize(
    ("line", "removed", "right"),
    [
        (
            "from flask import Flask, Markup, escape",
            "Flask 3.0 removed flask.Markup.",
            "from flask import Flask\nfrom markupsafe import Markup, escape",
        ),
        (
            "from flask import (\n    Flask,\n    Markup as M,\n)",
            "Flask 3.0 removed flask.Markup.",
            "from flask import (\n    Flask,\n)\nfrom markupsafe import Markup as M",
        ),
        (
            "from werkzeug import secure_filename",
            "Werkzeug 1.0 removed werkzeug.secure_filename.",
            "from werkzeug.utils import secure_filename",
        ),
        (
            "from werkzeug.urls import url_quote, url_parse  # old",
            "Werkzeug 3.0 removed werkzeug.urls.url_quote.",
            "from urllib.parse import quote as url_quote, urlsplit as url_parse  # old",
        ),
        (
            "from werkzeug.security import safe_str_cmp",
            "Werkzeug 2.1 removed werkzeug.security.safe_str_cmp.",
            "from hmac import compare_digest as safe_str_cmp",
        ),
        (
            "from werkzeug.contrib.fixers import ProxyFix",
            "Werkzeug 1.0 removed werkzeug.contrib.fixers.",
            "from werkzeug.middleware.proxy_fix import ProxyFix",
        ),
        (
            "from jinja2 import contextfunction",
            "Jinja 3.1 removed jinja2.contextfunction.",
            "from jinja2 import pass_context as contextfunction",
        ),
        (
            "from collections import Mapping",
            "Python 3.10 removed collections.Mapping.",
            "from collections.abc import Mapping",
        ),
        (
            "import urllib\nx = urllib.quote('a b')",
            "Python 3 removed urllib.quote.",
            "import urllib\nfrom urllib.parse import quote\nx = quote('a b')",
        ),
        (
            "import flask\nx = flask.Markup('<b>')",
            "Flask 3.0 removed flask.Markup.",
            "import flask\nfrom markupsafe import Markup\nx = Markup('<b>')",
        ),
        (
            "from flask import secure_filename",
            "flask has no 'secure_filename': it is in werkzeug.utils.",
            "from werkzeug.utils import secure_filename",
        ),
    ],
)
def test_a_removed_name_is_imported_from_where_it_is_now(broken, line, removed, right):
    advice = broken.advice(program=f"{line}\n")

    assert advice.what == removed
    broken.apply(advice)
    assert broken.text("program") == f"{right}\n"
    broken.load("program")


APP = "from flask import Flask, Blueprint\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("line", "removed", "fix"),
    [
        ("from retort.json import JSONEncoder", "flask.json.JSONEncoder", "DefaultJSONProvider"),
        ("from flask import _app_ctx_stack", "flask._app_ctx_stack", "Use g, request"),
        ("from flask import json_available", "flask.json_available", "always true"),
        ("from itsdangerous import TimedJSONWebSignatureSerializer as S",
         "itsdangerous.TimedJSONWebSignatureSerializer", "URLSafeTimedSerializer"),
        ("from werkzeug.contrib.cache import SimpleCache", "werkzeug.contrib.cache", "cachelib"),
        ("import werkzeug.contrib", "werkzeug.contrib", "werkzeug.middleware"),
        ("@app.before_first_request\ndef f(): pass", "Flask.before_first_request", "app_context"),
        ("@Blueprint('b', 'b').before_app_first_request\ndef f(): pass",
         "Blueprint.before_app_first_request", "app_context"),
        ("print(app.json_encoder)", "Flask.json_encoder", "app.json"),
        ("print(app.env)", "Flask.env", "app.debug"),
        ("app.config.from_json('x.json')", "Config.from_json", "from_file"),
        ("print(app.config['JSON_SORT_KEYS'])", "the setting JSON_SORT_KEYS", "app.json.sort_keys"),
    ],
)  # fmt: skip
def test_a_removed_name_without_a_successor_has_what_to_write(broken, line, removed, fix):
    advice = broken.advice(program=f"{APP}{line}\n")

    assert f" removed {removed}." in advice.what
    assert fix in advice.fix
    assert advice.place.source == line.partition("\n")[0]


def test_an_extension_is_imported_by_its_own_name(broken):
    advice = broken.advice(program="from flask.ext.login import LoginManager\n")

    assert advice.what == "Flask 1.0 removed flask.ext."
    assert "+from flask_login import LoginManager" in advice.diff


def test_old_arguments_of_send_file_are_renamed(mistake):
    mistake.write(
        "program.py",
        """
        from flask import Flask, send_file

        app = Flask(__name__)

        @app.get('/')
        def index():
            return send_file(__file__, as_attachment=True, attachment_filename='a.py',
                             cache_timeout=3)
        """,
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == "Flask 2.2 removed the argument attachment_filename of send_file()."
    assert advice.fix == "Write download_name for attachment_filename, max_age for cache_timeout."
    answer = mistake.mended("GET", "/")
    assert "a.py" in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    ("code", "says", "fix"),
    [
        ("request.is_xhr", "Werkzeug 1.0 removed Request.is_xhr.", "X-Requested-With"),
        (
            "request.args.iteritems()",
            "iteritems is a method of dictionaries in Python 2.",
            "items()",
        ),
        (
            "{}.has_key('a')",
            "has_key is a method of dictionaries in Python 2.",
            "key in dictionary",
        ),
    ],
)
def test_a_removed_method_is_explained_during_a_request(mistake, code, says, fix):
    mistake.write(
        "program.py",
        f"""
        from flask import Flask, request

        app = Flask(__name__)

        @app.get('/')
        def index():
            return str({code})
        """,
    )

    advice = mistake.advised("GET", "/")

    assert advice.what == says
    assert fix in advice.fix
    assert advice.place.line == 7


def test_a_function_of_the_program_with_the_same_name_is_not_explained(broken):
    advice = broken.advice(
        program="def send_file(path):\n    pass\nsend_file('a', attachment_filename='b')\n"
    )

    assert advice is None


def test_a_key_of_another_dictionary_is_not_explained(broken):
    assert broken.advice(program="import os\nos.environ['ENV_' + 'X']\n") is None
    assert broken.advice(program="settings = {}\nsettings['ENV']\n") is None


def test_an_installed_package_that_is_too_old_is_to_be_upgraded(broken, mistake, monkeypatch):
    mistake.write("site-packages/flask_old.py", "from flask import Markup\n")
    monkeypatch.syspath_prepend(str(mistake.folder / "site-packages"))

    advice = broken.advice(program="import flask_old\n")

    assert advice.what == "The package flask_old uses flask.Markup, which Flask 3.0 removed."
    assert "pip install --upgrade" in advice.fix
    assert advice.diff == ""
    assert advice.place.source == "import flask_old"
