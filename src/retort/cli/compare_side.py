"""The process of one side of ``retort compare``: loads the program and serves it.

`compare/sides/process.py` starts this file by its path: the side may have another version of
Retort, which lacks it. So it imports only what older versions have as well, and by absolute names.
"""

from __future__ import annotations

import _thread
import atexit
import contextlib
import errno
import faulthandler
import importlib
import importlib.metadata
import inspect
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

VARIABLE = "RETORT_COMPARE_SIDE"
USES_RETORT = (
    "The program imports retort, so it does not run on Flask. Compare it with itself instead:"
    " --sides retort,retort:2 (two processes) or --sides retort=PATH,retort (another version)."
)

PORT_IS_TAKEN = (
    "The program binds a port itself, and all sides run at the same time. Give each side another"
    " port by --env SIDE:NAME=VALUE, or bind it only if the file is run, not when it is imported."
)
PATCHED = (
    "The program is patched by {}, which replaces Python's threads and sockets. The server of the"
    " comparison handles requests in threads. Compare with test clients instead: --in-process."
)
STOP_SECONDS = 2.0


def main() -> None:
    """Load the program, report it, and serve it until the control channel is closed."""
    if sys.path[0] == os.path.dirname(__file__):  # not with PYTHONSAFEPATH
        del sys.path[0]
    spec = json.loads(os.environ.pop(VARIABLE))
    control = Control(socket.socket(fileno=spec["control"]))
    listener = socket.socket(fileno=spec["listener"])
    atexit.register(end_group, os.getpid())  # the first one runs last
    # gevent's patch_all() would wait for a thread of `threading` for ever.
    _thread.start_new_thread(control.run, ())
    app = load_and_report(spec, control)
    control.app = app
    if spec["serves"]:
        serve(app, spec["framework"], listener, control)
    else:
        control.send(**about(app, spec["framework"]))
        control.at_end = control.ended.set
        # Without a limit, gevent would raise LoopExit in a patched program.
        while not control.ended.wait(1):
            pass


def load_and_report(spec: dict[str, Any], control: Control) -> Any:
    """The application; a failure is reported, and ends the process."""
    own = os.getpid()
    # Where it hangs is in the output then.
    faulthandler.dump_traceback_later(spec["load_seconds"] * 0.9)
    try:
        return load(spec["framework"], spec["target"])
    except (Exception, SystemExit) as error:
        if os.getpid() == own:
            is_retorts = spec["framework"] == "flask" and "retort.app" in sys.modules
            control.send(failed=USES_RETORT if is_retorts else describe(error))
            sys.exit(1)
    finally:
        if os.getpid() != own:  # a child that the program has forked must not serve as well
            sys.stdout.flush()
            os._exit(0)
        faulthandler.cancel_dump_traceback_later()


def load(framework: str, target: str | None) -> Any:
    """The application, on the real Flask or on Retort.

    :raises RuntimeError: if Flask is not installed.
    """
    sys.path.insert(0, os.getcwd())
    if framework == "retort":
        import retort.as_flask

        retort.as_flask.install()
        from retort.cli.script_info import ScriptInfo

        return ScriptInfo(app_import_path=target).load_app()
    try:
        flask_cli = importlib.import_module("flask.cli")  # the real Flask, by name
    except ImportError as error:
        raise FlaskMissing(
            "Flask cannot be imported, and the comparison needs it: install it beside Retort with"
            f" 'pip install flask'. ({error})"
        ) from None
    return flask_cli.ScriptInfo(app_import_path=target).load_app()


class FlaskMissing(RuntimeError):
    """Flask is not installed; the message has the line to type."""


def describe(error: BaseException) -> str:
    """Why the program could not be loaded, for the user."""
    if isinstance(error, FlaskMissing):
        return str(error)
    if hasattr(error, "format_message"):  # of click
        return str(error.format_message())
    text = "The program cannot be loaded.\n" + "".join(traceback.format_exception(error))
    if isinstance(error, SystemExit):
        return f"{text}It must not call sys.exit() when it is imported."
    return text + (PORT_IS_TAKEN if is_about_taken_port(error) else "")


def is_about_taken_port(error: BaseException | None) -> bool:
    """Whether a port was taken, as the exception or what it was raised from says."""
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            return True
        error = error.__cause__ or error.__context__
    return False


