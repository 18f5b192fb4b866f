"""Set the module names of classes and functions to those in Flask.

Programs and tools read them: pgAdmin exempts Flask's static views from its CSRF check by
name, agents name a transaction after ``flask.app:Flask...``, and a pickle holds the name of
the module. An object gets the name of a Flask module only if that module has it under the object's
own name, so that pickling works.
"""

from __future__ import annotations

import sys
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, cast

from .tables import HOMES, HOMES_OF_NAMES, SAME_SUBJECT, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator

_OURS_OF_WHOLE = {ours: name for name, ours in WHOLE.items()}

# A package keeps its name, which `from package import submodule` reads.
_NAMED_AS_A_MODULE = SAME_SUBJECT | {
    ours for ours in _OURS_OF_WHOLE if ours not in ("retort.cli", "retort.json", "retort.testing")
}


def take_flask_names(module: ModuleType, name: str) -> None:
    """Set the module names of the contents of ``module`` to the corresponding Flask module.

    :param module: completely imported, so that its contents can be compared.
    :param name: the module's name in Flask.
    """
    for source_name in _sources_of(name):
        source = sys.modules[source_name]
        for value in list(vars(source).values()):
            if _is_defined_in(source_name, value) and _provides(module, value):
                _rename(value, source_name, name)
        if source_name in _NAMED_AS_A_MODULE and _home_of(source_name) == name:
            # Functions that the module defines later, and its warnings, get Flask's name. The
            # import system reads `__spec__` and `__package__`, which are not changed.
            vars(source)["__name__"] = name


def _home_of(source: str, qualname: str | None = None) -> str | None:
    """The Flask module for definitions of Retort's module ``source``."""
    if qualname is not None and source in HOMES_OF_NAMES:
        home = HOMES_OF_NAMES[source].get(qualname)
        if home is not None:
            return home
    home = HOMES.get(source) or _OURS_OF_WHOLE.get(source)
    # The names of a package may be defined in the modules below it.
    return home or _OURS_OF_WHOLE.get(source.rpartition(".")[0])


def _sources_of(name: str) -> list[str]:
    """The loaded modules of Retort with definitions of the Flask module ``name``."""
    # Other threads may import modules in the meantime: `list` copies the names in one step.
    ours = [loaded for loaded in list(sys.modules) if loaded.startswith("retort.")]
    return [
        source
        for source in ours
        if _home_of(source) == name or name in HOMES_OF_NAMES.get(source, {}).values()
    ]


def _is_defined_in(module: str, value: object) -> bool:
    if not isinstance(value, (type, FunctionType)):
        return False
    return value.__module__ in (module, _home_of(module, value.__qualname__))


def _provides(module: ModuleType, value: Any) -> bool:
    return getattr(module, value.__qualname__, None) is value


def _rename(value: type | FunctionType, source: str, name: str) -> None:
    parts = [value]
    if isinstance(value, type):
        for attribute in list(vars(value).values()):
            parts += _functions_of(attribute)
    for part in parts:
        if _is_defined_in(source, part) and _home_of(source, part.__qualname__) == name:
            _set_module(part, name)


def _set_module(value: type | FunctionType, name: str) -> None:
    # In CPython 3.13, setting the module removes the line number, which `inspect.getsource` needs.
    line = vars(value).get("__firstlineno__")
    value.__module__ = name
    if line is not None:
        cast("Any", value).__firstlineno__ = line


def _functions_of(attribute: Any) -> Iterator[FunctionType]:
    """The functions of a class attribute: a method, a property's accessors."""
    if isinstance(attribute, (staticmethod, classmethod)):
        attribute = attribute.__func__
    if isinstance(attribute, property):
        parts: tuple[Any, ...] = (attribute.fget, attribute.fset, attribute.fdel)
    else:
        parts = (attribute, getattr(attribute, "func", None))  # cached_property has `func`
    yield from (part for part in parts if isinstance(part, FunctionType))
