"""Bodies of ASGI requests that are read while they arrive, by their messages."""

import asyncio

import pytest
from werkzeug.exceptions import ClientDisconnected, ServiceUnavailable

from retort.gateways import asgi_body
from retort.gateways.asgi_body import AsgiBody
from retort.http.unread import PolledBody


def piece(body, more=True):
    return {"type": "http.request", "body": body, "more_body": more}


DISCONNECT = {"type": "http.disconnect"}


class Messages:
    """The function ``receive`` of a server."""

    def __init__(self, *messages):
        self.left = list(messages)
        self.calls = 0

    async def __call__(self):
        self.calls += 1
        if not self.left:
            await asyncio.sleep(600)
        return self.left.pop(0)


def run(test):
    return asyncio.run(asyncio.wait_for(test(), 60))


async def read(body):
    pieces = []
    while part := await body.next_piece():
        pieces.append(part)
    return pieces


@pytest.mark.parametrize(
    ("messages", "pieces"),
    [
        ([piece(b"a"), piece(b"b", more=False)], [b"a", b"b"]),
        ([piece(b""), piece(b"a"), piece(b""), piece(b"", more=False)], [b"a"]),
        ([piece(b"", more=False)], []),
        ([{"type": "http.request"}], []),
        ([{"type": "http.request", "body": b"a"}], [b"a"]),
    ],
)
def test_the_pieces_are_those_of_the_messages(messages, pieces):
    async def test():
        receive = Messages(*messages)
        body = PolledBody(AsgiBody(receive))
        assert await read(body) == pieces
        assert await body.next_piece() == b""
        assert receive.calls == len(messages)  # another call would wait for the disconnect

    run(test)


def test_a_disconnect_raises_each_time():
    async def test():
        body = PolledBody(AsgiBody(Messages(piece(b"a"), DISCONNECT)))
        assert await body.next_piece() == b"a"
        for _ in range(2):
            with pytest.raises(ClientDisconnected):
                await body.next_piece()

    run(test)


def test_nothing_is_received_before_the_view_reads():
    async def test():
        receive = Messages(piece(b"a"))
        AsgiBody(receive)
        await asyncio.sleep(0.01)
        assert receive.calls == 0

    run(test)


def test_waiting_for_the_disconnect_keeps_one_piece_for_the_view():
    async def test():
        receive = Messages(piece(b"a"), piece(b"b", more=False), DISCONNECT)
        source = AsgiBody(receive)
        waiting = asyncio.create_task(source.wait_for_disconnect(lambda: False))
        await asyncio.sleep(0.01)
        assert receive.calls == 1
        assert await read(PolledBody(source)) == [b"a", b"b"]
        await waiting

    run(test)


def test_the_disconnect_ends_the_wait_before_the_body_is_complete():
    async def test():
        source = AsgiBody(Messages(DISCONNECT))
        await source.wait_for_disconnect(lambda: False)

    run(test)


def test_pieces_that_nothing_reads_during_the_response_are_dropped(monkeypatch):
    monkeypatch.setattr(asgi_body, "_CHECK_SECONDS", 0.01)
    monkeypatch.setattr(asgi_body, "_UNREAD_SECONDS", 0.02)

    async def test():
        messages = [piece(b"a"), piece(b"b"), piece(b"c", more=False), DISCONNECT]
        source = AsgiBody(Messages(*messages))
        await source.wait_for_disconnect(lambda: True)
        with pytest.raises(ServiceUnavailable, match="was dropped"):
            await PolledBody(source).next_piece()

    run(test)


def test_pieces_are_kept_before_the_response(monkeypatch):
    monkeypatch.setattr(asgi_body, "_CHECK_SECONDS", 0.001)
    monkeypatch.setattr(asgi_body, "_UNREAD_SECONDS", 0.001)

    async def test():
        source = AsgiBody(Messages(piece(b"a"), piece(b"b", more=False)))
        waiting = asyncio.create_task(source.wait_for_disconnect(lambda: False))
        await asyncio.sleep(0.05)
        assert await read(PolledBody(source)) == [b"a", b"b"]
        waiting.cancel()

    run(test)


def test_a_thread_waits_for_the_pieces():
    async def test():
        body = PolledBody(AsgiBody(Messages(piece(b"abc"), piece(b"def", more=False))))
        assert await asyncio.to_thread(body.read) == b"abcdef"

    run(test)


def test_a_read_on_the_event_loop_is_an_error():
    async def test():
        body = PolledBody(AsgiBody(Messages(piece(b"abc"))))
        with pytest.raises(RuntimeError, match=r"request\.stream_chunks\(\)"):
            body.read()

    run(test)
