"""Rule: extensions that keep their data in the process or on the disk of one machine.

The loaded extensions are inspected, so that it does not matter how they were configured.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..findings import Finding
from .places import first_call, is_named, serving_calls
from .settings import line_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..program import Program
    from .reach import Reached

_IN_MEMORY, _IN_FILES = "SimpleCache", "FileSystemCache"
_REDIS = 'os.environ["REDIS_URL"]'


def check_extensions(program: Program, reached: Sequence[Reached]) -> Iterator[Finding]:
    """Report Flask-Limiter, caches, Flask-Session and Flask-SocketIO without a shared engine."""
    yield from _limiter(program)
    yield from _caching(program)
    yield from _cachelib(program, reached)
    yield from _session(program)
    yield from _socketio(program)


def _limiter(program: Program) -> Iterator[Finding]:
    place = line_of(program, "RATELIMIT_STORAGE_URI") or first_call(
        program, "flask_limiter", "Limiter"
    )
    found = program.app.extensions.get("limiter") or ()
    limiters = found if isinstance(found, (set, list, tuple)) else [found]
    is_local = any(
        limiter.enabled and _is_a(limiter.storage, "MemoryStorage")
        for limiter in limiters
        if type(limiter).__module__.startswith("flask_limiter")
    )
    if is_local and place is not None:
        yield Finding(
            *place,
            "limiter-memory",
            "Flask-Limiter counts in the memory of each process: with two replicas, a visitor may"
            " send twice as many requests before 429, and the headers that count them jump.",
            f"Limiter(..., storage_uri={_REDIS}), or RATELIMIT_STORAGE_URI in the config, with"
            " Valkey or Redis.",
        )


def _caching(program: Program) -> Iterator[Finding]:
    caches: Any = program.app.extensions.get("cache")
    backends = list(caches.values()) if isinstance(caches, dict) else []
    place = line_of(program, "CACHE_TYPE") or first_call(program, "flask_caching", "Cache")
    for backend in backends:
        kind = _kind(backend)
        if kind and place is not None:
            yield _cache(place, "Flask-Caching", kind, "CACHE_TYPE = 'RedisCache', CACHE_REDIS_URL")
            return


def _cachelib(program: Program, reached: Sequence[Reached]) -> Iterator[Finding]:
    for call, _ in serving_calls(program, reached):
        if is_named(call.called, "cachelib", _IN_MEMORY, _IN_FILES):
            place = call.path, call.node.lineno
            kind = call.called.__name__
            yield _cache(place, "cachelib", kind, "cachelib.RedisCache(host=...), with REDIS_URL")


def _cache(place: tuple[str, int], package: str, kind: str, line: str) -> Finding:
    if kind == _IN_MEMORY:
        rule, where = "cache-memory", "in the memory of each process"
    else:
        rule, where = "cache-files", "in files of one machine"
    return Finding(
        *place,
        rule,
        f"{package} keeps its values {where} ({kind}). After a change, or cache.delete() in one"
        " replica, a visitor sees the new value and then the old one.",
        f"{line} = {_REDIS}, with Valkey or Redis.",
    )


def _session(program: Program) -> Iterator[Finding]:
    interface = program.app.session_interface
    if not type(interface).__module__.startswith("flask_session"):
        return
    kinds = [kind for kind in map(_kind, vars(interface).values()) if kind]
    place = line_of(program, "SESSION_TYPE") or first_call(program, "flask_session", "Session")
    if kinds and place is not None:
        where = "files of one machine" if kinds[0] == _IN_FILES else "the memory of each process"
        yield Finding(
            *place,
            "session-files",
            f"Flask-Session keeps sessions in {where}: a visitor whose next request another replica"
            " answers is logged out, and the basket is empty.",
            "Use the signed cookies that Flask has without Flask-Session; or SESSION_TYPE = 'redis'"
            f" and SESSION_REDIS = redis.Redis.from_url({_REDIS}).",
        )


def _socketio(program: Program) -> Iterator[Finding]:
    found: Any = program.app.extensions.get("socketio")
    manager = getattr(getattr(found, "server", None), "manager", None)
    place = first_call(program, "flask_socketio", "SocketIO")
    if manager is not None and not _is_a(manager, "PubSubManager") and place is not None:
        yield Finding(
            *place,
            "socketio-queue",
            "Flask-SocketIO without message_queue sends events only to the clients that are"
            " connected to the same process: the visitors of the other replica see nothing.",
            f"SocketIO(..., message_queue={_REDIS}), with Valkey or Redis, and sticky sessions in"
            " the load balancer for long polling.",
        )


def _kind(found: Any) -> str:
    """``SimpleCache`` or ``FileSystemCache``, also for subclasses; empty for other objects."""
    return next((kind for kind in (_IN_FILES, _IN_MEMORY) if _is_a(found, kind)), "")


def _is_a(found: Any, name: str) -> bool:
    return any(base.__name__ == name for base in type(found).__mro__)
