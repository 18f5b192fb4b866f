"""Rules by subdomain: with and without matching, with and without a SERVER_NAME."""

from flask import Flask, request, url_for
from steps import get


def add_rules(app):
    def view(**values):
        return {"endpoint": request.endpoint, "values": values, "api": url_for("api")}

    app.add_url_rule("/", "index", view)
    app.add_url_rule("/", "api", view, subdomain="api")
    app.add_url_rule("/user", "user", view, subdomain="<name>")
    app.add_url_rule("/only", "only", view, subdomain="api")
    return app


def create_app():
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org:5000"
    return add_rules(app)


def answers(app):
    client = app.test_client()
    hosts = ["example.org", "api.example.org", "elsewhere.net", "a.b.example.org"]
    return {
        f"{host}{path}": [answer.status_code, answer.text]
        for host in hosts
        for path in ("/", "/user", "/only")
        for answer in [client.get(path, base_url=f"http://{host}")]
    }


def matching_without_server_name(app, client):
    return answers(add_rules(Flask("x", subdomain_matching=True)))


def server_name_without_matching(app, client):
    other = add_rules(Flask("x"))
    other.config["SERVER_NAME"] = "example.org"
    return answers(other)


def neither(app, client):
    return answers(add_rules(Flask("x")))


def a_default_subdomain(app, client):
    other = Flask("x")
    other.url_map.default_subdomain = "api"
    return answers(add_rules(other))


def a_default_subdomain_with_matching(app, client):
    other = Flask("x", subdomain_matching=True)
    other.config["SERVER_NAME"] = "example.org"
    other.url_map.default_subdomain = "api"
    return answers(add_rules(other))


STEPS = [
    get("/"),
    get("/", base_url="http://api.example.org:5000"),
    get("/", base_url="http://api.example.org"),
    get("/", base_url="https://example.org:5000"),
    get("/user", base_url="http://ada.example.org:5000"),
    get("/user", base_url="http://a.b.example.org:5000"),
    get("/", base_url="http://elsewhere.net"),
    get("/", subdomain="api"),
    matching_without_server_name,
    server_name_without_matching,
    neither,
    a_default_subdomain,
    a_default_subdomain_with_matching,
]
