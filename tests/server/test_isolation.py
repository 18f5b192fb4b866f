"""Many different requests at once: each gets its own answer, and nothing of it stays behind.

Neither in another request, thread or session, nor in memory; also after exceptions, streams
that were closed early and clients that went away.
"""

import contextlib
import http.client
import json
import socket
import struct
import threading
from pathlib import Path

import pytest

PROGRAM = """
import threading
import time

from flask import (
    Flask,
    Response,
    copy_current_request_context,
    flash,
    g,
    get_flashed_messages,
    has_app_context,
    has_request_context,
    jsonify,
    request,
    session,
    stream_with_context,
)

app = Flask(__name__)
app.secret_key = "a key"
app.logger.disabled = True
leaks = []


class Watch:
    "Around the application: a thread that begins a request has nothing of another one."

    def __init__(self, inner):
        self.inner = inner

    def __call__(self, environ, start_response):
        if has_app_context() or has_request_context():
            leaks.append(["a context stayed in the thread", environ["PATH_INFO"]])
        return self.inner(environ, start_response)


app.wsgi_app = Watch(app.wsgi_app)


def look(where):
    "All that tells requests apart says the same name; a copied context has an empty g."
    name = request.headers["X-Name"]
    names = {name, request.view_args["name"], request.args["name"], g.get("name", name)}
    if len(names) != 1:
        leaks.append([where, *sorted(names)])


@app.before_request
def begin():
    if request.endpoint in (None, "leaks_so_far"):
        return
    if "name" in g:
        leaks.append(["g was not empty", g.name])
    g.name = request.headers["X-Name"]


@app.after_request
def finish(response):
    response.headers["X-Answer-To"] = request.headers.get("X-Name", "")
    return response


@app.teardown_request
def end(error):
    if request.endpoint not in (None, "leaks_so_far"):
        look("teardown")


def nap():
    "Lets other threads in: now and then for longer."
    look("before the nap")
    time.sleep(0.002 if hash(g.name) % 4 == 0 else 0)
    look("after the nap")


@app.get("/plain/<name>")
def plain(name):
    before = session.get("name")
    session["name"] = name
    flash(name)
    nap()
    return jsonify(name=g.name, before=before, flashed=get_flashed_messages())


@app.post("/body/<name>")
def body(name):
    nap()
    return jsonify(name=request.form["name"], size=len(request.form["filling"]))


@app.get("/fail/<name>")
def fail(name):
    session["name"] = "of a failure"
    nap()
    raise RuntimeError(name)


@app.errorhandler(RuntimeError)
def failed(error):
    look("error handler")
    return jsonify(name=str(error)), 500


@app.get("/stream/<name>")
def stream(name):
    def lines():
        for _ in range(200):
            look("stream")
            yield f"{g.name}\\n" + "." * 500 + "\\n"

    return Response(stream_with_context(lines()), mimetype="text/plain")


@app.get("/broken/<name>")
def broken(name):
    def lines():
        yield f"{g.name}\\n"
        time.sleep(0.001)
        raise RuntimeError(name)

    return Response(stream_with_context(lines()), mimetype="text/plain")


@app.get("/thread/<name>")
def thread(name):
    found = []

    @copy_current_request_context
    def work():
        look("thread")
        found.append(request.args["name"])

    worker = threading.Thread(target=work)
    worker.start()
    nap()
    worker.join()
    return jsonify(name=found[0])


@app.get("/leaks")
def leaks_so_far():
    return leaks
"""

KINDS = ["plain", "body", "stream", "fail", "thread", "missing", "plain", "leave", "stop", "broken"]


