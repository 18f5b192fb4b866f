"""JSON in answers and requests: `jsonify`, dicts and lists, `get_json`, its failures."""

import dataclasses
import decimal
import uuid
from datetime import date, datetime, timedelta, timezone

from flask import Flask, json, jsonify, request
from steps import get, note, post, put


@dataclasses.dataclass
class Point:
    x: int
    y: float


class WithHtml:
    def __html__(self):
        return "<b>html</b>"


ANSWERS = {
    "dict": lambda: {"b": 1, "a": {"z": None, "y": True}},
    "list": lambda: [1, "ä", "<script>&'\u2028"],
    "empty": dict,
    "jsonify nothing": lambda: jsonify(),
    "jsonify one": lambda: jsonify("one"),
    "jsonify many": lambda: jsonify(1, 2),
    "jsonify keywords": lambda: jsonify(b=1, a=2),
    "jsonify both": lambda: jsonify(1, a=2),
    "jsonify none": lambda: jsonify(None),
    "types": lambda: {
        "date": date(2020, 1, 2),
        "datetime": datetime(2020, 1, 2, 3, 4, 5),
        "aware": datetime(2020, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        "decimal": decimal.Decimal("1.50"),
        "uuid": uuid.UUID(int=1),
        "dataclass": Point(1, 2.5),
        "html": WithHtml(),
        "tuple": (1, 2),
        "float": 1e100,
    },
    "mixed keys": lambda: {1: "a", 2.5: "b", False: "c"},
    "unsortable": lambda: {1: "a", "b": "c"},
    "nan": lambda: [float("nan"), float("inf")],
    "set": lambda: {"set": {1}},
    "bytes": lambda: [b"x"],
    "status": lambda: ({"a": 1}, 201, {"X-A": "1"}),
    "tuple answer": lambda: ([1], 202),
}


def create_app(**config):
    app = Flask(__name__)
    app.config.update(config)

    @app.route("/<name>")
    def answer(name):
        return ANSWERS[name]()

    @app.route("/read", methods=["POST", "PUT"])
    def read():
        note(request.is_json, request.mimetype)
        return {"json": request.json, "again": request.get_json()}

    @app.route("/force", methods=["POST"])
    def force():
        return {"json": request.get_json(force=True)}

    @app.route("/silent", methods=["POST"])
    def silent():
        return {
            "json": request.get_json(silent=True),
            "loose": request.get_json(silent=True, cache=False),
        }

    return app


def in_debug(app, client):
    other = create_app()
    other.debug = True
    client = other.test_client()
    answers = [client.get("/dict"), client.post("/read", data="{", content_type="application/json")]
    return [[answer.status_code, len(answer.text) > 200 or answer.text] for answer in answers]


def functions(app, client):
    with app.app_context():
        return [
            json.dumps({"b": 1, "a": "ä"}),
            json.dumps([1], indent=1),
            json.loads('{"a": 1}'),
            json.loads(b'"\xc3\xa4"'),
        ]


def functions_without_an_app(app, client):
    from io import BytesIO, StringIO

    text = StringIO()
    json.dump({"b": 1, "a": date(2020, 1, 2)}, text)
    return [
        text.getvalue(),
        json.dumps({"b": 1, "a": "ä"}),
        json.load(StringIO('{"a": 1}')),
        json.load(BytesIO(b"[1]")),
        json.loads("[]"),
    ]


def jsonify_without_an_app(app, client):
    jsonify(1)


JSON = "application/json"
BODIES = {
    "good": ('{"a": 1}', JSON),
    "latin": ('{"a": 1}', "application/json; charset=latin-1"),
    "suffix": ('{"a": 1}', "application/vnd.api+json"),
    "plain": ('{"a": 1}', "text/plain"),
    "untyped": ('{"a": 1}', None),
    "empty": ("", JSON),
    "cut": ("{", JSON),
    "cut-word": ("nul", JSON),
    "nan": ("[NaN]", JSON),
    "not-utf-8": (b"\xff", JSON),
    "surrogate": ('"\\ud800"', JSON),
    "mark": ("\ufeff{}".encode(), JSON),
    "utf-16": ('{"a": 1}'.encode("utf-16"), JSON),
    "deep": ("[" * 100_000, JSON),  # more than any Python takes
    "null": ("null", JSON),
    "twice": ('{"a": 1, "a": 2}', JSON),
}

STEPS = [
    *(get(f"/{name}") for name in ANSWERS),
    *(
        post(f"/{path}?{name}", data=data, content_type=content_type)
        for path in ("read", "force", "silent")
        for name, (data, content_type) in BODIES.items()
    ),
    put("/read", json={"ä": [1, None]}),
    put("/read", json=None),
    in_debug,
    functions,
    functions_without_an_app,
    jsonify_without_an_app,
]
