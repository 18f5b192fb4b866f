"""Describe an exception of the user's program in one paragraph: error, file, line and fix.

Only frames of the program are shown, not those of Python's import system, of Retort and of
installed packages. `locate.py` finds the program; `devtools.advice` has the fixes.
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
    name = type(error).__name__
    article = "an" if name[0] in "AEIOU" else "a"
    return _paragraph(f"While loading the application, {article} {name} was raised:", error)


def _paragraph(start: str, error: BaseException) -> str:
    """The headline, the lines of the program, Python's message, and the fix."""
    # The modules of the advice are slow to import. The command ends after this error.
    from ..devtools import Failure

    advice = Failure.from_exception(error).advice
    message = traceback.format_exception_only(type(error), error)[-1].strip()
    if advice is None:
        fix = "Correct the last line shown and run the command again."
        return "\n".join([start, *_frame_lines(error), message, fix])
    message = message.partition("\n")[0]
    facts = [f"{name}: {value}" for name, value in advice.facts]
    lines = [advice.what, *_frame_lines(error), message, advice.why, *facts, advice.fix]
    lines += ["Then run the command again.", advice.diff.rstrip("\n")]
    return "\n".join(line for line in lines if line and (line == message or line not in message))


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


def _frame_lines(error: BaseException) -> list[str]:
    frames = own_frames(error)
    if isinstance(error, SyntaxError):  # its line is not in the traceback
        frames = [frame for frame in frames if not _is_installed(frame.filename)]
    lines = [_line(frame) for frame in frames]
    if isinstance(error, SyntaxError) and error.filename:
        source = f": {error.text.strip()}" if error.text else ""
        lines.append(f"  {shown_path(error.filename)}:{error.lineno}{source}")
    return lines


def _line(frame: traceback.FrameSummary) -> str:
    place = f"  {shown_path(frame.filename)}:{frame.lineno} in {frame.name}"
    return f"{place}: {frame.line}" if frame.line else place


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
