"""Links that open a line of source in the editor, by the variable ``RETORT_EDITOR``.

Its value is the address of the editor with placeholders: ``vscode://file/{path}:{line}``. The
address has the path of a file, so pages have links only for browsers on this machine.
"""

from __future__ import annotations

import os
import re
from urllib.parse import quote

VARIABLE = "RETORT_EDITOR"
EXAMPLE = "vscode://file/{path}:{line}"

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*:[^\s{}\"'<>\\]+", re.I)
_RUNS_CODE = frozenset({"javascript", "data", "vbscript"})


def problem_of(address: str) -> str | None:
    """Why the value of ``RETORT_EDITOR`` cannot be used; ``None`` if it can, or is empty."""
    if not address:
        return None
    if "{path}" not in address:
        return "it has no {path}"
    plain = address.replace("{path}", "path").replace("{line}", "1")
    if "{" in plain or "}" in plain:
        return "it has braces other than those of {path} and {line}"
    if not _ADDRESS.fullmatch(plain):
        return "it is not an address such as scheme://..."
    scheme = address.partition(":")[0].lower()
    return f"the scheme {scheme} is not allowed" if scheme in _RUNS_CODE else None


def editor_address() -> str:
    """The value of ``RETORT_EDITOR``; empty if it is not set or cannot be used."""
    address = os.environ.get(VARIABLE, "")
    return "" if problem_of(address) else address


def link(address: str, path: str, line: int) -> str:
    """The address that opens a file at a line; empty if there is no such file.

    >>> link("", "shop.py", 7)
    ''
    """
    if not address or not os.path.isfile(path):
        return ""
    full = os.path.abspath(path).replace(os.sep, "/")
    return address.replace("{line}", str(line)).replace("{path}", quote(os.fsencode(full), "/:"))
