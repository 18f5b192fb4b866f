"""The findings of the checks, and their output as text and JSON."""

from __future__ import annotations

import json
import os
import textwrap
from dataclasses import asdict, dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ERROR, WARNING, INFO = "error", "warning", "info"

# Each rule, its description and its level. `retort check --help` shows them.
RULES = {
    "form-target": (ERROR, "a form is sent to an address that no route has"),
    "form-method": (ERROR, "a form is sent by a method that its route does not accept"),
    "form-verb": (ERROR, "a form has a method that HTML does not support, such as PUT"),
    "file-enctype": (ERROR, "a file input in a form that sends no files"),
    "view-method": (ERROR, "a view reads a form, but its route accepts no method with a form"),
    "view-arguments": (ERROR, "a view that cannot be called with the variables of its route"),
    "unknown-endpoint": (ERROR, "url_for of an endpoint that does not exist"),
    "url-values": (ERROR, "url_for without a value that the route needs"),
    "redirect-loop": (ERROR, "a view that redirects every GET request to itself"),
    "route-parentheses": (ERROR, "@app.route without parentheses"),
    "no-return": (ERROR, "a view that returns nothing"),
    "some-return": (WARNING, "a view that returns nothing in some branch"),
    "undefined-name": (ERROR, "a name that the file neither imports nor sets"),
    "missing-template": (ERROR, "a template that does not exist"),
    "template-syntax": (ERROR, "a template that Jinja cannot parse"),
    "unescaped": (ERROR, "user input is returned as HTML, unescaped"),
    "field-missing": (ERROR, "a view requires a field that no form sends"),
    "field-unsent": (WARNING, "a view reads a field that no form sends"),
    "field-unread": (WARNING, "a form sends a field that its view does not read"),
    "input-type": (ERROR, "declared inputs of a view that cannot be read"),
    "input-lost": (ERROR, "a decorator hides the declared inputs of its view"),
    "input-before-login": (WARNING, "inputs are validated before a login decorator"),
    "input-missing": (ERROR, "a form lacks a field that the type of its view requires"),
    "input-unknown": (WARNING, "a form sends a field that the type of its view does not have"),
    "input-control": (WARNING, "a control of a form contradicts the type of its field"),
    "state-on-get": (WARNING, "a view changes data on GET"),
    "needless-await": (ERROR, "await of request.form, render_template() and the like"),
    "blocking-call": (WARNING, "a call that blocks the event loop, in an async function"),
    "waiting-thread": (WARNING, "middleware that holds a thread for each async request"),
    "websocket-origin": (WARNING, "a WebSocket that pages of any site can open"),
    "shadowed-route": (ERROR, "a view with the address of an earlier one"),
    "no-secret-key": (ERROR, "a view uses the session, and there is no SECRET_KEY"),
    "misleading-name": (WARNING, "a file that hides a package, or a misnamed folder"),
}

# The rules of `retort check --scale`, about several replicas of a program.
SCALE_RULES = {
    "module-data": (ERROR, "requests change data of the process: a global, an object, the app"),
    "socket-hub": (ERROR, "connections and messages that only one process knows"),
    "cached-data": (WARNING, "results that the process keeps, of data that changes"),
    "random-key": (ERROR, "SECRET_KEY, or another key, is generated when the program is loaded"),
    "random-key-fallback": (WARNING, "a key is generated where nothing sets it"),
    "limiter-memory": (ERROR, "Flask-Limiter counts in the memory of each process"),
    "cache-memory": (ERROR, "SimpleCache of Flask-Caching or cachelib"),
    "cache-files": (ERROR, "FileSystemCache of Flask-Caching or cachelib"),
    "session-files": (ERROR, "Flask-Session keeps sessions in files or in memory"),
    "socketio-queue": (ERROR, "Flask-SocketIO without a message queue"),
    "local-database": (ERROR, "SQLite or another database of one machine"),
    "local-database-fallback": (WARNING, "SQLite, where a variable names no other database"),
    "upload-folder": (ERROR, "uploads are saved to the disk of one machine"),
    "written-file": (ERROR, "requests write a file to the disk of one machine"),
    "scheduler": (ERROR, "a scheduler that starts in each process"),
    "start-thread": (WARNING, "a thread or process that starts when the program is loaded"),
    "host-lock": (WARNING, "a lock of one machine: multiprocessing, filelock, fcntl"),
    "process-metrics": (INFO, "metrics of prometheus_client, which each process counts"),
    "log-file": (INFO, "a log in a file of one machine"),
    "serving-task": (INFO, "a task that runs in each worker process"),
}


@dataclass(frozen=True, order=True)
class Finding:
    """One finding.

    :param file: absolute path.
    :param line: from 1.
    :param rule: a key of `RULES` or `SCALE_RULES`.
    :param message: the problem and its place.
    :param fix: what to change.
    """

    file: str
    line: int
    rule: str
    message: str
    fix: str

    @property
    def level(self) -> str:
        """``error``, ``warning`` or ``info``."""
        return (RULES.get(self.rule) or SCALE_RULES[self.rule])[0]


def count(findings: Sequence[Finding], level: str) -> int:
    """The number of findings of a level."""
    return sum(finding.level == level for finding in findings)


def as_text(findings: Sequence[Finding]) -> str:
    """The findings by file, a short paragraph each, and a last line with their number."""
    parts = []
    for file, group in groupby(sorted(findings), key=lambda finding: finding.file):
        name = shown(file)
        parts += [name, *(_paragraph(name, finding) for finding in group)]
    return "\n\n".join([*parts, summary(findings)])


def as_json(findings: Sequence[Finding], *, has_infos: bool = False) -> str:
    """The findings as one JSON object: ``findings``, ``errors``, ``warnings``, and ``infos``.

    :param has_infos: whether the rules have findings of the level ``info``.
    """
    listed = [
        {"level": finding.level, **asdict(finding), "file": shown(finding.file)}
        for finding in sorted(findings)
    ]
    counts = {"errors": count(findings, ERROR), "warnings": count(findings, WARNING)}
    if has_infos:
        counts["infos"] = count(findings, INFO)
    return json.dumps({"findings": listed, **counts}, indent=2)


def summary(findings: Sequence[Finding]) -> str:
    """The last line, such as ``1 error, 2 warnings.``."""
    if not findings:
        return "Nothing found."
    infos = count(findings, INFO)
    counts = [(count(findings, ERROR), "error"), (count(findings, WARNING), "warning")]
    counts += [(infos, "info")] if infos else []
    return f"{', '.join(_number(number, word) for number, word in counts)}."


def shown(file: str) -> str:
    """A path relative to the current folder, if it is below it."""
    below = os.path.join(os.path.realpath(os.getcwd()), "")
    return file.removeprefix(below)


def _paragraph(name: str, finding: Finding) -> str:
    heading = f"  {name}:{finding.line}: {finding.level} ({finding.rule})"
    return "\n".join([heading, _wrapped(finding.message), _wrapped(f"Fix: {finding.fix}")])


def _wrapped(text: str) -> str:
    return textwrap.fill(
        text,
        width=96,
        initial_indent="    ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _number(number: int, word: str) -> str:
    return f"{number} {word}" if number == 1 else f"{number} {word}s"
