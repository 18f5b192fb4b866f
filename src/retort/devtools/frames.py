"""Prepare an exception for display: newest first, with the program's frames separated.

The frames are Werkzeug's, because its console runs code in them. `pages.py` and `report.py` render
them.
"""

from __future__ import annotations

import linecache
import os
import sysconfig
import traceback
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jinja2 import TemplateSyntaxError
from werkzeug.debug.tbtools import DebugTraceback

from .checks.source import is_own
from .redaction import Budget, redact, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkzeug.debug.tbtools import DebugFrameSummary

    # File, line, first and last column of an expression -> its last line.
    Span = tuple[str, int | None, int | None, int | None]
    EndLines = dict[Span, int | None]

LINES_AROUND = 4
MAX_OWN_FRAMES = 12  # an endless recursion has a thousand identical ones
MAX_VARIABLES = 40


@dataclass(frozen=True)
class Line:
    """A line of source. ``text`` is split in three; the middle has the error, or is empty."""

    number: int
    text: tuple[str, str, str]
    is_current: bool = False


@dataclass(frozen=True)
class Frame:
    """A frame; ``key`` is its number in the console, or 0."""

    key: int
    file: str
    path: str
    line: int
    function: str
    lines: tuple[Line, ...]
    is_own: bool
    is_template: bool
    variables: tuple[tuple[str, str], ...] = ()

    @property
    def source(self) -> str:
        """The line that was running."""
        return next(("".join(line.text).strip() for line in self.lines if line.is_current), "")


@dataclass(frozen=True)
class Error:
    """One exception of a chain.

    :param link: its relation to the exception shown before it; empty for the first.
    :param own: the program's frames, innermost first.
    :param library: all other frames, outermost first.
    """

    name: str
    message: str
    link: str
    own: tuple[Frame, ...]
    library: tuple[Frame, ...]
    left_out: int = 0


def errors_of(
    trace: DebugTraceback,
    error: BaseException,
    *,
    with_values: bool,
    budget: Budget | None = None,
) -> tuple[Error, ...]:
    """The chain of exceptions, the uncaught one first; secrets are redacted.

    :param with_values: whether to include the variables of the program's frames.
    :param budget: the time limit for the values.
    """
    values = (budget or Budget()) if with_values else None
    found: list[Error] = []
    link, cause = "", _chain(error)
    for description, summary in trace.all_tracebacks:
        one = next(cause, None)
        frames: list[Any] = list(summary.stack)
        own = [frame for frame in reversed(frames) if is_program(frame.filename)]
        ends = _end_lines(one)
        found.append(
            Error(
                name=type(one).__name__ if one is not None else "",
                message=redact(
                    "".join(summary.format_exception_only()).strip(),
                    by_name=not isinstance(one, SyntaxError),  # its message quotes the source
                ),
                link=link,
                own=(
                    *_frames_of_syntax_error(one),
                    *(_frame(frame, one, values, ends) for frame in own[:MAX_OWN_FRAMES]),
                ),
                library=tuple(
                    _frame(frame, one, None, ends) for frame in frames if frame not in own
                ),
                left_out=max(0, len(own) - MAX_OWN_FRAMES),
            )
        )
        link = "caused by" if description and "direct cause" in description else "while handling"
    return tuple(found)


def traceback_text(error: BaseException, skip: int = 0) -> str:
    """The traceback as printed by Python, from the first frame of the program on.

    :param skip: the number of frames to omit if none belongs to the program.
    """
    steps = traceback.walk_tb(error.__traceback__)
    files = [frame.f_code.co_filename for frame, _ in steps]
    first = next((at for at, file in enumerate(files) if is_program(file)), skip)
    return DebugTraceback(error, skip=first).render_traceback_text()


def redacted_traceback(error: BaseException, skip: int = 0) -> str:
    """`traceback_text` with secrets redacted.

    In source lines, the text after a name such as ``password`` is kept: it is an expression.
    """
    text = redact(traceback_text(error, skip), by_name=False)
    for one in _all_in(error):
        if not isinstance(one, SyntaxError):
            message = "".join(traceback.format_exception_only(type(one), one)).strip()
            text = text.replace(redact(message, by_name=False), redact(message))
    return text


def _all_in(error: BaseException) -> Iterator[BaseException]:
    """The exceptions in a traceback: a chain, and the members of groups."""
    waiting, seen = [error], set[int]()
    while waiting:
        for one in _chain(waiting.pop()):
            if id(one) not in seen:
                seen.add(id(one))
                yield one
                waiting += getattr(one, "exceptions", ())


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        hides = error.__cause__ is None and error.__suppress_context__
        error = None if hides else error.__cause__ or error.__context__


