"""The process of one side of ``retort compare``: loads the program and serves it.

`compare/sides/process.py` starts this file by its path: the side may have another version of
Retort, which lacks it. So it imports only what older versions have as well, and by absolute names.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import inspect
import json
import os
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


def main() -> None:
    """Load the program, report it, and serve it until the control channel is closed."""
    if sys.path[0] == os.path.dirname(__file__):  # not with PYTHONSAFEPATH
        del sys.path[0]
    spec = json.loads(os.environ.pop(VARIABLE))
    control = Control(socket.socket(fileno=spec["control"]))
    try:
        app = load(spec["framework"], spec["target"])
    except (Exception, SystemExit) as error:
        is_retorts = spec["framework"] == "flask" and "retort.app" in sys.modules
        control.send(failed=USES_RETORT if is_retorts else describe(error))
        sys.exit(1)
    control.app = app
    listener = socket.socket(fileno=spec["listener"])
    if spec["serves"]:
        serve(app, listener, control)
    else:
        control.send(**about(app, spec["framework"]))
        control.run(lambda: None)


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
    return "The program cannot be loaded.\n" + "".join(traceback.format_exception(error))


def about(app: Any, framework: str) -> dict[str, Any]:
    """What the command has to know of the loaded program."""
    package = {"flask": "flask", "retort": "retort-web"}[framework]
    flask = sys.modules["flask"]
    return {
        "framework": f"{framework.capitalize()} {importlib.metadata.version(package)}",
        "location": os.path.dirname(flask.__file__ or ""),
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


def serve(app: Any, listener: socket.socket, control: Control) -> None:
    """Serve until the control channel is closed."""
    from retort.server.options import Settings
    from retort.server.process.serving import Worker, serve_here

    worker = Worker(app, listener, Settings(grace=1.0))
    framework = "retort" if "retort.as_flask.finder" in sys.modules and is_retort() else "flask"
    control.send(**about(app, framework))
    threading.Thread(target=control.run, args=(worker.stop,), daemon=True).start()
    serve_here(worker)


def is_retort() -> bool:
    """Whether ``import flask`` finds Retort."""
    import retort.as_flask

    return retort.as_flask.is_installed()


class Control:
    """The control channel: one line of JSON for each request and reply."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self.app: Any = None
        self.client: Any = None

    def send(self, **values: Any) -> None:
        self.connection.sendall(json.dumps(values).encode() + b"\n")

    def run(self, at_end: Any) -> None:
        """Reply to requests until the command closes the channel."""
        with self.connection.makefile("rb") as lines:
            for line in lines:
                request = json.loads(line)
                reply = getattr(self, f"do_{request.pop('what')}")
                try:
                    self.send(value=reply(**request))
                except OSError:
                    break
        at_end()

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
