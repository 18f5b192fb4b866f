"""SIGTERM and reload with open WebSockets: they are closed, and no new ones are accepted."""

import contextlib
import re
import signal
import time

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

PROGRAM = """
    import asyncio, concurrent.futures, os
    from retort import Flask
    from retort.aio.loop import process_loop
    from retort.websockets.errors import TooManyWebSockets, WebSocketDisconnect

    app = Flask(__name__)
    next_app = app.wsgi_app

    @app.get("/pid")
    def pid():
        return str(os.getpid())

    @app.after_serving
    def after():
        os.write(1, b"after serving\\n")

    async def echo(handshake, answered):
        try:
            connection = await handshake.accept()
        except TooManyWebSockets as error:
            answered.set_result(str(error))
            return
        answered.set_result("")
        try:
            while True:
                await connection.send(await connection.receive())
        except WebSocketDisconnect as error:
            os.write(1, f"ended with {error.code}\\n".encode())

    def wsgi_app(environ, start_response):
        handshake = environ.get("retort.websocket")
        if handshake is None:
            return next_app(environ, start_response)
        answered = concurrent.futures.Future()
        asyncio.run_coroutine_threadsafe(echo(handshake, answered), process_loop())
        text = answered.result()
        start_response("503 Service Unavailable", [("Content-Length", str(len(text)))])
        return [text.encode()]

    app.wsgi_app = wsgi_app
"""


@pytest.fixture
def open_sockets():
    """Open WebSockets that echo; they are closed at the end of the test."""
    with contextlib.ExitStack() as stack:

        def open_sockets(program, count):
            url = f"ws://127.0.0.1:{program.port}/"
            sockets = [stack.enter_context(connect(url)) for _ in range(count)]
            for each in sockets:
                each.send("hello")
                assert each.recv(60) == "hello"
            return sockets

        yield open_sockets


def codes(sockets):
    """The close codes that clients receive."""
    found = []
    for each in sockets:
        with pytest.raises(ConnectionClosed) as closed:
            each.recv(60)
        found.append((closed.value.rcvd.code, closed.value.rcvd.reason))
    return set(found)


def test_a_stop_closes_websockets_before_the_program_ends(run, open_sockets):
    program = run(PROGRAM, "--port=0", "--grace=60")
    program.serving(1)
    sockets = open_sockets(program, 20)

    program.process.send_signal(signal.SIGTERM)

    assert codes(sockets) == {(1001, "The server is being stopped.")}
    assert program.wait() == 0
    assert program.output.count("ended with 1001") == 20
    assert program.output.rindex("ended with") < program.output.index("after serving")
    assert "Traceback" not in program.output


def test_a_reload_closes_them_with_the_code_of_a_restart(run, open_sockets):
    program = run(PROGRAM, "--port=0", "--grace=60")
    (old,) = program.serving(1)
    sockets = open_sockets(program, 5)

    program.process.send_signal(signal.SIGHUP)

    assert codes(sockets) == {(1012, "The server is being restarted.")}
    program.serving(1, instead_of={old})
    assert len(open_sockets(program, 1)) == 1
    assert program.end() == 0


def test_a_drain_spreads_the_closes_and_refuses_new_websockets(run, open_sockets):
    program = run(PROGRAM, "--port=0", "--drain=600", "--health")
    program.serving(1)
    sockets = open_sockets(program, 3)

    program.process.send_signal(signal.SIGTERM)
    program.wait_for(lambda: program.get("/-/ready").status == 503)

    with pytest.raises(InvalidStatus) as refused:
        connect(f"ws://127.0.0.1:{program.port}/")
    assert refused.value.response.status_code == 503
    assert b"being stopped" in refused.value.response.body
    # The first close is at once, the others are minutes later.
    program.wait_for(lambda: sum(each.close_code is not None for each in sockets) == 1)
    time.sleep(0.2)  # sooner, the second signal would count as a duplicate of the first
    assert program.output.count("ended with 1001") == 1
    program.process.send_signal(signal.SIGTERM)
    assert program.wait() == 1


def test_a_client_that_does_not_answer_the_close_is_dropped_within_the_grace_time(run):
    program = run(PROGRAM, "--port=0", "--grace=2")
    program.serving(1)
    with program.connect() as connection:
        connection.sendall(
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        assert b" 101 " in connection.recv(4096)

        assert program.end() == 0

    assert re.search(r"is stopping: waiting for 1 WebSocket, for", program.output)
    assert "after serving" in program.output
