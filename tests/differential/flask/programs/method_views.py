"""`MethodView`: one method each, inheritance, HEAD, missing methods, classes without any."""

from flask import Blueprint, Flask
from flask.views import MethodView, http_method_funcs
from steps import ask, delete, get, head, note, options, patch, post, put


class Users(MethodView):
    def get(self, user_id):
        return {"users": []} if user_id is None else {"user": user_id}

    def post(self):
        return "created", 201

    def delete(self, user_id):
        return "", 204


class MoreUsers(Users):
    def patch(self, user_id=0):
        return "patched"


class ReadOnly(MoreUsers):
    methods = ["GET"]


class OwnHead(MethodView):
    def get(self):
        return "get"

    def head(self):
        return "", 200, {"X-Own": "head"}

    def options(self):
        return "own options"

    def trace(self):
        return "traced"


class Mixed(MethodView):
    init_every_request = False

    async def get(self):
        return "async get"

    def post(self):
        raise LookupError("post")


class Nothing(MethodView):
    pass


def create_app():
    app = Flask(__name__)
    users = Users.as_view("users")
    app.add_url_rule("/users/", defaults={"user_id": None}, view_func=users, methods=["GET"])
    app.add_url_rule("/users/", view_func=users, methods=["POST"])
    app.add_url_rule("/users/<int:user_id>", view_func=users, methods=["GET", "PUT", "DELETE"])
    part = Blueprint("part", __name__, url_prefix="/part")
    part.add_url_rule("/more", view_func=MoreUsers.as_view("more"))
    part.add_url_rule("/read", view_func=ReadOnly.as_view("read"))
    app.register_blueprint(part)
    app.add_url_rule("/head", view_func=OwnHead.as_view("head"))
    app.add_url_rule("/mixed", view_func=Mixed.as_view("mixed"))
    app.add_url_rule("/nothing", view_func=Nothing.as_view("nothing"))
    return app


def methods_of_classes(app, client):
    classes = (Users, MoreUsers, ReadOnly, OwnHead, Mixed, Nothing)
    note(sorted(http_method_funcs))
    return [sorted(cls.methods or ["none"]) for cls in classes]


STEPS = [
    get("/users/"),
    get("/users"),
    get("/users/5"),
    head("/users/5"),
    post("/users/"),
    delete("/users/5"),
    put("/users/5"),
    patch("/users/5"),
    options("/users/5"),
    options("/users/"),
    options("/part/more"),
    patch("/part/more"),
    patch("/part/read"),
    get("/head"),
    head("/head"),
    options("/head"),
    ask("TRACE", "/head"),
    get("/mixed"),
    post("/mixed"),
    get("/nothing"),
    options("/nothing"),
    ask("UNHEARD-OF", "/users/"),
    ask("UNHEARD-OF", "/nowhere"),
    ask("PROPFIND", "/users/"),
    methods_of_classes,
]
