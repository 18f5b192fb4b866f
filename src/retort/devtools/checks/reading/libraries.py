"""Whether a function of a library, whose source is not read, may read the request."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

from ....globals import request
from ..source import is_own


def may_read(called: Any) -> bool:
    """Whether a call that is not followed could read the request."""
    if issubclass(type(called), ModuleType):
        return False
    cls: type = called if issubclass(type(called), type) else type(called)
    if any(base.__module__.startswith(("wtforms", "flask_wtf")) for base in cls.__mro__):
        return True
    module = called if issubclass(type(called), Callable) else cls  # type: ignore[arg-type]
    name = getattr(module, "__module__", None) or ""
    if not isinstance(name, str) or name.partition(".")[0] in {"retort", "flask", "builtins"}:
        return False
    known = sys.modules.get(name)
    if not is_own(getattr(known, "__file__", None)):
        return any(value is request for value in vars(known).values()) if known else False
    return "request" in _text_of(cls)


@lru_cache(maxsize=1000)
def _text_of(cls: type) -> str:
    try:
        return inspect.getsource(cls)
    except (OSError, TypeError):
        return ""