def _frames_of_syntax_error(error: BaseException | None) -> Iterator[Frame]:
    """The line of a syntax error, which is shown although it was not executed."""
    if not isinstance(error, SyntaxError) or error.filename is None or not error.lineno:
        return
    summary = traceback.FrameSummary(error.filename, error.lineno, "", lookup_line=False)
    yield Frame(
        key=0,
        file=shown_path(error.filename),
        path=error.filename,
        line=error.lineno,
        function="",
        lines=tuple(_lines(summary, error, {})),
        is_own=is_program(error.filename),
        is_template=False,
    )


def is_program(file: str) -> bool:
    """Whether a frame belongs to the program, as a template without a file does."""
    return file == "<template>" or is_own(file)


def _end_lines(error: BaseException | None) -> EndLines:
    """The last line of each expression in a traceback, which Werkzeug's frames do not have."""
    stack = traceback.extract_tb(error.__traceback__) if error is not None else ()
    return {_span_of(frame): getattr(frame, "end_lineno", None) for frame in stack}


def _span_of(frame: traceback.FrameSummary) -> Span:
    start, end = getattr(frame, "colno", None), getattr(frame, "end_colno", None)
    return frame.filename, frame.lineno, start, end


def _frame(
    frame: DebugFrameSummary,
    error: BaseException | None,
    budget: Budget | None,
    ends: EndLines,
) -> Frame:
    return Frame(
        key=id(frame),
        file=shown_path(frame.filename),
        path=frame.filename,
        line=frame.lineno or 0,
        function=frame.name,
        lines=tuple(_lines(frame, error, ends)),
        is_own=is_program(frame.filename),
        is_template=_is_template(frame.filename),
        variables=() if budget is None else tuple(_variables(frame.local_ns, budget)),
    )


def _is_template(file: str) -> bool:
    return file == "<template>" or (not file.endswith(".py") and not file.startswith("<"))


def _variables(names: dict[str, Any], budget: Budget) -> Iterator[tuple[str, str]]:
    visible = [name for name in names if not name.startswith("__")]
    for name in visible[:MAX_VARIABLES]:
        yield name, shown(name, names[name], budget)
    if len(visible) > MAX_VARIABLES:
        yield "…", f"and {len(visible) - MAX_VARIABLES} more"


def _lines(
    frame: traceback.FrameSummary, error: BaseException | None, ends: EndLines
) -> Iterator[Line]:
    number = frame.lineno or 0
    source = _source(frame.filename, number, error)
    for index in range(max(1, number - LINES_AROUND), min(len(source), number + LINES_AROUND) + 1):
        text = source[index - 1].rstrip("\n").expandtabs(4)
        safe = redact(text, by_name=False)
        if index != number:
            yield Line(index, (safe, "", ""))
        elif safe != text:
            yield Line(index, (safe, "", ""), is_current=True)
        else:
            parts = _marked(text, source[index - 1], frame, ends.get(_span_of(frame)))
            yield Line(index, parts, is_current=True)


def _source(file: str, number: int, error: BaseException | None) -> list[str]:
    linecache.checkcache(file)
    lines = linecache.getlines(file)
    if not lines and isinstance(error, TemplateSyntaxError) and error.lineno == number:
        lines = (error.source or "").splitlines()
    if not lines and isinstance(error, SyntaxError) and error.text and number == error.lineno:
        lines = [*[""] * (number - 1), error.text]
    return lines


def _marked(
    text: str, as_written: str, frame: traceback.FrameSummary, end_line: int | None
) -> tuple[str, str, str]:
    """The line in three parts, if Python (from 3.11 on) provides the failed part.

    Of a part that ends in another line, the rest of this line is marked.
    """
    _, _, start, end = _span_of(frame)
    if start is None or end is None or end_line is None or "\t" in as_written:
        return text, "", ""
    # Columns count bytes.
    raw = as_written.encode("utf-8", "surrogateescape")
    first = len(raw[:start].decode("utf-8", "replace"))
    last = len(raw[:end].decode("utf-8", "replace"))
    if end_line != frame.lineno:
        last = len(text.rstrip())
    return text[:first], text[first:last], text[last:]


_INSTALLED = tuple(
    sorted(
        {
            os.path.realpath(sysconfig.get_path(name)) + os.sep
            for name in ("stdlib", "platstdlib", "purelib", "platlib")
        },
        key=len,
        reverse=True,
    )
)

_OURS = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__)))) + os.sep


def shown_path(file: str) -> str:
    """A short file name: relative to the current folder or to the site-packages folder."""
    if not os.path.isabs(file):
        return file
    real = os.path.realpath(file)
    for folder in (*_INSTALLED, _OURS):
        if real.startswith(folder):
            return real[len(folder) :]
    relative = os.path.relpath(real)
    return file if relative.startswith("..") else relative