class Visitor:
    """One client with a connection and a session of its own."""

    def __init__(self, port: int, number: int) -> None:
        self.port = port
        self.number = number
        self.cookie = ""
        self.last_name = None
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.answers = 0

    def ask_all(self, count: int) -> None:
        with contextlib.closing(self.connection):
            for turn in range(count):
                name = f"visitor-{self.number}-{turn}"
                getattr(self, KINDS[(self.number + turn) % len(KINDS)])(name)

    def ask(self, path, name, body=None):
        method = "GET" if body is None else "POST"
        fields = {"X-Name": name}
        if self.cookie:
            fields["Cookie"] = self.cookie
        if body is not None:
            fields["Content-Type"] = "application/x-www-form-urlencoded"
        self.connection.request(method, f"/{path}/{name}?name={name}", body, fields)
        return self.connection.getresponse()

    def read(self, answer, name, status=200):
        text = answer.read().decode()
        assert (answer.status, answer.headers["X-Answer-To"]) == (status, name), text
        self.answers += 1
        return text

    def plain(self, name):
        answer = self.ask("plain", name)
        found = json.loads(self.read(answer, name))
        assert found == {"name": name, "before": self.last_name, "flashed": [name]}
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.last_name = name

    def body(self, name):
        filling = "x" * (self.number * 997 % 30_000)
        answer = self.ask("body", name, f"name={name}&filling={filling}")
        assert json.loads(self.read(answer, name)) == {"name": name, "size": len(filling)}

    def fail(self, name):
        answer = self.ask("fail", name)
        assert json.loads(self.read(answer, name, 500)) == {"name": name}
        # Only the session of this client has changed.
        self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
        self.last_name = "of a failure"

    def stream(self, name):
        lines = self.read(self.ask("stream", name), name).split("\n")
        assert set(lines[::2]) == {name, ""}
        assert len(lines) == 401

    def thread(self, name):
        assert json.loads(self.read(self.ask("thread", name), name)) == {"name": name}

    def missing(self, name):
        self.read(self.ask("missing", name), name, 404)

    def leave(self, name):
        """Send a request, and disconnect without waiting for the response."""
        path = ("plain", "stream", "thread")[self.number % 3]
        with self.connect() as connection:
            connection.sendall(self.head_of(path, name))

    def stop(self, name):
        """Close the connection in the middle of an answer."""
        with self.connect() as connection:
            connection.sendall(self.head_of("stream", name))
            assert name in connection.recv(2000).decode()
            linger = struct.pack("ii", 1, 0)  # a reset: what is on its way is thrown away
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    def broken(self, name):
        """The view fails in the middle of its answer."""
        with self.connect() as connection, contextlib.suppress(ConnectionError):
            connection.sendall(self.head_of("broken", name))
            received = b"".join(iter(lambda: connection.recv(65536), b""))
            assert name.encode() in received or received == b""
            assert not received.endswith(b"0\r\n\r\n"), "it looks like a whole answer"

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=60)

    def head_of(self, path, name) -> bytes:
        lines = [f"GET /{path}/{name}?name={name} HTTP/1.1", "Host: a", f"X-Name: {name}"]
        return "\r\n".join([*lines, "Cookie: " + self.cookie, "", ""]).encode()


def visit(port: int, *, visitors: int, turns: int) -> int:
    """All visitors at once; how many answers there were. Fails as the first one does."""
    crowd = [Visitor(port, number) for number in range(visitors)]
    failures = []

    def run(visitor):
        try:
            visitor.ask_all(turns)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(visitor,)) for visitor in crowd]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return sum(visitor.answers for visitor in crowd)


@pytest.mark.parametrize("options", [["--workers", "2"], ["--threads", "4"]], ids=" ".join)
def test_each_request_gets_its_own_response_and_leaves_nothing_behind(run, is_long, options):
    program = run(PROGRAM, "--port", "0", *options)
    turns = 200 if is_long else 40

    answered = visit(program.port, visitors=50, turns=turns)

    assert answered >= 50 * turns * 7 // 10
    for _ in range(10):  # of whichever worker answers
        assert json.loads(program.get("/leaks").text) == []


def test_the_program_detects_a_leak(run):  # or the test above would be empty
    program = run(
        PROGRAM + '\n\n@app.before_request\ndef spoil():\n    g.name = "another"\n', "--port", "0"
    )

    program.get("/plain/one?name=one", **{"X-Name": "one"})

    assert ["before the nap", "another", "one"] in json.loads(program.get("/leaks").text)


def resident_mib(pids) -> float:
    """proc(5), /proc/pid/statm: the second number is the resident set, in pages of 4 KiB."""
    pages = [int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for pid in pids]
    return sum(pages) * 4096 / 2**20


def test_memory_does_not_grow_with_the_number_of_requests(run, is_long):
    program = run(PROGRAM, "--port", "0", "--threads", "32")
    count = 200_000 if is_long else 20_000
    visit(program.port, visitors=32, turns=160)  # until caches and pools are full
    before = resident_mib(program.family())

    visit(program.port, visitors=32, turns=count // 32)

    # A kilobyte kept of each request would be 20 MiB.
    grown = resident_mib(program.family()) - before
    print(f"grew by {grown:.1f} MiB")
    assert grown < 10
    assert json.loads(program.get("/leaks").text) == []
