"""An app by name, a factory, and a factory with arguments."""

import click
from flask import Flask

app = Flask("hello")
other = Flask("other")
not_an_app = object()


@app.cli.command("where")
def where():
    click.echo(app.name)


def create_app():
    return Flask("made")


def make_app(name, number=1):
    return Flask(f"{name}{number}")


def no_app():
    return None


def needs_type_error():
    raise TypeError("from inside")
