"""A plain ASGI application of WebSockets; `test_asgi_servers.py` serves it with other servers."""

import asyncio
import json

from retort.websockets.asgi import AsgiHandshake
from retort.websockets.errors import WebSocketDisconnect
from retort.websockets.limits import Limits

awake = asyncio.Event()
ends = []  # how WebSockets ended, as the program sees it

SMALL = Limits(message_bytes=1000, close_seconds=2, send_seconds=1)


async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await serve_lifespan(receive, send)
    elif scope["type"] == "http":
        if scope["path"] == "/wake":
            awake.set()
        await send_ends(send)
    else:
        await VIEWS[scope["path"]](AsgiHandshake(scope, receive, send))


async def serve_lifespan(receive, send):
    while True:
        kind = (await receive())["type"]
        await send({"type": f"{kind}.complete"})
        if kind == "lifespan.shutdown":
            return


async def send_ends(send):
    body = json.dumps(ends).encode()
    fields = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": fields})
    await send({"type": "http.response.body", "body": body})


async def echo(handshake):
    connection = await handshake.accept(limits=SMALL)
    try:
        while True:
            await connection.send(await connection.receive())
    except WebSocketDisconnect as end:
        ends.append([end.code, end.reason, end.was_clean])
    await connection.close()


async def fields(handshake):
    first = handshake.subprotocols[0] if handshake.subprotocols else None
    given = [("X-Room", "blue"), ("Set-Cookie", "a=b"), ("Set-Cookie", "c=d")]
    connection = await handshake.accept(given if handshake.sends_headers else (), first)
    await connection.send(repr((handshake.subprotocols, connection.subprotocol)))
    await connection.close()


async def refuse(handshake):
    given = [("Content-Type", "text/plain"), ("WWW-Authenticate", "Basic")]
    await handshake.refuse(401, given, b"Log in first.")


async def close(handshake):
    connection = await handshake.accept(limits=SMALL)
    await connection.close(4001, "Bis später")
    await connection.close(4002, "again")
    try:
        await connection.send("too late")
    except WebSocketDisconnect as end:
        ends.append([end.code, end.reason, end.was_clean])


async def close_while_receiving(handshake):
    """The reading task waits in the server's `receive` when the WebSocket is closed."""
    connection = await handshake.accept(limits=SMALL)
    assert await connection.receive() == "go"
    await connection.close(4003)


async def send_without_end(handshake):
    """Send until the client has left, or does not read for a second."""
    connection = await handshake.accept(limits=SMALL)
    try:
        while True:
            await connection.send(b"x" * 100_000)
    except WebSocketDisconnect as end:
        ends.append([end.code, end.reason, end.was_clean])


async def sleep(handshake):
    """Receive nothing until a request for ``/wake``."""
    connection = await handshake.accept(limits=SMALL)
    await awake.wait()
    await connection.close()


async def ping(handshake):
    connection = await handshake.accept(limits=SMALL)
    try:
        await connection.ping()
    except NotImplementedError as error:
        await connection.send(str(error))
    await connection.close()


VIEWS = {
    "/echo": echo,
    "/fields": fields,
    "/refuse": refuse,
    "/close": close,
    "/close-while-receiving": close_while_receiving,
    "/send-without-end": send_without_end,
    "/sleep": sleep,
    "/ping": ping,
}
