"""Chromium's WebSocket: messages, the origin, the session's cookie, and the end."""

import pytest

SITE = "http://localhost:5000"
PROGRAM = """
from retort import Retort, session, websocket

app = Retort(__name__)
app.secret_key = "a key"


@app.get("/")
def index():
    session["name"] = "Ada"
    return '''<!doctype html><title>Chat</title><script>
        function open(path, ...subprotocols) {
            const log = []
            return new Promise((resolve) => {
                const socket = new WebSocket(path, subprotocols)
                socket.binaryType = "arraybuffer"
                socket.onopen = () => log.push(`open ${socket.protocol}`)
                socket.onmessage = ({data}) => {
                    if (typeof data === "string") {
                        log.push(data.length > 100 ? data.length : data)
                        if (data === "ready") {
                            socket.send("Grüße ✓")
                            socket.send("x".repeat(300000))
                            socket.send(new Uint8Array([0, 128, 255]))
                            socket.send("bye")
                        }
                    } else {
                        log.push([...new Uint8Array(data)].join())
                    }
                }
                socket.onclose = ({code, reason, wasClean}) => {
                    log.push(`close ${code} ${reason} ${wasClean}`)
                    resolve(log)
                }
            })
        }
    </script>'''


@app.websocket("/chat", subprotocols=["chat"])
async def chat():
    await websocket.send(f"{session['name']} from {websocket.origin}")
    await websocket.send("ready")
    async for message in websocket:
        if message == "bye":
            await websocket.close(4001, "see you")
        else:
            await websocket.send(message)


@app.websocket("/thread")
def chat_in_thread():
    websocket.send("ready")
    for message in websocket:
        if message == "bye":
            return
        websocket.send(message)


@app.websocket("/refused")
async def refuse():
    return "no", 403
"""

pytestmark = pytest.mark.xdist_group("WebSocket in the browser")


@pytest.fixture(scope="module")
def page(serve, browse, tmp_path_factory):
    file = tmp_path_factory.mktemp("chat") / "chat.py"
    file.write_text(PROGRAM, encoding="utf-8")
    with serve(str(file)) as site, browse(site) as page:
        page.goto(SITE)
        yield page


def test_messages_of_all_kinds_come_back_and_the_close_has_its_code(page):
    assert page.evaluate("open('ws://localhost:5000/chat', 'other', 'chat')") == [
        "open chat",
        f"Ada from {SITE}",
        "ready",
        "Grüße ✓",
        300_000,
        "0,128,255",
        "close 4001 see you true",
    ]


def test_the_end_of_a_view_in_a_thread_closes_with_1000(page):
    assert page.evaluate("open('ws://localhost:5000/thread')") == [
        "open ",
        "ready",
        "Grüße ✓",
        300_000,
        "0,128,255",
        "close 1000  true",
    ]


def test_a_refused_handshake_is_never_open(page):
    assert page.evaluate("open('ws://localhost:5000/refused')") == ["close 1006  false"]


def test_a_page_of_another_site_is_refused(page):
    page.goto("data:text/html,<title>evil</title>")
    try:
        log = page.evaluate(
            """new Promise((resolve) => {
                const socket = new WebSocket("ws://localhost:5000/chat")
                socket.onopen = () => resolve("open")
                socket.onclose = ({code}) => resolve(code)
            })"""
        )
    finally:
        page.goto(SITE)
    assert log == 1006
