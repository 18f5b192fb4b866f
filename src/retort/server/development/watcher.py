"""Notice that a file of the running program changed.

Runs in a thread of the serving process, because only that process knows which modules it has
imported. Watches the folders of those modules (not below them: a home folder can be large)
and tells one callback, once. What happens then is the business of `reloaded.py`.
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

_LOOK_AGAIN_MS = 500
_SETTLE_MS = 50  # an editor writes a file in several steps


class Watcher:
    """Calls ``on_change`` with the path of the first file that changed; from its own thread.

    :param on_idle: called about twice a second in between.
    """

    def __init__(
        self, on_change: Callable[[str], None], on_idle: Callable[[], None] = lambda: None
    ) -> None:
        self.on_change = on_change
        self.on_idle = on_idle
        self.extra_files: set[str] = set()
        self.exclude_patterns: set[str] = set()
        self.polls = False
        self.any_source_counts = False
        self.began = time.time()
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
        """What the program asks for besides its modules; a folder stands for all in it.

        :param polls: look at times and sizes again and again, for network drives.
        """
        for path in extra_files:
            self.extra_files.update(_files_in(os.path.realpath(path)))
        self.exclude_patterns.update(exclude_patterns)
        self.polls = self.polls or polls

    def files(self) -> set[str]:
        """The files whose change counts."""
        candidates = self.extra_files | loaded_sources()
        return {path for path in candidates if not self._is_excluded(path)}

    def folders(self) -> set[str]:
        """The folders to watch: those of `files`, and those the program imports from."""
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
        """The file that changed; ``None`` when there is something else to watch by now."""
        import watchfiles

        polls = self.polls
        for changes in watchfiles.watch(
            *folders,
            watch_filter=None,
            recursive=False,
            step=_SETTLE_MS,
            debounce=4 * _SETTLE_MS,
            rust_timeout=_LOOK_AGAIN_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=True if polls else None,
            ignore_permission_denied=True,
        ):
            self.on_idle()
            counted = self._first_that_counts(path for _, path in changes) or self._look()
            if counted is not None:
                return counted
            if self.polls != polls or self.folders() != folders:
                return None
        return None

    def _look(self) -> str | None:
        """A file that changed although no event told so: before it was watched."""
        for path in sorted(self._files_that_count()):
            stamp = _changed_at(path)
            if path in self._stamps:
                is_changed = stamp != self._stamps[path] and stamp > 0  # 0: being replaced
            else:  # new to us; perhaps changed since its import, unless another clock says so
                is_changed = self.began < stamp <= time.time()
                self._stamps[path] = stamp
            if is_changed:
                return path
        return None

    def _files_that_count(self) -> set[str]:
        files = self.files()
        if self.any_source_counts:
            for folder in self.folders():
                files.update(_sources_in(folder))
        return files

    def _first_that_counts(self, paths: Iterable[str]) -> str | None:
        resolved = sorted({os.path.realpath(path) for path in paths})
        if not resolved:
            return None
        files = self.files()
        for path in resolved:
            if path in files or (self.any_source_counts and path.endswith(".py")):
                return path
        return None


def loaded_sources() -> set[str]:
    """The files of the modules imported so far, libraries apart: ``.pyc`` without a source, too."""
    found = set()
    for module in list(sys.modules.values()):
        # Not getattr: some modules import others when asked for a name.
        path = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(path, str) and path.endswith((".py", ".pyc")) and not is_library(path):
            found.add(os.path.realpath(path))
    return found


@cache
def _library_folders() -> tuple[str, ...]:
    import sysconfig  # large, and servers that watch nothing import this file, too

    folders = {sysconfig.get_path(key) for key in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders.update(site.getsitepackages())
    folders.add(site.getusersitepackages())
    # Debian's standard library also looks for packages where nothing need be.
    return tuple(sorted({os.path.realpath(folder) + os.sep for folder in folders if folder}))


def is_library(path: str) -> bool:
    """Whether ``path`` belongs to Python or to an installed package: those do not change."""
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
