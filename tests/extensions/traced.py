"""The program that agents look at: `test_ddtrace.py` and its like start it."""

from pathlib import Path

import flask
from flask import Blueprint, Flask, abort, jsonify, render_template_string
from flask.views import MethodView

app = Flask(__name__)
shop = Blueprint("shop", __name__, url_prefix="/shop")


@app.get("/framework")
def framework():
    return Path(flask.__file__).parent.name


@app.before_request
def before():
    """Seen by agents, as `after` is."""


@app.after_request
def after(response):
    return response


@app.get("/page/<name>")
def page(name):
    return render_template_string("hello {{ name }}", name=name)


@app.get("/crash")
def crash():
    raise ValueError("on purpose")


@app.get("/tea")
def tea():
    abort(418)


@app.errorhandler(418)
def teapot(error):
    return "teapot", 418


class Thing(MethodView):
    def get(self):
        return "thing"


app.add_url_rule("/thing", view_func=Thing.as_view("thing"))


@shop.get("/item/<int:number>")
def item(number):
    return jsonify(number=number)


app.register_blueprint(shop)
