"""Build an app from a description in JSON, send requests to it, and tell what came back."""

from flask import Blueprint, Flask, jsonify, request, url_for
from recorder import error_types


def answer(description):
    """What each of the ``requests`` is answered; or the error that set-up raised."""
    try:
        app = _build(description)
    except Exception as error:
        return {"set-up": error_types(error)}
    client = app.test_client()
    return {"answers": [_ask(client, *one) for one in description["requests"]]}


def _build(description):
    app = Flask("random app", **description["options"])
    app.url_map.strict_slashes = description["strict_slashes"]
    _fill(app, description)
    return app


def _fill(scope, description):
    """Give an app or blueprint its rules, and the blueprints inside it."""
    for rule in description["rules"]:
        scope.add_url_rule(view_func=_view, **rule)
    for inner in description["blueprints"]:
        blueprint = Blueprint(inner["name"], __name__, url_prefix=inner["prefix"])
        _fill(blueprint, inner)
        scope.register_blueprint(blueprint, **inner["registered"])


def _view(**values):
    return jsonify(
        endpoint=request.endpoint,
        blueprints=request.blueprints,
        values={name: [type(value).__name__, str(value)] for name, value in values.items()},
        args=list(request.args.items(multi=True)),
        rule=str(request.url_rule),
        url=_url(values),
    )


def _url(values):
    try:
        return url_for(request.endpoint, **values)
    except Exception as error:
        return error_types(error)


def _ask(client, method, path, query):
    try:
        response = client.open(path, method=method, query_string=query)
    except Exception as error:
        return error_types(error)
    return [
        response.status_code,
        sorted(response.allow),
        response.headers.get("Location"),
        response.headers.get("Content-Length"),
        response.get_data(as_text=True),
    ]
