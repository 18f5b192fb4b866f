"""Modules and names that an import does not find."""

import importlib.util
import sys

import pytest

from retort.devtools.advice import advise
from retort.devtools.advice.loading import packages


@pytest.mark.parametrize(
    ("line", "module", "package"),
    [
        ("import flask_sqlalchemy", "flask_sqlalchemy", "Flask-SQLAlchemy"),
        ("from PIL import Image", "PIL", "Pillow"),
        ("import cv2", "cv2", "opencv-python"),
        ("import MySQLdb", "MySQLdb", "mysqlclient"),
        ("from sklearn import svm", "sklearn", "scikit-learn"),
        ("from Crypto.Cipher import AES", "Crypto", "pycryptodome"),
        ("import psycopg2", "psycopg2", "psycopg2-binary"),
    ],
)
def test_a_missing_package_has_the_name_and_the_command_to_install_it(
    broken, line, module, package
):
    if importlib.util.find_spec(module):
        pytest.skip(f"{module} is installed here")

    advice = broken.advice(program=f"import os\n{line}\n")

    assert advice.what.startswith(f"The package {package} is not installed")
    assert advice.fix.endswith(f"-m pip install {package}")
    assert sys.executable in advice.why
    assert (advice.place.line, advice.place.source) == (2, line)


def test_an_unknown_module_is_not_given_a_package(broken):
    advice = broken.advice(program="import zzqqxx\n")

    assert advice.what == (
        "There is no module 'zzqqxx' beside the program or among the installed packages."
    )
    assert "pip install PACKAGE" in advice.fix
    assert "pip install zzqqxx" not in advice.fix


@pytest.mark.parametrize("line", ["import xcalendar", "import xcalendar.auto", "import calendr.x"])
def test_a_package_that_is_not_installed_is_not_replaced_by_another(broken, line):
    assert not broken.advice(program=f"import os\n{line}\n").diff


def test_a_package_that_another_package_needs_is_said_so(broken, mistake, monkeypatch):
    mistake.write("site-packages/some_database.py", "import MySQLdb\n")
    monkeypatch.syspath_prepend(str(mistake.folder / "site-packages"))

    advice = broken.advice(program="import some_database\n")

    assert advice.what == (
        "The package mysqlclient is not installed, which some_database needs: it provides the"
        " module 'MySQLdb'."
    )
    assert advice.place.source == "import some_database"


def test_the_command_names_this_python(monkeypatch):
    monkeypatch.setattr(packages.shutil, "which", lambda command: None)
    assert packages.pip_install("yaml") == f"{sys.executable} -m pip install yaml"

    monkeypatch.setattr(packages.shutil, "which", lambda command: sys.executable)
    assert packages.pip_install("a[b]") == "python -m pip install 'a[b]'"


def test_an_environment_without_pip_is_installed_into_by_uv(monkeypatch):
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(
        packages.shutil, "which", lambda command: "/bin/uv" if command == "uv" else None
    )

    assert packages.pip_install("x") == f"uv pip install --python {sys.executable} x"


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("from Flask import flask\napp = flask('a')", "from flask import Flask\napp = Flask('a')"),
        ("from Flask import Flask\nx = Flask", "from flask import Flask\nx = Flask"),
        ("from flask import flask\napp = flask('a')", "from flask import Flask\napp = Flask('a')"),
        ("from flask import (\n    FLASK,\n)\nx = FLASK",
         "from flask import (\n    Flask,\n)\nx = Flask"),
        ("import Flask\napp = Flask('a')", "from flask import Flask\napp = Flask('a')"),
        ("import Flask\nx = Flask.request", "import flask\nx = flask.request"),
        ("import JSON as j\nx = j.dumps(1)", "import json as j\nx = j.dumps(1)"),
        ("import Datetime\nx = Datetime.date", "import datetime\nx = datetime.date"),
    ],
)  # fmt: skip
def test_a_wrong_letter_case_is_corrected(broken, wrong, right):
    advice = broken.advice(program=f"{wrong}\n")

    assert "the letter case counts" in advice.what
    broken.apply(advice)
    assert broken.text("program") == f"{right}\n"
    broken.load("program")


