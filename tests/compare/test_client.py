"""The client of ``retort compare``, against servers that send exact bytes."""

import contextlib
import re
import socket
import struct
import threading

import pytest

from retort.compare.client import STREAM_SECONDS, Client
from retort.compare.messages import NoResponse, Request, Response

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TIMEOUT_SECONDS = 0.3


def read_request(connection):
    """The head and body of one request; empty if the client closed the connection."""
    received = b""
    while b"\r\n\r\n" not in received:
        data = connection.recv(65536)
        if not data:
            return b""
        received += data
    found = re.search(rb"content-length: (\d+)", received, re.IGNORECASE)
    length = received.index(b"\r\n\r\n") + 4 + (int(found[1]) if found else 0)
    while len(received) < length:
        received += connection.recv(65536)
    return received


class Server:
    """Sends scripted bytes.

    :param scripts: for each connection, what it sends for each request: bytes, or a function of the
        connection. After the last one, the connection is closed.
    """

    def __init__(self, *scripts):
        self.scripts = scripts
        self.requests = []
        self.connections = 0
        self.closed = [threading.Event() for _ in scripts]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run)

    def run(self):
        for script, closed in zip(self.scripts, self.closed, strict=True):
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            with connection, contextlib.suppress(OSError):
                for action in script:
                    request = read_request(connection)
                    if not request:
                        break
                    self.requests.append(request)
                    if callable(action):
                        action(connection)
                    else:
                        connection.sendall(action)
            closed.set()


@pytest.fixture
def serve():
    with contextlib.ExitStack() as stack:

        def start(*scripts, timeout_seconds=5.0, host="localhost"):
            server = Server(*scripts)
            server.thread.start()
            client = Client(
                lambda: server.port,
                lambda: [server.port],
                host=host,
                timeout_seconds=timeout_seconds,
            )

            def end():
                client.close()
                # Wakes accept() on every platform.
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", server.port), 1).close()
                server.listener.close()
                server.thread.join(10)
                assert not server.thread.is_alive()

            stack.callback(end)
            return client, server

        yield start


def get(target="/"):
    return Request("GET", target)


def until_closed(connection):
    """Wait until the client closes the connection."""
    with contextlib.suppress(OSError):
        while connection.recv(65536):
            pass


def test_a_response_has_its_status_fields_and_body_in_the_order_sent(serve):
    client, server = serve(
        [b"HTTP/1.1 404 Gone Fishing\r\nX-A: 1\r\nContent-Length: 3\r\nx-a: 2\r\n\r\nabc"]
    )

    found = client.send(Request("GET", "/a?b=c", (("Accept", "*/*"), ("Cookie", "not=sent"))))

    assert (found.status, found.reason, found.body) == (404, "Gone Fishing", b"abc")
    assert found.fields == (("X-A", "1"), ("Content-Length", "3"), ("x-a", "2"))
    assert found.stays_open
    assert found.problem is None
    assert server.requests == [b"GET /a?b=c HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n\r\n"]


def test_a_connection_is_used_again(serve):
    client, server = serve([OK, OK])

    assert [client.send(get()).body, client.send(get()).body] == [b"ok", b"ok"]
    assert server.connections == 1


@pytest.mark.parametrize(
    "head", [b"HTTP/1.1 200 OK\r\nConnection: close\r\n", b"HTTP/1.0 200 OK\r\n"]
)
def test_a_connection_that_ends_with_the_response_is_reported_and_opened_again(serve, head):
    client, server = serve([head + b"Content-Length: 2\r\n\r\nok"], [OK])

    assert not client.send(get()).stays_open
    assert client.send(get()).stays_open
    assert server.connections == 2


def test_a_connection_that_was_closed_while_idle_is_opened_again(serve):
    client, server = serve([OK], [OK])
    client.send(get())
    server.closed[0].wait(5)

    assert client.send(Request("POST", "/", (), b"a=1")).body == b"ok"
    assert server.connections == 2


def test_a_form_is_not_sent_twice_if_the_connection_closes_after_it(serve):
    client, server = serve([OK, lambda connection: None], [OK])
    client.send(get())

    found = client.send(Request("POST", "/buy", (), b"item=1"))

    assert found.kind == "closed"
    assert [one.split()[:2] for one in server.requests] == [[b"GET", b"/"], [b"POST", b"/buy"]]


def test_a_safe_request_is_sent_again_if_a_used_connection_closes(serve):
    client, server = serve([OK, lambda connection: None], [OK])
    client.send(get())

    assert client.send(get("/again")).body == b"ok"
    assert len(server.requests) == 3


