"""Coroutine functions as views over `retort run`: many at once, and clients that disconnect."""

import contextlib
import socket
import struct
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes

COUNT = 200

# Lets all requests go on as soon as so many are in the view at the same time.
MEETING = f"""
    import asyncio
    import retort

    app = retort.Flask(__name__)
    app.secret_key = "key"
    everyone, inside = asyncio.Event(), []

    @app.before_request
    def before():
        retort.g.path = retort.request.path

    @app.get("/<int:number>")
    async def index(number):
        inside.append(number)
        if len(inside) == {COUNT}:
            everyone.set()
        await everyone.wait()
        return f"{{number}} {{retort.g.path}} {{len(inside)}}"
"""


def ask_all(program, count):
    """Send requests on connections of their own, all before the first response is read."""
    with contextlib.ExitStack() as stack:
        connections = [stack.enter_context(program.connect()) for _ in range(count)]
        for number, connection in enumerate(connections):
            connection.sendall(
                f"GET /{number} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode()
            )
        return [program.received(connection) for connection in connections]


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--proxy", "1"),
        ("--metrics",),
        ("--access-log", "access.txt"),
        ("--request-id",),
        ("--proxy", "1", "--metrics", "--access-log", "access.txt", "--request-id"),
        ("--debug", "--no-reload"),
    ],
    ids=["plain", "proxy", "metrics", "access log", "request ids", "all", "debug"],
)
def test_no_layer_holds_a_thread_while_a_view_waits(run, options):
    threads = () if "--debug" in options else ("--threads", "8")
    program = run(MEETING, "--port", "0", *threads, *options)

    answers = ask_all(program, COUNT)

    for number, answer in enumerate(answers):
        assert answer.startswith(b"HTTP/1.1 200"), answer
        assert answer.endswith(f"\r\n\r\n{number} /{number} {COUNT}".encode())


FOREIGN = """
    import asyncio
    import retort

    app = retort.Flask(__name__)

    def shout(wrapped):
        def middleware(environ, start_response):
            return [piece.upper() for piece in wrapped(environ, start_response)]
        return middleware

    class ReadsStatus:
        '''Uses the status when the application has returned, as many do.'''
        def __init__(self, wrapped):
            self.wrapped = wrapped

        def __call__(self, environ, start_response):
            seen = []
            def note(status, fields, exc_info=None):
                seen.append((status, fields))
                return lambda piece: None
            body = self.wrapped(environ, note)
            status, fields = seen[0]
            start_response(status, [*fields, ("X-Seen", status)])
            return body

    app.wsgi_app = ReadsStatus(shout(app.wsgi_app))

    @app.before_request
    def before():
        retort.g.name = "name"

    @app.get("/")
    async def index():
        await asyncio.sleep(0)
        return f"text {retort.g.name}", 201

    @app.get("/stream")
    async def stream():
        async def generate():
            yield "a"
            await asyncio.sleep(0)
            yield "b"
        return generate()

    @app.post("/form")
    async def form():
        return retort.request.form["a"]

    @app.get("/error")
    async def error():
        raise ZeroDivisionError
"""


def test_foreign_middleware_gets_the_status_and_the_body_of_async_views(run):
    program = run(FOREIGN, "--port", "0")

    answer = program.get("/")
    assert (answer.status, answer.text, answer.headers["X-Seen"]) == (
        *(201, "TEXT NAME"),
        "201 CREATED",
    )
    assert program.get("/stream").text == "AB"
    answer = program.ask(
        "POST", "/form", "a=b", {"Content-Type": "application/x-www-form-urlencoded"}
    )
    assert (answer.status, answer.text) == (200, "B")
    answer = program.get("/error")
    assert (answer.status, answer.headers["X-Seen"]) == (500, "500 INTERNAL SERVER ERROR")


def test_an_application_inside_of_foreign_middleware_gets_it_right_too(run):
    program = run(
        """
        import asyncio
        import retort
        from werkzeug.middleware.dispatcher import DispatcherMiddleware

        app, other = retort.Flask("app"), retort.Flask("other")

        @app.get("/")
        async def index():
            return "app"

        @other.get("/")
        async def other_index():
            await asyncio.sleep(0)
            return retort.request.script_root

        dispatched = DispatcherMiddleware(app.wsgi_app, {"/other": other})

        def shout(environ, start_response):
            return [piece.upper() for piece in dispatched(environ, start_response)]

        app.wsgi_app = shout
        """,
        "--port",
        "0",
    )

    assert program.get("/").text == "APP"
    assert program.get("/other/").text == "/OTHER"


