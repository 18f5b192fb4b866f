"""Rules by host, with a static host, and bad combinations."""

from flask import Flask, request, url_for
from steps import get, post


def create_app():
    app = Flask(__name__, host_matching=True, static_host="static.example.org")

    def view(**values):
        return {
            "endpoint": request.endpoint,
            "values": values,
            "urls": [url_for("index"), url_for("shop"), url_for("static", filename="app.txt")],
        }

    app.add_url_rule("/", "index", view, host="example.org")
    app.add_url_rule("/", "shop", view, host="shop.example.org:8080")
    app.add_url_rule("/", "user", view, host="<name>.users.example.org", methods=["POST"])
    app.add_url_rule("/anywhere", "anywhere", view, host="<host>")
    return app


def a_static_host_without_matching(app, client):
    Flask("x", static_host="example.org")


def matching_without_a_static_host(app, client):
    Flask("x", host_matching=True)


def matching_without_static_files(app, client):
    other = Flask("x", host_matching=True, static_folder=None)
    return other.has_static_folder, other.url_map.host_matching


def with_server_name_too(app, client):
    other = Flask("x", host_matching=True, static_folder=None)
    other.config["SERVER_NAME"] = "other.org"
    other.add_url_rule("/", "index", lambda: "index", host="example.org")
    return [
        other.test_client().get("/", base_url=f"http://{host}").status_code
        for host in ("example.org", "other.org")
    ]


STEPS = [
    get("/", base_url="http://example.org"),
    get("/", base_url="https://example.org"),
    get("/", base_url="http://shop.example.org:8080"),
    get("/", base_url="http://shop.example.org"),
    get("/", base_url="http://ada.users.example.org"),
    post("/", base_url="http://ada.users.example.org"),
    get("/anywhere", base_url="http://no.where:99"),
    get("/static/app.txt", base_url="http://static.example.org"),
    get("/static/app.txt", base_url="http://example.org"),
    get("/", base_url="http://EXAMPLE.org"),
    a_static_host_without_matching,
    matching_without_a_static_host,
    matching_without_static_files,
    with_server_name_too,
]
