"""Make ``import flask`` and every ``flask.<module>`` find Retort, in this process.

`install` puts one finder into ``sys.meta_path``. `tables.py` says what it finds: modules of
ours that *are* Flask's module of that name, so that a name replaced in one is replaced in the
other, and for every other module of Flask where each of its names lives here. `finder.py`
makes the modules, `names.py` gives what is in them Flask's module names, `children.py` lets
child processes have the alias too.

This package imports nothing of Retort's: it knows the rest by name.
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
    """The real Flask was imported before `install`; the message says by which module."""


def install() -> None:
    """Let ``import flask`` find Retort from now on; a second call does nothing.

    :raises AliasError: if the real Flask was imported before.

    ``importlib.metadata.version("flask")`` answers `FLASK_VERSION` where no Flask 3 is
    installed. Put ``import retort.as_flask; retort.as_flask.install()`` at the top of a
    program that is not started by ``retort`` or ``python -m retort``.

    Python processes that this one starts have the alias as well: the environment variable
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
    """`install`, if this process has been started to run Retort; nothing in any other.

    For tools that import Flask before the program begins, as ``opentelemetry-instrument``
    does: it calls this by the entry point in ``pyproject.toml``. The process runs Retort if
    its command is ``retort``, or names a file that imports ``retort.as_flask``: a server such
    as gunicorn with ``wsgi:app``.
    """
    if runs_retort(sys.orig_argv):
        install()


def is_installed() -> bool:
    """Whether ``import flask`` finds Retort in this process."""
    return FINDER in sys.meta_path
