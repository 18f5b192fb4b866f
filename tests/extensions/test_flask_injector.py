"""flask-injector: views, hooks and resources get their arguments by type."""

import pytest
from flask import Blueprint, Request
from flask.views import MethodView, View
from flask_injector import FlaskInjector, request
from flask_restful import Api, Resource
from injector import inject


class Store:
    def __init__(self):
        self.names = ["ada", "grace"]


@request
class Basket:
    def __init__(self):
        self.items = []


class Names(View):
    @inject
    def __init__(self, store: Store, greeting):
        self.store, self.greeting = store, greeting

    def dispatch_request(self):
        return f"{self.greeting} {self.store.names}"


class Name(MethodView):
    @inject
    def __init__(self, store: Store):
        self.store = store

    def get(self, index):
        return self.store.names[index]


class Count(Resource):
    @inject
    def __init__(self, store: Store):
        self.store = store

    def get(self):
        return {"count": len(self.store.names)}


@pytest.fixture
def client(app):
    names = Blueprint("names", __name__)
    app.add_url_rule("/names", view_func=Names.as_view("names", greeting="hello"))
    names.add_url_rule("/<int:index>", view_func=Name.as_view("name"))
    app.register_blueprint(names, url_prefix="/name")
    Api(app).add_resource(Count, "/count")

    @app.route("/path")
    def path(current: Request):
        return current.path

    @app.before_request
    def fill(basket: Basket, store: Store):
        basket.items.append(len(store.names))

    @app.route("/basket")
    def basket(basket: Basket):
        return str(basket.items)

    FlaskInjector(app=app)
    return app.test_client()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/names", "hello ['ada', 'grace']"),  # of a class with an argument of its own
        ("/name/1", "grace"),
        ("/count", '{"count": 2}\n'),
        ("/path", "/path"),
    ],
)
def test_views_get_their_injected_arguments(client, path, text):
    assert client.get(path).text == text


def test_each_request_has_a_scope_of_its_own(client):
    assert client.get("/basket").text == "[2]"
    assert client.get("/basket").text == "[2]"
