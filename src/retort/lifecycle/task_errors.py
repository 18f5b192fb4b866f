"""Log exceptions of asyncio tasks that nothing awaits, by the logger of the application.

`asyncio` reports such an exception when the task is released, to a handler of the event loop.
"""

from __future__ import annotations

import os
import typing as t
from weakref import WeakSet

from ..aio.loop import report_exceptions_with
from ..globals import current_app_context

if t.TYPE_CHECKING:
    from ..app import Flask

_apps: WeakSet[Flask] = WeakSet()


def log_task_errors(app: Flask) -> None:
    """Use the logger of ``app`` for tasks that its functions have made."""
    _apps.add(app)
    report_exceptions_with(_log)


def _log(report: dict[str, t.Any]) -> bool:
    """Log the exception of a report of asyncio.

    :returns: whether it has one, and its application is known.
    """
    error = report.get("exception")
    task = report.get("task") or report.get("future")
    app = _app_of(task)
    if error is None or app is None:
        return False
    if hasattr(task, "get_coro"):
        message = f"Exception in the asyncio task {_described(task)}, which nothing has awaited"
    else:
        message = report["message"]
    app.logger.error("%s", message, exc_info=(type(error), error, error.__traceback__))
    return True


def _app_of(task: t.Any) -> Flask | None:
    """The application in whose context a task was made; else the only one with a loop."""
    if hasattr(task, "get_context"):  # since Python 3.12
        context = task.get_context().get(current_app_context)
        if context is not None:
            return t.cast("Flask", context.app)
    apps = list(_apps)
    return apps[0] if len(apps) == 1 else None


def _described(task: t.Any) -> str:
    coroutine = task.get_coro()
    name = getattr(coroutine, "__qualname__", repr(coroutine)).rpartition(".")[2]
    code = getattr(coroutine, "cr_code", None)
    if code is None:
        return f"{name}()"
    return f"{name}() ({os.path.basename(code.co_filename)}:{code.co_firstlineno})"
