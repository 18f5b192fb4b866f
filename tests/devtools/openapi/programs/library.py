"""The request is given to a library and to classes."""

import urllib.parse

from werkzeug.datastructures import MultiDict

from retort import Flask, jsonify, request

app = Flask(__name__)


class Form:
    def __init__(self, values):
        self.name = values["name"]


@app.post("/signup")
def signup():
    form = Form(request.form)
    return jsonify(name=form.name)


@app.get("/forward")
def forward():
    return urllib.parse.urlencode(request.args)


@app.post("/merge")
def merge():
    merged = MultiDict(request.form)
    return jsonify(source=request.form["source"], n=len(merged))


LABELS = {
    "POST /signup": "form:name! open:form",
    "GET /forward": "",
    "POST /merge": "form:source! open:form",
}