def test_flask_used_without_its_prefix_is_imported_with_the_other_names(broken):
    advice = broken.advice(
        program="import flask\napp = Flask(__name__)\ndef view():\n    return request.path\n"
    )

    assert advice.what == "Flask is not imported in program.py."
    assert advice.fix == "Write 'from flask import Flask, request'."
    broken.apply(advice)
    broken.load("program")


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("from modelss import User", "from models import User"),
        ("from Models import User", "from models import User"),
        ("from models import Usr as User", "from models import User as User"),
        ("from models import usr", "from models import User"),
    ],
)
def test_a_misspelt_module_or_name_of_the_program_is_corrected(broken, line, right):
    advice = broken.advice(program=f"{line}\n", models="class User:\n    pass\n")

    assert "pip install" not in advice.fix
    broken.apply(advice)
    assert broken.text("program").splitlines()[0] == right
    broken.load("program")


@pytest.mark.parametrize("line", ["from shop.modls import User", "from .modls import User"])
def test_a_missing_module_of_a_package_is_looked_for_in_it(broken, line):
    advice = broken.advice(
        "shop", shop____init__=f"{line}\n", shop__models="class User:\n    pass\n"
    )

    assert advice.what == ("The package 'shop' has no module 'modls'. Did you mean 'shop.models'?")
    assert advice.facts == (("Modules in shop", "models"),)
    assert "pip install" not in advice.fix
    broken.apply(advice)
    broken.load("shop")


@pytest.mark.parametrize(
    ("line", "right"),
    [
        ("from models import User", "from .models import User"),
        ("import models", "from . import models"),
        ("import models as m", "from . import models as m"),
    ],
)
def test_a_module_of_the_same_package_is_imported_from_it(broken, line, right):
    advice = broken.advice(
        "shop", shop____init__=f"{line}\n", shop__models="class User:\n    pass\n"
    )

    assert advice.what == ("There is no module 'models': models is a part of the package 'shop'.")
    broken.apply(advice)
    assert broken.text("shop____init__") == f"{right}\n"
    broken.load("shop")


def test_a_module_in_a_folder_is_imported_from_it(broken):
    advice = broken.advice(program="from tables import User\n", db__tables="User = 1\n")

    assert advice.what == "There is no module 'tables': tables.py is in the folder db."
    broken.apply(advice)
    broken.load("program")


def test_a_known_package_is_not_mistaken_for_a_file_of_the_program(broken):
    if importlib.util.find_spec("stripe"):
        pytest.skip("stripe is installed here")

    advice = broken.advice(program="import stripe\n", services__stripe="", stripes="")

    assert advice.what == "The package stripe is not installed."


@pytest.mark.parametrize(
    "line", ["from colorsys import rgb_to_hls", "import colorsys\ncolorsys.rgb_to_hls"]
)
def test_a_file_with_the_name_of_a_module_of_python_is_renamed(broken, mistake, monkeypatch, line):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    advice = broken.advice(program=f"{line}\n", colorsys="x = 1\n")

    assert advice.what == "The file colorsys.py of the program hides Python's module 'colorsys'."
    broken.apply(advice)
    assert (mistake.folder / "my_colorsys.py").exists()


def test_a_name_that_pythons_module_has_not_either_is_only_missing(broken, monkeypatch):
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)

    advice = broken.advice(program="from colorsys import prize\n", colorsys="price = 1\n")

    assert advice.what == "colorsys.py (colorsys) has no 'prize'. Did you mean 'price'?"


def test_a_file_that_imports_itself_is_renamed(broken):
    advice = broken.advice("flask_login", flask_login="from flask_login import LoginManager\n")

    assert advice.what == "flask_login.py imports itself: 'import flask_login' finds this file."
    assert advice.fix == "Rename flask_login.py, for instance to my_flask_login.py."


def test_a_file_is_no_package(broken):
    advice = broken.advice(program="import models.user\n", models="")

    assert advice.what == (
        "'models' is the file models.py, not a package: no module 'user' can be in it."
    )


def test_a_name_that_is_like_no_other_is_listed_with_those_that_exist(broken):
    advice = broken.advice(
        program="from models import zzqq\n", models="class User:\n    pass\nLIMIT = 3\n_x = 1\n"
    )

    assert advice.what == "models.py (models) has no 'zzqq'."
    assert advice.facts == (("Names in models", "LIMIT and User"),)
    assert advice.diff == ""


