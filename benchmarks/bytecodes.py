"""Bytecodes and Python calls of one request, without a server.

    python -m benchmarks.bytecodes [names]

Both numbers are the same on every machine and in every run, so that a change of a few per cent is
seen at once, where times need many runs. They count the work of Python code only, not that of
functions in C. Bytecodes differ between versions of Python; the goals are for CPython 3.11.
"""

from __future__ import annotations

import argparse
import io
import platform
import sys
from typing import Any, NamedTuple

import retort

WARM_UP = 5  # requests; what is done once is done in them
GOALS_FOR = (3, 11)

FORM = b"nm=Ada"
POST_FORM = {
    "REQUEST_METHOD": "POST",
    "CONTENT_TYPE": "application/x-www-form-urlencoded",
    "CONTENT_LENGTH": str(len(FORM)),
}


class Case(NamedTuple):
    """A request, and what it is to answer."""

    path: str
    status: str
    content: bytes
    goal: int | None = None
    environ: dict[str, str] = {}
    has_hooks: bool = False
    keeps_cookie: bool = False


CASES = {
    "hello": Case("/", "200 OK", b"Hello, World!", 450),
    "parameter": Case("/success/Ada", "200 OK", b"welcome Ada", 510),
    "json": Case("/user/7", "200 OK", b'{"id":7}\n', 640),
    "get_form": Case("/login?nm=Ada", "302 FOUND", b"/success/Ada", 1080),
    "post_form": Case("/login", "302 FOUND", b"/success/Ada", 1290, POST_FORM),
    "session": Case("/count", "200 OK", b"1", 1850),
    "session_again": Case("/count", "200 OK", b"", keeps_cookie=True),
    "hooks": Case("/user/7", "200 OK", b'{"id":7}\n', 820, has_hooks=True),
    "abort": Case("/gone", "404 NOT FOUND", b"<title>404 Not Found</title>"),
}


def program(*, has_hooks: bool) -> retort.Flask:
    app = retort.Flask("program", static_folder=None)
    app.secret_key = "a key that only the benchmark knows"

    @app.get("/")
    def hello() -> str:
        return "Hello, World!"

    @app.get("/success/<name>")
    def success(name: str) -> str:
        return f"welcome {name}"

    @app.get("/user/<int:number>")
    def user(number: int) -> dict[str, int]:
        return {"id": number}

    @app.route("/login", methods=["POST", "GET"])
    def login() -> Any:
        values = retort.request.form if retort.request.method == "POST" else retort.request.args
        return retort.redirect(retort.url_for("success", name=values["nm"]))

    @app.get("/count")
    def count() -> str:
        retort.session["count"] = retort.session.get("count", 0) + 1
        return str(retort.session["count"])

    @app.get("/gone")
    def gone() -> str:
        retort.abort(404)

    if has_hooks:

        @app.before_request
        def before() -> None:
            pass

        @app.after_request
        def after(response: retort.Response) -> retort.Response:
            return response

    return app


def environ_of(case: Case, cookie: str) -> dict[str, Any]:
    path, _, query = case.path.partition("?")
    environ = {
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "5000",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "127.0.0.1:5000",
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(FORM if case.environ else b""),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
        **case.environ,
    }
    if cookie:
        environ["HTTP_COOKIE"] = cookie
    return environ


class Counter:
    """A trace function that counts; see :func:`sys.settrace`."""

    def __init__(self) -> None:
        self.bytecodes = self.calls = 0

    def __call__(self, frame: Any, event: str, argument: object) -> Counter:
        if event == "opcode":
            self.bytecodes += 1
        elif event == "call":
            self.calls += 1
            frame.f_trace_opcodes, frame.f_trace_lines = True, False
        return self


def count(case: Case) -> Counter:
    """Send the requests of a case and count the last.

    :raises SystemExit: if it is not answered as it should be.
    """
    app = program(has_hooks=case.has_hooks)
    cookie = ""
    for turn in range(WARM_UP + 1):
        environ, sent = environ_of(case, cookie), []
        counter = Counter()

        def start_response(status: str, fields: Any, sent: list[Any] = sent) -> None:
            sent.extend((status, dict(fields)))

        if turn == WARM_UP:
            sys.settrace(counter)
        body = app(environ, start_response)  # type: ignore[arg-type]
        sys.settrace(None)
        status, fields = sent
        content = b"".join(body)
        if status != case.status or case.content not in content:
            raise SystemExit(f"{case.path} was answered with {status}: {content!r}")
        if case.keeps_cookie:
            cookie = fields["Set-Cookie"].partition(";")[0]
    return counter


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"cases: {', '.join(CASES)}; all by default")
    names = parser.parse_args().names or [*CASES]
    unknown = [name for name in names if name not in CASES]
    if unknown:
        parser.error(f"There is no case {', '.join(unknown)}. Cases: {', '.join(CASES)}.")
    print(f"{platform.python_implementation()} {platform.python_version()}", end="")
    print("" if sys.version_info[:2] == GOALS_FOR else "; the goals are for CPython 3.11")
    print(f"{'':15}{'bytecodes':>10}{'goal':>8}{'calls':>8}")
    for name in names:
        counted, goal = count(CASES[name]), CASES[name].goal
        shown_goal = "" if goal is None else f"{goal:,}"
        print(f"{name:15}{counted.bytecodes:10,}{shown_goal:>8}{counted.calls:8}")


if __name__ == "__main__":
    main()
