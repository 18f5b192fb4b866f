"""What a type checker sees in a program that imports Flask, with Retort alone installed.

Checked by mypy and pyright, never run. The stubs are in `src/flask-stubs`.
"""

from __future__ import annotations

import flask
import flask.testing
import flask.views
from flask import Blueprint, Flask, current_app, g, redirect, request, session, url_for
from flask.cli import AppGroup, with_appcontext
from flask.config import Config
from flask.ctx import AppContext, RequestContext
from flask.globals import app_ctx, request_ctx
from flask.json.provider import DefaultJSONProvider, JSONProvider
from flask.json.tag import JSONTag
from flask.logging import default_handler
from flask.sansio.app import App
from flask.sansio.scaffold import Scaffold
from flask.sessions import SecureCookieSessionInterface, SessionInterface, SessionMixin
from flask.signals import request_finished
from flask.templating import render_template
from flask.typing import ResponseReturnValue
from flask.wrappers import Request, Response
from typing_extensions import assert_type

import retort

app = Flask(__name__)
pages = Blueprint("pages", __name__)


# The classes are those of Retort, so an extension that names one accepts the other.


def init_app(app: flask.Flask) -> None:
    app.extensions["own"] = object()


init_app(retort.Flask(__name__))
init_app(retort.Retort(__name__))
assert_type(app, retort.Flask)
assert_type(pages, retort.Blueprint)
assert_type(app.json, JSONProvider)
assert_type(app.config, Config)
assert_type(app.session_interface, SessionInterface)
assert_type(app.test_client(), flask.testing.FlaskClient)
assert_type(app.app_context(), AppContext)
as_scaffold: Scaffold = app
as_app: App = app


@app.route("/login", methods=["GET", "POST"])
def login() -> ResponseReturnValue:
    if request.method == "POST":
        session["nm"] = request.form["nm"]
        return redirect(url_for("success", name=request.form["nm"]))
    g.user = request.args.get("nm")
    return render_template("login.html", user=g.user)


@pages.after_request
def add_header(response: Response) -> Response:
    assert_type(request_ctx, RequestContext)
    current_app.logger.addHandler(default_handler)
    return response


class Own(Flask):
    request_class: type[Request] = Request
    session_interface: SessionInterface = SecureCookieSessionInterface()
    json_provider_class = DefaultJSONProvider


class Page(flask.views.MethodView):
    init_every_request = False

    def get(self, id: int) -> str:
        return f"page {id}"


pages.add_url_rule("/<int:id>", view_func=Page.as_view("page"))
commands = AppGroup("own")


@commands.command("init")
@with_appcontext
def init() -> None:
    app_ctx.g.ready = True


class OwnTag(JSONTag):
    key = " own"

    def check(self, value: object) -> bool:
        return isinstance(value, complex)


def on_finished(sender: Flask, response: Response, session: SessionMixin | None = None) -> None:
    assert_type(response, retort.Response)


request_finished.connect(on_finished, app)
Flask(__name__, statik_folder=None)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]
