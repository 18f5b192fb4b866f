"""Describe an exception of the user's program in one paragraph: error, file and line.

Only frames of the program are shown, not those of Python's import system, of Retort and of
installed packages. `locate.py` finds the program.
"""

from __future__ import annotations

import inspect
import os
import traceback
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames of the program in the traceback, outermost first.

    If there are none, frames of installed packages are included.
    """
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if not _is_machinery(frame.filename)
    ]
    return [frame for frame in frames if not _is_installed(frame.filename)] or frames


def import_failed(module_name: str, error: BaseException) -> str:
    """The paragraph for an ``ImportError`` raised while ``module_name`` was imported."""
    return _paragraph(f"While importing {module_name!r}, an ImportError was raised:", error)


def loading_failed(error: BaseException) -> str:
    """The paragraph for an exception raised while the application was loaded."""
    if isinstance(error, SyntaxError):
        return _syntax_error(error)
    name = type(error).__name__
    article = "an" if name[0] in "AEIOU" else "a"
    return _paragraph(f"While loading the application, {article} {name} was raised:", error)


def _paragraph(start: str, error: BaseException) -> str:
    last = traceback.format_exception_only(type(error), error)[-1].strip()
    frames = [_frame_line(frame) for frame in own_frames(error)]
    return "\n".join([start, *frames, last, _next_step(error)])


def shown_path(path: str) -> str:
    """``path`` relative to the current folder, if it is below it."""
    try:
        relative = os.path.relpath(path)
    except ValueError:  # a different drive, on Windows
        return path
    return path if relative.startswith(os.pardir) else relative


def place_of(function: Callable[..., object]) -> str:
    """The place of a function: ``shop.py:12``."""
    code = inspect.unwrap(function).__code__
    return f"{shown_path(code.co_filename)}:{code.co_firstlineno}"


def _syntax_error(error: SyntaxError) -> str:
    place = f"{shown_path(error.filename or '?')}:{error.lineno}"
    lines = [f"There is a {type(error).__name__} at {place}: {error.msg}"]
    if error.text:
        lines.append(f"  {error.text.strip()}")
    lines.append("Correct that line and run the command again.")
    return "\n".join(lines)


def _frame_line(frame: traceback.FrameSummary) -> str:
    place = f"  {shown_path(frame.filename)}:{frame.lineno} in {frame.name}"
    return f"{place}: {frame.line}" if frame.line else place


def _next_step(error: BaseException) -> str:
    if isinstance(error, ModuleNotFoundError) and error.name:
        return (
            f"Install the package for {error.name.partition('.')[0]!r} here, or correct the import."
        )
    return "Correct the last line shown and run the command again."


# From the code, not from `__file__`: without sources, code objects keep the name of their source
# file.
_OUR_FOLDER = os.path.dirname(os.path.dirname(os.path.realpath(own_frames.__code__.co_filename)))


def _is_machinery(filename: str) -> bool:
    """Whether a frame belongs to Python's import system or to Retort."""
    if filename.startswith("<frozen importlib"):
        return True
    path = os.path.realpath(filename)
    if path.startswith(_OUR_FOLDER + os.sep):
        return True
    return path.startswith(tuple(f"{p}{os.sep}importlib{os.sep}" for p in _installed()))


def _is_installed(filename: str) -> bool:
    return os.path.realpath(filename).startswith(tuple(p + os.sep for p in _installed()))


@cache
def _installed() -> tuple[str, ...]:
    """The folders of Python and its packages."""
    import sysconfig  # slow to import, and not needed if the program loads

    keys = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(os.path.realpath(sysconfig.get_path(key)) for key in keys)
