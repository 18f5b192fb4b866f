"""Join differences that have one cause into one finding."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from .messages import BROWSER
from .results import Finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from .messages import Request, Step
    from .results import Difference

UNEXPLAINED = "unexplained"
KNOWN = "known"
FAILURE = "failure"

_TRACEBACK = re.compile(
    r"^  \+ Exception Group Traceback \(most recent call last\):\n(?: +[|+].*\n?)+|"
    r"^Traceback \(most recent call last\):\n(?:[ \t].*\n|\n(?:During|The above).*\n\n|"
    r"Traceback \(most recent call last\):\n)*\S.*(?:\n(?![A-Z\[0-9]).*)*",
    re.MULTILINE,
)
_NUMBERS = re.compile(r"\d+")
_MAX_BODY_IN_CURL = 4_096
_PAGE_PARTS = 3


class Grouping:
    """The findings so far.

    :param labels: how the names of the two sides are shown.
    :param view_of: the place of the view of a request.
    """

    def __init__(
        self,
        first: str,
        other: str,
        labels: dict[str, str],
        view_of: Callable[[str, str], str],
        host: str,
    ) -> None:
        self.first, self.other = first, other
        self.labels = labels
        self.view_of = view_of
        self.host = host
        self._by_cause: dict[tuple[object, ...], Finding] = {}

    @property
    def findings(self) -> list[Finding]:
        """All findings: failures and unexplained ones first."""
        order = {FAILURE: 0, UNEXPLAINED: 1, KNOWN: 2}
        return sorted(self._by_cause.values(), key=lambda one: (order[one.kind], one.steps[0]))

    def add(self, step: Step, differences: list[Difference], row: str | None) -> None:
        """Add the differences of a step; ``row`` explains them."""
        request = step.requests[self.first]
        view = self.view_of(request.method, request.target)
        tracebacks = {
            name: found
            for name in (self.first, self.other)
            if (found := traceback_in(step.outputs.get(name, "")))
        }
        if row is not None:
            self._join((KNOWN, row), step, differences, f"{row}", view, tracebacks, row)
            return
        if self._follows(step, differences, view):
            return
        cause = self._cause(step, differences, view, tracebacks)
        title = self._title(step, differences, tracebacks)
        self._join((UNEXPLAINED, *cause), step, differences, title, view, tracebacks, None)

    def _follows(self, step: Step, differences: list[Difference], view: str) -> bool:
        """Whether another length of a HEAD response follows from a body that differs for GET."""
        is_length = all(one.place == "content-length" for one in differences)
        if step.requests[self.first].method != "HEAD" or not is_length:
            return False
        for found in self._by_cause.values():
            if view and found.view == view and any(d.part == "body" for d in found.differences):
                found.steps.append(step.number)
                return True
        return False

    def add_failure(self, title: str, step: Step | None, text: str = "") -> None:
        """Add that a side did not start, hung or ended."""
        number = step.number if step is not None else 0
        found = self._by_cause.setdefault(
            (FAILURE, title), Finding(FAILURE, title, [], tracebacks={"": text} if text else {})
        )
        if step is not None and not found.curl:
            found.curl = curl(step.requests[self.first], self.host)
        if number not in found.steps:
            found.steps.append(number)

    def _join(
        self,
        cause: tuple[object, ...],
        step: Step,
        differences: list[Difference],
        title: str,
        view: str,
        tracebacks: dict[str, str],
        row: str | None,
    ) -> None:
        found = self._by_cause.get(cause)
        if found is None:
            line = curl(step.requests[self.first], self.host)
            kind = str(cause[0])
            self._by_cause[cause] = Finding(
                kind, title, [step.number], list(differences), row, view, line, tracebacks
            )
        elif step.number not in found.steps:
            found.steps.append(step.number)

    def _cause(
        self,
        step: Step,
        differences: list[Difference],
        view: str,
        tracebacks: dict[str, str],
    ) -> tuple[object, ...]:
        """What steps with the same cause have in common.

        An exception is a cause for itself. A header field that differs in the same way on several
        pages has one cause; a body has one per view.
        """
        if self.other in tracebacks and self.first not in tracebacks:
            return ("exception", _last_line(tracebacks[self.other]), view)
        decisive = _decisive(differences)
        if decisive[0].part in ("header", "cookie", "connection"):
            return tuple((one.part, _NUMBERS.sub("#", one.place), _kind(one)) for one in decisive)
        places = tuple(
            (one.part, _NUMBERS.sub("#", one.place), one.part == "status" and (one.left, one.right))
            for one in decisive[:_PAGE_PARTS]
        )
        return (*places, view or step.requests[self.first].path)

    def _title(self, step: Step, differences: list[Difference], tracebacks: dict[str, str]) -> str:
        request = step.requests[self.first]
        line = f"{request.method} {_short(request.target)}"
        first, other = self.labels[self.first], self.labels[self.other]
        if self.other in tracebacks and self.first not in tracebacks:
            return f"{line}: an exception with {other}: {_last_line(tracebacks[self.other])}"
        one = _decisive(differences)[0]
        if one.part == "status":
            return f"{line}: status {one.left} with {first}, {one.right} with {other}"
        if one.part == "response":
            return f"{line}: {one.left} with {first}, {one.right} with {other}"
        name = f"{_PARTS[one.part]} {one.place}".strip()
        if one.right is None:
            return f"{line}: {name} is missing with {other}"
        if one.left is None:
            return f"{line}: {name} is only there with {other}"
        return f"{line}: {name} differs"


_PARTS = {
    "header": "the header field",
    "cookie": "the cookie",
    "body": "the body at",
    "connection": "the connection",
    "ending": "the end of the body",
}
_ORDER = ("response", "status", "ending", "body", "header", "cookie", "connection")


def _decisive(differences: list[Difference]) -> list[Difference]:
    """The differences of the most important part."""
    part = min((one.part for one in differences), key=_ORDER.index)
    return [one for one in differences if one.part == part]


def _kind(one: Difference) -> str:
    if one.left is None or one.right is None:
        return "missing" if one.right is None else "added"
    return f"{one.left} -> {one.right}" if len(one.left) + len(one.right) < 200 else "differs"


def traceback_in(output: str) -> str:
    """The last Python traceback in a text; empty if there is none."""
    found = _TRACEBACK.findall(output)
    return found[-1].strip() if found else ""


def _last_line(traceback: str) -> str:
    of_group = re.findall(r"^ {1,2}\| (\S.*)$", traceback, re.MULTILINE)
    if of_group:
        return str(of_group[-1])
    lines = [line for line in traceback.splitlines() if line and not line[0].isspace()]
    return lines[-1] if lines else ""


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def curl(request: Request, host: str) -> str:
    """A request as a line for a shell. Cookies are left out."""
    target = request.target if request.target.startswith("/") else "/"
    parts = ["curl", "-i", *_method(request)]
    if re.search(r"[\[\]{}]", target):
        parts.append("-g")  # else curl expands them
    if re.search(r"/\.\.?(/|$)", request.path):
        parts.append("--path-as-is")
    for name, value in request.fields:
        if (name, value) not in BROWSER:  # without influence on nearly all programs
            parts += ["-H", f"{name}: {value}" if value else f"{name};"]
    if request.body and not any(name.lower() == "content-type" for name, _ in request.fields):
        parts += ["-H", "Content-Type:"]  # else curl adds that of a form
    if request.target == "*":
        parts += ["--request-target", "*"]
    line = " ".join(map(shlex.quote, parts))
    data, before = _data(request.body)
    return f"{before}{line}{data} {shlex.quote(f'http://{host}{target}')}"


def _method(request: Request) -> list[str]:
    if request.method == "HEAD" and not request.body:
        return ["-I"]
    if request.method == "GET" and not request.body:
        return []
    return ["-X", request.method]


def _data(body: bytes) -> tuple[str, str]:
    """The option with the body, and a command that stands before curl."""
    if not body:
        return "", ""
    if len(body) > _MAX_BODY_IN_CURL:
        # The report in JSON has the body.
        return f" --data-binary @BODY-OF-{len(body)}-BYTES", ""
    if b"\0" in body:  # not possible in an argument
        escaped = "".join(f"\\{byte:03o}" for byte in body)
        return " --data-binary @-", f"printf '{escaped}' | "
    return f" --data-raw {_quoted(body)}", ""


def _quoted(body: bytes) -> str:
    """A body for a shell; bytes that are no text in the notation ``$'...'`` of bash."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = ""
    if text and text.isprintable():
        return shlex.quote(text)
    return "$'" + "".join(_escape(byte) for byte in body) + "'"


def _escape(byte: int) -> str:
    character = chr(byte)
    if character in "'\\":
        return f"\\{character}"
    return character if 32 <= byte < 127 else f"\\x{byte:02x}"
