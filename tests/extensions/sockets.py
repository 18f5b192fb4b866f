"""Programs that the tests of WebSockets start in a process of their own."""

import sys

from flask import Flask, request, session
from flask_sock import Sock
from flask_socketio import SocketIO, emit, join_room, send

app = Flask(__name__)
app.config["SECRET_KEY"] = "key"


@app.get("/")
def index():
    return "page"


def echoes():
    sock = Sock(app)

    @sock.route("/echo/<name>")
    def echo(ws, name):
        while (text := ws.receive()) != "stop":
            ws.send(f"{name} at {request.path}: {text[::-1]}")

    return app


def chats():
    socketio = SocketIO(app, async_mode="threading")

    @socketio.on("connect")
    def connect(auth):
        session["name"] = auth["name"]
        return auth["name"] != "nobody"

    @socketio.on("message")
    def message(text):
        send(f"{session['name']}: {text}")

    @socketio.on("join")
    def join(room):
        join_room(room)
        emit("joined", session["name"], to=room)
        return "welcome"

    return socketio


if __name__ == "__main__":
    kind, port = sys.argv[1], int(sys.argv[2])
    if kind == "socketio":
        chats().run(app, "127.0.0.1", port, allow_unsafe_werkzeug=True)
    elif kind == "sock":
        echoes().run("127.0.0.1", port)
    elif kind == "socketio on werkzeug":
        from werkzeug.serving import run_simple

        chats()
        run_simple("127.0.0.1", port, app, threaded=True)
    else:
        from werkzeug.serving import run_simple

        run_simple("127.0.0.1", port, echoes(), threaded=True)
