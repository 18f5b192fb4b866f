"""Blueprints on subdomains, given, inherited and joined when nested."""

from flask import Blueprint, Flask, request, url_for
from steps import get


def create_app():
    app = Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.org"
    admin = Blueprint("admin", __name__, subdomain="admin")
    user = Blueprint("user", __name__, subdomain="<user>")
    api = Blueprint("api", __name__, subdomain="api")
    outer = Blueprint("outer", __name__, subdomain="outer")

    for blueprint in (admin, api):
        blueprint.add_url_rule("/", "index", where)
    user.add_url_rule("/", "index", lambda user: f"page of {user}, {url_for('admin.index')}")
    user.add_url_rule("/own", "own", lambda: "own", subdomain="fixed")
    outer.register_blueprint(api)
    app.register_blueprint(admin)
    app.register_blueprint(user)
    app.register_blueprint(outer, url_prefix="/nested")
    app.add_url_rule("/", "index", where)
    return app


def where():
    return {"endpoint": request.endpoint, "host": request.host, "url": url_for(request.endpoint)}


def rules(app, client):
    return sorted(f"{rule.subdomain}|{rule}" for rule in app.url_map.iter_rules())


STEPS = [
    get("/"),
    get("/", base_url="http://admin.example.org"),
    get("/", base_url="http://ada.example.org"),
    get("/own", base_url="http://fixed.example.org"),
    get("/nested/", base_url="http://api.outer.example.org"),
    get("/nested/", base_url="http://api.example.org"),
    get("/", subdomain="admin"),
    get("/", base_url="http://elsewhere.net"),
    rules,
]
