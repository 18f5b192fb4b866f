"""Where templates come from: folders, blueprints, loaders of the program's own, explaining."""

import os

from flask import Blueprint, Flask, render_template
from flask.templating import DispatchingJinjaLoader, Environment
from jinja2 import DictLoader
from steps import get

PARTS = os.path.join(os.path.dirname(__file__), "parts")


def create_app():
    app = Flask(__name__)
    part = Blueprint("part", __name__, template_folder="templates", root_path=PARTS)
    late = Blueprint("late", __name__, template_folder="templates", root_path=PARTS)

    @app.route("/<path:name>")
    def page(name):
        return render_template(name)

    app.register_blueprint(part)
    app.register_blueprint(late)
    return app


class LoaderOfItsOwn(Flask):
    def create_global_jinja_loader(self):
        return DictLoader({"page.html": "from the app's own loader"})


class OwnFolder(Flask):
    jinja_loader = DictLoader({"page.html": "instead of a folder"})


class OwnEnvironment(Flask):
    jinja_environment = type("Own", (Environment,), {"newline_sequence": "\r\n"})


def rendered(app, name="page.html"):
    with app.app_context():
        return render_template(name)


def a_loader_of_its_own(app, client):
    return rendered(LoaderOfItsOwn("x"))


def a_loader_instead_of_the_folder(app, client):
    return rendered(OwnFolder("x"))


def set_on_the_environment(app, client):
    other = Flask("x")
    other.jinja_env.loader = DictLoader({"page.html": "set later"})
    return rendered(other)


def no_template_folder(app, client):
    other = Flask(__name__, template_folder=None)
    return other.jinja_loader, rendered(other)


def another_folder(app, client):
    return rendered(Flask(__name__, template_folder="parts/templates"))


def all_templates(app, client):
    return sorted(name for name in app.jinja_env.list_templates() if "/" not in name)


def its_loader(app, client):
    loader = app.jinja_env.loader
    return isinstance(loader, DispatchingJinjaLoader), isinstance(app.jinja_env, Environment)


def explained(app, client):
    other = create_app()
    other.config["EXPLAIN_TEMPLATE_LOADING"] = True
    other.logger.setLevel("INFO")
    return other.test_client().get("/only_parts.html").text


def explained_and_missing(app, client):
    other = create_app()
    other.config["EXPLAIN_TEMPLATE_LOADING"] = True
    other.logger.setLevel("INFO")
    return other.test_client().get("/nothing.html").status_code


def a_changed_source(app, client):
    app.logger.setLevel("NOTSET")
    app.jinja_env.loader = DictLoader({"x.html": "new"})
    return client.get("/x.html").text


STEPS = [
    get("/page.html"),
    get("/only_parts.html"),
    get("/nothing.html"),
    get("/mail/welcome.txt"),
    get("/../static/app.txt"),
    a_loader_of_its_own,
    a_loader_instead_of_the_folder,
    set_on_the_environment,
    no_template_folder,
    another_folder,
    all_templates,
    its_loader,
    explained,
    explained_and_missing,
    a_changed_source,
]