def test_a_new_connection_that_closes_is_no_response(serve):
    client, server = serve([lambda connection: None], [OK])

    found = client.send(get())

    assert found.kind == "closed"
    assert found.detail == "the connection was closed without a response"
    assert len(server.requests) == 1


def test_a_connection_that_is_reset_is_no_response(serve):
    def reset(connection):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    client, _ = serve([reset])

    assert client.send(get()).kind == "closed"


def test_a_port_where_nothing_listens_is_refused():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]

    found = Client(lambda: port, lambda: [port]).send(get())

    assert isinstance(found, NoResponse)
    assert (found.kind, found.detail) == ("refused", "the connection was refused")


def test_a_server_that_sends_nothing_is_left_after_the_timeout(serve):
    client, _ = serve([until_closed], [OK], timeout_seconds=TIMEOUT_SECONDS)

    found = client.send(get())

    assert (found.kind, found.detail) == ("timeout", "no response within 0.3 s")
    assert client.send(get()).body == b"ok"  # over a new connection


def drip(piece):
    """Send a piece again and again, always within the timeout of one read."""

    def send(connection):
        stop = threading.Event()
        with contextlib.suppress(OSError):
            while not stop.wait(TIMEOUT_SECONDS / 6):
                connection.sendall(piece)

    return send


def test_a_head_that_never_ends_is_left_after_the_timeout(serve):
    client, _ = serve([drip(b"HTTP/1.1 100 Continue\r\n\r\n")], timeout_seconds=TIMEOUT_SECONDS)

    assert client.send(get()).kind == "timeout"


def test_a_body_that_never_ends_is_read_until_the_timeout(serve):
    def endless(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        drip(b"1\r\nx\r\n")(connection)

    client, _ = serve([endless], timeout_seconds=TIMEOUT_SECONDS)

    found = client.send(get())

    assert set(found.body) == set(b"x")
    assert found.problem == "the rest did not arrive"
    assert not found.stays_open


def test_an_event_stream_is_read_for_a_while(serve):
    def stream(connection):
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: 1\n\n\r\n"
        )
        until_closed(connection)

    client, server = serve([stream], timeout_seconds=60.0)

    found = client.send(get())

    assert found.body == b"data: 1\n\n"
    assert found.problem == "the stream continues"
    assert STREAM_SECONDS <= found.seconds < 60
    assert server.closed[0].wait(5)  # the client closed it


@pytest.mark.parametrize(
    "head", [b"Content-Length: 10\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\n5\r\n"]
)
def test_a_body_that_is_cut_off_is_kept_and_reported(serve, head):
    client, _ = serve([b"HTTP/1.1 200 OK\r\n" + head + b"abc"])

    found = client.send(get())

    assert (found.body, found.problem, found.stays_open) == (b"abc", "the body was cut off", False)


