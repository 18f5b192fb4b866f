"""The name and source location of a function or class."""

from __future__ import annotations

import inspect
import os
import sys
from functools import partial
from typing import Any

from .blame import shown_path

_OUR_FOLDER = os.path.dirname(os.path.dirname(os.path.realpath(shown_path.__code__.co_filename)))


def name_of(thing: Any) -> str:
    """The name of a function or class; of another object, that of its class and ``()``.

    A coroutine function is marked with ``(async)``.
    """
    if isinstance(thing, partial):
        return f"partial({name_of(thing.func)})"
    name = getattr(thing, "__qualname__", None) or f"{type(thing).__qualname__}()"
    mark = " (async)" if inspect.iscoroutinefunction(thing) else ""
    return str(name).rpartition("<locals>.")[2] + mark


def place_of(thing: Any) -> str:
    """File and line of a function or class, as ``shop.py:12``; empty if unknown.

    For a decorated function with :func:`functools.wraps`, those of the innermost function that
    is not Retort's.
    """
    while isinstance(thing, partial):
        thing = thing.func
    if isinstance(thing, type):
        return _place_of_class(thing)
    if callable(thing):
        thing = inspect.unwrap(thing, stop=_wraps_ours)
    code = getattr(thing, "__code__", None)
    if code is None:  # an instance, perhaps with __call__
        return _place_of_class(type(thing))
    return f"{shown_path(code.co_filename)}:{code.co_firstlineno}"


def _wraps_ours(function: Any) -> bool:
    return is_ours(function.__wrapped__)


def _place_of_class(kind: type) -> str:
    try:
        file = inspect.getsourcefile(kind)
        _, line = inspect.getsourcelines(kind)
    except (OSError, TypeError):  # built in, or without sources
        return ""
    return f"{shown_path(file)}:{line}" if file else ""


def is_ours(thing: Any) -> bool:
    """Whether a function or class is defined in Retort."""
    if isinstance(thing, type):  # its module may have one of Flask's names
        file = getattr(sys.modules.get(thing.__module__), "__file__", None)
    else:
        thing = getattr(thing, "fget", None) or getattr(thing, "__func__", thing)
        file = getattr(getattr(thing, "__code__", None), "co_filename", None)
    return file is not None and os.path.realpath(file).startswith(_OUR_FOLDER + os.sep)
