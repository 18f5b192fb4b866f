"""Copies of the program's folder, one for each side."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from ..options import CompareError

if TYPE_CHECKING:
    from collections.abc import Iterable

# Not needed to run the program, large, or bound to their place.
_LEFT_OUT = frozenset(
    {".git", ".hg", ".svn", ".tox", ".nox", ".venv", "venv", "node_modules", "__pycache__"}
    | {".mypy_cache", ".pytest_cache", ".ruff_cache", ".hypothesis"}
)
_MAX_BYTES = 2_000_000_000
_SQLITE = b"SQLite format 3\0"
_BESIDE_SQLITE = ("-wal", "-shm", "-journal")


def program_folder(target: str | None) -> Path:
    """The folder to copy: the current one; that of the target's file if this lies elsewhere."""
    here = Path.cwd()
    path = Path((target or "").partition(":")[0] or ".")
    file = next((one for one in (path, Path(f"{path}.py")) if one.exists()), None)
    if file is None or here in (file.resolve(), *file.resolve().parents):
        return here
    folder = file.resolve() if file.is_dir() else file.resolve().parent
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def search_path(source: Path, destination: Path, entries: Iterable[str]) -> list[str]:
    """The entries of ``sys.path`` that lie in the program's folder, in its copy.

    An editable installation leads to the folder itself, and the copy must precede it.
    """
    found = [destination]
    for entry in [str(source / "src"), *entries]:
        path = Path(entry).resolve()
        if entry and path.is_dir() and source in path.parents:
            found.append(destination / path.relative_to(source))
    return list(dict.fromkeys(map(str, found)))


def copy_folder(source: Path, destination: Path) -> list[str]:
    """Copy a program's folder; returns notes on what was left out.

    SQLite databases are copied by SQLite, so that a copy is complete while others write to them.
    Version control, virtual environments and caches are left out. Symbolic links remain links
    inside of the folder; those that lead out of it are copied as what they lead to.

    :raises CompareError: if the folder has more than 2 GB.
    """
    copy = _Copy(source.resolve())
    copy.folder(source, destination)
    return copy.notes


class _Copy:
    def __init__(self, root: Path) -> None:
        self.root = root
        self.notes: list[str] = []
        self.bytes = 0

    def folder(self, source: Path, destination: Path) -> None:
        destination.mkdir(parents=True, exist_ok=True)
        try:
            entries = sorted(os.scandir(source), key=lambda entry: entry.name)
        except OSError as error:
            self.notes.append(f"{source} cannot be read ({error.strerror}), so it is not copied.")
            return
        for entry in entries:
            if entry.name not in _LEFT_OUT and not is_environment(Path(entry.path)):
                self.entry(Path(entry.path), destination / entry.name)

    def entry(self, source: Path, destination: Path) -> None:
        if source.is_symlink() and self.leads_inside(source):
            destination.symlink_to(os.readlink(source))
        elif source.is_dir():
            if not source.is_symlink() or self.root not in source.resolve().parents:
                self.folder(source, destination)
        else:
            self.file(source, destination)

    def leads_inside(self, link: Path) -> bool:
        """Whether the copy of a relative link leads to the copy of what it leads to."""
        target = os.readlink(link)
        return not os.path.isabs(target) and self.root in link.resolve().parents

    def file(self, source: Path, destination: Path) -> None:
        try:
            details = source.stat()
            if not stat.S_ISREG(details.st_mode):
                return  # a socket, a pipe or a device
            self.add(details.st_size)
            if _is_part_of_sqlite(source):
                return  # its content comes with the database
            if _is_sqlite(source):
                _copy_sqlite(source, destination)
            else:
                shutil.copy2(source, destination)
        except (OSError, sqlite3.Error) as error:
            self.notes.append(f"{source} cannot be copied: {error}.")

    def add(self, size: int) -> None:
        self.bytes += size
        if self.bytes > _MAX_BYTES:
            raise CompareError(
                f"{self.root} has more than {_MAX_BYTES // 1_000_000_000} GB, and each side gets a"
                " copy. Run the command in a copy of the program with less data."
            )


def is_environment(folder: Path) -> bool:
    """Whether a folder is a virtual environment."""
    return (folder / "pyvenv.cfg").is_file()


def _is_sqlite(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(len(_SQLITE)) == _SQLITE


def _is_part_of_sqlite(file: Path) -> bool:
    return any(
        file.name.endswith(end) and _is_file_of_sqlite(file.with_name(file.name[: -len(end)]))
        for end in _BESIDE_SQLITE
    )


def _is_file_of_sqlite(file: Path) -> bool:
    return file.is_file() and _is_sqlite(file)


def _copy_sqlite(source: Path, destination: Path) -> None:
    """Copy a database consistently.

    It is opened for reading only. Beside a database in WAL mode SQLite would write a file, so then
    the files are copied first.
    """
    parts = [source, *(_beside(source, end) for end in _BESIDE_SQLITE)]
    for part in parts:
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(part, destination.with_name(part.name))
    with contextlib.closing(sqlite3.connect(destination)) as database:
        database.execute("PRAGMA schema_version").fetchone()  # applies the log


def _beside(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)


def remove(folders: Iterable[Path]) -> None:
    """Remove copies, also files that the program has made read-only."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
