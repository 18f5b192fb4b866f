"""`View`: dispatching, decorators, methods, arguments of its own, one instance or many."""

from flask import Flask, request
from flask.views import View
from steps import delete, get, note, options, post


def shout(view):
    def wrapper(*args, **kwargs):
        return view(*args, **kwargs).upper()

    return wrapper


def mark(view):
    def wrapper(*args, **kwargs):
        note("outermost")
        return view(*args, **kwargs)

    return wrapper


class Hello(View):
    """Greets."""

    def __init__(self, greeting="hello"):
        note("made")
        self.greeting = greeting

    def dispatch_request(self, name="nobody"):
        self.count = getattr(self, "count", 0) + 1
        return f"{self.greeting} {name} {self.count}"


class Once(Hello):
    init_every_request = False


class Decorated(Hello):
    methods = ["GET", "POST"]
    decorators = [shout, mark]


class Manual(Hello):
    provide_automatic_options = False
    methods = ["GET", "OPTIONS"]

    def dispatch_request(self):
        return f"own {request.method}"


class Unfinished(View):
    pass


class Async(View):
    async def dispatch_request(self):
        return "async"


def create_app():
    app = Flask(__name__)
    app.add_url_rule("/hello", view_func=Hello.as_view("hello"))
    app.add_url_rule("/hello/<name>", view_func=Hello.as_view("greet", "good day"))
    app.add_url_rule("/keyword", view_func=Hello.as_view("keyword", greeting="hi"))
    app.add_url_rule("/once", view_func=Once.as_view("once"))
    app.add_url_rule("/decorated/<name>", view_func=Decorated.as_view("decorated"))
    app.add_url_rule("/given", view_func=Hello.as_view("given"), methods=["DELETE"])
    app.add_url_rule("/manual", view_func=Manual.as_view("manual"))
    app.add_url_rule("/unfinished", view_func=Unfinished.as_view("unfinished"))
    app.add_url_rule("/async", view_func=Async.as_view("async"))
    return app


def what_as_view_returns(app, client):
    view = Decorated.as_view("name of view")
    return {
        "name": view.__name__,
        "methods": view.methods,
        "class": view.view_class.__name__,
        "automatic": view.provide_automatic_options,
        "doc": Hello.as_view("x").__doc__,
        "module": Hello.as_view("x").__module__,
    }


STEPS = [
    get("/hello"),
    post("/hello"),
    get("/hello/ada"),
    get("/keyword"),
    get("/once"),
    get("/once"),
    get("/decorated/ada"),
    post("/decorated/ada"),
    options("/decorated/ada"),
    delete("/given"),
    get("/given"),
    options("/manual"),
    get("/unfinished"),
    get("/async"),
    what_as_view_returns,
]
