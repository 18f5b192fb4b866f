"""Every known difference between Retort and Flask 3.1.3, with its reason.

test_side_by_side.py fails on a difference that is not listed here, and on one listed that no
longer occurs. For each field that differs the list says what Retort gives; `...` stands for a
value too long to repeat, such as an error page where the status says enough. R5 and the like
are the requirements of HTTP that the tests of that part of Retort quote too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """In ``steps`` of ``program``, ``fields`` have another value with Retort, for ``reason``."""

    program: str
    steps: tuple[str, ...]
    fields: dict[str, Any]
    reason: str


def answered(status: str, *, body: bool = True) -> dict[str, Any]:
    """Another status, and what follows from it: headers, signals, and, but for HEAD, the body."""
    follows = ("headers", "events", "body") if body else ("headers", "events")
    return {"status": status, **dict.fromkeys(follows, ...)}


BAD_INPUT = [
    Difference(
        "bad_cookies",
        ("GET /?not a dict", "GET /?bad tag", "GET /cookies?not a dict", "GET /cookies?bad tag"),
        answered("200 OK"),
        "A session that is signed but cannot be read counts as empty, as a forged one does."
        " Flask answers every request with it by a 500.",
    ),
    Difference(
        "json_answers",
        ("POST /read?deep", "POST /force?deep"),
        answered("400 BAD REQUEST"),
        "JSON of more than 1,000 levels is the client's error. Flask lets the RecursionError"
        " through, at the depth that each version of Python has.",
    ),
    Difference(
        "json_answers",
        ("POST /silent?deep",),
        answered("200 OK"),
        "JSON of more than 1,000 levels, read with silent=True, is None.",
    ),
    Difference(
        "request_data",
        ("POST /form?not utf-8",),
        {"body": ..., "headers": ...},
        "Bytes of a form that are not UTF-8 become U+FFFD; Flask leaves %FF as text (R60).",
    ),
    Difference(
        "request_data",
        (
            "POST /form?no boundary",
            "POST /form?cut",
            "POST /form?no end",
            "POST /form?other boundary",
            "POST /form?rubbish",
            "POST /form?bad header",
        ),
        answered("400 BAD REQUEST"),
        "A broken multipart form is a 400 that says where; Flask gives an empty form (R61).",
    ),
    Difference(
        "request_data",
        ("POST /form?no name",),
        answered("400 BAD REQUEST"),
        "A part without a name is a 400; Flask files it under the key None (R61).",
    ),
    Difference(
        "resource_limits",
        ("bad_lengths",),
        {"value": [[400, ...]] * 3 + [[200, "0"], [400, ...]], "events": ...},
        "A Content-Length that is no number is a 400; Flask takes the body to be empty (R46b).",
    ),
]
LIMITS = [
    Difference(
        "resource_limits",
        ("without_a_length",),
        {"value": [[200, "50"], [413, "<!d"], [200, "0"]], "events": ...},
        "A chunked body over MAX_CONTENT_LENGTH is a 413; Flask cuts it off in silence (R46e).",
    ),
    Difference(
        "resource_limits",
        ("POST /own?max_form_memory_size=10 (2)",),
        answered("200 OK"),
        "MAX_FORM_MEMORY_SIZE limits what fields hold, as documented. Flask also counts the"
        " boundaries, the headers of parts, and files, as long as they are in its buffer.",
    ),
    Difference(
        "resource_limits",
        ("form_memory",),
        {"value": ..., "events": ...},
        "MAX_FORM_MEMORY_SIZE limits what fields hold: forms of many small ones, or of a file,"
        " pass.",
    ),
]
FILES = [
    Difference(
        "sending_files",
        ("GET /bytes-etag?two", "GET /path?two"),
        answered("206 PARTIAL CONTENT"),
        "Several ranges are sent as multipart/byteranges; Flask answers 416 (R43).",
    ),
    Difference(
        "sending_files",
        (
            "GET /bytes-etag?unit",
            "GET /path?unit",
            "GET /bytes-etag?rubbish",
            "GET /path?rubbish",
        ),
        answered("200 OK"),
        "A Range of an unknown unit is ignored; Flask answers 416 (R41).",
    ),
    Difference(
        "sending_files",
        ("GET /bytes-etag?match-other",),
        {"body": "", "headers": ...},
        "A 412 has no body; Flask sends the file with it (R32).",
    ),
    Difference(
        "sending_files",
        ("HEAD /bytes-etag?match-other",),
        {"headers": ...},
        "A 412 has no body, so its Content-Length is not that of the file (R32).",
    ),
    Difference(
        "sending_files",
        ("GET /bytes-etag?unmodified",),
        answered("412 PRECONDITION FAILED"),
        "If-Unmodified-Since is heeded; Flask ignores it (R33).",
    ),
    Difference(
        "sending_files",
        ("HEAD /bytes-etag?unmodified",),
        answered("412 PRECONDITION FAILED", body=False),
        "If-Unmodified-Since is heeded; Flask ignores it (R33).",
    ),
    Difference(
        "sending_files",
        ("GET /bytes-etag?range-none-match",),
        answered("304 NOT MODIFIED"),
        "If-None-Match comes before Range; Flask sends the range (R31).",
    ),
    Difference(
        "sending_files",
        ("HEAD /bytes-etag?range-none-match",),
        answered("304 NOT MODIFIED", body=False),
        "If-None-Match comes before Range; Flask sends the range (R31).",
    ),
    Difference(
        "sending_files",
        ("HEAD /bytes-etag?range",),
        answered("200 OK", body=False),
        "HEAD has no ranges: Range is for GET only (R40).",
    ),
]
SESSIONS = [
    Difference(
        "flashing",
        ("GET /flash", "GET /flash (2)", "GET /nothing"),
        {"cookies": [["session", ["signed with key", 0, ...], "HttpOnly", "Path=/"]]},
        "A payload of less than 256 bytes is not compressed, even if it would become shorter.",
    ),
]
METHODS = [
    Difference(
        "method_views",
        ("UNHEARD-OF /users/", "UNHEARD-OF /nowhere", "PROPFIND /users/"),
        answered("501 NOT IMPLEMENTED"),
        "A method that no rule of the program names is a 501; Flask answers 405 or 404 (R2).",
    ),
    Difference(
        "routing_rules",
        ("OPTIONS *",),
        answered("200 OK"),
        "OPTIONS * asks about the whole server; Flask looks for a rule of that path (R10).",
    ),
]
CONTEXTS = [
    Difference(
        "app_contexts",
        ("popping_without_pushing",),
        {"raised": ["AssertionError"]},
        "Popping what is not the current context is one error, whether it was pushed or not.",
    ),
    Difference(
        "app_contexts",
        ("popping_the_outer_one_first",),
        {"events": ...},
        "Popping in the wrong order is refused before anything is torn down; Flask tears the"
        " context down first, and leaves it current.",
    ),
    Difference(
        "request_contexts",
        ("popped_in_the_wrong_order",),
        {"events": ...},
        "Popping in the wrong order is refused before anything is torn down, so that the right"
        " order is still possible; with Flask it is not.",
    ),
    Difference(
        "overriding",
        ("adapters",),
        {"events": ...},
        "Contexts make their URL adapter when it is first asked for: Flask makes one for the app"
        " context of every request, which nobody uses.",
    ),
    Difference(
        "streaming",
        ("two_at_a_time",),
        {"events": ...},
        "A body that is streamed keeps its context to itself; with Flask it is current for"
        " whatever the same thread does meanwhile, which then shares its g.",
    ),
    Difference(
        "streaming",
        ("GET /template-missing",),
        {"events": ...},
        "The page of an error is a text like others; with Flask it is_streamed.",
    ),
    Difference(
        "clients",
        ("context_of_the_last_redirect", "two_clients"),
        {"events": ...},
        "Contexts that a test client keeps are entered again inside each other. With Flask each"
        " brings its app context along, which is pushed once more; values are the same.",
    ),
]
WEBSOCKETS = [
    Difference(
        "wsgi_calls",
        ("a_handshake_for_a_page",),
        {"value": ...},
        "The page of the 400 says that the request is a WebSocket handshake.",
    ),
]
COROUTINES = [
    Difference(
        "async_views",
        ("GET /generator",),
        answered("200 OK"),
        "An asynchronous generator is a body. With Flask it is a TypeError.",
    ),
    Difference(
        "async_views",
        ("inside_a_running_loop",),
        {"value": ["/two", "/two"], "raised": None, "events": ...},
        "A program can be called in a thread that runs an event loop: coroutine functions run on"
        " the loop of the process. asgiref refuses it.",
    ),
]
COMMAND_LINE = [
    Difference(
        "cli_loading",
        ("the_version",),
        {"value": [0, "Python", True, True, 8]},
        "--version tells the version of Retort too.",
    ),
]
DIFFERENCES = [
    *BAD_INPUT,
    *LIMITS,
    *FILES,
    *SESSIONS,
    *METHODS,
    *CONTEXTS,
    *COROUTINES,
    *WEBSOCKETS,
    *COMMAND_LINE,
]
