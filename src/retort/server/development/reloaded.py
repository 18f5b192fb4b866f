"""The serving process of a reloading server: runs the program, and survives its errors.

`rerun` runs the program again under the name ``__main__``. When the program gets as far as
serving, `script.py` or `command.py` finds here the socket to serve on. When it fails before,
a page with the error is served instead. A changed file ends the process with status
`RELOAD`; its parent, `reloader.py`, then starts the next one.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from ..console import echo
from ..options import DEBUG_GRACE_SECONDS, Settings
from ..process.serving import Worker, end_process, serve_here
from ..sockets.listen import adopt_listener
from .host_check import HostCheck, listened_hosts
from .watcher import Watcher

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from ...debug import Failure
    from .werkzeug_server import WerkzeugWorker

RELOAD = 3  # Werkzeug's number for "start me again"

IS_CHILD = "WERKZEUG_RUN_MAIN"  # extensions ask for it
SERVER_FD = "WERKZEUG_SERVER_FD"
PARENT = "RETORT_RELOADER_PID"
ROUND = "RETORT_RELOADER_ROUND"
FAILURE = "RETORT_RELOADER_FAILURE"


class Child:
    """This process, as the child of a reloader: one per process."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.parent = os.getppid()
        self.is_first = os.environ.get(ROUND, "1") == "1"
        self.watcher = Watcher(self.file_changed, self.check_parent)
        self.worker: Worker | WerkzeugWorker | None = None
        self.must_reload = False

    def file_changed(self, path: str) -> None:
        """Called by the watcher, in its thread: stop serving; `serve` does the rest."""
        echo(f" * {_short(path)} changed: loading the program again", fg="cyan")
        self.must_reload = True
        if self.worker is None:
            os._exit(RELOAD)  # still importing, perhaps for ever
        threading.Timer(2 * DEBUG_GRACE_SECONDS, os._exit, (RELOAD,)).start()
        self.worker.stop()

    def check_parent(self) -> None:
        if os.getppid() != self.parent:  # it was killed: do not stay behind
            os._exit(0)

    def serve(self, worker: Worker | WerkzeugWorker) -> None:
        """Serve until stopped.

        :raises SystemExit: with status `RELOAD`, after a change; with the status that the
            program's own signal handler asked for.
        """
        self.worker = worker
        is_clean, status = serve_here(worker)
        if self.must_reload:
            raise SystemExit(RELOAD)
        if not is_clean:
            end_process(status or 0)
        if status is not None:
            raise SystemExit(status)

    def serve_failure(
        self, failure: Failure, error: BaseException | None = None, *, host: str | None = None
    ) -> None:
        """Answer everything with ``failure`` until a source file changes, or we are stopped.

        :param host: the name that is listened on, if it is known.
        """
        from ...debug import failure_page

        failure.report()
        self.watcher.add(_files_of(error))
        self.watcher.any_source_counts = True
        echo(" * The server waits for you to correct and save the file", fg="cyan")
        hosts = listened_hosts(self.listener, *([host] if host else []))
        app = HostCheck(failure_page(failure), None, hosts)
        self.serve(Worker(app, self.listener, Settings(debug=True)))


@functools.cache
def this_child() -> Child | None:
    """This process as a reloader's child; ``None`` in every other process."""
    if PARENT not in os.environ or _is_foreign():
        return None
    return Child(adopt_listener(int(os.environ[SERVER_FD])))


def _is_foreign() -> bool:
    # On Windows the launcher of a virtual environment stands between parent and child.
    return sys.platform != "win32" and os.environ[PARENT] != str(os.getppid())


def forget_foreign_reloader() -> None:
    """Clean the environment of what a reloader above our own parent left in it.

    A program that starts another server as a subprocess hands its environment down.
    """
    if PARENT in os.environ and _is_foreign():
        for name in (IS_CHILD, SERVER_FD, PARENT, ROUND):
            os.environ.pop(name, None)


def rerun(words: list[str]) -> NoReturn:
    """Run the program that ``words`` name, as Python's command line would.

    :param words: ``script.py arguments...``, ``-m module arguments...`` or ``-c code ...``.
    """
    child = this_child()
    if child is None:
        raise SystemExit("child.py is run by Retort's reloader only.")
    child.watcher.start()
    try:
        run_or_serve_failure(child, words)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    end_process(status)


def run_or_serve_failure(child: Child, words: list[str]) -> None:
    """Run the program; if it ends before it serves, serve the reason.

    :raises SystemExit: what the program raised after it served, or when a file changed.
    """
    from ...debug import Failure

    try:
        earlier_failure = os.environ.pop(FAILURE, None)
        if earlier_failure is not None:
            child.serve_failure(Failure(earlier_failure))
        else:
            execute(words)
    except KeyboardInterrupt:
        pass
    except SystemExit as ended:
        if child.worker is not None or ended.code in (None, 0, RELOAD):
            raise
        child.serve_failure(Failure.from_exception(ended), ended)
    except BaseException as error:
        child.serve_failure(Failure.from_exception(error), error)


def execute(words: list[str]) -> None:
    """Run a script, a module or a piece of code as ``__main__``."""
    import runpy  # not before: the server in production imports this file, too

    kind = words[0]
    if kind == "-m":
        sys.argv = words[1:]
        runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv = ["-c", *words[2:]]
        exec(
            compile(words[1], "<string>", "exec", dont_inherit=True),
            sys.modules["__main__"].__dict__,
        )
    else:
        sys.argv = words
        runpy.run_path(words[0], run_name="__main__")


def _files_of(error: BaseException | None) -> Iterator[str]:
    """The files that an error and its causes name: where the correction will be made."""
    while error is not None:
        if isinstance(error, SyntaxError) and error.filename:
            yield error.filename
        frame = error.__traceback__
        while frame is not None:
            yield frame.tb_frame.f_code.co_filename
            frame = frame.tb_next
        error = error.__cause__ or error.__context__


def _short(path: str) -> str:
    relative = os.path.relpath(path)
    return path if relative.startswith("..") else relative