LEAVING = """
    import asyncio
    import retort

    app = retort.Flask(__name__)

    @app.teardown_request
    def teardown(error):
        print("teardown", type(error).__name__, retort.request.path, flush=True)

    @app.teardown_appcontext
    async def app_teardown(error):
        await asyncio.sleep(0)
        print("app teardown", type(error).__name__, flush=True)

    async def wait():
        print("waiting", retort.request.path, flush=True)
        try:
            while True:
                await asyncio.sleep(0.05)
                if "/finish" in retort.request.path and may_end.is_set():
                    return
        except asyncio.CancelledError:
            print("cancelled", retort.request.path, flush=True)
            raise

    may_end = asyncio.Event()

    @app.get("/wait")
    async def index():
        await wait()
        return "text"

    @app.post("/upload")
    async def upload():
        await wait()
        return "text"

    @app.get("/finish", on_disconnect="finish")
    async def finish():
        await wait()
        print("finished", flush=True)
        return "text"

    @app.get("/end")
    async def end():
        may_end.set()
        return "text"

    @app.get("/stream")
    async def stream():
        async def generate():
            try:
                yield "begun"
                while True:
                    await asyncio.sleep(0.05)
                    yield "more"
            finally:
                print("closed", flush=True)
        return generate()

    @app.get("/quiet")
    async def quiet():
        async def generate():
            try:
                yield "begun"
                await asyncio.Event().wait()
            finally:
                print("closed", flush=True)
        return generate()

    @app.get("/own")
    async def own():
        task = asyncio.create_task(asyncio.sleep(60))
        task.cancel()
        await task
"""


@pytest.fixture
def leaving(run, tmp_path):
    return run(LEAVING, "--port", "0", "--access-log", "access.txt")


def leave(program, request, until, *, reset=False):
    """Send a request, and disconnect when the program has printed this."""
    with program.connect() as connection:
        connection.sendall(request)
        program.wait_for_output(until)
        if reset:  # with a RST: socket(7), SO_LINGER
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def logged(program):
    return (program.file.parent / "access.txt").read_text()


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize(
    ("method", "path", "more"),
    [
        ("GET", "/wait", ""),
        ("POST", "/upload", "Content-Length: 3\r\n\r\na=b"),
    ],
)
def test_a_view_whose_client_disconnects_is_cancelled(leaving, method, path, more, reset):
    request = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n{more or chr(13) + chr(10)}"
    leave(leaving, request.encode(), f"waiting {path}", reset=reset)

    leaving.wait_for_output(f"cancelled {path}")
    leaving.wait_for_output(f"teardown CancelledError {path}")
    leaving.wait_for_output("app teardown CancelledError")
    leaving.wait_for(lambda: f'"{method} {path} HTTP/1.1" 499' in logged(leaving))
    assert "Traceback" not in leaving.output


def test_a_long_body_that_has_arrived_does_not_hide_the_disconnect(leaving):
    head = b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 900000\r\n\r\n"
    leave(leaving, head + b"x" * 900_000, "waiting /upload")

    leaving.wait_for_output("cancelled /upload")
    leaving.wait_for_output("teardown CancelledError /upload")


def test_a_view_that_opts_out_finishes(leaving):
    leave(leaving, b"GET /finish HTTP/1.1\r\nHost: localhost\r\n\r\n", "waiting /finish")
    leave(leaving, b"GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n", "waiting /wait")
    leaving.wait_for_output("cancelled /wait")  # so the other one would have been, too

    leaving.get("/end")

    leaving.wait_for_output("finished")
    leaving.wait_for_output("teardown NoneType /finish")
    assert "cancelled /finish" not in leaving.output


