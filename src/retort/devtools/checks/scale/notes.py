"""Rule: what each process has for itself by design, and an operator should know."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from ..findings import Finding
from ..source import code_of
from .places import is_named, serving_calls

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ..program import Program
    from .reach import Reached

_METRICS = ("Counter", "Gauge", "Histogram", "Summary", "Enum", "Info")
_STARTING = frozenset({"add_background_task", "create_task", "ensure_future", "run_in_executor"})
_LOG_FILES = (
    "FileHandler",
    "RotatingFileHandler",
    "TimedRotatingFileHandler",
    "WatchedFileHandler",
)


def check_notes(program: Program, reached: Sequence[Reached]) -> Iterator[Finding]:
    """Report metrics, log files and tasks of each process, as information."""
    calls = [call for call, _ in serving_calls(program, reached)]
    metrics = [call for call in calls if is_named(call.called, "prometheus_client", *_METRICS)]
    for call in metrics[:1]:
        yield Finding(
            call.path,
            call.node.lineno,
            "process-metrics",
            "Metrics of prometheus_client are counted in each process: a request to /metrics shows"
            " those of the process that answers it.",
            "Let Prometheus scrape each replica by its own address, not through the load balancer,"
            " and sum in queries; with several workers, set PROMETHEUS_MULTIPROC_DIR.",
        )
    for call in calls:
        if is_named(call.called, "logging", *_LOG_FILES):
            yield Finding(
                call.path,
                call.node.lineno,
                "log-file",
                f"{ast.unparse(call.node.func)}() writes a log on the disk of each machine.",
                "Log to standard error, and let the platform collect it.",
            )
    yield from _tasks(program)


def _tasks(program: Program) -> Iterator[Finding]:
    app = program.app
    for function in (*app.before_serving_funcs, *app.while_serving_gens):
        code = code_of(function)
        for node in ast.walk(code.node) if code is not None else ():
            name = node.func.attr if _is_method(node) else ""  # type: ignore[attr-defined]
            if name in _STARTING and code is not None:
                yield Finding(
                    code.path,
                    node.lineno,  # type: ignore[attr-defined]
                    "serving-task",
                    f"{code.node.name}() starts a task that runs once in each worker process of"
                    " each replica.",
                    "That is right for work on the data of the process; work that may be done once"
                    " only belongs in a worker of its own.",
                )


def _is_method(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
