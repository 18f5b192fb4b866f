"""`flash` and `get_flashed_messages`: categories, filters, one showing only."""

from flask import Flask, flash, get_flashed_messages, render_template_string, session
from markupsafe import Markup
from steps import get

PAGE = """
{%- for category, message in get_flashed_messages(with_categories=true) -%}
[{{ category }}: {{ message }}]
{%- endfor -%}
"""


def create_app():
    app = Flask(__name__)
    app.secret_key = "key"

    @app.route("/flash")
    def flash_some():
        flash("plain")
        flash("bad", "error")
        flash("warned", category="warning")
        flash(Markup("<b>bold</b>"), "html")
        flash(("a", 1), "tuple")
        return "flashed"

    @app.route("/show")
    def show():
        return render_template_string(PAGE)

    @app.route("/list")
    def listed():
        return [
            get_flashed_messages(),
            get_flashed_messages(with_categories=True),
            get_flashed_messages(category_filter=["error", "warning"]),
            get_flashed_messages(with_categories=True, category_filter=["html"]),
            get_flashed_messages(category_filter=["none"]),
        ]

    @app.route("/same")
    def same_request():
        flash("now")
        first = get_flashed_messages()
        flash("later")
        return [first, get_flashed_messages(), session.get("_flashes")]

    @app.route("/by-hand")
    def by_hand():
        session["_flashes"] = [("own", "by hand")]
        return render_template_string(PAGE)

    @app.route("/nothing")
    def nothing():
        flash("")
        flash(None)
        return "none"

    return app


def outside(app, client):
    flash("x")


def read_outside(app, client):
    get_flashed_messages()


STEPS = [
    get("/flash"),
    get("/show"),
    get("/show"),
    get("/flash"),
    get("/flash"),
    get("/list"),
    get("/list"),
    get("/same"),
    get("/list"),
    get("/by-hand"),
    get("/nothing"),
    get("/list"),
    outside,
    read_outside,
]
