"""Check the functions that a program registers for the start and the end of serving.

`setup.py` and `blueprint.py` register them, and `lifecycle/serving.py` calls them.
"""

from __future__ import annotations

import inspect
import typing as t

from .tracebacks import where


def check_serving_function(decorator: str, f: t.Any) -> None:
    """Check an argument of ``before_serving`` or ``after_serving``.

    :param decorator: its name.
    :raises TypeError: if it is a generator function, or cannot be called.
    """
    if _makes_generator(f):
        raise TypeError(
            f"@{decorator} was applied to the generator function {where(f)}, whose body would never"
            " run. Use @while_serving for a function with a yield."
        )
    if not callable(f):
        raise TypeError(
            f"@{decorator} was applied to {f!r}, which is no function. Write @app.{decorator}"
            " without parentheses, above a function without parameters."
        )


def check_serving_generator(f: t.Any, decorator: str = "while_serving") -> None:
    """Check an argument of ``while_serving``.

    :param decorator: its name.
    :raises TypeError: if it is no generator function.
    """
    if _makes_generator(f):
        return
    if not callable(f):
        raise TypeError(
            f"@{decorator} was applied to {f!r}, which is no function. Write @app.{decorator}"
            " without parentheses, above a generator function without parameters."
        )
    hint = "Write a yield where the application serves."
    if _makes_generator(inspect.unwrap(f)):
        hint = "Remove the other decorator of it, such as @asynccontextmanager."
    raise TypeError(
        f"@{decorator} was applied to {where(f)}, which is no generator function. {hint}"
    )


def _makes_generator(f: t.Any) -> bool:
    return inspect.isgeneratorfunction(f) or inspect.isasyncgenfunction(f)
