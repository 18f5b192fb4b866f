from flask import Flask, request
from flask.views import MethodView


class Items(MethodView):
    names = ("a", "b")

    def __init__(self):
        self.seen = []

    def get(self):
        self.seen.append("get")
        self.count = 1
        return {"names": self.names, "seen": self.seen}

    def post(self):
        self.data = request.form.to_dict()
        self.data.update(saved=True)
        return self.data


app = Flask(__name__)
app.add_url_rule("/", view_func=Items.as_view("items"))
