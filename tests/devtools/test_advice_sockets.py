"""`websocket` where there is no WebSocket."""

import pytest

from retort.devtools.advice import advise

TOP = """
from retort import Flask, websocket

app = Flask(__name__)

"""


def test_the_view_of_a_request_is_registered_for_websockets(mistake):
    mistake.write(
        "program.py",
        f"{TOP}@app.route('/chat')\nasync def chat():\n    await websocket.send('hello')\n",
    )

    advice = mistake.advised("GET", "/chat")

    assert advice.what == (
        "websocket was used during GET /chat, which is a request and no WebSocket."
    )
    assert advice.place.source == "await websocket.send('hello')"
    assert advice.fix == "Register chat() with @app.websocket('/chat')."
    mistake.apply(advice.diff)
    with mistake.load().test_client().websocket("/chat") as ws:
        assert ws.receive() == "hello"


def test_options_of_an_http_route_are_left_to_the_programmer(mistake):
    mistake.write(
        "program.py",
        f"{TOP}@app.route('/chat', methods=['GET'])\ndef chat():\n    websocket.send('hello')\n",
    )

    assert mistake.advised("GET", "/chat").diff == ""


def test_another_name_of_the_proxy_is_shown(mistake):
    mistake.write(
        "program.py", f"{TOP}ws = websocket\n@app.get('/')\ndef index():\n    ws.send('')\n"
    )

    assert mistake.advised("GET", "/").what.startswith("ws was used during GET /")


def test_a_module_has_no_websocket(mistake):
    mistake.write("program.py", f"{TOP}websocket.accept()\n")
    with pytest.raises(RuntimeError) as caught:
        mistake.load()

    advice = advise(caught.value, None, None)

    assert advice.what == "websocket was used in the module, where there is no WebSocket."
    assert "copy_current_websocket_context" in advice.fix
