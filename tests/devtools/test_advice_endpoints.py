"""Two views with one endpoint: where both are, and the change that gives each its own."""

import pytest

from retort.devtools.advice import advise
from retort.errors import SetupError

PROGRAM = """
    from flask import Flask, redirect

    app = Flask(__name__)

    @app.get('/')
    def index():
        return 'first'

    {second}
"""


def advised(mistake, second):
    second = second.replace("\n", "\n    ")
    mistake.write("program.py", PROGRAM.replace("{second}", second))
    with pytest.raises(SetupError) as error:
        mistake.load()
    return advise(error.value, None, None)


def test_the_second_view_is_renamed_after_its_route(mistake):
    advice = advised(mistake, "@app.get('/about-us')\ndef index():\n    return 'second'")

    assert advice.what == (
        "Two views have the endpoint 'index': index() (program.py:5) and index() (program.py:9)."
    )
    assert advice.place.line == 10
    assert advice.fix == "Rename the second function, for instance to about_us()."
    mistake.apply(advice.diff)
    client = mistake.load().test_client()
    assert (client.get("/").text, client.get("/about-us").text) == ("first", "second")


@pytest.mark.parametrize(
    ("second", "name"),
    [
        ("@app.get('/about/<int:page>')\ndef index(page):\n    return 'x'", "about"),
        ("@app.get('/<name>')\ndef index(name):\n    return 'x'", "index_2"),
        ("@app.get('/redirect')\ndef index():\n    return 'x'", "index_2"),
        ("@app.get('/class')\ndef index():\n    return 'x'", "index_2"),
        (
            "@app.get('/more')\ndef index():\n    pass\n\n@app.get('/x')\ndef more():\n    pass",
            "index_2",
        ),
    ],
)
def test_the_new_name_is_free(mistake, second, name):
    advice = advised(mistake, second)

    assert advice.fix == f"Rename the second function, for instance to {name}()."
    mistake.apply(advice.diff)
    assert name in mistake.load().view_functions


def test_an_endpoint_that_the_routes_name_is_to_be_changed_there(mistake):
    advice = advised(mistake, "@app.get('/about', endpoint='index')\ndef about():\n    return 'x'")

    assert advice.fix == "Write another endpoint at one of the routes, such as 'index_2'."
    assert advice.diff == ""


def test_a_decorator_without_wraps_is_named(mistake):
    advice = advised(
        mistake,
        "def logged(view):\n    def wrapper(*args):\n        return view(*args)\n"
        "    return wrapper\n\n"
        "@app.get('/one')\n@logged\ndef one():\n    return 'one'\n\n"
        "@app.get('/two')\n@logged\ndef two():\n    return 'two'",
    )

    assert advice.what == (
        "Two views have the endpoint 'wrapper', because both are wrapper() (program.py:10)."
    )
    assert advice.fix == "Write @wraps(view) above the function."
    mistake.apply(advice.diff)
    client = mistake.load().test_client()
    assert (client.get("/one").text, client.get("/two").text) == ("one", "two")


def test_a_loop_that_registers_one_function_is_not_taken_for_a_decorator(mistake):
    advice = advised(
        mistake,
        "for text in 'ab':\n    def page(text=text):\n        return text\n"
        "    app.add_url_rule('/' + text, view_func=page)",
    )

    assert "because both are page() (program.py:10)" in advice.what
    assert advice.fix == "Write an endpoint of its own at each route."
    assert advice.diff == ""