@pytest.mark.parametrize("path", ["/stream", "/quiet"])
def test_a_stream_whose_client_disconnects_is_closed(leaving, path):
    with leaving.connect() as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        received = b""
        while b"begun" not in received:
            received += connection.recv(4096)

    leaving.wait_for_output("closed")
    leaving.wait_for(lambda: f'"GET {path} HTTP/1.1" 200' in logged(leaving))
    assert leaving.get("/end").text == "text"


def test_a_cancellation_by_the_program_is_an_error(leaving):
    answer = leaving.get("/own")

    assert answer.status == 500
    leaving.wait_for_output("CancelledError")


ANSWERS = """
    import asyncio
    import retort

    app = retort.Flask(__name__, subdomain_matching=True)
    app.config["SERVER_NAME"] = "example.test"
    app.config["TRUSTED_HOSTS"] = [".example.test"]

    @app.get("/")
    async def index():
        return "page", {"X-Own": "1"}

    @app.get("/", subdomain="<name>")
    async def at_subdomain(name):
        return f"at {name}"

    @app.get("/early")
    async def early():
        async def generate():
            raise LookupError("before the first piece")
            yield ""
        return generate()

    @app.get("/late")
    async def late():
        async def generate():
            yield "begun"
            raise LookupError("after the first piece")
        return generate()

    @app.get("/number")
    async def number():
        async def generate():
            yield 7
        return generate()

    @app.get("/length/<int:length>")
    async def length(length):
        async def generate():
            yield "123"
            yield "45"
        return generate(), {"Content-Length": str(length)}

    @app.get("/sync")
    def sync():
        async def generate():
            yield "from "
            await asyncio.sleep(0)
            yield "a sync view"
        return generate()

    @app.get("/none")
    async def none():
        pass
"""


ON_LOOP = """
    from retort import Flask, request

    app = Flask(__name__)

    @app.get("/")
    async def index():
        if "X-Fails" in request.headers:
            raise LookupError("in the view")
        return request.get_data(as_text=True) or "None"
"""


def test_async_views_over_a_server_answer_like_sync_views(run):
    program = run(ANSWERS, "--port", "0")

    def ask(method, path, host="example.test"):
        return program.ask(method, path, headers={"Host": host})

    answer = ask("GET", "/")
    assert (answer.status, answer.text, answer.headers["X-Own"]) == (200, "page", "1")
    answer = ask("HEAD", "/")
    assert (answer.status, answer.text, answer.headers["Content-Length"]) == (200, "", "4")
    answer = ask("OPTIONS", "/")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS"}
    assert ask("POST", "/").status == 405
    assert ask("GET", "/nowhere").status == 404
    assert ask("GET", "/", "www.example.test").text == "at www"
    assert ask("GET", "/", "elsewhere.test").status == 400
    assert ask("GET", "/sync").text == "from a sync view"
    assert ask("GET", "/none").status == 500
    assert ask("GET", "/number").status == 500
    assert ask("GET", "/early").status == 500
    assert ask("HEAD", "/late").status == 200
    program.wait_for_output("before the first piece")


def test_requests_that_begin_on_the_loop_are_checked_and_may_have_a_body(run):
    program = run(ON_LOOP, "--port", "0")
    assert program.ask("GET", "/").text == "None"  # later ones begin on the loop

    def ask(*lines, body=b""):
        head = "\r\n".join(["GET / HTTP/1.1", *lines, "Connection: close", "", ""])
        return program.send(head.encode() + body)

    for _ in range(2):
        assert b" 400 " in ask("Host: two hosts").split(b"\r\n")[0]
        assert ask("Host: localhost", "Content-Length: 3", body=b"abc").endswith(b"\r\n\r\nabc")
        assert b" 500 " in ask("Host: localhost", "X-Fails: 1").split(b"\r\n")[0]
        assert ask("Host: localhost").endswith(b"\r\n\r\nNone")
    program.wait_for_output("LookupError: in the view")


def raw(program, path):
    return program.send(
        f"GET {path} HTTP/1.1\r\nHost: example.test\r\nConnection: close\r\n\r\n".encode()
    )


def test_an_error_after_the_first_piece_aborts_the_response(run):
    program = run(ANSWERS, "--port", "0")

    received = raw(program, "/late")

    assert received.startswith(b"HTTP/1.1 200")
    assert b"begun" in received
    assert not received.endswith(b"0\r\n\r\n")  # so the client notices
    program.wait_for_output("after the first piece")


