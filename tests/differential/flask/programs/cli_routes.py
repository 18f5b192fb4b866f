"""`routes`, in every order, and with no rules, hosts, subdomains."""

from flask import Flask


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/", "index", lambda: "")
    app.add_url_rule("/users", "users", lambda: "", methods=["GET", "POST"])
    app.add_url_rule("/a/<int:id>/edit", "edit", lambda id: "", methods=["PUT", "DELETE"])
    app.add_url_rule("/zebra", "animal", lambda: "", methods=["PATCH"])
    app.add_url_rule("/also", "users", app.view_functions["users"])
    return app


def routes(app, *args):
    result = app.test_cli_runner().invoke(args=["routes", *args])
    return [result.exit_code, result.output.splitlines()]


def by_default(app, client):
    return routes(app)


def sorted_by(app, client):
    return {
        order: routes(app, "--sort", order) for order in ("endpoint", "methods", "rule", "match")
    }


def short_option(app, client):
    return routes(app, "-s", "rule")


def all_methods(app, client):
    return routes(app, "--all-methods")


def a_bad_order(app, client):
    return routes(app, "--sort", "nothing")[0]


def no_rules(app, client):
    return routes(Flask("x", static_folder=None))


def with_subdomains(app, client):
    other = Flask("x", static_folder=None, subdomain_matching=True)
    other.config["SERVER_NAME"] = "example.org"
    other.add_url_rule("/", "index", lambda: "")
    other.add_url_rule("/", "api", lambda: "", subdomain="api")
    return [routes(other), routes(other, "--sort", "domain"), routes(other, "--sort", "rule")]


def with_subdomains_but_no_matching(app, client):
    other = Flask("x", static_folder=None)
    other.add_url_rule("/", "api", lambda: "", subdomain="api")
    return routes(other)


def with_hosts(app, client):
    other = Flask("x", static_folder=None, host_matching=True)
    other.add_url_rule("/", "index", lambda: "", host="b.example.org")
    other.add_url_rule("/", "api", lambda: "", host="<name>.example.org")
    return [routes(other), routes(other, "--sort", "domain")]


STEPS = [
    by_default,
    sorted_by,
    short_option,
    all_methods,
    a_bad_order,
    no_rules,
    with_subdomains,
    with_subdomains_but_no_matching,
    with_hosts,
]