def test_a_chunked_body_without_its_last_chunk_is_cut_off(serve):
    client, _ = serve([b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"])

    found = client.send(get())

    assert (found.body, found.problem) == (b"abc", "the body was cut off")


def test_a_body_without_a_length_ends_with_the_connection(serve):
    client, _ = serve([b"HTTP/1.1 200 OK\r\n\r\nabc"])

    found = client.send(get())

    assert (found.body, found.problem, found.stays_open) == (b"abc", None, False)


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_ends_with_its_head(serve, status):
    client, server = serve([f"HTTP/1.1 {status} X\r\n\r\n".encode(), OK])

    assert client.send(get()).stays_open
    assert client.send(get()).body == b"ok"
    assert server.connections == 1


def test_a_response_to_head_ends_with_its_head(serve):
    client, server = serve([b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", OK])

    found = client.send(Request("HEAD", "/"))

    assert (found.body, found.problem, found.get("Content-Length")) == (b"", None, "10")
    assert client.send(get()).body == b"ok"
    assert server.connections == 1


@pytest.mark.parametrize(
    "interim",
    [
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
        b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: <b>\r\n\r\n",
    ],
)
def test_interim_responses_are_skipped(serve, interim):
    client, server = serve([interim + OK, OK])

    found = client.send(get())

    assert (found.status, found.body) == (200, b"ok")
    assert found.get("Link") is None
    assert client.send(get()).body == b"ok"
    assert server.connections == 1


def test_a_switch_of_protocols_ends_the_use_of_the_connection(serve):
    client, _ = serve([b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n"])

    found = client.send(get())

    assert (found.status, found.stays_open) == (101, False)


@pytest.mark.parametrize(
    "sent",
    [
        b"what is this?\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 abc OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno field\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n folded: 1\r\nContent-Length: 0\r\n\r\n",
    ],
)
def test_what_is_not_http_is_no_response(serve, sent):
    client, _ = serve([sent], [OK])

    found = client.send(get())

    assert found.kind == "invalid"
    assert found.detail.startswith("the response is not HTTP: ")
    assert client.send(get()).body == b"ok"


def test_a_response_of_many_parts_is_http(serve):
    type_ = b"Content-Type: multipart/byteranges; boundary=a\r\n"
    client, _ = serve([b"HTTP/1.1 206 X\r\n" + type_ + b"Content-Length: 0\r\n\r\n"])

    assert client.send(get()).status == 206


def test_a_large_body_is_whole(serve):
    body = bytes(range(250)) * 40_000
    client, server = serve(
        [f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body, OK]
    )

    found = client.send(get())

    assert found.body == body
    assert client.send(get()).body == b"ok"
    assert server.connections == 1


def test_a_body_longer_than_the_limit_is_read_up_to_it(serve, monkeypatch):
    monkeypatch.setattr("retort.compare.client.client.MAX_BODY_BYTES", 100_000)
    client, _ = serve([b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000])

    found = client.send(get())

    assert 100_000 <= len(found.body) < 200_000
    assert found.problem == "only the first 100,000 bytes were read"


def test_a_response_before_the_end_of_the_request_is_read():
    listener = socket.create_server(("127.0.0.1", 0))

    def refuse():
        connection, _ = listener.accept()
        with connection:
            connection.recv(1024)
            connection.sendall(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\n\r\nno")
            connection.shutdown(socket.SHUT_WR)
            until_closed(connection)

    thread = threading.Thread(target=refuse)
    thread.start()
    port = listener.getsockname()[1]
    other = Client(lambda: port, lambda: [port])

    assert other.send(Request("POST", "/", (), b"x" * 1_000_000)).status == 413
    other.close()
    thread.join(5)
    listener.close()


@pytest.mark.parametrize(
    ("target", "sent"),
    [
        ("/käse", b"/k%C3%A4se"),
        ("/a b", b"/a%20b"),
        ("/a\r\nX: 1", b"/a%0D%0AX:%201"),
        ("/%C3%A4?q=%20+", b"/%C3%A4?q=%20+"),
        ("/\udcff", b"/%3F"),
    ],
)
def test_a_target_is_sent_in_ascii(serve, target, sent):
    client, server = serve([OK, OK])

    assert client.send(get(target)).body == b"ok"
    assert client.send(get()).body == b"ok"  # the connection can still be used
    assert server.requests[0].split(b"\r\n")[0] == b"GET " + sent + b" HTTP/1.1"


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/", (("X", "a\r\nb"),)),
        Request("GET", "/", (("X-\u00e4", "a"),)),
        Request("GE T\n", "/"),
    ],
)
def test_a_request_that_is_not_http_is_not_sent(serve, request_):
    client, server = serve([OK, OK])
    client.send(get())

    found = client.send(request_)

    assert found.kind == "invalid"
    assert found.detail.startswith("the request cannot be sent: ")
    assert len(server.requests) == 1


def test_bodies_have_a_length_and_empty_forms_have_too(serve):
    client, server = serve([OK, OK, OK])
    client.send(Request("POST", "/", (("Content-Length", "77"), ("Transfer-Encoding", "chunked"))))
    client.send(Request("DELETE", "/", (), b"abc"))
    client.send(Request("DELETE", "/"))

    assert server.requests[0].endswith(b"Content-Length: 0\r\n\r\n")
    assert b"chunked" not in server.requests[0]
    assert server.requests[1].endswith(b"Content-Length: 3\r\n\r\nabc")
    assert b"Content-Length" not in server.requests[2]


def test_many_requests_are_sent_over_several_connections(serve):
    client, server = serve([OK, OK], [OK, OK])
    client.close()
    # One connection after the other: the scripted server serves only one at a time.
    latencies = client.send_all([get("/a b"), get("/b")], connections=1)

    assert len(latencies) == 2
    assert server.requests[0].startswith(b"GET /a%20b HTTP/1.1\r\nHost: localhost\r\n")


def test_cookies_of_responses_are_sent_with_later_requests(serve):
    client, server = serve(
        [
            b"HTTP/1.1 204 X\r\nSet-Cookie: a=1; Path=/\r\nSet-Cookie: b=2; Path=/\r\n\r\n",
            b"HTTP/1.1 204 X\r\nSet-Cookie: a=; Max-Age=0; Path=/\r\n\r\n",
            OK,
        ]
    )
    for _ in range(3):
        assert isinstance(client.send(get()), Response)

    sent = [re.findall(rb"Cookie: (.*)\r", one) for one in server.requests]
    assert sent == [[], [b"a=1; b=2"], [b"b=2"]]
