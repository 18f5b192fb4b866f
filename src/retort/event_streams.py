"""`event_stream`: a response of server-sent events.

`http/event_stream.py` has their format, `aio/live_stream.py` advances the source.
"""

from __future__ import annotations

import math
from collections.abc import AsyncIterable, Iterable, Mapping
from contextvars import Context, copy_context
from functools import partial
from inspect import isawaitable
from typing import TYPE_CHECKING, Any
from weakref import finalize

from werkzeug.exceptions import ServiceUnavailable

from .aio.bodies import AsyncBody
from .aio.open_streams import open_streams
from .globals import current_app, current_app_context, current_request_context
from .http.event_stream import (
    FIELDS,
    Event,
    check_retry,
    format_comment,
    format_item,
    format_retry,
)
from .logging import retort_logger

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from .http.response import Response

    Item = str | Event | dict[str, Any] | list[Any]

_HEARTBEAT = format_comment()
_CONTEXTS = frozenset({current_app_context, current_request_context})


def event_stream(
    source: Iterable[Item] | AsyncIterable[Item],
    *,
    heartbeat: float | None = 15,
    retry: int | None = None,
) -> Response:
    """Respond with server-sent events, which an ``EventSource`` in a browser receives.

    ::

        @app.get("/clock")
        async def clock():
            async def ticks():
                while True:
                    yield {"now": time.time()}
                    await asyncio.sleep(1)

            return event_stream(ticks())

    :param source: an iterator or asynchronous iterator, such as what a generator function returns
        when it is called. It yields strings, dicts and lists (sent as JSON), and :class:`Event`.
        Both kinds work in both kinds of views. A synchronous source runs in a thread of its own.
    :param heartbeat: after how many seconds without an event a comment is sent, which browsers
        ignore. Proxies keep the connection open, and a client that has left is noticed; ``None``:
        no heartbeats.
    :param retry: after how many milliseconds the browser connects again when the stream has ended;
        ``None``: its own default, which is a few seconds.
    :raises TypeError: if an argument has another type.
    :raises ValueError: if a time is negative, or the heartbeat is 0.
    :raises werkzeug.exceptions.ServiceUnavailable: (503) if the process sends as many streams as
        the config ``EVENT_STREAM_MAX_CONNECTIONS`` or ``EVENT_STREAM_MAX_THREADS`` allows.

    When the client leaves or the server stops, the source is closed: its ``finally`` blocks run.
    The source runs outside of the request; see :func:`~retort.stream_with_context`. HTML Standard,
    section 9.2.
    """
    check_source(source)
    check_heartbeat(heartbeat)
    if retry is not None:
        check_retry(retry, f"event_stream(retry={retry!r})")
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    check_room(app.config, needs_thread=not isinstance(source, AsyncIterable))
    from .aio.live_stream import LiveStream  # imports asyncio

    variables = variables_without_request()
    if not isinstance(source, AsyncIterable):
        items = in_thread(source, variables.copy())
    else:
        items = aiter(source)
    stream = LiveStream(
        items,
        partial(format_item, source=source, dumps=app.json.dumps),
        variables,
        opening=b"" if retry is None else format_retry(retry),
        heartbeat=_HEARTBEAT,
        heartbeat_seconds=heartbeat,
    )
    body = AsyncBody(stream)
    finalize(body, stream.abandon).atexit = False
    response: Response = app.response_class(body)
    response.headers.update(FIELDS)
    return response


def check_source(source: object) -> None:
    """Raise an error unless the argument is an iterator, or has one.

    :raises TypeError: see above.
    """
    if isawaitable(source):
        close = getattr(source, "close", None)
        if close is not None:
            close()
        raise TypeError(
            f"event_stream() got {source!r}, which has to be awaited. Does the coroutine function"
            " have a 'yield'? If it returns an iterator, await it: event_stream(await ...)."
        )
    if isinstance(source, (AsyncIterable, Iterable)) and not isinstance(
        source, (str, bytes, bytearray, memoryview, Mapping)
    ):
        return
    if callable(source):
        name = getattr(source, "__name__", "source")
        raise TypeError(
            f"event_stream() got the function {name!r}. Call it: event_stream({name}())."
        )
    raise TypeError(
        f"event_stream() got {source!r} (type {type(source).__name__}). Pass an iterator of"
        " events, such as what a generator function returns when it is called. To send one event,"
        " put it into a list."
    )


def check_heartbeat(seconds: object) -> None:
    """Raise an error unless this is a time, or ``None``.

    :raises TypeError: if it is no number.
    :raises ValueError: if it is not positive.
    """
    if seconds is None:
        return
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)):
        raise TypeError(
            f"event_stream(heartbeat={seconds!r}) is of type {type(seconds).__name__}. Pass"
            " seconds, or None for no heartbeats."
        )
    if not 0 < seconds < math.inf:
        raise ValueError(
            f"event_stream(heartbeat={seconds!r}) is no interval. Pass a positive number of"
            " seconds, or None for no heartbeats."
        )


def check_room(config: Mapping[str, Any], *, needs_thread: bool) -> None:
    """Check that one more stream may be sent.

    :raises ServiceUnavailable: if there are too many.
    """
    is_full = len(open_streams) >= config["EVENT_STREAM_MAX_CONNECTIONS"]
    if needs_thread:
        is_full = is_full or open_streams.threads >= config["EVENT_STREAM_MAX_THREADS"]
    if is_full:
        raise ServiceUnavailable("Too many event streams are open; try again later.")


def variables_without_request() -> Context:
    """The current context variables, without the request context and the app context."""
    variables = Context()
    for variable, value in copy_context().items():
        if variable not in _CONTEXTS:
            variables.run(variable.set, value)
    return variables


def in_thread(source: Iterable[Item], variables: Context) -> AsyncIterator[Item]:
    """An asynchronous iterator over a synchronous source."""
    from .aio.thread_source import ThreadSource  # imports asyncio

    return ThreadSource(iter(source), variables, partial(report, source))


def report(source: object, error: BaseException) -> None:
    """Log an exception that a source raised after its stream had been closed."""
    if not isinstance(error, GeneratorExit):
        retort_logger("retort.event_streams").error(
            "The source of an event stream, %r, raised an exception after the stream had been"
            " closed.",
            source,
            exc_info=error,
        )
