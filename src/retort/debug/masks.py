"""Show values without the secrets in them, going by their names.

A page about an error is copied into questions and screenshots, so what a name calls a
secret is not in it. A secret under another name is not found.
"""

from __future__ import annotations

import re
import reprlib
from itertools import islice
from typing import Any

MASK = "••••••"
LONGEST = 300  # letters of a value

_SECRET = (
    r"pass(?:word|wd|phrase|code)|pwd|secret|token|api_?key|private_?key"
    r"|authorization|authentication|credential|cookie|session|csrf|signature"
)
_SECRET_NAME = re.compile(rf"{_SECRET}|(?:^|[_\-. ])(?:key|pin|auth|pass|pw)(?:$|[_\-. ])", re.I)

# `password='x'`, `"token": "x"`, `Authorization: x` inside of a longer text.
_IN_TEXT = re.compile(
    rf"""(?P<name>[\w\-]*(?:{_SECRET})[\w\-]*['"]?\s*(?:[:=]|',|",)\s*)"""
    r"""(?P<value>b?'(?:[^'\\]|\\.)*'?|b?"(?:[^"\\]|\\.)*"?|[^\s,;&)}\]]+)""",
    re.I,
)


def is_secret(name: str) -> bool:
    """Whether a field, variable, header or key of this name holds what nobody else should see."""
    return _SECRET_NAME.search(name) is not None


def masked(name: str, text: str) -> str:
    """``text``, or a mask if ``name`` says that it is a secret; an empty text stays one."""
    return MASK if text and is_secret(name) else text


def shown(name: str, value: object) -> str:
    """A variable's value for a page: cut to `LONGEST`, without secrets. Never raises."""
    if is_secret(name) and value is not None and not isinstance(value, (bool, int)):
        return MASK
    text = _repr(value)
    # Masked before it is cut: half a secret is one too.
    return _cut(_IN_TEXT.sub(rf"\g<name>{MASK}", text))


def _repr(value: object) -> str:
    try:
        return _SHORT.repr(_without_secrets(value))
    except Exception as error:
        return f"<{type(value).__name__}: repr() raised {type(error).__name__}>"


def _without_secrets(value: object) -> object:
    """A dictionary with its secrets masked; anything else as it is."""
    if isinstance(value, dict) and type(value).__repr__ is dict.__repr__:
        return {key: _Masked if is_secret(str(key)) else part for key, part in value.items()}
    return value


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text)} letters)"


class _MaskedType:
    def __repr__(self) -> str:
        return MASK


_Masked: Any = _MaskedType()


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = LONGEST * 4
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = 30
        self.maxlevel = 5

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        """In the dictionary's own order; Python sorts it."""
        if level <= 0:
            return "{...}"
        shown = list(islice(x.items(), self.maxdict))
        pairs = [f"{self.repr1(k, level - 1)}: {self.repr1(v, level - 1)}" for k, v in shown]
        return f"{{{', '.join([*pairs, *['...'] * (len(x) > len(shown))])}}}"


_SHORT = _Short()
