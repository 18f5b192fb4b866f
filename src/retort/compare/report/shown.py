"""Values as the reports show them: shortened, and without secrets."""

from __future__ import annotations

import re

from ..messages import NoResponse, Outcome, Response

_SECRET_FIELDS = frozenset({"authorization", "cookie", "set-cookie", "proxy-authorization"})
_SECRET_IN_BODY = re.compile(r"((?:pass|passw|password|pwd|token|secret)[\w-]*=)[^&\s'\"]*", re.I)
REMOVED = "(removed)"


def shortened(text: str, most: int) -> str:
    """``text`` in one line of at most ``most`` characters."""
    line = text.replace("\r", "\\r").replace("\n", "\\n").replace("\t", " ")
    return line if len(line) <= most else f"{line[: most - 3]}..."


def around_difference(left: str, right: str, most: int) -> tuple[str, str]:
    """Both texts, shortened so that the first difference is shown."""
    size = min(len(left), len(right))
    at = next((n for n in range(size) if left[n] != right[n]), size)
    start = max(0, at - most // 2) if max(len(left), len(right)) > most else 0
    mark = "..." if start else ""
    return shortened(mark + left[start:], most), shortened(mark + right[start:], most)


def field_text(name: str, value: str) -> str:
    """A header field, without the secrets that it may hold."""
    lowered = name.lower()
    if lowered == "set-cookie":
        pair, semicolon, attributes = value.partition(";")
        return f"{pair.partition('=')[0]}={REMOVED}{semicolon}{attributes}"
    return REMOVED if lowered in _SECRET_FIELDS else value


def without_secrets(text: str) -> str:
    """A request line or body without the values of fields such as ``password``."""
    return _SECRET_IN_BODY.sub(rf"\1{REMOVED}", text)


def outcome_text(outcome: Outcome, most_bytes: int) -> str:
    """A whole response as text."""
    if isinstance(outcome, NoResponse):
        return f"({outcome.detail})"
    lines = [f"HTTP/1.1 {outcome.status} {outcome.reason}"]
    lines += [f"{name}: {field_text(name, value)}" for name, value in outcome.fields]
    return "\n".join([*lines, "", body_text(outcome, most_bytes)])


def body_text(outcome: Response, most_bytes: int) -> str:
    """The body; of bytes that are no text, only the number."""
    body = outcome.body[:most_bytes]
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return f"({len(outcome.body):,} bytes)"
    if not all(one.isprintable() or one in "\r\n\t" for one in text):
        return f"({len(outcome.body):,} bytes)"
    rest = len(outcome.body) - len(body)
    return text + (f"\n... and {rest:,} more bytes" if rest else "")
