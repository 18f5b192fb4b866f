"""Instance folders: found, given, relative config, and files in them."""

import os
import sys
import tempfile

from flask import Flask

HERE = os.path.dirname(__file__)


def create_app():
    return Flask(__name__)


def shown(path):
    return path.replace(HERE, "HERE").replace(sys.prefix, "PREFIX").replace(os.getcwd(), "CWD")


def beside_the_module(app, client):
    return shown(app.instance_path)


def of_a_package(app, client):
    return [shown(Flask(name).instance_path) for name in ("click", "click.core", "no_such_module")]


def given(app, client):
    return Flask("x", instance_path="/given").instance_path


def given_as_relative(app, client):
    return Flask("x", instance_path="given")


def relative_config(app, client):
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "own.cfg"), "w") as file:
            file.write("KEY = 'from the instance folder'\n")
        other = Flask("x", instance_path=folder, instance_relative_config=True)
        loaded = other.config.from_pyfile("own.cfg")
        return loaded, other.config["KEY"], other.config.root_path == folder


def opened(app, client):
    with tempfile.TemporaryDirectory() as folder:
        other = Flask("x", instance_path=folder)
        with other.open_instance_resource("a.txt", "w") as file:
            file.write("ä")
        with other.open_instance_resource("a.txt", "a", "latin-1") as file:
            file.write("ö")
        with other.open_instance_resource("a.txt") as file:
            return file.read()


def missing(app, client):
    with Flask("x", instance_path="/missing").open_instance_resource("a.txt") as file:
        return file.read()


def resources_of_the_app(app, client):
    with app.open_resource("static/app.txt") as file:
        seen = [file.read()]
    with app.open_resource("static/app.txt", mode="rt", encoding="utf-8") as file:
        return [*seen, file.read()]


def resource_for_writing(app, client):
    app.open_resource("static/app.txt", "a")


def find_nothing(app, client):
    app.open_resource("nothing")


STEPS = [
    beside_the_module,
    of_a_package,
    given,
    given_as_relative,
    relative_config,
    opened,
    missing,
    resources_of_the_app,
    resource_for_writing,
    find_nothing,
]