def test_a_body_longer_than_its_content_length_is_cut(run):
    program = run(ANSWERS, "--port", "0")

    received = raw(program, "/length/3")

    assert received.endswith(b"\r\n\r\n123")
    program.wait_for_output("Content-Length")


def test_a_body_shorter_than_its_content_length_is_noticed_by_the_client(run):
    program = run(ANSWERS, "--port", "0")

    received = raw(program, "/length/9")

    assert b"content-length: 9" in received.lower()
    assert received.endswith(b"12345")
    program.wait_for_output("Content-Length")


def test_host_matching_works_for_async_views(run):
    program = run(
        """
        import retort

        app = retort.Flask(__name__, host_matching=True, static_folder=None)

        @app.get("/", host="one.test")
        async def one():
            return "one"

        @app.get("/", host="two.test")
        async def two():
            return "two"
        """,
        "--port",
        "0",
    )
    for host, text in (("one.test", "one"), ("two.test", "two")):
        assert program.ask("GET", "/", headers={"Host": host}).text == text
    assert program.ask("GET", "/", headers={"Host": "three.test"}).status == 404


BODIES = """
    import os
    import resource
    import retort

    app = retort.Flask(__name__)
    app.config["MAX_FORM_MEMORY_SIZE"] = None

    @app.before_request
    def before():
        if "early" in retort.request.args:
            retort.g.early = len(retort.request.form)

    @app.post("/form")
    async def form():
        return dict(retort.request.form)

    @app.post("/file")
    async def file():
        stored = retort.request.files["file"]
        data = stored.stream.read()
        return {"name": stored.filename, "size": len(data), "early": retort.g.get("early")}

    @app.post("/json")
    async def json():
        return retort.request.json

    @app.post("/data")
    async def data():
        return str(len(retort.request.data))

    @app.post("/limited", max_content_length=1000)
    async def limited():
        return str(len(retort.request.get_data()))

    @app.post("/unread", max_content_length=1000)
    async def unread():
        return "unread"

    @app.post("/large")
    async def large():
        return str(sum(map(len, iter(lambda: retort.request.stream.read(65536), b""))))

    @app.get("/memory")
    def memory():
        return str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def bodies(run):
    return run(BODIES, "--port", "0")


def multipart(data):
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n'
    return head + data + b"\r\n--x--\r\n"


MULTIPART = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize("early", ["", "?early"])
@pytest.mark.parametrize("size", [10, 300_000, 2_000_000])  # in memory, and on disk
def test_a_body_is_complete_before_the_view(bodies, size, early):
    answer = bodies.ask("POST", f"/form{early}", f"a={'x' * size}", FORM)
    assert (answer.status, answer.text) == (200, '{"a":"' + "x" * size + '"}\n')
    answer = bodies.ask("POST", f"/file{early}", multipart(b"x" * size), MULTIPART)
    found = 0 if early else "null"
    assert answer.text == f'{{"early":{found},"name":"a.bin","size":{size}}}\n'
    answer = bodies.ask("POST", f"/json{early}", f'"{"x" * size}"', {"Content-Type": "text/json"})
    assert answer.status == 415
    headers = {"Content-Type": "application/json"}
    answer = bodies.ask("POST", f"/json{early}", f'"{"x" * size}"', headers)
    assert len(answer.text) == size
    answer = bodies.ask("POST", f"/data{early}", "x" * size, {"Content-Type": "text/plain"})
    assert answer.text == str(size)


def chunked(data):
    return f"{len(data):x}\r\n".encode() + data + b"\r\n0\r\n\r\n"


@pytest.mark.parametrize("size", [1001, 400_000])
def test_a_body_over_the_limit_is_413_by_its_length_and_in_chunks(bodies, size):
    assert bodies.ask("POST", "/limited", "x" * 1000).text == "1000"
    assert bodies.ask("POST", "/limited", "x" * size).status == 413
    head = (
        b"POST /limited HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n"
    )
    assert bodies.send(head + b"\r\n" + chunked(b"x" * 1000)).endswith(b"1000")
    assert bodies.send(head + b"\r\n" + chunked(b"x" * size)).startswith(b"HTTP/1.1 413")


def test_a_truncated_body_does_not_reach_the_view(bodies):
    head = b"POST /data HTTP/1.1\r\nHost: a\r\nContent-Type: text/plain\r\nContent-Length: 900000"
    with bodies.connect() as connection:
        connection.sendall(head + b"\r\n\r\n" + b"x" * 500_000)

    assert bodies.ask("POST", "/data", "x", {"Content-Type": "text/plain"}).text == "1"
    assert "Traceback" not in bodies.output


def test_the_memory_of_a_large_upload_is_flat(bodies):
    bodies.ask("POST", "/large", b"x" * 2_000_000)
    before = int(bodies.get("/memory").text)

    answer = bodies.ask("POST", "/large", b"x" * 50_000_000)

    assert answer.text == "50000000"
    assert int(bodies.get("/memory").text) - before < 12_000  # KiB


def test_uploads_at_the_same_time_are_kept_apart(bodies):
    answers = {}

    def ask(name):
        answers[name] = bodies.ask("POST", "/form", f"a={name * 300_000}", FORM).text

    threads = [threading.Thread(target=ask, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert answers == {name: '{"a":"' + name * 300_000 + '"}\n' for name in "abcd"}


def test_debug_mode_explains_errors_and_redirects_of_async_views(run):
    program = run(
        """
        import asyncio
        import retort

        app = retort.Flask(__name__)

        @app.get("/error")
        async def error():
            await asyncio.sleep(0)
            raise ZeroDivisionError("in the view")

        @app.get("/missing")
        async def missing():
            retort.abort(404)

        @app.get("/early")
        async def early():
            async def generate():
                raise LookupError("in the generator")
                yield ""
            return generate()

        @app.get("/stream")
        async def stream():
            async def generate():
                yield "a"
                yield "b"
            return generate()

        @app.get("/loop")
        async def loop():
            return retort.redirect("/loop")
        """,
        "--port",
        "0",
        "--debug",
        "--no-reload",
    )
    html = {"Accept": "text/html"}

    for path, status, text in (
        *(("/error", 500, "in the view"), ("/missing", 404, "Not Found")),
        *(("/early", 500, "in the generator"), ("/stream", 200, "ab")),
    ):
        answer = program.get(path, **html)
        assert answer.status == status
        assert text in answer.text
    statuses = [program.get("/loop", **html).status for _ in range(20)]
    assert 508 in statuses


@pytest.mark.parametrize("path", ["/wait", "/stream", "/quiet"])
def test_a_reset_of_one_http2_stream_is_a_disconnect(run, path):
    program = run(LEAVING, "--port", "0", "--http", "auto", "--access-log", "access.txt")
    client = H2Connection(H2Configuration(client_side=True))
    with program.connect() as connection:
        client.initiate_connection()
        fields = {":method": "GET", ":scheme": "http", ":authority": "localhost", ":path": path}
        client.send_headers(1, list(fields.items()), end_stream=True)
        connection.sendall(client.data_to_send())
        if path == "/wait":
            program.wait_for_output("waiting /wait")
        else:
            program.wait_for_output("app teardown NoneType")

        client.reset_stream(1, ErrorCodes.CANCEL)
        connection.sendall(client.data_to_send())

        if path == "/wait":  # while the connection is open
            program.wait_for_output("teardown CancelledError /wait")
            program.wait_for(lambda: '"GET /wait HTTP/2" 499' in logged(program))
        else:
            program.wait_for_output("closed")


def test_synchronous_hooks_run_in_as_many_threads_as_threads_says(run):
    program = run(
        """
        import threading

        from flask import Flask

        app = Flask(__name__)
        pair = threading.Barrier(2)
        lock = threading.Lock()
        running = most = 0

        @app.before_request
        def count():
            global running, most
            with lock:
                running += 1
                most = max(most, running)
            pair.wait(30)
            with lock:
                running -= 1

        @app.get("/")
        async def index():
            return str(most)
        """,
        "--port=0",
        "--threads=2",
    )
    program.wait_for_output("Press Ctrl-C")
    with ThreadPoolExecutor(8) as clients:
        answers = list(clients.map(lambda _: program.get("/").text, range(8)))

    assert answers == ["2"] * 8
