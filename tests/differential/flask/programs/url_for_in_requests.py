"""`url_for` while a request is handled: every keyword, relative endpoints, odd values."""

from datetime import date

from flask import Blueprint, Flask, request, url_for
from steps import get
from werkzeug.routing import BuildError

FORMS = {
    "plain": lambda: url_for("item", id=3),
    "query": lambda: url_for("item", id=3, page=2, sort="ä b&c"),
    "list": lambda: url_for("item", id=3, tag=["a", "b"]),
    "none": lambda: url_for("item", id=3, left_out=None),
    "none only": lambda: url_for("index", left_out=None),
    "bool": lambda: url_for("item", id=3, yes=True),
    "date": lambda: url_for("index", day=date(2020, 2, 3)),
    "anchor": lambda: url_for("item", id=3, _anchor="top"),
    "odd anchor": lambda: url_for("item", id=3, _anchor="x y#ä/?&=\"<>'()%20"),
    "empty anchor": lambda: url_for("item", id=3, _anchor=""),
    "anchor and query": lambda: url_for("index", q="1", _anchor="a"),
    "external": lambda: url_for("item", id=3, _external=True),
    "internal": lambda: url_for("item", id=3, _external=False),
    "scheme": lambda: url_for("item", id=3, _scheme="https"),
    "scheme, external": lambda: url_for("item", id=3, _scheme="ftp", _external=True),
    "scheme, internal": lambda: url_for("item", id=3, _scheme="https", _external=False),
    "empty scheme": lambda: url_for("item", id=3, _scheme="", _external=True),
    "method": lambda: url_for("by_method", _method="POST", _external=False),
    "method get": lambda: url_for("by_method", _method="GET"),
    "no such method": lambda: url_for("by_method", _method="PUT"),
    "relative": lambda: url_for(".page"),
    "relative in blueprint": lambda: url_for(".other"),
    "other blueprint": lambda: url_for("part.page"),
    "static": lambda: url_for("static", filename="a b/ä.css"),
    "unicode": lambda: url_for("named", name="Zoë/?#"),
    "path": lambda: url_for("path", rest="a/b c/ä"),
    "float": lambda: url_for("number", number=1.5),
    "defaults": lambda: url_for("paged", page=1),
    "not the default": lambda: url_for("paged", page=2),
    "wrong type": lambda: url_for("item", id="abc"),
    "missing value": lambda: url_for("item"),
    "unknown": lambda: url_for("nothing"),
    "unknown relative": lambda: url_for(".nothing"),
    "of app": lambda: request.path and Flask.url_for(app_of(), "item", id=1),
    "self": lambda: url_for("index", self=1, endpoint_=2),
}


def app_of():
    from flask import current_app

    return current_app._get_current_object()


def outcome(build):
    try:
        return build()
    except BuildError as error:
        return [type(error).__name__, error.endpoint, sorted(error.values), error.method]
    except Exception as error:
        return type(error).__name__


def create_app():
    app = Flask(__name__)
    part = Blueprint("part", __name__, url_prefix="/part")

    @app.route("/")
    @part.route("/", endpoint="page")
    def index():
        return {name: outcome(form) for name, form in FORMS.items()}

    part.add_url_rule("/other", "other", index)
    app.add_url_rule("/item/<int:id>", "item", index)
    app.add_url_rule("/by/get", "by_method", index, methods=["GET"])
    app.add_url_rule("/by/post", "by_method", index, methods=["POST"])
    app.add_url_rule("/named/<name>", "named", index)
    app.add_url_rule("/path/<path:rest>", "path", index)
    app.add_url_rule("/number/<float:number>", "number", index)
    app.add_url_rule("/paged/", "paged", index, defaults={"page": 1})
    app.add_url_rule("/paged/<int:page>", "paged", index)
    app.register_blueprint(part)
    return app


STEPS = [
    get("/"),
    get("/part/"),
    get("/", base_url="https://example.org:8443/mounted/here"),
    get("/?query=1", headers={"Host": "bücher.example"}),
]
