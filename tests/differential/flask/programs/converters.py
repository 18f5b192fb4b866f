"""Converters: the built-in ones at their edges, and the program's own."""

from flask import Flask, current_app, request, url_for
from steps import get
from werkzeug.routing import BaseConverter, IntegerConverter, ValidationError


class ListConverter(BaseConverter):
    regex = r"[^/]+"

    def __init__(self, url_map, separator="+"):
        super().__init__(url_map)
        self.separator = separator

    def to_python(self, value):
        return value.split(self.separator)

    def to_url(self, values):
        return self.separator.join(BaseConverter.to_url(self, value) for value in values)


class EvenConverter(IntegerConverter):
    def to_python(self, value):
        number = super().to_python(value)
        if number % 2:
            raise ValidationError
        return number


class ContextConverter(BaseConverter):
    def to_python(self, value):
        return f"{current_app.name}:{request.method}:{value}"


class FailingConverter(BaseConverter):
    def to_python(self, value):
        raise LookupError(value)


RULES = [
    "/string/<value>",
    "/length/<string(length=3):value>",
    "/between/<string(minlength=2,maxlength=4):value>",
    "/int/<int:value>",
    "/range/<int(min=5,max=10):value>",
    "/fixed/<int(fixed_digits=4):value>",
    "/signed/<int(signed=True):value>",
    "/float/<float:value>",
    "/float-range/<float(min=1,max=2,signed=True):value>",
    "/path/<path:value>",
    "/path/<path:value>/edit",
    "/any/<any(about, help, 'with, comma'):value>",
    "/uuid/<uuid:value>",
    "/list/<list:value>",
    "/list-comma/<list(','):value>",
    "/even/<even:value>",
    "/context/<context:value>",
    "/failing/<failing:value>",
    "/mixed/<int:value>-<name>.html",
    "/regex/<value>/v<int:minor>",
]

PATHS = """
    /string/a /string/ä%20b /string/a%2Fb /string/ /length/abc /length/abcd /between/a
    /between/abcd /int/7 /int/007 /int/-7 /int/+7 /int/7.0 /int/٣ /int/² /int/ /range/4 /range/5
    /range/10 /range/11 /fixed/0007 /fixed/7 /signed/-7 /signed/7 /float/1.5 /float/1
    /float/-1.5 /float/1e5 /float-range/1.5 /float-range/2.5 /float-range/-1.0 /path/a/b/c
    /path/a/b/edit /path//a /path/ /any/about /any/other /any/with,%20comma
    /uuid/12345678-1234-5678-1234-567812345678 /uuid/1234
    /uuid/12345678-1234-5678-1234-56781234567G /list/a+b+c /list-comma/a,b /even/4 /even/5
    /context/x /failing/x /mixed/5-a.b.html /mixed/x-a.html /regex/x/v2 /regex/x/y2
    /int/99999999999999999999999999
""".split()


def create_app():
    app = Flask(__name__)
    app.url_map.converters["list"] = ListConverter
    app.url_map.converters["even"] = EvenConverter
    app.url_map.converters["context"] = ContextConverter
    app.url_map.converters["failing"] = FailingConverter

    def view(**values):
        return [[name, type(value).__name__, str(value)] for name, value in sorted(values.items())]

    for number, rule in enumerate(RULES):
        app.add_url_rule(rule, f"rule{number}", view)
    app.add_url_rule("/built", "built", lambda: url_for("rule13", value=["a b", "c"]))
    return app


def an_unknown_converter(app, client):
    Flask("x").add_url_rule("/<nothing:value>", "x", len)


def a_variable_twice(app, client):
    Flask("x").add_url_rule("/<a>/<a>", "x", len)


def bad_syntax(app, client):
    Flask("x").add_url_rule("/<a", "x", len)


def bad_arguments(app, client):
    Flask("x").add_url_rule("/<int(none=1):a>", "x", len)


STEPS = [
    *(get(path) for path in PATHS),
    get("/built"),
    an_unknown_converter,
    a_variable_twice,
    bad_syntax,
    bad_arguments,
]
