"""Make ``import flask`` and every ``flask.<module>`` find Retort, in this process.

`install` adds one finder to ``sys.meta_path``. `tables.py` lists what it finds: modules of Retort
that *are* Flask's module of that name, so that monkeypatching one patches the other, and for every
other module of Flask the location of each of its names in Retort. `finder.py` creates the modules,
`names.py` sets Flask's module names on their contents, `children.py` extends the alias to child
processes.

This package imports nothing else of Retort; the tables refer to it by name.
"""

from __future__ import annotations

import sys

from . import children
from .command_line import runs_retort
from .conflict import too_late
from .finder import AliasModule, Finder, position_in_meta_path
from .tables import FLASK_VERSION as FLASK_VERSION

FINDER = Finder()


class AliasError(RuntimeError):
    """The real Flask was imported before `install`; the message names the importing module."""


def install() -> None:
    """Make ``import flask`` find Retort; a second call does nothing.

    :raises AliasError: if the real Flask was imported before.

    ``importlib.metadata.version("flask")`` returns `FLASK_VERSION` if no Flask 3 is
    installed. Put ``import retort.as_flask; retort.as_flask.install()`` at the top of a
    program that is not started by ``retort`` or ``python -m retort``.

    The alias also applies to Python child processes: the environment variable
    ``RETORT_AS_FLASK`` is set for them. Without it (``env={}``), in another environment, or
    with ``python -S``, a child process imports the Flask that is installed.
    """
    if is_installed():
        return
    real = sys.modules.get("flask")
    if real is not None and not isinstance(real, AliasModule):
        raise AliasError(too_late(real))
    sys.meta_path.insert(position_in_meta_path(), FINDER)
    children.include_children()


def install_ahead() -> None:
    """Call `install` if this process was started to run Retort.

    For tools that import Flask before the program starts, such as ``opentelemetry-instrument``,
    which calls this through the entry point in ``pyproject.toml``. The process runs Retort if
    its command is ``retort``, or names a file that imports ``retort.as_flask``: a server such
    as gunicorn with ``wsgi:app``.
    """
    if runs_retort(sys.orig_argv):
        install()


def is_installed() -> bool:
    """Whether ``import flask`` finds Retort in this process."""
    return FINDER in sys.meta_path
