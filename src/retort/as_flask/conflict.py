"""Find the module that imported the real Flask too early."""

from __future__ import annotations

import sys
import types


def too_late(real: types.ModuleType) -> str:
    """The error message for a real Flask that is already imported.

    :param real: the imported module ``flask``.
    """
    place = getattr(real, "__file__", None) or "an unknown place"
    importer = _importer_of(real)
    by = f" by {importer}" if importer else ""
    return (
        f"The real Flask ({place}) was already imported{by}, so `import flask` cannot find"
        " Retort any more. Put `import retort.as_flask; retort.as_flask.install()` at the"
        " very top of the program, above every other import, or start it with"
        " `retort run` or `python -m retort`. If an agent imports Flask before the program"
        " begins, set RETORT_AS_FLASK=1 in the environment of the process."
    )


def _importer_of(real: types.ModuleType) -> str | None:
    """The first module that refers to Flask or one of its objects, with its file."""
    for name, module in list(sys.modules.items()):
        if name == "flask" or name.startswith("flask."):
            continue
        for value in list(getattr(module, "__dict__", {}).values()):
            if value is real or _is_of_flask(value):
                file = getattr(module, "__file__", None)
                return f"{name} ({file})" if file else name
    return None


def _is_of_flask(value: object) -> bool:
    """Whether ``value`` is a class or function defined in Flask."""
    if not isinstance(value, (type, types.FunctionType)):
        return False
    home = str(value.__module__)
    return home == "flask" or home.startswith("flask.")
