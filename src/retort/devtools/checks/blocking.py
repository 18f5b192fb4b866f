"""The functions and methods that block the thread that calls them, until something else happens.

Only those that wait for a time, a network, another process or another thread are listed. Files
and CPU time are not: whether they take long cannot be determined from the text.
"""

from __future__ import annotations

import ast
import inspect
import sys
from typing import TYPE_CHECKING, Any

from .source import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .source import Code

_THREAD = "await asyncio.to_thread({called}{arguments})"
_CLIENT = f"{_THREAD}, or await a method of an asynchronous client, such as httpx.AsyncClient"
_PROCESS = f"{_THREAD}, or await asyncio.create_subprocess_exec(...)"
_DATABASE = (
    "await asyncio.to_thread(function), with a function that opens the connection and does all of"
    " the work with it"
)
_SESSION = (
    "await asyncio.to_thread(function), with a function that does all of the work with the session"
)
_REQUESTS = ("get", "options", "head", "post", "put", "patch", "delete", "request")
_HTTPX = (*_REQUESTS, "stream")
_SUBPROCESS = ("run", "call", "check_call", "check_output", "getoutput", "getstatusoutput")

# Module -> names of functions -> what to write. A module that is not loaded is not used.
_FUNCTIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "time": (("sleep",), "await asyncio.sleep({first})"),
    "builtins": (("input",), _THREAD),
    "requests": (_REQUESTS, _CLIENT),
    "httpx": (_HTTPX, _CLIENT),
    "urllib.request": (("urlopen", "urlretrieve"), _CLIENT),
    "subprocess": (_SUBPROCESS, _PROCESS),
    "os": (("system", "wait", "waitpid"), _PROCESS),
    "socket": (("create_connection", "getaddrinfo", "gethostbyname", "gethostbyaddr"), _THREAD),
    "select": (("select",), _THREAD),
    "sqlite3": (("connect",), _DATABASE),
    "psycopg2": (("connect",), _DATABASE),
    "pymysql": (("connect",), _DATABASE),
    "MySQLdb": (("connect",), _DATABASE),
    "mysql.connector": (("connect",), _DATABASE),
}

# Module -> class -> names of methods -> what to write.
_METHODS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("requests", "Session", _REQUESTS, _CLIENT),
    ("httpx", "Client", (*_HTTPX, "send"), _CLIENT),
    ("queue", "Queue", ("get", "join"), f"{_THREAD}, or use an asyncio.Queue"),
    ("queue", "SimpleQueue", ("get",), f"{_THREAD}, or use an asyncio.Queue"),
    ("threading", "Event", ("wait",), _THREAD),
    ("threading", "Barrier", ("wait",), _THREAD),
    ("threading", "Thread", ("join",), _THREAD),
    ("sqlite3", "Connection", ("execute", "executemany", "executescript", "commit"), _DATABASE),
    ("sqlite3", "Cursor", ("execute", "executemany", "executescript"), _DATABASE),
    ("sqlalchemy.orm", "Session", ("execute", "scalars", "scalar", "commit", "flush"), _SESSION),
    (
        "sqlalchemy.orm",
        "scoped_session",
        ("execute", "scalars", "scalar", "commit", "flush"),
        _SESSION,
    ),
)

_MAX_SHOWN = 60  # characters of a call in a sentence


def how_to_wait(code: Code, call: ast.Call) -> str | None:
    """What to write in a coroutine in place of a call that blocks; ``None`` for other calls."""
    if _returns_at_once(call):
        return None
    called = code.resolve(call.func)
    advice = next((text for known, text in _functions() if known is called), None)
    if advice is None and called is UNKNOWN and isinstance(call.func, ast.Attribute):
        advice = _advice_on_method(_object_of(code, call.func.value), call.func.attr)
    if advice is None:
        return None
    shown = [ast.unparse(node) for node in [*call.args, *call.keywords]]
    return advice.format(
        called=ast.unparse(call.func),
        arguments="".join(f", {argument}" for argument in shown),
        first=shown[0] if shown else "...",
    )


def shown_call(call: ast.Call) -> str:
    """A call as in the source, without its arguments if they are long."""
    text = ast.unparse(call)
    return text if len(text) <= _MAX_SHOWN else f"{ast.unparse(call.func)}(...)"


def _returns_at_once(call: ast.Call) -> bool:
    """``time.sleep(0)``, ``queue.get(block=False)``; a connection that threads may share."""
    values = {keyword.arg: keyword.value for keyword in call.keywords}
    waits = [*call.args[:1], *(values[name] for name in ("block", "timeout") if name in values)]
    if any(isinstance(value, ast.Constant) and value.value in (0, False) for value in waits):
        return True
    shared = values.get("check_same_thread")  # its statements run in other threads then
    return isinstance(shared, ast.Constant) and shared.value is False


def _functions() -> Iterator[tuple[Any, str]]:
    for module_name, (names, advice) in _FUNCTIONS.items():
        members = vars(sys.modules[module_name]) if module_name in sys.modules else {}
        for name in names:
            if name in members:
                yield members[name], advice


def _advice_on_method(owner: Any, name: str) -> str | None:
    for module_name, class_name, names, advice in _METHODS:
        cls = getattr(sys.modules.get(module_name), class_name, None)
        if name in names and isinstance(cls, type) and issubclass(type(owner), cls):
            return advice
    return None


def _object_of(code: Code, node: ast.expr) -> Any:
    """The object of a dotted name, also of attributes of objects; none of them is computed."""
    found = code.resolve(node)
    if found is not UNKNOWN or not isinstance(node, ast.Attribute):
        return found
    owner = _object_of(code, node.value)
    return UNKNOWN if owner is UNKNOWN else inspect.getattr_static(owner, node.attr, UNKNOWN)
