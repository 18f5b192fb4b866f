"""Rule: data of a module, an object or the application that requests change."""

from __future__ import annotations

import ast
import functools
import os
from typing import TYPE_CHECKING

from ..findings import Finding
from .harmless import are_remembered, is_first_use, reads_data, reads_data_in
from .reach import SOCKET
from .writes import COUNTS, SETS, writes_in

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from ..program import Program
    from .reach import Reached
    from .writes import Write

_MOST_SHOWN = 3  # further lines in a message

_SEEN = {
    COUNTS: "Each replica counts for itself: a visitor sees 3, then 1.",
    SETS: "A change reaches one replica; the others continue with the old value, so that a visitor"
    " sees one and the other.",
    "stores": "What one replica stores, the others do not have: the next request of the same"
    " visitor may not find it.",
}
_HUB_SEEN = (
    "A message reaches only the visitors whose connection is in the same replica; the others see"
    " nothing."
)
_VALKEY = 'redis.Redis.from_url(os.environ["REDIS_URL"])'
_FIX = {
    COUNTS: f"Count in Valkey or Redis, which all replicas share: store = {_VALKEY}, and"
    " store.incr({name!r}) here; or in a column of a database table.",
    SETS: f"Keep the value in Valkey or Redis (store = {_VALKEY}, store.set({{name!r}}, ...)) or in"
    " a database table, and read it from there for each request.",
    "stores": f"Keep it in Valkey or Redis (store = {_VALKEY}, store.hset({{name!r}}, key, value))"
    " or in a database table; what belongs to one visitor fits in the session.",
}
_HUB_FIX = (
    "Publish each message through Valkey or Redis, and let each replica pass it on to its own"
    " connections: examples/chat/redis_room.py, or redis.asyncio's pubsub()."
)


def check_module_data(program: Program, reached: Sequence[Reached]) -> Iterator[Finding]:
    """Report each data of the process that requests change, at the first line that changes it."""
    groups: dict[tuple[Hashable, ...], dict[tuple[str, int], Write]] = {}
    of_sockets: set[tuple[Hashable, ...]] = set()
    for one in reached:
        for write in writes_in(one):
            places = groups.setdefault(write.key, {})
            places.setdefault((write.path, write.line), write)
            of_sockets |= {write.key} if one.kind == SOCKET else set()
    for places in groups.values():
        writes = [places[place] for place in sorted(places) if not is_first_use(places[place])]
        if not writes:
            continue
        if not are_remembered(writes):
            yield _finding(program, writes, is_hub=writes[0].key in of_sockets)
        elif any(map(reads_data, writes)):
            yield _kept_results(writes)


def _finding(program: Program, writes: Sequence[Write], *, is_hub: bool) -> Finding:
    first = writes[0]
    how = next((write.how for write in writes if write.how == COUNTS), first.how)
    is_hub = is_hub and how != COUNTS
    what = f"{_function(first)} changes {_named(program, first)}, which each process has for itself"
    message = f"{what}{_others(writes)}. {_HUB_SEEN if is_hub else _SEEN[how]}"
    locks = sorted({write.lock for write in writes if write.lock})
    if locks:
        message += f" {locks[0]} protects it within one process only."
    name = first.name.rpartition(".")[2].partition("[")[0].partition(" ")[0]
    fix = _HUB_FIX if is_hub else _FIX[how].replace("{name!r}", repr(name))
    rule = "socket-hub" if is_hub else "module-data"
    return Finding(first.path, first.line, rule, message, fix.replace("{{", "{").replace("}}", "}"))


def check_kept_results(reached: Sequence[Reached]) -> Iterator[Finding]:
    """Report functions with ``functools.cache`` that read a database, a file or the time."""
    for one in reached:
        code = one.code
        decorators = [
            each.func if isinstance(each, ast.Call) else each for each in code.node.decorator_list
        ]
        for decorator in decorators:
            found = code.resolve(decorator)
            if (found is functools.cache or found is functools.lru_cache) and reads_data_in(code):
                yield _stale(code.path, decorator.lineno, f"{code.node.name}()", "functools.cache")


def _kept_results(writes: Sequence[Write]) -> Finding:
    first = writes[0]
    return _stale(first.path, first.line, _function(first), first.name)


def _stale(path: str, line: int, function: str, where: str) -> Finding:
    return Finding(
        path,
        line,
        "cached-data",
        f"{function} keeps results in {where}, which each process has for itself, and"
        " they depend on data that changes. After a change, one replica shows the new value,"
        " another the old one.",
        "Keep them in a cache that all replicas share, with a lifetime: Flask-Caching with"
        " CACHE_TYPE='RedisCache' and CACHE_REDIS_URL.",
    )


def _function(write: Write) -> str:
    name = write.reached.code.function.__qualname__.replace(".<locals>", "")
    inner = write.reached.code.node.name
    return (
        f"{name.rpartition('.')[0]}.{inner}()"
        if "." in name and name.endswith(inner)
        else (f"{inner}()")
    )


def _others(writes: Sequence[Write]) -> str:
    """The further lines, such as `` (also in line 12)``."""
    first, rest = writes[0], writes[1:]
    shown = [
        str(write.line)
        if write.path == first.path
        else f"{os.path.basename(write.path)}:{write.line}"
        for write in rest
    ]
    if not shown:
        return ""
    more = f" and {len(shown) - _MOST_SHOWN} more" if len(shown) > _MOST_SHOWN else ""
    return f" (also in line {', '.join(shown[:_MOST_SHOWN])}{more})"


def _named(program: Program, write: Write) -> str:
    """The name of the data, with its place: ``visits (shop.py:5)``."""
    wanted = write.name.partition(".")[0].partition("[")[0]
    module_name = write.reached.code.function.__globals__.get("__name__")
    for source, module in program.modules.values():
        if module.__name__ != module_name or wanted not in vars(module):
            continue
        for node in source.tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else []
            if any(isinstance(one, ast.Name) and one.id == wanted for one in targets):
                return f"{write.name} ({os.path.basename(source.path)}:{node.lineno})"
    return write.name
