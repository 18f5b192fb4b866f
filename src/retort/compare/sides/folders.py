"""Copies of the program's folder, one for each side."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import stat
import time
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
MAX_BYTES = 2_000_000_000
_ATTEMPTS = 4
_COARSE_NANOSECONDS = 50_000_000
_LOCK_SECONDS = 10.0
_SQLITE = b"SQLite format 3\0"
_BESIDE_SQLITE = ("-wal", "-shm", "-journal")


def program_folder(target: str | None) -> Path:
    """The folder to copy: the current one; that of the target's file if this lies elsewhere."""
    here = Path.cwd()
    folder = _folder_of(target)
    if folder is None or here in (folder, *folder.parents):
        return here
    while (folder / "__init__.py").is_file():
        folder = folder.parent
    return folder


def html_files(target: str | None) -> list[Path]:
    """HTML files in the program's folder and beside the target's file, which may hold forms."""
    folders = dict.fromkeys((program_folder(target), _folder_of(target) or Path.cwd()))
    return [file for folder in folders for file in sorted(folder.glob("*.html"))]


def _folder_of(target: str | None) -> Path | None:
    """Where the target's file or package lies; None for a module that is not a path."""
    path = Path((target or "").partition(":")[0] or ".")
    file = next((one for one in (path, Path(f"{path}.py")) if one.exists()), None)
    if file is None:
        return None
    return file.resolve() if file.is_dir() else file.resolve().parent


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


def copy_folder(source: Path, destination: Path, max_bytes: int = MAX_BYTES) -> list[str]:
    """Copy a program's folder; returns notes on what was left out.

    A copy of an SQLite database is complete, also while others write to it.
    Version control, virtual environments, caches, sockets and pipes are left out. Symbolic links
    inside of the folder remain links; those that lead out of it are copied as what they lead to.

    :raises CompareError: if the folder has more than ``max_bytes``.
    """
    copy = _Copy(source.resolve(), max_bytes)
    copy.folder(source, destination)
    return copy.notes


class _Copy:
    def __init__(self, root: Path, max_bytes: int) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self.notes: list[str] = []
        self.bytes = 0
        self._open: list[Path] = []  # the folders that are being copied

    def folder(self, source: Path, destination: Path) -> None:
        real = Path(os.path.realpath(source))
        if any(real in (one, *one.parents) for one in self._open):
            self.notes.append(f"{source} leads back to a folder around it, so it is not copied.")
            return
        self._open.append(real)
        self.content(source, destination)
        self._open.pop()
        with contextlib.suppress(OSError):
            times = source.stat()  # pages that list files show them
            os.utime(destination, ns=(times.st_atime_ns, times.st_mtime_ns))

    def content(self, source: Path, destination: Path) -> None:
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
        target = self.target_in_copy(source) if source.is_symlink() else None
        if target is not None:
            destination.symlink_to(target)
        elif source.is_dir():
            self.folder(source, destination)
        else:
            self.file(source, destination)

    def target_in_copy(self, link: Path) -> str | None:
        """What the copy of a link leads to; ``None`` if it leads out of the folder."""
        target = os.readlink(link)
        real, folder = Path(os.path.realpath(link)), Path(os.path.realpath(link.parent))
        if not all(self.root in (one, *one.parents) for one in (real, folder)):
            return None
        return os.path.relpath(real, folder) if os.path.isabs(target) else target

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
        if self.bytes > self.max_bytes:
            raise CompareError(
                f"{self.root} has more than {self.max_bytes / 1_000_000_000:g} GB, and each side"
                " gets a copy. Run the command in a copy of the program with less data."
            )


def is_environment(folder: Path) -> bool:
    """Whether a folder is a virtual environment."""
    return os.path.isfile(folder / "pyvenv.cfg")  # False if it cannot be read


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
    """Copy a database consistently, also while others write to it.

    SQLite may write files beside a database that it opens, so it opens the user's one only if that
    keeps changing, which shows that another process has it open anyway.
    """
    for _ in range(_ATTEMPTS):
        before = _state(source)
        _copy_parts(source, destination)
        # A write just before may have the same time stamp as one during the copy.
        if before == _state(source) and time.time_ns() - max(before) > _COARSE_NANOSECONDS:
            break
        time.sleep(_COARSE_NANOSECONDS / 1e9)
    else:
        for end in ("", *_BESIDE_SQLITE):
            _beside(destination, end).unlink(missing_ok=True)
        _backup(source, destination)
    with contextlib.closing(sqlite3.connect(destination)) as database:
        database.execute("PRAGMA schema_version").fetchone()  # applies the log


def _state(source: Path) -> list[int]:
    """What changes when a database is written to: the times and sizes of its files."""
    found = []
    for end in ("", "-wal", "-journal"):
        with contextlib.suppress(FileNotFoundError):
            details = _beside(source, end).stat()
            found += [details.st_mtime_ns, details.st_size]
    return found


def _copy_parts(source: Path, destination: Path) -> None:
    for end in ("", "-wal", "-journal"):  # SQLite makes a new -shm
        copied = _beside(destination, end)
        copied.unlink(missing_ok=True)
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(_beside(source, end), copied)


def _backup(source: Path, destination: Path) -> None:
    address = f"{source.absolute().as_uri()}?mode=ro"
    with (
        contextlib.closing(sqlite3.connect(address, uri=True, timeout=_LOCK_SECONDS)) as original,
        contextlib.closing(sqlite3.connect(destination)) as copy,
    ):
        original.backup(copy)


def _beside(file: Path, end: str) -> Path:
    return file.with_name(file.name + end)


def remove(folders: Iterable[Path]) -> None:
    """Remove copies, also files that the program has made read-only."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
