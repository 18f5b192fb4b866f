"""Rules: slashes, defaults that redirect, aliases, merging, weights, methods, websockets."""

from flask import Flask, request, url_for
from steps import ask, delete, get, head, options, post, put
from werkzeug.routing import EndpointPrefix, Rule, Submount


def create_app():
    app = Flask(__name__)

    def view(**values):
        return {"endpoint": request.endpoint, "values": values, "rule": str(request.url_rule)}

    app.add_url_rule("/folder/", "folder", view, methods=["GET", "POST"])
    app.add_url_rule("/file", "file", view)
    app.add_url_rule("/loose/", "loose", view, strict_slashes=False)
    app.add_url_rule("/pages/", "pages", view, defaults={"page": 1})
    app.add_url_rule("/pages/<int:page>", "pages", view)
    app.add_url_rule("/alias", "file", view, alias=True)
    app.add_url_rule("/built", "built", view, build_only=True)
    app.add_url_rule("/old/<int:id>", "old", view, redirect_to="/new/<id>")
    app.add_url_rule("/new/<int:id>", "new", view)
    app.add_url_rule("/one/<name>", "variable", view)
    app.add_url_rule("/one/fixed", "fixed", view)
    app.add_url_rule("/one/<int:number>", "number", view)
    app.add_url_rule("/methods", "read", view, methods=["GET"])
    app.add_url_rule("/methods", "write", view, methods=["POST", "put"])
    app.add_url_rule("/no-options", "no_options", view, provide_automatic_options=False)
    app.add_url_rule("/own-options", "own_options", view, methods=["OPTIONS", "GET"])
    app.add_url_rule("/brew", "brew", view, methods=["BREW"])
    app.add_url_rule("/unmerged//x", "unmerged", view, merge_slashes=False)
    app.add_url_rule("/socket", "socket", view, websocket=True, methods=["GET"])
    app.add_url_rule("/without-view", "without_view")
    app.add_url_rule("/ümläut/<name>", "umlaut", view)
    app.url_map.add(Submount("/mount", [Rule("/raw", endpoint="raw")]))
    app.view_functions["raw"] = view
    app.url_map.add(EndpointPrefix("prefixed.", [Rule("/prefixed", endpoint="x", methods=["GET"])]))
    app.view_functions["prefixed.x"] = view
    return app


def methods_as_text(app, client):
    Flask("x").add_url_rule("/", "x", len, methods="GET")


def methods_on_a_shortcut(app, client):
    Flask("x").get("/", methods=["POST"])


def without_endpoint_and_view(app, client):
    Flask("x").add_url_rule("/")


def without_a_slash(app, client):
    Flask("x").add_url_rule("x", "x", len)


def two_views_for_an_endpoint(app, client):
    other = Flask("x")
    other.add_url_rule("/a", "same", lambda: "a")
    other.add_url_rule("/b", "same", lambda: "b")


def a_route_too_late(app, client):
    app.add_url_rule("/late", "late", len)


def required_methods(app, client):
    def view():
        return request.method

    view.required_methods = {"PROPFIND"}
    view.methods = {"GET"}
    other = Flask("x")
    other.add_url_rule("/", view_func=view)
    answers = [
        other.test_client().open("/", method=method) for method in ("PROPFIND", "GET", "POST")
    ]
    return [[answer.status_code, answer.text] for answer in answers]


def attributes_of_a_view(app, client):
    def view():
        return "x"

    view.provide_automatic_options = False
    other = Flask("x")
    other.add_url_rule("/", view_func=view)
    return other.test_client().options("/").status_code


def automatic_options_off(app, client):
    other = Flask("x")
    other.config["PROVIDE_AUTOMATIC_OPTIONS"] = False
    other.add_url_rule("/", "x", lambda: "x")
    return other.test_client().options("/").status_code


def a_map_that_is_not_strict(app, client):
    other = Flask("x")
    other.url_map.strict_slashes = False
    other.url_map.merge_slashes = False
    other.add_url_rule("/a/", "a", lambda: "a")
    other.add_url_rule("/b//c", "b", lambda: "b")
    return [other.test_client().get(path).status_code for path in ("/a", "/a/", "/b/c", "/b//c")]


def shortcuts(app, client):
    other = Flask("x")
    for name in ("get", "post", "put", "patch", "delete"):
        getattr(other, name)("/", endpoint=name)(lambda name=name: name)
    client = other.test_client()
    return [
        client.open("/", method=name).text for name in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ]


def rules(app, client):
    return [
        [str(rule), rule.endpoint, sorted(rule.methods or []), rule.provide_automatic_options]
        for rule in app.url_map.iter_rules()
        if hasattr(rule, "provide_automatic_options")
    ]


def built(app, client):
    with app.test_request_context("/"):
        return [url_for("built"), url_for("file"), url_for("umlaut", name="ü"), url_for("raw")]


PATHS = """
    /folder /folder/ /file /file/ /loose /loose/ /pages/ /pages/1 /pages/2 /alias /built /old/5
    /one/x /one/fixed /one/5 /methods /unmerged//x /unmerged/x /socket /without-view /mount/raw
    /prefixed /ümläut/x /folder?q=a%20b /folder//x //folder/ /file//
""".split()

STEPS = [
    *(get(path) for path in PATHS),
    post("/folder", data={"a": "1"}),
    post("/folder/"),
    put("/folder"),
    head("/folder"),
    head("/file"),
    put("/methods"),
    post("/methods"),
    delete("/methods"),
    options("/methods"),
    options("/folder/"),
    options("/folder"),
    options("/no-options"),
    options("/own-options"),
    options("/nowhere"),
    ask("BREW", "/brew"),
    ask("brew", "/brew"),
    ask("BREW", "/file"),
    ask("get", "/file"),
    head("/brew"),
    ask("UNHEARD-OF", "/file"),
    ask("UNHEARD-OF", "/nowhere"),
    ask("TRACE", "/file"),
    ask("PROPFIND", "/file"),
    options("*"),
    methods_as_text,
    methods_on_a_shortcut,
    without_endpoint_and_view,
    without_a_slash,
    two_views_for_an_endpoint,
    a_route_too_late,
    required_methods,
    attributes_of_a_view,
    automatic_options_off,
    a_map_that_is_not_strict,
    shortcuts,
    rules,
    built,
]
