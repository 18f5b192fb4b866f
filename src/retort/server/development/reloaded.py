"""The reloader's child process: run the program and serve it.

`rerun` runs the program as ``__main__``. When the program starts its server, `script.py` or
`command.py` gets the socket from here. If the program fails before that, an error page is served.
When a file has changed, the process ends with status `RELOAD`, and its parent, `reloader.py`,
starts the next one.
"""

from __future__ import annotations

import functools
import os
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

from ..console import echo, echo_failure
from ..options import DEBUG_GRACE_SECONDS, Settings
from ..process.serving import Worker, end_process, serve_here
from ..sockets.listen import adopt_listener
from .host_check import HostCheck, listened_hosts
from .watcher import Watcher

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator

    from .werkzeug_server import WerkzeugWorker

RELOAD = 3  # exit status for "start again", as in Werkzeug

IS_CHILD = "WERKZEUG_RUN_MAIN"  # used by extensions
SERVER_FD = "WERKZEUG_SERVER_FD"
PARENT = "RETORT_RELOADER_PID"
ROUND = "RETORT_RELOADER_ROUND"
FAILURE = "RETORT_RELOADER_FAILURE"


class Child:
    """The state of this process as a reloader's child; one per process."""

    def __init__(self, listener: socket.socket) -> None:
        self.listener = listener
        self.parent = os.getppid()
        self.is_first = os.environ.get(ROUND, "1") == "1"
        self.watcher = Watcher(self.file_changed, self.check_parent)
        self.worker: Worker | WerkzeugWorker | None = None
        self.must_reload = False

    def file_changed(self, path: str) -> None:
        """Called in the watcher's thread: stop serving, so that `serve` returns."""
        echo(f" * {_short(path)} changed: loading the program again", fg="cyan")
        self.must_reload = True
        if self.worker is None:
            os._exit(RELOAD)  # the program is still being imported, and may hang
        threading.Timer(2 * DEBUG_GRACE_SECONDS, os._exit, (RELOAD,)).start()
        self.worker.stop()

    def check_parent(self) -> None:
        if os.getppid() != self.parent:  # the parent was killed
            os._exit(0)

    def serve(self, worker: Worker | WerkzeugWorker) -> None:
        """Serve until stopped.

        :raises SystemExit: with `RELOAD` after a change, or with the status set by the program's
            own signal handler.
        """
        self.worker = worker
        is_clean, status = serve_here(worker)
        if self.must_reload:
            raise SystemExit(RELOAD)
        if not is_clean:
            end_process(status or 0)
        if status is not None:
            raise SystemExit(status)

    def serve_failure(self, error: BaseException | str, *, host: str | None = None) -> None:
        """Serve an error page for all requests until a source file changes or the server stops.

        :param error: the exception, or the reason as text.
        :param host: the host the server listens on, if known.
        """
        from ...devtools import Failure, failure_page

        if isinstance(error, str):
            failure = Failure(error)
        else:
            failure = Failure.from_exception(error)
            self.watcher.add(_files_of(error))
        echo_failure(failure.summary, failure.details, failure.explanation)
        self.watcher.watches_all_sources = True
        echo(" * The server waits until the file is corrected and saved", fg="cyan")
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
    # On Windows, a virtual environment's launcher is a process between parent and child.
    return sys.platform != "win32" and os.environ[PARENT] != str(os.getppid())


def clear_foreign_reloader() -> None:
    """Remove the variables of a reloader that is not this process's parent.

    If a program under a reloader starts another server, that server inherits its environment.
    """
    if PARENT in os.environ and _is_foreign():
        for name in (IS_CHILD, SERVER_FD, PARENT, ROUND):
            os.environ.pop(name, None)


def rerun(arguments: list[str]) -> NoReturn:
    """Run the program given by ``arguments``, as Python's command line does.

    :param arguments: ``script.py arguments...``, ``-m module arguments...`` or ``-c code ...``.
    """
    child = this_child()
    if child is None:
        raise SystemExit("child.py is run by Retort's reloader only.")
    child.watcher.start()
    try:
        run_or_serve_failure(child, arguments)
        status = 0
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else 0
    end_process(status)


def run_or_serve_failure(child: Child, arguments: list[str]) -> None:
    """Run the program; if it fails before it serves, serve an error page.

    :raises SystemExit: when a file has changed, or raised by the program after it has served.
    """
    try:
        earlier_failure = os.environ.pop(FAILURE, None)
        if earlier_failure is not None:
            child.serve_failure(earlier_failure)
        else:
            execute(arguments)
    except KeyboardInterrupt:
        pass
    except SystemExit as ended:
        if child.worker is not None or ended.code in (None, 0, RELOAD):
            raise
        child.serve_failure(ended)
    except BaseException as error:
        child.serve_failure(error)


def execute(arguments: list[str]) -> None:
    """Run a script, a module or a piece of code as ``__main__``."""
    import runpy  # imported late: the production server imports this file, too

    kind = arguments[0]
    if kind == "-m":
        sys.argv = arguments[1:]
        runpy.run_module(arguments[1], run_name="__main__", alter_sys=True)
    elif kind == "-c":
        sys.argv = ["-c", *arguments[2:]]
        exec(
            compile(arguments[1], "<string>", "exec", dont_inherit=True),
            sys.modules["__main__"].__dict__,
        )
    else:
        sys.argv = arguments
        runpy.run_path(arguments[0], run_name="__main__")


def _files_of(error: BaseException | None) -> Iterator[str]:
    """The files in the tracebacks of an error and its causes: one of them will be corrected."""
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
