"""Read the body of a request from ASGI messages, before the application is called."""

from __future__ import annotations

import typing as t
from io import BytesIO

from werkzeug.exceptions import BadRequest

from ..aio.steps import in_thread
from ..http.body import announced_length
from ..http.spool import MEMORY_BYTES, make_spool, put
from ..routing import options_of

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ..app import Flask
    from .scope import Receive


class ClientDisconnected(Exception):
    """The client disconnected before its request was complete."""


async def read_body(app: Flask, environ: WSGIEnvironment, receive: Receive) -> t.IO[bytes] | None:
    """Read the request body into the environ: in memory, and on disk if it is long.

    A body over all limits is not read further, so that the request raises the error when it reads
    the body.

    :returns: the file to close; ``None``: the body is in memory.
    :raises ClientDisconnected: if the client disconnects meanwhile.
    """
    try:
        announced = announced_length(environ)
    except BadRequest:
        return None  # reading it raises the error
    if announced is not None and is_too_long(app, announced):
        return None  # reading it raises the error at once
    message = await receive()
    if message["type"] == "http.request" and not message.get("more_body"):
        environ["wsgi.input"] = BytesIO(message.get("body", b""))
        environ["CONTENT_LENGTH"] = str(len(message.get("body", b"")))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        return None
    file = make_spool()
    size = 0
    try:
        while True:
            if message["type"] != "http.request":
                raise ClientDisconnected
            piece = message.get("body", b"")
            size += len(piece)
            await store(file, piece, is_on_disk=size > MEMORY_BYTES)
            if not message.get("more_body") or is_too_long(app, size):
                break
            message = await receive()
    except BaseException:
        file.close()
        raise
    put(environ, file)
    return file


def is_too_long(app: Flask, size: int) -> bool:
    """Whether a body of this size is over the limits of the application and of all routes."""
    limit: int | None = app.config["MAX_CONTENT_LENGTH"]
    if limit is None or size <= limit:
        return False
    of_routes = (options_of(rule).limits for rule in app.url_map.iter_rules())
    return all(
        limits["max_content_length"] is not None and size > limits["max_content_length"]
        for limits in of_routes
        if "max_content_length" in limits
    )


async def store(file: t.IO[bytes], piece: bytes, *, is_on_disk: bool) -> None:
    """Write a piece; to a disk, in a thread."""
    if is_on_disk:
        await in_thread(file.write, piece)
    else:
        file.write(piece)


def may_have_body(environ: WSGIEnvironment) -> bool:
    """Whether messages with a body may follow: RFC 9112 section 6.3, RFC 9113 section 8.1."""
    if "CONTENT_LENGTH" in environ:
        return bool(environ["CONTENT_LENGTH"] != "0")
    return "HTTP_TRANSFER_ENCODING" in environ or (
        environ["SERVER_PROTOCOL"] in ("HTTP/2", "HTTP/3")
        and environ["REQUEST_METHOD"] not in ("GET", "HEAD")
    )
