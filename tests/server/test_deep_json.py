"""Bodies nested to any depth are answered, and the process that answers stays the same."""

import json
import sys

import pytest

PROGRAM = """
    import os
    from flask import Flask, abort, jsonify, json, render_template_string, request, session

    app = Flask(__name__)
    app.secret_key = "key"

    @app.get("/pid")
    def pid():
        return str(os.getpid())

    @app.post("/json")
    def as_json():
        value = request.get_json()
        return {"type": type(value).__name__}

    @app.post("/echo")
    def echo():
        return jsonify(it=request.get_json())

    @app.post("/pretty")
    def pretty():
        return json.dumps(request.json, indent=1)

    @app.post("/template")
    def template():
        return render_template_string("{{ it }} {{ it|tojson }}", it=request.json)

    @app.post("/session")
    def into_session():
        session["it"] = request.json
        return "kept"

    @app.get("/session")
    def from_session():
        return str("it" in session)

    @app.post("/field")
    def field():
        try:
            return {"type": type(json.loads(request.form["it"])).__name__}
        except ValueError as error:
            abort(400, str(error))

    @app.post("/fail")
    def fail():
        value = request.json
        raise LookupError("to be shown with its local variables")

    @app.get("/built/<int:depth>/<kind>")
    def built(depth, kind):
        value = 1
        for _ in range(depth):
            value = {"a": value} if kind == "object" else [value]
        return jsonify(value)
"""

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
# CPython 3.10 and 3.11 count the levels among the recursive calls that Python allows.
ANSWER_TO_THE_DEEPEST = 200 if sys.version_info >= (3, 12) else 400
PATHS = ["/json", "/echo", "/pretty", "/template", "/session", "/fail"]


def texts(depth):
    yield "[" * depth + "]" * depth
    yield '{"a":' * depth + "1" + "}" * depth
    yield '[{"a":' * (depth // 2) + "1" + "}]" * (depth // 2)
    yield "[" * depth
    yield '{"]":' * depth


@pytest.mark.parametrize("options", [(), ("--threads=1",), ("--debug", "--no-reload")])
def test_a_process_outlives_bodies_of_any_depth(run, options):
    program = run(PROGRAM, "--port=0", *options)
    process = program.get("/pid").text
    for depth in (7_000, 100_000):
        for text in texts(depth):
            for path in PATHS:
                assert program.ask("POST", path, text, JSON).status == 400
            assert program.ask("POST", "/field", f"it={text}", FORM).status == 400 or "&" in text
            assert program.ask("POST", "/json", json.dumps(text), JSON).text.strip() == (
                '{\n  "type": "str"\n}' if "--debug" in options else '{"type":"str"}'
            )

    assert program.get("/pid").text == process


def test_a_process_outlives_ten_million_brackets(run):
    program = run(PROGRAM, "--port=0")
    process = program.get("/pid").text
    for text in list(texts(10_000_000))[::3]:
        assert program.ask("POST", "/json", text, JSON).status == 400

    assert program.ask("POST", "/json", json.dumps("[{" * 5_000_000), JSON).status == 200
    assert program.ask("POST", "/json", "[" + "[{}]," * 1_000_000 + "1]", JSON).status == 200
    assert program.get("/pid").text == process


@pytest.mark.parametrize("options", [(), ("--debug", "--no-reload")])
def test_a_process_outlives_whatever_a_program_does_with_the_deepest_that_is_read(run, options):
    program = run(PROGRAM, "--port=0", *options)
    process = program.get("/pid").text
    for depth in (300, 900, 1_000):
        for text in list(texts(depth))[:3]:
            for path in PATHS:
                # Python may refuse to go so deep: an error like any other.
                assert program.ask("POST", path, text, JSON).status in {200, 400, 500}

    assert program.ask("POST", "/json", text, JSON).status == ANSWER_TO_THE_DEEPEST
    assert program.get("/pid").text == process


@pytest.mark.parametrize("kind", ["array", "object"])
def test_a_process_outlives_answers_of_any_depth_that_a_program_builds(run, kind):
    program = run(PROGRAM, "--port=0")
    process = program.get("/pid").text
    assert program.get(f"/built/900/{kind}").status == 200
    for depth in (2_000, 5_000, 9_000, 9_900, 20_000, 100_000):
        assert program.get(f"/built/{depth}/{kind}").status in {200, 500}

    assert program.get("/pid").text == process
