"""Static files and `send_from_directory`: where they are, and what leads out of them."""

import os
from pathlib import Path

from flask import Flask, send_from_directory, url_for
from steps import get, head, post

HERE = Path(__file__).parent
NAMES = """
    app.txt css/style.css css/ css missing.txt ../static_files.py ..%2Fstatic_files.py
    %2e%2e/static_files.py css/../app.txt ./app.txt .hidden C:/x a%00b ä.txt css\\style.css
""".split()


def create_app():
    app = Flask(__name__)

    @app.route("/from/<path:name>")
    def from_folder(name):
        return send_from_directory("static", name)

    @app.route("/attached/<path:name>")
    def attached(name):
        return send_from_directory(HERE / "static", name, as_attachment=True, max_age=5)

    @app.route("/from-nowhere")
    def from_nowhere():
        return send_from_directory("no-such-folder", "x")

    @app.route("/pathlike")
    def pathlike():
        return send_from_directory(Path("static"), Path("css") / "style.css")

    @app.route("/urls")
    def urls():
        return [url_for("static", filename="app.txt"), url_for("static", filename="a b.txt", v=1)]

    return app


def folders(app, client):
    apps = {
        "default": Flask(__name__),
        "none": Flask(__name__, static_folder=None),
        "other": Flask(__name__, static_folder="parts/static"),
        "url": Flask(__name__, static_url_path="/files"),
        "empty url": Flask(__name__, static_url_path=""),
        "slash at the end": Flask(__name__, static_folder="parts/static/", static_url_path="/s/"),
        "absolute": Flask(__name__, static_folder=HERE / "static"),
        "missing": Flask(__name__, static_folder="no-such-folder"),
    }
    return {
        name: [
            one.has_static_folder,
            one.static_folder and os.path.relpath(one.static_folder, HERE),
            one.static_url_path,
            sorted(str(rule) for rule in one.url_map.iter_rules()),
        ]
        for name, one in apps.items()
    }


def served_from_the_root(app, client):
    other = Flask(__name__, static_url_path="")
    other.add_url_rule("/", "index", lambda: "index")
    client = other.test_client()
    return [
        client.get(path).status_code for path in ("/", "/app.txt", "/missing", "/css/style.css")
    ]


def changed_later(app, client):
    other = Flask(__name__)
    other.static_folder = "parts/static"
    other.static_url_path = "/changed"
    return [
        os.path.relpath(other.static_folder, HERE),
        other.static_url_path,
        other.test_client().get("/static/part.txt").status_code,
    ]


def no_folder_but_sent(app, client):
    other = Flask(__name__, static_folder=None)
    with other.test_request_context("/"):
        other.send_static_file("x")


def sent_by_hand(app, client):
    with app.test_request_context("/"):
        answer = app.send_static_file("app.txt")
        answer.direct_passthrough = False
        return answer.get_data(), answer.mimetype


STEPS = [
    *(get(f"/static/{name}") for name in NAMES),
    *(get(f"/from/{name}") for name in NAMES),
    get("/attached/app.txt"),
    get("/from-nowhere"),
    get("/pathlike"),
    get("/urls"),
    head("/static/app.txt"),
    post("/static/app.txt"),
    get("/static/"),
    get("/static"),
    folders,
    served_from_the_root,
    changed_later,
    no_folder_but_sent,
    sent_by_hand,
]
