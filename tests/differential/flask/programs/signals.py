"""Receivers of the program's own: senders, arguments, order, errors inside a receiver."""

from contextlib import contextmanager

import flask
from flask import Flask, flash, render_template_string, request
from steps import get, note

LISTENS = True


@contextmanager
def listening(name, receiver, app):
    """``receiver`` instead of the app's own."""
    signal = getattr(flask, name)
    signal.disconnect(app.receivers[name], app)
    with signal.connected_to(receiver, sender=app):
        yield
    signal.connect(app.receivers[name], app)


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"
    app.config["PROPAGATE_EXCEPTIONS"] = False
    other = Flask("other")

    def hear(name):
        def receiver(sender, **sent):
            note("own receiver", name, sender is app, sorted(sent), request.path)

        return receiver

    app.receivers = {
        name: hear(name)
        for name in (
            "request_started",
            "request_finished",
            "request_tearing_down",
            "got_request_exception",
            "template_rendered",
            "before_render_template",
            "message_flashed",
        )
    }
    for name, receiver in app.receivers.items():
        getattr(flask, name).connect(receiver, app)
        getattr(flask, name).connect(unreachable, other)

    @app.before_request
    def before():
        note("before")

    @app.after_request
    def after(response):
        note("after")
        return response

    @app.route("/")
    def index():
        flash("hello", "greeting")
        note("view")
        return render_template_string("{{ 1 + 1 }}")

    @app.route("/boom")
    def boom():
        raise LookupError("boom")

    return app


def unreachable(sender, **sent):
    note("heard another app")


def a_receiver_that_raises(app, client):
    def receiver(sender):
        raise ZeroDivisionError

    with listening("request_started", receiver, app):
        return client.get("/").status_code


def a_receiver_that_raises_at_the_end(app, client):
    def receiver(sender, response):
        raise ZeroDivisionError

    with listening("request_finished", receiver, app):
        return client.get("/").status_code


def a_receiver_that_changes_the_response(app, client):
    def receiver(sender, response):
        response.headers["X-Heard"] = "yes"

    with listening("request_finished", receiver, app):
        return client.get("/").headers["X-Heard"]


def an_async_receiver(app, client):
    async def receiver(sender, **sent):
        note("async receiver", sorted(sent))

    with listening("request_started", receiver, app):
        return client.get("/").status_code


def a_receiver_of_the_template(app, client):
    def receiver(sender, template, context):
        note("template", template.name, sorted(context))

    with listening("template_rendered", receiver, app):
        return client.get("/").text


def names(app, client):
    return [
        getattr(flask, name).name
        for name in sorted(dir(flask.signals))
        if hasattr(getattr(flask.signals, name), "send") and not name.startswith("_")
    ]


STEPS = [
    get("/"),
    get("/boom"),
    get("/nowhere"),
    a_receiver_that_raises,
    a_receiver_that_raises_at_the_end,
    a_receiver_that_changes_the_response,
    an_async_receiver,
    a_receiver_of_the_template,
    names,
]
