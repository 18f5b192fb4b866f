"""Remove secrets from what the reports show: a report may leave the machine.

`devtools.redaction` recognises secrets by name and by form. This module says where in a comparison
they can be. Values of cookies are secrets whatever their name: the copies of the program have its
secret key, so that a session of theirs is valid for the program itself, too.
"""

from __future__ import annotations

import dataclasses
import re
import shlex
from typing import TYPE_CHECKING

from ...devtools.redaction import REDACTED, is_secret, redact

if TYPE_CHECKING:
    from ..results import Comparison, Difference, Finding, SuiteResult

_COOKIE_FIELDS = frozenset({"cookie", "set-cookie"})
_FIELD_IN_CURL = re.compile(r"""-H '([^':]+): ((?:[^']|'"'"')*)'""")
_BODY_REMOVED = rf" --data-\1 {REDACTED}"
_BODY_IN_CURL = re.compile(r" --data-(\w+) .*(?= \S+$)", re.DOTALL)
# In a page, "Password:" is a label: only name=value and "name": "value" are secrets.
_NAME = r"(?:passw|pwd|secret|token|api_?key)[\w-]{0,40}"
_PAIR = re.compile(rf"({_NAME}=)[^&\s'\"<>]+", re.IGNORECASE)
_MEMBER = re.compile(
    rf"""({_NAME}"\s{{0,9}}:\s{{0,9}})(?:"(?:[^"\\]|\\.)*"?|[^\s,"}}\]]+)""", re.IGNORECASE
)


def without_secrets(comparison: Comparison) -> Comparison:
    """A copy without secrets. Its steps keep them: see `field_value` and `body_without_secrets`."""
    return dataclasses.replace(
        comparison,
        target=redact(comparison.target),
        findings=[_finding(one) for one in comparison.findings],
        not_compared={number: redact(reason) for number, reason in comparison.not_compared.items()},
        baseline=[redact(one) for one in comparison.baseline],
        refused_connections=[redact(one) for one in comparison.refused_connections],
        notes=[redact(one) for one in comparison.notes],
        suite=None if comparison.suite is None else _suite(comparison.suite),
        why_not=None if comparison.why_not is None else redact(comparison.why_not),
    )


def field_value(name: str, value: str) -> str:
    """The value of a header field without secrets; of a cookie, its name and attributes remain."""
    lowered = name.lower()
    if lowered == "set-cookie":
        pair, semicolon, attributes = value.partition(";")
        key, _, content = pair.partition("=")
        return f"{key}={REDACTED if content else ''}{semicolon}{attributes}"
    return REDACTED if _is_secret_field(lowered) and value else redact(value)


def _is_secret_field(name: str) -> bool:
    # "Access-Control-Allow-Credentials: true" permits them, and has none.
    return name in _COOKIE_FIELDS or (is_secret(name) and not name.startswith("access-control-"))


def body_without_secrets(text: str, content_type: str) -> str:
    """A body without secrets: the values of named ones in data, and ``name=value`` in pages."""
    return _page(text) if "html" in content_type.lower() else redact(text)


def _page(text: str) -> str:
    text = _MEMBER.sub(rf'\1"{REDACTED}"', _PAIR.sub(rf"\1{REDACTED}", text))
    return redact(text, by_name=False)


def _finding(finding: Finding) -> Finding:
    return dataclasses.replace(
        finding,
        title=redact(finding.title),
        curl=_curl(finding.curl),
        differences=[_difference(one) for one in finding.differences],
        tracebacks={name: redact(text) for name, text in finding.tracebacks.items()},
    )


def _curl(line: str) -> str:
    def field(match: re.Match[str]) -> str:
        return f"-H '{match[1]}: {field_value(match[1], match[2])}'"

    shown = _page(_FIELD_IN_CURL.sub(field, line))
    # A secret with quotation marks may end within what the shell takes for one word.
    return shown if _words(shown) == _words(line) else _BODY_IN_CURL.sub(_BODY_REMOVED, shown)


def _words(line: str) -> int:
    """The number of words that the shell sees; -1 if a quotation does not end."""
    try:
        return len(shlex.split(line))
    except ValueError:
        return -1


def _difference(one: Difference) -> Difference:
    left, right = (None if value is None else _value(one, value) for value in (one.left, one.right))
    return dataclasses.replace(one, left=left, right=right)


def _value(one: Difference, value: str) -> str:
    if _is_secret_place(one):
        return f"{REDACTED} ({len(value)} characters)" if value else value
    return _page(value) if one.part == "body" else redact(value)


def _is_secret_place(one: Difference) -> bool:
    """Whether the value at this place is a secret, whatever it is.

    A cookie's place is ``name``, ``name; attribute``, or for a session ``name: key``.
    """
    if one.part == "header":
        return _is_secret_field(one.place.lower())
    if one.part == "cookie":
        _, colon, key = one.place.partition(": ")
        return is_secret(key) if colon else ";" not in one.place
    return one.part == "body" and one.place.startswith("/") and is_secret(one.place)


def _suite(suite: SuiteResult) -> SuiteResult:
    return dataclasses.replace(
        suite,
        command=[redact(one) for one in suite.command],
        texts={name: redact(text) for name, text in suite.texts.items()},
    )
