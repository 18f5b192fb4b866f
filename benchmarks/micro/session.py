"""The session in its signed cookie: opened without one, read, and counted up.

.venv-bench/bin/python -m benchmarks.micro.session --fast
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from .sides import answer, compare, environ_of, program, runner

if TYPE_CHECKING:
    from collections.abc import Callable


def signed_cookie(app: Any) -> str:
    response = app.test_client().get("/count")
    return str(response.headers["Set-Cookie"].split(";")[0])


def opening(side: str) -> Callable[[], object]:
    app, request = request_of(side, with_cookie=False)
    return lambda: app.session_interface.open_session(app, request)


def reading(side: str) -> Callable[[], object]:
    app, request = request_of(side, with_cookie=True)
    return lambda: app.session_interface.open_session(app, request)["count"]


def request_of(side: str, *, with_cookie: bool) -> tuple[Any, Any]:
    app = program(side)
    headers = {"Cookie": signed_cookie(app)} if with_cookie else {}
    return app, app.request_class(environ_of("/count", headers=headers))


def saving(side: str) -> Callable[[], object]:
    app, request = request_of(side, with_cookie=True)
    session = app.session_interface.open_session(app, request)
    session["count"] += 1
    return lambda: app.session_interface.save_session(app, session, app.response_class())


def counting(side: str) -> Callable[[], object]:
    """The whole request: verify, count, sign."""
    app = program(side)
    environ = environ_of("/count", headers={"Cookie": signed_cookie(app)})
    return lambda: answer(app, environ.copy())


PARTS = {"none": opening, "read": reading, "saved": saving, "counted, whole request": counting}


def main() -> None:
    runs = runner("benchmarks.micro.session")
    for name, make in PARTS.items():
        compare(runs, f"session, {name}", functools.partial(make))


if __name__ == "__main__":
    main()
