"""Users by class-based views, with a method of the class that reads."""

from retort import Flask, jsonify, request
from retort.views import MethodView

app = Flask(__name__)


class Users(MethodView):
    def get(self):
        return jsonify(page=request.args.get("page", type=int))

    def post(self):
        name, email = self.read()
        return jsonify(name=name, email=email), 201

    def read(self):
        data = request.get_json(force=True)
        return data["name"], data["email"]


class User(MethodView):
    init_every_request = False

    def get(self, number):
        return jsonify(number=number, fields=request.args.getlist("field"))

    def patch(self, number):
        data = request.json
        return jsonify(number=number, email=data.get("email"))

    def delete(self, number):
        return "", 204


app.add_url_rule("/users", view_func=Users.as_view("users"))
app.add_url_rule("/users/<int:number>", view_func=User.as_view("user"))

LABELS = {
    "GET /users": "query:page",
    "POST /users": "json:name! json:email!",
    "GET /users/{number}": "query:field*",
    "PATCH /users/{number}": "json:email",
}
