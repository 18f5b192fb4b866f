"""A blueprint's own static files and templates, and which win over the app's."""

import os

from flask import Blueprint, Flask, render_template, url_for
from steps import get, head

PARTS = os.path.join(os.path.dirname(__file__), "parts")


def create_app():
    app = Flask(__name__)
    parts = Blueprint(
        "parts",
        __name__,
        static_folder="static",
        template_folder="templates",
        url_prefix="/parts",
        root_path=PARTS,
    )
    renamed = Blueprint(
        "renamed", __name__, static_folder=os.path.join(PARTS, "static"), static_url_path="/files"
    )
    bare = Blueprint("bare", __name__)

    @parts.route("/<path:name>")
    def template(name):
        return render_template(name)

    @parts.route("/urls")
    def urls():
        return [url_for(".static", filename="part.txt"), url_for("static", filename="app.txt")]

    for blueprint in (parts, renamed, bare):
        app.register_blueprint(blueprint)
    return app


def what_they_have(app, client):
    return {
        name: [one.has_static_folder, one.static_url_path, one.template_folder]
        for name, one in sorted(app.blueprints.items())
    }


def opened(app, client):
    with app.blueprints["parts"].open_resource("static/part.txt") as file:
        return file.read()


def opened_as_text(app, client):
    with app.blueprints["parts"].open_resource("static/part.txt", "r") as file:
        return file.read()


def opened_for_writing(app, client):
    app.blueprints["parts"].open_resource("static/part.txt", "w")


def no_static_folder(app, client):
    with app.test_request_context("/"):
        app.blueprints["bare"].send_static_file("x")


def max_age(app, client):
    with app.app_context():
        return app.blueprints["parts"].get_send_file_max_age("x")


def its_loader(app, client):
    loader = app.blueprints["parts"].jinja_loader
    return [os.path.relpath(path, PARTS) for path in loader.searchpath]


STEPS = [
    get("/parts/page.html"),
    get("/parts/only_parts.html"),
    get("/parts/nothing.html"),
    get("/parts/urls"),
    get("/parts/static/part.txt"),
    head("/parts/static/part.txt"),
    get("/parts/static/nothing.txt"),
    get("/parts/static/../__init__.py"),
    get("/files/part.txt"),
    get("/static/app.txt"),
    what_they_have,
    opened,
    opened_as_text,
    opened_for_writing,
    no_static_folder,
    max_age,
    its_loader,
]
