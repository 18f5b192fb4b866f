"""Rule: schedulers, threads and processes that start with the program, and locks of one machine."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any

from ..findings import Finding
from ..source import UNKNOWN
from .settings import is_below_main

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..calls import Call, Scope
    from ..program import Program
    from .reach import Reached

_SCHEDULERS = ("apscheduler.schedulers", "flask_apscheduler", "schedule")
_STARTED = {
    "threading": ("Thread", "Timer"),
    "multiprocessing": ("Process",),
    "multiprocessing.context": ("Process",),
    "multiprocessing.process": ("BaseProcess",),
    "_thread": ("start_new_thread",),
    "subprocess": ("Popen",),
}
_HOST_LOCKS = {
    "multiprocessing.synchronize": ("Lock", "RLock", "Semaphore", "BoundedSemaphore"),
    "filelock": ("FileLock", "SoftFileLock", "UnixFileLock"),
    "portalocker": ("Lock", "RLock", "lock"),
    "fcntl": ("flock", "lockf"),
}


def check_starts(program: Program, reached: Sequence[Reached]) -> Iterator[Finding]:
    """Report what each replica starts for itself."""
    in_requests = {id(one.code.node) for one in reached}
    for call in program.calls:
        in_request = any(id(function) in in_requests for function in call.scope.functions)
        if not in_request and not is_below_main(call.scope, call.node):
            yield from _started(call)
    yield from _locks(program, in_requests)


def _started(call: Call) -> Iterator[Finding]:
    function = call.node.func
    if isinstance(function, ast.Attribute) and function.attr == "start":
        made = _made(call.scope, function.value)
        kind, name = _kind(made), ast.unparse(function.value)
        if kind == "scheduler":
            yield _scheduler(call, name)
        elif kind:
            yield _thread(call, kind, name)
    elif getattr(call.called, "__name__", "") == "start_new_thread":
        yield _thread(call, "thread", ast.unparse(function))


def _made(scope: Scope, node: ast.expr) -> Any:
    """The class of an object: of a name of the module, of a local name, or of a call."""
    found = scope.resolve(node)
    if found is not UNKNOWN:
        return type(found)
    if isinstance(node, ast.Call):
        return scope.resolve(node.func)
    assigned = [
        each.value
        for function in reversed(scope.functions)
        for each in ast.walk(function)
        if isinstance(each, ast.Assign) and ast.unparse(each.targets[0]) == ast.unparse(node)
    ]
    calls = [value for value in assigned if isinstance(value, ast.Call)]
    return scope.resolve(calls[0].func) if calls else None


def _kind(made: Any) -> str:
    """``scheduler``, ``thread``, ``timer`` or ``process``; empty for other classes."""
    cls = made if isinstance(made, type) else None
    for base in cls.__mro__ if cls is not None else ():
        if base.__module__.startswith(_SCHEDULERS):
            return "scheduler"
        if base.__name__ in _STARTED.get(base.__module__, ()):
            return base.__name__.lower().removeprefix("base")
    return "process" if made is getattr(sys.modules.get("multiprocessing"), "Process", 0) else ""


def _scheduler(call: Call, name: str) -> Finding:
    return Finding(
        call.path,
        call.node.lineno,
        "scheduler",
        f"{name} starts in each worker process of each replica, so that its jobs run several times:"
        " a mail of a job is sent twice, and data is changed twice.",
        "Run the scheduler as a program of its own with one instance (Celery beat, RQ's scheduler,"
        " a Kubernetes CronJob), or let each job take a lock first:"
        ' redis.Redis.from_url(os.environ["REDIS_URL"]).set("job:name", 1, nx=True, ex=60).',
    )


def _thread(call: Call, kind: str, name: str) -> Finding:
    return Finding(
        call.path,
        call.node.lineno,
        "start-thread",
        f"{name} starts a {kind} when the program is loaded, in each worker process of each"
        " replica: its work is done several times.",
        "Run the work once, outside of the web processes: a Celery, Dramatiq or RQ worker, or a"
        " Kubernetes CronJob or Deployment with one replica.",
    )


def _locks(program: Program, in_requests: set[int]) -> Iterator[Finding]:
    for call in program.calls:
        made = call.called
        is_import = not call.scope.functions
        in_request = any(id(function) in in_requests for function in call.scope.functions)
        if (is_import or in_request) and _is_host_lock(call, made):
            yield Finding(
                call.path,
                call.node.lineno,
                "host-lock",
                f"{ast.unparse(call.node.func)}() locks within one machine: two replicas on two"
                " hosts hold it at the same time, and change the same data at once.",
                "Lock in the store that the replicas share: redis.lock.Lock, SELECT ... FOR UPDATE"
                " or pg_advisory_lock of PostgreSQL.",
            )


def _is_host_lock(call: Call, made: Any) -> bool:
    name = getattr(made, "__name__", "") if made is not UNKNOWN else ""
    module = str(getattr(made, "__module__", "") or "")
    if module.startswith("multiprocessing") and call.node.func is not None:
        return name in _HOST_LOCKS["multiprocessing.synchronize"]
    names = next((each for key, each in _HOST_LOCKS.items() if module.partition(".")[0] == key), ())
    return name in names
