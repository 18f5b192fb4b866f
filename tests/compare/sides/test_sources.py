"""Another Retort for a side, and the Flask that Retort runs beside."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import retort
from retort.compare.options import CompareError
from retort.compare.sides import SideSpec, parse_sides
from retort.compare.sides.sources import python_and_path

from_source = Path(retort.__file__).parents[1]
REQUEST = {"method": "GET", "target": "/", "fields": [], "body": ""}
WHERE = """
import retort
from flask import Flask

app = Flask(__name__)

@app.get("/")
def index():
    return retort.__file__
"""


def spec_of(path):
    return SideSpec("retort", "retort", source=Path(path))


@pytest.fixture(scope="module")
def older(tmp_path_factory):
    """A checkout of a Retort without `retort compare`."""
    folder = tmp_path_factory.mktemp("older") / "checkout"
    left_out = shutil.ignore_patterns("__pycache__", "compare", "compare.py", "compare_side.py")
    shutil.copytree(from_source / "retort", folder / "src" / "retort", ignore=left_out)
    command = folder / "src" / "retort" / "cli" / "command.py"
    text = command.read_text().replace("from .compare import compare_command\n", "")
    text = text.replace("cli.add_command(compare_command)\n", "")
    command.write_text(text.replace(" compare_command,", ""))
    assert "compare_command" not in command.read_text()
    return folder


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The files of a wheel: a wheel is an archive of them."""
    file = tmp_path_factory.mktemp("wheel") / "retort_web-0.0-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        for path in (from_source / "retort").rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                archive.write(path, path.relative_to(from_source))
    return file


def test_a_checkout_without_the_command_serves_a_side(sides, older):
    sides.write(WHERE)
    side = sides.start(spec_of(older), in_process=True)

    assert side.send(REQUEST, 30)["body"] == str(older / "src" / "retort" / "__init__.py")
    assert side.info.label.endswith(f" from {older}")


def test_a_wheel_is_unpacked_for_a_side(sides, wheel):
    sides.write(WHERE)
    side = sides.start(spec_of(wheel), in_process=True)

    assert side.send(REQUEST, 30)["body"] == str(side.root / "wheel" / "retort" / "__init__.py")


def test_an_environment_is_used_with_its_python(sides):
    sides.write(WHERE)
    side = sides.start(spec_of(sys.prefix), in_process=True)

    assert side.send(REQUEST, 30)["body"] == retort.__file__


def test_a_folder_with_the_package_itself_is_a_source(tmp_path):
    (tmp_path / "retort").mkdir()
    (tmp_path / "retort" / "__init__.py").touch()

    assert python_and_path(spec_of(tmp_path), tmp_path) == (sys.executable, [str(tmp_path)])


def test_a_folder_without_retort_is_refused(tmp_path):
    with pytest.raises(CompareError, match=f"^--sides: {tmp_path} has no Retort. Pass a checkout"):
        python_and_path(spec_of(tmp_path), tmp_path)


def test_a_file_that_is_no_wheel_is_refused(tmp_path):
    (tmp_path / "shop.whl").write_text("no archive")

    with pytest.raises(CompareError, match="is neither a folder nor a wheel"):
        python_and_path(spec_of(tmp_path / "shop.whl"), tmp_path)


def test_a_wheel_of_another_package_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "shop.whl", "w") as archive:
        archive.writestr("shop.py", "")

    with pytest.raises(CompareError, match="has no Retort"):
        python_and_path(spec_of(tmp_path / "shop.whl"), tmp_path / "root")


# The values of --sides.


def test_two_sides_are_three_because_the_first_runs_twice():
    assert parse_sides("retort,retort:2:apart") == [
        SideSpec("retort", "retort"),
        SideSpec("again", "retort"),
        SideSpec("retort-2", "retort", 2, is_apart=True),
    ]


def test_a_path_may_be_relative(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "older").mkdir()

    first, again, other = parse_sides("retort=older, retort")

    assert first.source == again.source == tmp_path / "older"
    assert other.source is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("retort", "has 1 sides. Write two"),
        ("flask,retort,retort", "has 3 sides. Write two"),
        ("django,retort", "'django' is no side"),
        ("flask,retort:0", "needs 1 to 16 processes"),
        ("flask,retort:17", "needs 1 to 16 processes"),
        ("flask,retort:apart", "is no side"),
        ("flask,retort=/does/not/exist", "'/does/not/exist' does not exist"),
    ],
)
def test_a_wrong_value_is_refused_with_its_reason(text, message):
    with pytest.raises(CompareError, match=message):
        parse_sides(text)


# The real Flask stays as it is.

UNCHANGED = """
import sys

import flask, flask.cli, flask.json.provider, flask.sansio.app, flask.testing, werkzeug.routing
import werkzeug.http, werkzeug.serving, werkzeug.wrappers

NAMES = [n for n in sys.modules if n.partition(".")[0] in ("flask", "werkzeug", "jinja2", "click")]

def state():
    found = {}
    for name in NAMES:
        for key, value in vars(sys.modules[name]).items():
            if key == "__warningregistry__":
                continue
            found[name, key] = value
            if isinstance(value, type) and value.__module__ == name:
                for member, inner in list(vars(value).items()):
                    found[name, key, member] = inner
    return found

def request(app):
    app.add_url_rule("/", "index", lambda: flask.render_template_string("{{ 1 }}"))
    assert app.test_client().get("/").get_data() == b"1"

request(flask.Flask("first"))  # Flask and Werkzeug keep some values of their first request
before = state()
import retort.compare, retort.server.options, retort.server.process.serving
app = flask.Flask("shop")
assert type(app).__module__ == "flask.app"
request(app)
retort.server.process.serving.Worker(app, __import__("socket").create_server(("127.0.0.1", 0)),
                                     retort.server.options.Settings())
after = state()
changed = [k for k in before.keys() | after.keys() if before.get(k) is not after.get(k)]
print(sorted(map(str, changed)))
"""


def test_flask_and_werkzeug_are_unchanged_beside_retorts_server(sides, monkeypatch):
    monkeypatch.setenv("RETORT_AS_FLASK", "0")

    done = subprocess.run(
        [sys.executable, "-c", UNCHANGED], capture_output=True, text=True, timeout=60, check=False
    )

    assert (done.stdout, done.stderr) == ("[]\n", "")
