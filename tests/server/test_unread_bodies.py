"""Bodies that an asynchronous view reads while they arrive, over real sockets."""

import contextlib

import pytest

PROGRAM = """
    import asyncio
    import threading
    from werkzeug.exceptions import ClientDisconnected
    from retort import Flask, request, stream_body

    app = Flask(__name__)
    go = threading.Event()

    async def read():
        size = 0
        print("called", flush=True)
        try:
            async for chunk in request.stream_chunks():
                size += len(chunk)
                print("chunk", bytes(chunk[:10]), size, flush=True)
        except ClientDisconnected:
            print("disconnected", flush=True)
            raise
        except asyncio.CancelledError:
            print("cancelled", flush=True)
            raise
        return str(size)

    app.add_url_rule("/upload", "upload", stream_body(read), methods=["POST"])
    app.add_url_rule(
        "/limited", "limited", stream_body(read), methods=["POST"], max_content_length=10
    )
    @app.post("/complete")
    async def complete():
        return await read()

    @app.post("/partly")
    @stream_body
    async def partly():
        async for chunk in request.stream_chunks():
            return bytes(chunk)

    @app.post("/unread")
    @stream_body
    async def unread():
        return "unread"

    @app.post("/sleep")
    @stream_body
    async def sleep():
        try:
            async for _ in request.stream_chunks():
                pass
            print("read", flush=True)
            await asyncio.sleep(600)
        finally:
            print("ended", flush=True)

    @app.get("/steps")
    def steps():
        names = [thread.name for thread in threading.enumerate()]
        return str(sum(name.startswith(("retort step", "retort view")) for name in names))
"""


class Upload:
    """A client that sends the chunks of a body one by one."""

    def __init__(self, program, path, *fields):
        self.socket = program.connect()
        head = [f"POST {path} HTTP/1.1", "Host: localhost", "Connection: close", *fields]
        if not any(field.startswith("Content-Length") for field in fields):
            head.append("Transfer-Encoding: chunked")
        self.socket.sendall("\r\n".join([*head, "", ""]).encode())

    def send(self, piece):
        self.socket.sendall(b"%x\r\n%s\r\n" % (len(piece), piece))

    def finish(self):
        """Send the last chunk; the response."""
        self.socket.sendall(b"0\r\n\r\n")
        return self.response()

    def response(self):
        received = b""
        with contextlib.suppress(ConnectionError):
            while piece := self.socket.recv(65536):
                received += piece
        return received

    def close(self):
        self.socket.close()


@pytest.fixture
def begin():
    with contextlib.ExitStack() as stack:

        def begin(*args):
            return stack.enter_context(contextlib.closing(Upload(*args)))

        yield begin


def test_pieces_arrive_in_the_view_while_the_client_sends(run, begin):
    program = run(PROGRAM, "--port=0")
    upload = begin(program, "/upload")
    program.wait_for_output("called")
    upload.send(b"one")
    program.wait_for_output(r"chunk b'one' 3\n")
    upload.send(b"two")
    program.wait_for_output(r"chunk b'two' 6\n")

    assert upload.finish().endswith(b"\r\n\r\n6")


def test_pieces_of_a_short_body_with_its_length_arrive_too(run, begin):
    program = run(PROGRAM, "--port=0")
    upload = begin(program, "/upload", "Content-Length: 6")
    program.wait_for_output("called")
    upload.socket.sendall(b"one")
    program.wait_for_output(r"chunk b'one' 3\n")
    upload.socket.sendall(b"two")

    assert upload.response().endswith(b"\r\n\r\n6")


def test_another_async_view_is_called_when_its_body_is_complete(run, begin):
    program = run(PROGRAM, "--port=0")
    upload = begin(program, "/complete")
    upload.send(b"one")
    assert program.ask("POST", "/upload", b"two").text == "3"  # sent later, called before
    assert program.output.count("called") == 1

    assert upload.finish().endswith(b"\r\n\r\n3")


