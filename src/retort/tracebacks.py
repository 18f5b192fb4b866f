"""Places in source code: format a traceback for a log, and say where a function is.

Tracebacks begin with the program's frames. The frames before them are those of Retort and of
libraries that call the program: the same in each traceback. The exception is not changed, so other
handlers and error trackers have all frames.
"""

from __future__ import annotations

import inspect
import os
import traceback
from functools import partial
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType, TracebackType


def _folder_of(function: Any) -> str:
    """The folder as frames have it; in a distribution without sources, ``__file__`` differs."""
    file: str = function.__code__.co_filename
    return os.path.dirname(file) + os.sep


_RETORT = _folder_of(_folder_of)
_STANDARD_LIBRARY = _folder_of(traceback.walk_tb)
_INSTALLED = frozenset({"site-packages", "dist-packages"})
_DEPENDENCIES = frozenset({"asgiref", "blinker", "click", "itsdangerous", "jinja2", "werkzeug"})


def format_from_program(error: BaseException, trace: TracebackType | None) -> str:
    """The traceback of ``error``, and of its causes, as printed by Python.

    Each begins with the first frame of the program; in a program that is itself installed as a
    package, with the first one of any package that Retort does not depend on. If there is none, the
    traceback is complete.
    """
    summary = traceback.TracebackException(type(error), error, trace, compact=True)
    for one in _chain(summary):
        del one.stack[: _first_shown([frame.filename for frame in one.stack])]
    return "".join(summary.format())


def format_stack_from_program(frame: FrameType) -> str:
    """The stack of a thread, from the first frame of the program on; see above."""
    stack = traceback.StackSummary.extract(traceback.walk_stack(frame))
    stack.reverse()
    del stack[: _first_shown([one.filename for one in stack])]
    return "".join(stack.format())


def where(f: Callable[..., Any]) -> str:
    """The name and source location of a function, as in ``login() (app.py:12)``."""
    function = f.func if isinstance(f, partial) else f
    name = getattr(function, "__name__", repr(function))
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return f"{name}()"
    return f"{name}() ({os.path.basename(code.co_filename)}:{code.co_firstlineno})"


def is_retort(file: str) -> bool:
    """Whether a source file belongs to Retort."""
    return file.startswith(_RETORT)


def _first_shown(files: list[str]) -> int:
    for is_first in (_is_program, _is_other_package):
        first = next((index for index, file in enumerate(files) if is_first(file)), None)
        if first is not None:
            return first
    return 0


def _is_program(file: str) -> bool:
    is_library = file.startswith((_RETORT, _STANDARD_LIBRARY, "<frozen "))
    return not is_library and _INSTALLED.isdisjoint(file.split(os.sep))


def _is_other_package(file: str) -> bool:
    parts = file.split(os.sep)
    is_installed = not file.startswith(_RETORT) and not _INSTALLED.isdisjoint(parts)
    return is_installed and _DEPENDENCIES.isdisjoint(parts)


def _chain(
    summary: traceback.TracebackException | None,
) -> Iterator[traceback.TracebackException]:
    # Python has replaced an exception that is its own cause by None.
    while summary is not None:
        yield summary
        summary = summary.__cause__ or summary.__context__