def about(app: Any, framework: str) -> dict[str, Any]:
    """What the command has to know of the loaded program."""
    package = {"flask": "flask", "retort": "retort-web"}[framework]
    module = sys.modules[framework]
    return {
        "framework": f"{framework.capitalize()} {importlib.metadata.version(package)}",
        "location": os.path.dirname(module.__file__ or ""),
        "python": sys.version.split()[0],
        "session_cookie": app.config.get("SESSION_COOKIE_NAME", "session"),
        "rules": rules_for("GET", app),
        "post_rules": rules_for("POST", app),
    }


def rules_for(method: str, app: Any) -> list[str]:
    """The rules without variables that accept a method."""
    return [
        rule.rule
        for rule in app.url_map.iter_rules()
        if not rule.arguments and method in (rule.methods or (method,)) and not rule.host
    ]


def serve(app: Any, framework: str, listener: socket.socket, control: Control) -> None:
    """Serve until the control channel is closed."""
    from retort.server.options import Settings
    from retort.server.process.monkeypatching import patched_by
    from retort.server.process.serving import Worker, serve_here

    library = patched_by()
    if library is not None:
        control.send(failed=PATCHED.format(library))
        sys.exit(1)

    worker = Worker(app, listener, Settings(grace=1.0))
    control.send(**about(app, framework))
    control.at_end = worker.stop
    if control.ended.is_set():
        return
    serve_here(worker)


def end_group(pid: int) -> None:
    """End the processes that the program has started, and this one."""
    if os.getpid() == pid == os.getpgid(0):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(Exception):
                stream.flush()
        os.killpg(pid, signal.SIGKILL)


class Control:
    """The control channel: one line of JSON for each request and reply."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.app: Any = None
        self.client: Any = None
        self.ended = threading.Event()
        self.at_end: Any = lambda: end_group(os.getpid())  # while the program is loaded

    def send(self, **values: Any) -> None:
        self.connection.sendall(json.dumps(values).encode() + b"\n")

    def run(self) -> None:
        """Reply to requests until the command closes the channel; then end the process."""
        with contextlib.suppress(OSError), self.connection.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line)
                name, number = request.pop("what"), request.pop("id")
                self.send(id=number, value=self.reply(name, request))
        self.ended.set()
        self.at_end()
        time.sleep(STOP_SECONDS)  # a thread of the program may keep the process
        end_group(os.getpid())

    def reply(self, name: str, request: dict[str, Any]) -> Any:
        """The value for one request; the program's own code may raise."""
        try:
            return getattr(self, f"do_{name}")(**request)
        except Exception as error:
            raised = "".join(traceback.format_exception_only(error)).strip()
            return {"raised": raised} if name == "send" else None

    def do_usage(self) -> tuple[float, int]:
        """Processor time of this process and its ended children, in seconds; its most memory."""
        times = os.times()
        ended = times.children_user + times.children_system
        return time.process_time() + ended, most_memory()

    def do_route(self, method: str, path: str) -> dict[str, str] | None:
        """The endpoint and the place of its view."""
        from urllib.parse import unquote

        from werkzeug.exceptions import HTTPException
        from werkzeug.routing import RequestRedirect

        adapter = self.app.url_map.bind("localhost")
        try:
            endpoint, _ = adapter.match(unquote(path), method="GET" if method == "HEAD" else method)
        except (HTTPException, RequestRedirect):
            return None
        return {"endpoint": str(endpoint), "place": place_of(self.app.view_functions.get(endpoint))}

    def do_send(
        self, method: str, target: str, fields: list[list[str]], body: str
    ) -> dict[str, Any]:
        """Send a request by the test client; bodies are in Latin-1."""
        if self.client is None:
            self.client = self.app.test_client(use_cookies=False)
        began = time.perf_counter()
        response = self.client.open(
            target, method=method, headers=fields, data=body.encode("latin-1")
        )
        try:
            content = response.get_data()
        finally:
            response.close()
        status, _, reason = response.status.partition(" ")
        return {
            "status": int(status),
            "reason": reason,
            "fields": [list(item) for item in response.headers],
            "body": content.decode("latin-1"),
            "seconds": time.perf_counter() - began,
        }


def place_of(view: Any) -> str:
    """Where a view is written, relative to the working directory."""
    try:
        function = inspect.unwrap(getattr(view, "view_class", view))
        file = inspect.getsourcefile(function) or ""
        line = inspect.getsourcelines(function)[1]
    except (TypeError, OSError, ValueError):
        return ""
    path = Path(file)
    here = Path.cwd()
    return f"{path.relative_to(here) if here in path.parents else path}:{line}"


def most_memory() -> int:
    """The most resident memory of this process so far, in bytes."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
