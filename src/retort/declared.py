"""Declared inputs: how a view gets the function that reads its inputs first.

`extensions/inputs` sets that function when a program imports it. Until then, views are called as
they are, and nothing else of it is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from .extensions.inputs.binding import Inputs

    Bind = Callable[[Callable[..., Any]], Callable[..., Any]]
    Check = Callable[[str, Collection[str] | None, Callable[..., Any], set[str]], None]
    Find = Callable[[Callable[..., Any]], Inputs | None]

_bind: Bind | None = None
_check: Check | None = None
_find: Find | None = None


def set_binder(bind: Bind, check: Check, find: Find) -> None:
    """Set the functions of `extensions/inputs`.

    :param bind: the function to call in the place of a view.
    :param check: raises a `SetupError` if a view cannot be registered for a rule and methods.
    :param find: the declared inputs of a view.
    """
    global _bind, _check, _find
    _bind, _check, _find = bind, check, find


def bound(view: Callable[..., Any]) -> Callable[..., Any]:
    """The function to call for a view: reads its declared inputs, if it has any."""
    return view if _bind is None else _bind(view)


def check_route(
    rule: str, variables: Collection[str] | None, view: Callable[..., Any], methods: set[str]
) -> None:
    """Check the declared inputs of a view that is registered for a rule.

    :param variables: those of the whole rule; ``None`` if it is not known yet.
    :raises SetupError: if the inputs do not fit the rule.
    """
    if _check is not None:
        _check(rule, variables, view, methods)


def inputs_in(view: Callable[..., Any]) -> Inputs | None:
    """The declared inputs of a view, also those that ``@inputs`` reads further inside.

    For tools that describe a program: it loads nothing, and a program without markers has none.

    :raises SetupError: if a declaration is not valid.
    """
    return None if _find is None else _find(view)
