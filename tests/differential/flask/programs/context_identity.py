"""One context object per request, weakly referenceable, never used again."""

import gc
import weakref

from flask import Flask, g, request
from flask.globals import app_ctx, request_ctx
from steps import get


def create_app():
    app = Flask(__name__)
    app.seen = []

    @app.before_request
    def before():
        remember()

    @app.after_request
    def after(response):
        remember()
        return response

    def remember():
        app.seen.append(
            [
                request_ctx._get_current_object(),
                app_ctx._get_current_object(),
                request._get_current_object(),
                g._get_current_object(),
            ]
        )

    @app.route("/")
    def index():
        remember()
        request_ctx.own = app_ctx.own = request.own = g.own = "set"
        return "ok"

    @app.route("/refs")
    def refs():
        app.refs = [weakref.ref(one) for one in app.seen[-1]]
        return "ok"

    return app


def one_of_each_per_request(app, client):
    app.seen.clear()
    client.get("/")
    client.get("/")
    kinds = list(zip(*app.seen, strict=True))
    return [len({id(one) for one in kind}) for kind in kinds]


def attributes_can_be_set(app, client):
    return [getattr(one, "own", None) for one in app.seen[-1]]


def they_die_with_the_request(app, client):
    app.seen.clear()
    client.get("/refs")
    app.seen.clear()
    gc.collect()
    return [ref() is None for ref in app.refs]


STEPS = [get("/"), one_of_each_per_request, attributes_can_be_set, they_die_with_the_request]
