"""Detect changed source files of the running program.

The watcher runs in a thread of the serving process, because only that process has the list
of imported modules. It watches the folders of these modules, not their subfolders (a home folder
can be large), and calls one callback once. `reloaded.py` provides the callback.
"""

from __future__ import annotations

import os
import site
import sys
import threading
import time
from fnmatch import fnmatch
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_RESCAN_MS = 500
_SETTLE_MS = 50  # editors write a file in several steps


class Watcher:
    """Calls ``on_change`` from its own thread, with the path of the first changed file.

    :param on_idle: called about twice a second until then.
    """

    def __init__(
        self, on_change: Callable[[str], None], on_idle: Callable[[], None] = lambda: None
    ) -> None:
        self.on_change = on_change
        self.on_idle = on_idle
        self.extra_files: set[str] = set()
        self.exclude_patterns: set[str] = set()
        self.polls = False
        self.watches_all_sources = False
        self.started_at = time.time()
        self._stamps: dict[str, float] = {}

    def start(self) -> None:
        threading.Thread(target=self._run, name="retort reloader", daemon=True).start()

    def add(
        self,
        extra_files: Iterable[str] = (),
        exclude_patterns: Iterable[str] = (),
        *,
        polls: bool = False,
    ) -> None:
        """Watch more files than the imported modules; a folder stands for all files in it.

        :param polls: poll instead of using system events, for network drives.
        """
        for path in extra_files:
            self.extra_files.update(_files_in(os.path.realpath(path)))
        self.exclude_patterns.update(exclude_patterns)
        self.polls = self.polls or polls

    def files(self) -> set[str]:
        """The watched files."""
        candidates = self.extra_files | loaded_sources()
        return {path for path in candidates if not self._is_excluded(path)}

    def folders(self) -> set[str]:
        """The watched folders: those of `files`, and those on `sys.path`."""
        found = {os.path.dirname(path) for path in self.files()}
        found.update(os.path.realpath(entry) for entry in sys.path if not is_library(entry))
        return {folder for folder in found if os.path.isdir(folder)}

    def _is_excluded(self, path: str) -> bool:
        return any(fnmatch(path, pattern) for pattern in self.exclude_patterns)

    def _run(self) -> None:
        changed = None
        while changed is None:
            changed = self._watch(self.folders())
        self.on_change(changed)

    def _watch(self, folders: set[str]) -> str | None:
        """The changed file; ``None`` when the set of watched folders has changed."""
        import watchfiles

        polls = self.polls
        for changes in watchfiles.watch(
            *folders,
            watch_filter=None,
            recursive=False,
            step=_SETTLE_MS,
            debounce=4 * _SETTLE_MS,
            rust_timeout=_RESCAN_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=True if polls else None,
            ignore_permission_denied=True,
        ):
            self.on_idle()
            counted = self._first_watched(path for _, path in changes) or self._find_missed_change()
            if counted is not None:
                return counted
            if self.polls != polls or self.folders() != folders:
                return None
        return None

    def _find_missed_change(self) -> str | None:
        """A file that changed without an event, before its folder was watched."""
        for path in sorted(self._watched_files()):
            stamp = _changed_at(path)
            if path in self._stamps:
                is_changed = stamp != self._stamps[path] and stamp > 0  # 0: being replaced
            else:  # newly imported; a later time than now comes from another machine's clock
                is_changed = self.started_at < stamp <= time.time()
                self._stamps[path] = stamp
            if is_changed:
                return path
        return None

    def _watched_files(self) -> set[str]:
        files = self.files()
        if self.watches_all_sources:
            for folder in self.folders():
                files.update(_sources_in(folder))
        return files

    def _first_watched(self, paths: Iterable[str]) -> str | None:
        resolved = sorted({os.path.realpath(path) for path in paths})
        if not resolved:
            return None
        files = self.files()
        for path in resolved:
            if path in files or (self.watches_all_sources and path.endswith(".py")):
                return path
        return None


def loaded_sources() -> set[str]:
    """The files of imported modules without libraries; ``.pyc`` files where there is no source."""
    found = set()
    for module in list(sys.modules.values()):
        # Not getattr: the __getattr__ of some modules imports others.
        path = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(path, str) and path.endswith((".py", ".pyc")) and not is_library(path):
            found.add(os.path.realpath(path))
    return found


@cache
def _library_folders() -> tuple[str, ...]:
    import sysconfig  # large; imported late, since the production server imports this file, too

    folders = {sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(site.getsitepackages())
    folders.add(site.getusersitepackages())
    # Debian's Python also lists folders that may not exist.
    return tuple(sorted({os.path.realpath(folder) + os.sep for folder in folders if folder}))


def is_library(path: str) -> bool:
    """Whether ``path`` belongs to Python or an installed package, which are not watched."""
    real = os.path.realpath(path)
    libraries = _library_folders()
    return real.startswith(libraries) or real + os.sep in libraries


def _files_in(path: str) -> Iterable[str]:
    if not os.path.isdir(path):
        return [path]
    return [os.path.join(top, name) for top, _, names in os.walk(path) for name in names]


def _sources_in(folder: str) -> Iterable[str]:
    try:
        names = os.listdir(folder)
    except OSError:
        return []
    return [os.path.join(folder, name) for name in names if name.endswith(".py")]


def _changed_at(path: str) -> float:
    try:
        return os.stat(path).st_mtime
    except OSError:
        return 0.0
