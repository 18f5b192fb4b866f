from flask import Flask, request
from flask.views import MethodView


class Messages(MethodView):
    kept = []

    def get(self):
        return {"messages": self.kept}

    def post(self):
        self.kept.append(request.form["text"])  # local: module-data
        return "", 204


app = Flask(__name__)
app.add_url_rule("/", view_func=Messages.as_view("messages"))