def test_a_client_that_expects_100_sends_its_body_when_the_view_reads(run, begin):
    program = run(PROGRAM, "--port=0")
    upload = begin(program, "/upload", "Content-Length: 3", "Expect: 100-continue")

    assert upload.socket.recv(100).startswith(b"HTTP/1.1 100 Continue")
    upload.socket.sendall(b"one")
    assert upload.response().endswith(b"\r\n\r\n3")


def test_a_long_body_arrives_whole(run):
    program = run(PROGRAM, "--port=0")
    body = bytes(range(256)) * 80_000

    assert program.ask("POST", "/upload", body).text == str(len(body))
    assert program.ask("POST", "/complete", body).text == str(len(body))


def test_slow_uploads_hold_no_thread(run, begin):
    program = run(PROGRAM, "--port=0", "--threads", "2")
    uploads = [begin(program, "/upload") for _ in range(40)]
    for upload in uploads:
        upload.send(b"one")
    program.wait_for(lambda: program.output.count("chunk b'one'") == 40)

    assert int(program.get("/steps").text) <= 2
    for upload in uploads:
        assert upload.finish().endswith(b"\r\n\r\n3")


def test_a_body_beyond_the_limit_is_413(run, begin):
    program = run(PROGRAM, "--port=0")
    upload = begin(program, "/limited")
    upload.send(b"12345678")
    program.wait_for_output("chunk b'12345678' 8")
    upload.send(b"12345678")

    assert upload.response().startswith(b"HTTP/1.1 413 ")
    assert program.ask("POST", "/limited", b"a" * 11).status == 413
    assert program.ask("POST", "/limited", b"a" * 10).text == "10"


def test_a_body_beyond_the_servers_limit_is_413(run, begin):
    program = run(PROGRAM, "--port=0", "--limit-body", "10")
    upload = begin(program, "/upload")
    upload.send(b"12345678")
    program.wait_for_output("chunk b'12345678' 8")
    upload.send(b"12345678")

    assert upload.response().startswith(b"HTTP/1.1 413 ")


def test_a_client_that_leaves_raises_in_the_view(run, begin):
    program = run(PROGRAM, "--port=0")
    upload = begin(program, "/upload")
    upload.send(b"one")
    program.wait_for_output("chunk b'one' 3")
    upload.close()

    program.wait_for_output("disconnected")
    assert "Traceback" not in program.output


def test_a_client_that_sends_too_slowly_raises_in_the_view(run, begin):
    program = run(PROGRAM, "--port=0", "--upload-timeout", "1")
    upload = begin(program, "/upload")
    upload.send(b"one")

    assert upload.response().startswith(b"HTTP/1.1 408 ")


def test_a_client_that_leaves_after_its_body_cancels_the_view(run, begin):
    program = run(PROGRAM, "--port=0")
    upload = begin(program, "/sleep")
    upload.send(b"one")
    upload.socket.sendall(b"0\r\n\r\n")
    program.wait_for_output("read")
    upload.close()

    program.wait_for_output("ended")


@pytest.mark.parametrize(("path", "text"), [("/partly", b"one"), ("/unread", b"unread")])
def test_a_view_may_leave_the_rest_unread(run, begin, path, text):
    program = run(PROGRAM, "--port=0")
    upload = begin(program, path)
    upload.send(b"one")
    upload.send(b"two")

    assert upload.finish().endswith(b"\r\n\r\n" + text)


def test_the_end_of_the_server_waits_for_an_upload(run, begin):
    program = run(PROGRAM, "--port=0", "--grace", "60")
    upload = begin(program, "/upload")
    upload.send(b"one")
    program.wait_for_output("chunk b'one' 3")
    program.process.terminate()
    program.wait_for_output("waiting for 1 open request")

    assert upload.finish().endswith(b"\r\n\r\n3")
    assert program.wait() == 0
