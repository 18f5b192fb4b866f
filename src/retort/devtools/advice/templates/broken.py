"""The text of a template with a syntax error, and a correction of it.

A correction becomes a diff only if the template has no error after it, or its next error is in a
later line.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from jinja2 import TemplateSyntaxError

from ..edit import FileEdit, diff_of

if TYPE_CHECKING:
    import re

    from jinja2 import Environment

    from ..diagnostic import DiagnosticContext
    from ..record import Place

    # start and end offset, new text
    Change = tuple[int, int, str]


@dataclass(frozen=True)
class Correction:
    """An explanation of a syntax error.

    :param changes: edits of the text; empty if the correction is not certain.
    :param line: the relevant line, if it is not that of the error.
    """

    what: str
    fix: str
    changes: tuple[Change, ...] = ()
    line: int = 0
    why: str = ""


class BrokenTemplate:
    """A template that Jinja could not parse."""

    def __init__(self, diagnostic: DiagnosticContext, error: TemplateSyntaxError) -> None:
        self.diagnostic = diagnostic
        self.message = error.message or ""
        self.number = error.lineno
        name = error.name or ""
        file = error.filename or (name if os.path.isabs(name) else "")  # some errors have no other
        self.is_file = os.path.isfile(file)
        self.path = os.path.realpath(file)
        self.name = os.path.basename(name) if os.path.isabs(name) else name
        self.given = error.source or ""

    @property
    def environment(self) -> Environment:
        """Jinja's environment of the application."""
        environment: Environment = self.diagnostic.app.jinja_env
        return environment

    @cached_property
    def text(self) -> str:
        """The whole source."""
        return FileEdit(self.path).text if self.is_file else self.given

    @cached_property
    def lines(self) -> list[str]:
        """The lines, with their ends."""
        return self.text.splitlines(keepends=True)

    @property
    def line(self) -> str:
        """The line of the error."""
        return self.lines[self.number - 1] if self.number <= len(self.lines) else ""

    def offset(self, line: int) -> int:
        """The offset of the start of a line (from 1)."""
        return sum(len(each) for each in self.lines[: line - 1])

    def line_of(self, found: re.Match[str]) -> int:
        """The line of a match in the whole source."""
        return self.text.count("\n", 0, found.start()) + 1

    def where(self, line: int = 0) -> str:
        """A line as in ``line 3 of login.html``."""
        return f"line {line or self.number} of {self.name or 'the template string'}"

    def change(self, found: re.Match[str], new: str, group: int = 0) -> Change:
        """The replacement of a match in the line of the error, or of a group of it."""
        start = self.offset(self.number)
        return start + found.start(group), start + found.end(group), new

    def place(self, correction: Correction) -> Place | None:
        """The line in the template; for a string, the line of the program that renders it."""
        if not self.is_file:
            return self.diagnostic.last_place
        return self.diagnostic.place(self.path, correction.line or self.number)

    def diff(self, correction: Correction) -> str:
        """The diff of a correction that helps; empty for a template in a string."""
        if not self.is_file or not correction.changes:
            return ""
        edit = FileEdit(self.path)
        for start, end, new in correction.changes:
            edit.replace(start, end, new)
        return diff_of(self.diagnostic.folder, edit) if self._helps(edit.result()) else ""

    def _helps(self, text: str) -> bool:
        try:
            self.environment.parse(text)
        except TemplateSyntaxError as error:
            return error.lineno > self.number
        return True
