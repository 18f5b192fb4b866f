"""Flask-SocketIO in threading mode: events, rooms and the session, over a real socket."""

from pathlib import Path

import pytest
import socketio as client_library
from flask import request, session
from flask_socketio import Namespace, SocketIO, disconnect, emit, join_room, leave_room, send

SOCKETS = Path(__file__).with_name("sockets.py")


@pytest.mark.parametrize(
    ("server", "transport"),
    [
        ("socketio", "polling"),
        ("socketio", "websocket"),
        ("socketio on werkzeug", "polling"),
        ("socketio on werkzeug", "websocket"),
    ],
)
def test_events_go_back_and_forth(start, server, transport):
    address = start(SOCKETS, server, "{port}")
    client = client_library.SimpleClient()
    client.connect(f"http://{address}", auth={"name": "ada"}, transports=[transport])

    client.emit("message", "hello")
    assert client.receive(timeout=20) == ["message", "ada: hello"]
    assert client.call("join", "room", timeout=20) == "welcome"
    assert client.receive(timeout=20) == ["joined", "ada"]
    assert client.transport == transport
    client.disconnect()


@pytest.fixture
def serve(launch, write, framework):
    """Serve the chat with the command line; arguments are further options."""

    def serve(*options):
        write("sockets.py", SOCKETS.read_text(encoding="utf-8"))
        write("chat.py", "from sockets import app, chats\n\nchats()\n")
        return launch(framework, "--app", "chat", "run", "--port", "{port}", *options)

    return serve


@pytest.mark.parametrize(
    ("options", "transport"),
    [
        ([], "polling"),
        ([], "websocket"),
        (["--debug"], "polling"),  # with the reloader and the debugger
        (["--debug"], "websocket"),
        (["--debug", "--no-reload"], "websocket"),
    ],
)
def test_events_go_back_and_forth_under_the_command_that_serves(serve, options, transport):
    server = serve(*options)
    client = client_library.SimpleClient()
    client.connect(f"http://{server.address}", auth={"name": "ada"}, transports=[transport])

    client.emit("message", "hello")

    assert client.receive(timeout=20) == ["message", "ada: hello"]
    assert client.transport == transport
    client.disconnect()


def test_in_production_the_start_lines_name_threads_and_what_fails(serve, framework):
    if framework == "flask":
        pytest.skip("Flask's command always serves with Werkzeug's server")

    serve().wait_for_output(lambda output: "each open WebSocket holds one of the" in output)
    several = serve("--workers", "2")
    several.wait_for_output(lambda output: "Flask-SocketIO fails with 2 workers" in output)


def test_a_refused_connection_is_reported(start):
    address = start(SOCKETS, "socketio on werkzeug", "{port}")
    client = client_library.SimpleClient()

    with pytest.raises(client_library.exceptions.ConnectionError):
        client.connect(f"http://{address}", auth={"name": "nobody"})


@pytest.fixture
def socketio(app):
    return SocketIO(app, async_mode="threading")


def names(client):
    return [(event["name"], event["args"]) for event in client.get_received()]


def test_its_test_client_receives_messages_to_rooms(app, socketio):
    @socketio.on("join")
    def join(room):
        join_room(room)

    @socketio.on("leave")
    def leave(room):
        leave_room(room)

    @socketio.on("tell")
    def tell(room, text):
        emit("told", text, to=room)

    ada, grace = socketio.test_client(app), socketio.test_client(app)
    ada.emit("join", "room")
    grace.emit("tell", "room", "hello")
    assert (names(ada), names(grace)) == ([("told", ["hello"])], [])

    ada.emit("leave", "room")
    grace.emit("tell", "room", "hello")
    assert names(ada) == []


def test_an_event_has_the_request_and_its_own_session(app, socketio):
    @app.get("/login")
    def login():
        session["name"] = "ada"
        return "in"

    @socketio.on("count")
    def count():
        session["count"] = session.get("count", 0) + 1
        return [session["name"], session["count"], request.event["message"], bool(request.sid)]

    http = app.test_client()
    http.get("/login")
    client = socketio.test_client(app, flask_test_client=http)

    assert client.emit("count", callback=True) == ["ada", 1, "count", True]
    assert client.emit("count", callback=True) == ["ada", 2, "count", True]


def test_errors_and_namespaces(app, socketio):
    class Chat(Namespace):
        def on_connect(self):
            send("welcome")

        def on_crash(self):
            raise ValueError("on purpose")

        def on_leave(self):
            disconnect()

    errors = []
    socketio.on_namespace(Chat("/chat"))
    socketio.on_error("/chat")(lambda error: errors.append(str(error)))
    client = socketio.test_client(app, namespace="/chat")

    assert client.get_received("/chat")[0]["args"] == "welcome"
    client.emit("crash", namespace="/chat")
    assert errors == ["on purpose"]
    client.emit("leave", namespace="/chat")
    assert not client.is_connected("/chat")


def test_a_background_task_can_push_an_app_context(app, socketio):
    results = []

    def work():
        with app.app_context():
            socketio.emit("done", "work")
            results.append(app.name)

    client = socketio.test_client(app)
    socketio.start_background_task(work).join(20)

    assert results == ["program"]
    assert names(client) == [("done", ["work"])]
