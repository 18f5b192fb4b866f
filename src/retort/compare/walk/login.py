"""The options ``--login`` and ``--skip``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from ..messages import Request
from ..options import CompareError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..pages import Page
    from .values import Value

_LOGIN = re.compile(r"\s*(?P<method>GET|POST)\s+(?P<target>/\S*)(?:\s+(?P<fields>\S+))?\s*", re.I)


def check_patterns(patterns: Iterable[str]) -> None:
    """Check the values of ``--skip``.

    :raises CompareError: if one is no regular expression.
    """
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            raise CompareError(f"--skip {pattern!r} is no regular expression: {error}.") from None


def parse_login(text: str) -> tuple[Request, list[tuple[str, str]]]:
    """The request and the fields of ``POST /login name=ada&password=x``.

    :raises CompareError: if the text is not of this form.
    """
    found = _LOGIN.fullmatch(text)
    if found is None:
        raise CompareError(
            f"--login {text!r}: write the method, the path and the fields, such as"
            " 'POST /login name=ada&password=x'. The method is GET or POST."
        )
    fields = parse_qsl(found["fields"] or "", keep_blank_values=True)
    return Request(found["method"].upper(), found["target"]), fields


def login_fields(
    page: Page, method: str, given: list[tuple[str, str]]
) -> tuple[str, list[tuple[str, Value]]]:
    """The encoding and the fields: the given ones, and the hidden ones of their form.

    Their form is the one that has most of the given names.
    """
    forms = [one for one in page.forms if one.method == method]
    names = {name for name, _ in given}
    form = max(forms, key=lambda one: len(names & {c.name for c in one.controls}), default=None)
    if form is None:
        return "", list(given)
    hidden = [c for c in form.controls if c.is_hidden and c.name and c.name not in names]
    return form.encoding, [*((c.name, c.value) for c in hidden), *given]
