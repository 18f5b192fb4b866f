"""Find the applications near the current folder, for the message when a target does not exist.

The files are read, not imported. So an application is found only where its source shows it: a
variable of the module that is set to ``Flask(...)``, or a factory that contains such a call.
"""

from __future__ import annotations

import ast
import difflib
import shlex
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

USUAL_NAMES = ("app", "application")  # the names that need not be given
USUAL_FACTORIES = ("create_app", "make_app")

_CLASSES = ("Flask", "Retort")
_FRAMEWORKS = ("flask", "retort")
_NO_PROGRAMS = frozenset({*_FRAMEWORKS, "__main__", "conftest", "setup"})
_NO_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "test", "tests"})
_MAX_FILES = 200
_MAX_BYTES = 1_000_000
_MAX_SHOWN = 5


def hint(wanted: str | None = None) -> str:
    """The sentences about applications nearby, each after a space; empty if there are none.

    :param wanted: the name of a file or module that does not exist, for a similar name.
    """
    targets = visible_targets()
    similar = _similar(wanted, [*targets, *_files_here()]) if wanted else None
    others = [target for target in targets if target != similar]
    first = f" Did you mean {similar}?" if similar else ""
    if not others:
        return first
    shown = ", ".join(others[:_MAX_SHOWN])
    rest = f" and {len(others) - _MAX_SHOWN} more" if len(others) > _MAX_SHOWN else ""
    return f"{first} {'Other applications' if first else 'Applications'} here: {shown}{rest}."


def visible_targets() -> list[str]:
    """What can be passed as ``TARGET`` in the current folder and the folders in it."""
    here = Path()
    folders = [here, *sorted(folder for folder in _entries(here) if _may_have_programs(folder))]
    files = [file for folder in folders for file in sorted(_entries(folder)) if _is_source(file)]
    return [target for file in files[:_MAX_FILES] for target in _targets_of(file)]


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:  # not a folder, or not readable
        return []


def _may_have_programs(folder: Path) -> bool:
    if folder.name.startswith(".") or folder.name in _NO_FOLDERS:
        return False
    return folder.is_dir() and not (folder / "pyvenv.cfg").exists()  # a virtual environment


def _is_source(file: Path) -> bool:
    stem = file.stem
    if file.suffix != ".py" or stem in _NO_PROGRAMS:
        return False
    return not stem.startswith("test_") and not stem.endswith("_test") and file.is_file()


def _targets_of(file: Path) -> Iterator[str]:
    """The targets for the applications of a file; without a name where none is needed."""
    names = _names_in(_parsed(file))
    path = str(file.parent if file.name == "__init__.py" else file)
    if path == ".":  # the __init__.py of the current folder
        path = str(file)
    needs_no_name = len(names) == 1 and not names[0].endswith("(...)")
    if needs_no_name or any(name in USUAL_NAMES for name in names):
        yield path
    else:
        yield from (shlex.quote(f"{path}:{name}") for name in names)


def _parsed(file: Path) -> list[ast.stmt]:
    """The statements of a module; none if it has no application or is not valid."""
    try:
        if file.stat().st_size > _MAX_BYTES:
            return []
        source = file.read_bytes()
        if not any(name.encode() in source for name in _CLASSES):
            return []
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the source, such as invalid escapes
            return ast.parse(source).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _names_in(statements: Iterable[ast.stmt]) -> list[str]:
    """The variables with an application; else a usual factory, with its brackets."""
    classes: set[str] = set()  # as they are written: Flask, flask.Flask
    apps: dict[str, None] = {}  # in order
    factories: list[str] = []
    for statement in statements:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            classes.update(_imported_classes(statement))
        elif isinstance(statement, ast.ClassDef):
            if any(ast.unparse(base) in classes for base in statement.bases):
                classes.add(statement.name)
        elif isinstance(statement, (ast.Assign, ast.AnnAssign)):
            if _makes_application(statement.value, classes):
                apps.update(dict.fromkeys(_variables(statement)))
        elif isinstance(statement, ast.FunctionDef) and statement.name in USUAL_FACTORIES:
            nodes = ast.walk(statement)
            local = {name for node in nodes for name in _imported_classes(node)}
            if any(_makes_application(node, classes | local) for node in ast.walk(statement)):
                factories.append(
                    f"{statement.name}({'...' if _needs_arguments(statement) else ''})"
                )
    return list(apps) or factories[:1]


def _imported_classes(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ImportFrom) and node.module in _FRAMEWORKS and not node.level:
        for alias in node.names:
            if alias.name in _CLASSES:
                yield alias.asname or alias.name
    elif isinstance(node, ast.Import):
        for alias in node.names:
            if alias.name in _FRAMEWORKS:
                yield from (f"{alias.asname or alias.name}.{name}" for name in _CLASSES)


def _makes_application(node: ast.AST | None, classes: set[str]) -> bool:
    return isinstance(node, ast.Call) and ast.unparse(node.func) in classes


def _variables(statement: ast.Assign | ast.AnnAssign) -> list[str]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _needs_arguments(factory: ast.FunctionDef) -> bool:
    arguments = factory.args
    positional = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)
    return positional > 0 or None in arguments.kw_defaults


def _files_here() -> list[str]:
    return sorted(file.name for file in _entries(Path()) if file.suffix == ".py")


def _similar(wanted: str, targets: Iterable[str]) -> str | None:
    """The target whose file has the name that is most similar to ``wanted``."""
    by_name: dict[str, str] = {}
    for target in targets:
        by_name.setdefault(Path(target.strip("'").partition(":")[0]).stem.lower(), target)
    name = wanted.rpartition(".")[2].lower()
    close = difflib.get_close_matches(name, list(by_name), n=1)
    return by_name[close[0]] if close else None
