"""The JSON provider: its settings, subclasses, another one altogether."""

import json as standard
from datetime import date

from flask import Flask, json, jsonify, render_template_string, request
from flask.json.provider import DefaultJSONProvider, JSONProvider
from steps import get, note, post


class Loud(JSONProvider):
    def dumps(self, obj, **kwargs):
        note("dumps", sorted(kwargs))
        return standard.dumps(obj).upper()

    def loads(self, s, **kwargs):
        note("loads", type(s).__name__, sorted(kwargs))
        return {"loud": standard.loads(s)}


class Abstract(JSONProvider):
    pass


class Dates(DefaultJSONProvider):
    @staticmethod
    def default(o):
        return "a date" if isinstance(o, date) else DefaultJSONProvider.default(o)


def create_app(provider=None, **settings):
    app = Flask(__name__)
    if provider is not None:
        app.json = provider(app)
    for name, value in settings.items():
        setattr(app.json, name, value)

    @app.route("/")
    def index():
        return {"b": [1, 2], "a": "ä<"}

    @app.route("/jsonify")
    def with_jsonify():
        return jsonify(a=1)

    @app.route("/read", methods=["POST"])
    def read():
        return str(request.json)

    @app.route("/template")
    def template():
        return render_template_string("{{ {'b': '<', 'a': 1} | tojson }}")

    @app.route("/functions")
    def functions():
        return f"{json.dumps([1])} {json.loads('[2]')}"

    return app


def answers(app):
    client = app.test_client()
    paths = ("/", "/jsonify", "/template", "/functions")
    return [client.get(path).text for path in paths] + [client.post("/read", json={"x": 1}).text]


def settings_of_the_default(app, client):
    provider = app.json
    return [
        provider.ensure_ascii,
        provider.sort_keys,
        provider.compact,
        provider.mimetype,
        type(provider).__name__,
    ]


def changed_settings(app, client):
    return [
        answers(create_app(ensure_ascii=False)),
        answers(create_app(sort_keys=False)),
        answers(create_app(compact=False)),
        answers(create_app(compact=True)),
        answers(create_app(mimetype="application/vnd.api+json")),
        create_app(mimetype="text/x-json").test_client().get("/").content_type,
    ]


def another_provider(app, client):
    return answers(create_app(Loud))


def an_abstract_provider(app, client):
    with create_app(Abstract).app_context():
        return json.dumps(1)


def an_abstract_provider_that_loads(app, client):
    return create_app(Abstract).json.loads("1")


def a_default_of_its_own(app, client):
    other = create_app(Dates)
    return other.json.dumps([date(2020, 1, 2)]), other.json.dumps(
        {"d": date(2020, 1, 2)}, indent=None
    )


def its_class_on_the_app(app, client):
    class Own(Flask):
        json_provider_class = Loud

    return type(Own("x").json).__name__


def what_it_cannot_say(app, client):
    return app.json.dumps(object())


def responses(app, client):
    with app.app_context():
        answer = app.json.response({"b": 1, "a": 2})
        return answer.get_data(), answer.mimetype


def response_with_both(app, client):
    with app.app_context():
        return app.json.response(1, a=2)


def keywords_for_dumps(app, client):
    return [
        app.json.dumps({"b": 1, "a": "ä"}, ensure_ascii=False),
        app.json.dumps({"b": 1, "a": 2}, sort_keys=False),
        app.json.dumps([1, 2], separators=(",", ":")),
        app.json.dumps([object()], default=lambda o: "own default"),
    ]


STEPS = [
    get("/"),
    get("/template"),
    get("/functions"),
    post("/read", json=[1]),
    settings_of_the_default,
    changed_settings,
    another_provider,
    an_abstract_provider,
    an_abstract_provider_that_loads,
    a_default_of_its_own,
    its_class_on_the_app,
    what_it_cannot_say,
    responses,
    response_with_both,
    keywords_for_dumps,
]
