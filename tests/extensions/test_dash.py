"""Dash: a page with a callback, on a server of its own and on one that is there already."""

import json
import urllib.request

import pytest
from dash import Dash, Input, Output, State, dcc, html, no_update


def add_page(dash):
    dash.layout = html.Div(
        [dcc.Input(id="name"), html.Button(id="go"), html.Div(id="out"), dcc.Store(id="store")]
    )

    @dash.callback(
        Output("out", "children"), Input("go", "n_clicks"), State("name", "value"),
        prevent_initial_call=True,
    )  # fmt: skip
    def greet(clicks, name):
        return no_update if name == "nobody" else f"hello {name}, {clicks} times"

    return dash


@pytest.fixture
def dash(app):
    return add_page(Dash("dashboard", server=app, url_base_pathname="/board/"))


def press(client, name, clicks=1, prefix="/board"):
    call = {
        "output": "out.children",
        "outputs": {"id": "out", "property": "children"},
        "inputs": [{"id": "go", "property": "n_clicks", "value": clicks}],
        "state": [{"id": "name", "property": "value", "value": name}],
        "changedPropIds": ["go.n_clicks"],
    }
    return client.post(f"{prefix}/_dash-update-component", json=call)


def test_the_page_and_what_it_loads(dash, client):
    page = client.get("/board/").text

    assert "_dash-config" in page
    assert client.get("/board/_dash-layout").json["props"]["children"][0]["type"] == "Input"
    (dependency,) = client.get("/board/_dash-dependencies").json
    assert dependency["output"] == "out.children"
    script = page.split('src="')[1].split('"')[0]
    assert script.startswith("/board/_dash-component-suites/")
    with client.get(script) as answer:
        assert answer.mimetype in {"application/javascript", "text/javascript"}
        assert answer.headers["Cache-Control"]


def test_a_callback_is_called(dash, client):
    assert press(client, "Ada").json["response"] == {"out": {"children": "hello Ada, 1 times"}}
    assert press(client, "nobody").json["response"] == {}


def test_pages_of_the_program_stay_beside(dash, app, client):
    app.add_url_rule("/own", "own", lambda: "own")

    assert client.get("/own").text == "own"
    assert client.get("/board/any/path").status_code == 200  # its own routing, in the browser
    assert client.get("/missing").status_code == 404


def test_its_own_server_is_ours():
    import flask

    dash = add_page(Dash("alone"))

    assert type(dash.server) is flask.Flask
    client = dash.server.test_client()
    assert press(client, "Grace", 2, prefix="").json["response"]["out"] == {
        "children": "hello Grace, 2 times"
    }


PROGRAM = """
import sys
from dash import Dash, html
app = Dash(__name__)
app.layout = html.Div("content")
app.run(port=int(sys.argv[1]), debug=False)
"""


def test_it_serves_itself(write, start):
    address = start(write("board.py", PROGRAM), "{port}")

    with urllib.request.urlopen(f"http://{address}/_dash-layout", timeout=20) as answer:
        assert json.load(answer)["props"]["children"] == "content"