def test_a_local_variable_of_a_factory_is_not_to_be_imported(broken):
    factory = """
        from flask import Flask

        def create_app():
            app = Flask(__name__)
            limit = 3
            import views
            return app, limit

        create_app()
        """

    advice = broken.advice("shop", shop=factory, views="from shop import app\n")

    assert advice.what == (
        "shop.py has no 'app' to import: it is a local variable of create_app()."
    )
    assert advice.fix == "Use current_app in views.py, and do not import app there."
    assert broken.advice("shop", shop=factory, views="from shop import limit\n").fix == (
        "Assign limit outside of create_app()."
    )


def test_a_relative_import_of_a_plain_module_loses_its_dot(broken):
    advice = broken.advice(program="from .models import User\n", models="User = 1\n")

    assert "loaded as a module of its own" in advice.what
    broken.apply(advice)
    assert broken.text("program") == "from models import User\n"


def test_a_relative_import_in_a_package_that_is_run_as_a_file_stays(broken, mistake, monkeypatch):
    broken.write(
        shop____init__="", shop__main="from .models import User\n", shop__models="User = 1"
    )
    monkeypatch.syspath_prepend(str(mistake.folder / "shop"))

    advice = broken.advice("main")

    assert advice.fix == "Load it as shop.main, from the folder above shop."
    assert advice.diff == ""


@pytest.mark.parametrize(
    ("module", "says"),
    [
        ("urllib2", "urllib2 is a module of Python 2; Python 3 has urllib.request."),
        ("ConfigParser", "ConfigParser is a module of Python 2; Python 3 has configparser."),
    ],
)
def test_a_module_of_python_2_has_its_new_name(broken, module, says):
    advice = broken.advice(program=f"import {module}\n")

    assert advice.what == says
    assert "pip" not in advice.fix


def test_a_module_that_python_removed_has_a_replacement(broken, monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [_Without("cgi"), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "cgi", raising=False)
    version, instead = packages.REMOVED_FROM_PYTHON["cgi"]
    assert version == (3, 13)
    monkeypatch.setitem(packages.REMOVED_FROM_PYTHON, "cgi", ((3, 10), instead))

    advice = broken.advice(program="import cgi\n")

    assert advice.what == "Python 3.10 removed the module cgi."
    assert "request.form" in advice.fix


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="another Python: removed here")
def test_a_module_that_a_later_python_removes_is_not_called_removed(broken, monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [_Without("distutils"), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "distutils", raising=False)

    advice = broken.advice(program="import distutils\n")

    assert "removed" not in advice.what
    assert "lacks it" in advice.what


def test_a_part_of_python_that_is_not_installed_is_no_package_to_install(broken, monkeypatch):
    monkeypatch.setattr(sys, "meta_path", [_Without("tkinter"), *sys.meta_path])
    monkeypatch.delitem(sys.modules, "tkinter", raising=False)

    advice = broken.advice(program="import tkinter\n")

    assert "belongs to Python" in advice.what
    assert "pip" not in advice.fix


class _Without:
    def __init__(self, name):
        self.name = name

    def find_spec(self, name, path=None, target=None):
        if name == self.name:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def test_an_object_that_a_setting_names_is_looked_for(broken, mistake):
    mistake.write("settings.py", "class Config:\n    DEBUG = True\n")
    program = "from flask import Flask\napp = Flask(__name__)\napp.config.from_object({!r})\n"

    advice = broken.advice(program=program.format("settings.Cofnig"))
    assert advice.what == (
        "settings has no 'Cofnig', which 'settings.Cofnig' names. Did you mean 'Config'?"
    )
    assert advice.place.line == 3
    assert advice.facts == (("Names in settings", "Config"),)

    advice = broken.advice(program=program.format("settingz.Config"))
    assert advice.what == (
        "There is no module 'settingz', which 'settingz.Config' names. Did you mean 'settings'?"
    )


def test_an_import_error_of_the_programs_own_gets_no_advice(broken):
    assert broken.advice(program="raise ImportError('not today')\n") is None


def test_an_import_error_without_a_line_of_the_program_gets_no_advice():
    error = ModuleNotFoundError("No module named 'yaml'", name="yaml")

    assert advise(error, None, None) is None
