"""Views that call other functions: which coroutine function such a view would call for a method.

A class-based view and a view by method are plain functions, as in Flask, so that decorators get
their responses. Where no decorator is around one, its coroutine function can be awaited in its
place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    # The coroutine function for a request method; ``None``: the view does not call one.
    Find = Callable[[str], Callable[..., Any] | None]


def set_awaited(view: Any, find: Find) -> None:
    """Store how to find the coroutine function that ``view`` calls."""
    view.awaited = (view, find)


def find_awaited(view: Any, method: str) -> Callable[..., Any] | None:
    """The coroutine function that ``view`` calls for a request method, if there is one."""
    own, find = getattr(view, "awaited", (None, None))
    # `functools.wraps` copies the attribute to the function of a decorator.
    return None if own is not view or find is None else find(method)
