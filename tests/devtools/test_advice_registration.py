"""A route that cannot be registered, and a module that is called."""

import pytest

from retort.devtools.advice import advise

PROGRAM = """
    import datetime, flask, json
    from flask import Flask

    app = {app}

    {route}
    def login():
        return "welcome"

    {more}
    """


def advice_on(mistake, app="Flask(__name__)", route="@app.route('/login')", more=""):
    mistake.write("program.py", PROGRAM.format(app=app, route=route, more=more))
    with pytest.raises((TypeError, ValueError)) as caught:
        mistake.load()
    return advise(caught.value, None, None)


@pytest.mark.parametrize("route", ["@app.route('login')", '@app.get("login")'])
def test_a_rule_gets_the_slash_at_its_start(mistake, route):
    advice = advice_on(mistake, route=route)

    assert advice.what == "The route 'login' does not begin with a slash."
    assert advice.place.line == 6
    assert advice.fix == "Write '/login'."
    mistake.apply(advice.diff)
    assert mistake.ask("GET", "/login").text == "welcome"


def test_a_rule_of_add_url_rule_gets_the_slash_too(mistake):
    advice = advice_on(mistake, more="app.add_url_rule('x', view_func=login)")

    mistake.apply(advice.diff)
    assert mistake.ask("GET", "/x").text == "welcome"


def test_a_rule_that_is_no_literal_is_left_alone(mistake):
    assert advice_on(mistake, route="@app.route('log' + 'in')") is None


@pytest.mark.parametrize(
    ("written", "listed", "method"),
    [
        ("'POST'", "['POST']", "POST"),
        ('"post"', '["post"]', "POST"),
        ("'GET, POST'", "['GET', 'POST']", "GET"),
    ],
)
def test_methods_that_are_a_string_become_a_list(mistake, written, listed, method):
    advice = advice_on(mistake, route=f"@app.route('/login', methods={written})")

    assert advice.what.startswith("The methods of a route are a list, but methods=")
    assert advice.place.line == 6
    assert advice.fix == f"Write methods={listed}."
    mistake.apply(advice.diff)
    assert mistake.ask(method, "/login").text == "welcome"


@pytest.mark.parametrize(
    ("call", "fix"),
    [("flask(__name__)", "flask.Flask(...)"), ("datetime(2026, 1, 1)", "datetime.datetime(...)")],
)
def test_a_module_that_is_called_has_a_class_of_its_name(mistake, call, fix):
    advice = advice_on(mistake, more=f"made = {call}")

    assert advice.what == f"{call.partition('(')[0]} is a module, and a module cannot be called."
    assert advice.place.line == 10
    assert advice.fix == f"Write {fix}."
    mistake.apply(advice.diff)
    assert mistake.ask("GET", "/login").text == "welcome"


def test_a_module_without_such_a_class_gets_no_name(mistake):
    advice = advice_on(mistake, more="json('[]')")

    assert (
        advice.fix == "Call one of its functions or classes, with its name behind json and a dot."
    )
    assert advice.diff == ""


def test_an_object_that_is_no_module_is_not_explained_as_one(mistake):
    assert advice_on(mistake, more="json.loads('[]')()") is None
