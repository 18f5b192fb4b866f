"""Applications near the current folder, found by reading the source."""

import os
import warnings
from pathlib import Path

import pytest

from retort.cli.nearby import hint, visible_targets

APP = "from flask import Flask\napp = Flask(__name__)\n"


@pytest.mark.parametrize(
    ("source", "targets"),
    [
        (APP, ["shop.py"]),
        ("import flask\napplication = flask.Flask(__name__)\n", ["shop.py"]),
        ("import flask as f\nserver = f.Flask(__name__)\n", ["shop.py"]),
        ("from flask import Flask as F\nserver: F = F(__name__)\n", ["shop.py"]),
        ("from retort import Retort\nserver = Retort(__name__)\n", ["shop.py"]),
        (
            "from flask import Flask\nclass Shop(Flask): pass\nclass Own(Shop): pass\nx = Own('x')",
            ["shop.py"],
        ),
        ("from flask import Flask\na, b = 1, 2\nc = Flask('c')\n", ["shop.py"]),
        ("from flask import Flask\na = Flask('a')\nb = Flask('b')\n", ["shop.py:a", "shop.py:b"]),
        ("from flask import Flask\na = Flask('a')\napp = Flask('b')\n", ["shop.py"]),
        ("import flask\ndef create_app(name='x'):\n    return flask.Flask(name)\n", ["shop.py"]),
        ("def make_app():\n    from flask import Flask\n    return Flask('x')\n", ["shop.py"]),
        (
            "from flask import Flask\ndef create_app(name):\n    return Flask(name)\n",
            ["'shop.py:create_app(...)'"],
        ),
        (
            "from flask import Flask\ndef create_app(*, name):\n    return Flask(name)\n",
            ["'shop.py:create_app(...)'"],
        ),
        # Not visible: no application, or none of this framework, or none of the module.
        ("Flask = print\napp = Flask('Flask')\n", []),
        ("from bottle import Flask\napp = Flask()\n", []),
        ("from .flask import Flask\napp = Flask()\n", []),
        ("from flask import Flask\ndef build():\n    app = Flask('x')\n", []),
        ("from flask import Flask\ndef create_app():\n    return None\n", []),
        ("from flask import Flask\nFlask\n", []),
        ("from flask import Flask\napp = Flask(\n", []),
        ("# Flask \0\n", []),
    ],
)
def test_an_application_is_found_where_the_source_shows_it(write, source, targets):
    write("shop.py", source)

    assert visible_targets() == targets


def test_packages_and_one_level_of_folders_are_searched(write):
    for name in ("b.py", "a/__init__.py", "a/web.py", "plain/site.py", "plain/deep/er.py"):
        write(name, APP)

    assert visible_targets() == [
        "b.py",
        "a",
        os.path.join("a", "web.py"),
        os.path.join("plain", "site.py"),
    ]


@pytest.mark.parametrize(
    "name",
    [
        *("test_shop.py", "shop_test.py", "conftest.py", "flask.py", "shop.txt", "__main__.py"),
        *("tests/shop.py", ".hidden/shop.py", "__pycache__/shop.py", "node_modules/shop.py"),
    ],
)
def test_tests_and_hidden_folders_are_not_searched(write, name):
    write(name, APP)

    assert visible_targets() == []


def test_virtual_environments_are_not_searched(write):
    write("env/pyvenv.cfg", "")
    write("env/shop.py", APP)

    assert visible_targets() == []


def test_nothing_is_imported_and_no_warning_is_shown(write):
    write("shop.py", APP + "pattern = '\\d'\nraise SystemExit('imported')\n")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert visible_targets() == ["shop.py"]


def test_a_file_that_cannot_be_read_is_left_out(write, monkeypatch):
    def refuse(path):
        raise PermissionError(path)

    write("shop.py", APP)
    monkeypatch.setattr(Path, "read_bytes", refuse)  # root can read all files

    assert visible_targets() == []


def test_a_link_to_nowhere_is_left_out(world):
    (world / "shop.py").symlink_to("nowhere.py")

    assert visible_targets() == []


def test_a_similar_name_comes_first(write):
    for name in ("a.py", "shop.py", "web/site.py"):
        write(name, APP)

    site = os.path.join("web", "site.py")
    assert hint("shpo") == f" Did you mean shop.py? Other applications here: a.py, {site}."
    assert hint("web.siet") == f" Did you mean {site}? Other applications here: a.py, shop.py."
    assert hint("SHOP").startswith(" Did you mean shop.py?")
    assert hint("zzz") == f" Applications here: a.py, shop.py, {site}."
    assert hint() == hint("zzz")


def test_a_similar_file_is_offered_if_it_has_no_visible_application(write):
    write("login.py", "")

    assert hint("logn") == " Did you mean login.py?"
    assert hint("zzz") == ""


def test_a_long_list_is_cut(write):
    for number in range(8):
        write(f"shop{number}.py", APP)

    assert hint().endswith("shop3.py, shop4.py and 3 more.")


@pytest.mark.parametrize(
    ("words", "phrases"),
    [
        (["run", "shpo.py"], ["there is no file", "Did you mean shop.py?"]),
        (["run", "shpo:app"], ["Could not import 'shpo'", "Did you mean shop.py?"]),
        (["run", "zzz"], ["Applications here: shop.py."]),
        (["run"], ["Applications here: shop.py.", "'retort run shop.py'"]),
        (["--app", "other", "routes"], ["'other' (other.py)", "Applications here: shop.py."]),
        (["--app", "shop:ap", "routes"], ["Did you mean 'shop:app'?"]),
    ],
)
def test_an_unknown_target_is_reported_with_what_is_there(retort, write, words, phrases):
    write("shop.py", APP)
    write("other.py", "x = 1\n")

    result = retort(*words)

    assert result.returncode == 2
    assert result.stdout == ""
    assert "\n\n" not in result.stderr
    for phrase in phrases:
        assert phrase in result.stderr
