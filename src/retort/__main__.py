"""``python -m retort``: run a program, a module or a line of code with the alias in place.

``python -m retort login.py``, ``-m pytest`` and ``-c "..."`` do what ``python`` does with the same
arguments, except that ``import flask`` finds Retort. ``python -m retort tool`` runs a folder or zip
file with a ``__main__.py``. All other arguments go to `retort.cli`.
"""

from __future__ import annotations

import builtins
import importlib.machinery
import importlib.metadata
import io
import os
import runpy
import sys
import types
import zipfile
from typing import Any

from .as_flask import AliasError, install
from .as_flask.children import why_children_are_left_out

# Of `retort.cli`, which is not imported before a program runs.
COMMANDS = frozenset({"check", "compare", "deploy", "openapi", "reload", "routes", "run", "shell"})


def main() -> None:
    """Run the program or command named by the process arguments."""
    args = sys.argv[1:]
    if args[:1] == ["-c"] and len(args) > 1:
        run_code(args[1], args[2:])
    elif args[:1] == ["-m"] and len(args) > 1:
        run_module(args[1], args[2:])
    elif args and _is_program(args[0]):
        run_script(args[0], args[1:])
    else:
        from .cli import main as run_command_line

        run_command_line()


def run_code(source: str, args: list[str]) -> None:
    """Run ``python -c source args``."""
    _install_alias()
    sys.argv[:] = ["-c", *args]
    module = _new_main()
    exec(compile(source, "<string>", "exec", dont_inherit=True), module.__dict__)


def run_module(name: str, args: list[str]) -> None:
    """Run ``python -m name args``."""
    _install_alias()
    sys.argv[:] = [name, *args]  # runpy replaces the name by the file's path
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def run_script(path: str, args: list[str]) -> None:
    """Run ``python path args``; ``path`` may also be a folder or zip file with a program."""
    _install_alias()
    sys.argv[:] = [path, *args]
    file = os.path.abspath(path)
    if os.path.isdir(file) or zipfile.is_zipfile(file):
        _run_folder(path)
        return
    _put_first(os.path.dirname(os.path.realpath(path)))
    source = _read(file)
    code: Any
    if file.endswith(".pyc"):
        compiled = importlib.machinery.SourcelessFileLoader("__main__", file)
        module = _new_main(__file__=file, __loader__=compiled, __cached__=None)
        code = compiled.get_code("__main__")
    else:
        loader = importlib.machinery.SourceFileLoader("__main__", file)
        module = _new_main(__file__=file, __loader__=loader, __cached__=None)
        code = compile(source, file, "exec", dont_inherit=True)
    exec(code, module.__dict__)


def _run_folder(path: str) -> None:
    """Run the ``__main__`` module of a folder or zip file, which is the first of ``sys.path``."""
    folder = os.path.join(os.getcwd(), path)  # as Python writes it: not normalized
    spec = importlib.machinery.PathFinder.find_spec("__main__", [folder])
    loader: Any = spec and spec.loader
    if spec is None or loader is None:
        sys.exit(f"{sys.executable}: can't find '__main__' module in {folder!r}")
    _put_first(folder, in_safe_mode=True)
    module = _new_main(
        __file__=spec.origin, __loader__=loader, __spec__=spec, __cached__=spec.cached
    )
    module.__package__ = spec.parent
    exec(loader.get_code("__main__"), module.__dict__)


def _put_first(folder: str, *, in_safe_mode: bool = False) -> None:
    """Replace the first entry of ``sys.path``, which ``python -m`` sets to the current folder.

    In Python's safe mode (``-P``, ``-I``) there is no such entry.

    :param in_safe_mode: add the folder then as well.
    """
    if not getattr(sys.flags, "safe_path", sys.flags.isolated):
        sys.path[0] = folder
    elif in_safe_mode:
        sys.path.insert(0, folder)


def _is_program(word: str) -> bool:
    """Whether ``word`` is a program to run, not a command of Retort or of an extension."""
    if word.startswith("-"):
        return False
    if word.endswith((".py", ".pyw", ".pyc")) or os.sep in word:
        return True
    return _has_main(word) and word not in COMMANDS and word not in _commands_of_extensions()


def _has_main(path: str) -> bool:
    """Whether a path is a zip file, or a folder with a ``__main__`` module."""
    names = ("__main__.py", "__main__.pyc")
    return zipfile.is_zipfile(path) or any(os.path.isfile(os.path.join(path, n)) for n in names)


def _commands_of_extensions() -> frozenset[str]:
    return frozenset(importlib.metadata.entry_points(group="flask.commands").names)


def _new_main(**names: Any) -> types.ModuleType:
    """Create the ``__main__`` module of the program, as Python does for a script.

    It is never removed: threads and exit handlers may run after the last line.
    """
    module = types.ModuleType("__main__")
    module.__dict__.update(names, __package__=None, __builtins__=builtins)
    sys.modules["__main__"] = module
    sys.excepthook = _show_from_the_program_on
    return module


def _read(path: str) -> bytes:
    try:
        with io.open_code(path) as file:
            return file.read()
    except OSError as error:
        sys.stderr.write(
            f"Error: cannot open {path}: {error.strerror}. Pass the path of the program as"
            f" seen from {os.getcwd()}.\n"
        )
        sys.exit(2)  # the exit status of `python` for a missing file


def _show_from_the_program_on(
    kind: type[BaseException], error: BaseException, trace: types.TracebackType | None
) -> None:
    """Print an exception without the frames that only started the program."""
    program = sys.modules["__main__"].__dict__
    while trace is not None and trace.tb_frame.f_globals is not program:
        trace = trace.tb_next
    sys.__excepthook__(kind, error.with_traceback(trace), trace)


def _install_alias() -> None:
    try:
        install()
    except AliasError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(1)
    reason = why_children_are_left_out()
    if (
        reason is not None and os.environ.get("WERKZEUG_RUN_MAIN") != "true"
    ):  # else printed by the parent
        sys.stderr.write(f" * {reason}\n")


if __name__ == "__main__":
    main()
