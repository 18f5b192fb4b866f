"""The rows of the table: each a program on a server, as those who use it would start it.

One worker process each, its access log off, and else its defaults; but on Granian's WSGI every
row has 4 threads: on one core its own default, hundreds, halves what the quick ones reach.
`retort run` keeps the threads it has by default.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

BIN = Path(sys.executable).parent
PYTHON = sys.executable
RETORT, RETORT_RUN = "Retort, Granian WSGI", "Retort, retort run"
FLASK, FLASK_GUNICORN = "Flask, Granian WSGI", "Flask, gunicorn sync"
RAW_WSGI = "limit: raw WSGI, Granian"


@dataclass(frozen=True)
class Row:
    name: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    lacks: dict[str, str] = field(default_factory=dict)
    is_python_server_program: bool = True
    """Not one for WSGI, ASGI or a server in Python: it is compared apart."""

    def command_on(self, port: int) -> list[str]:
        return [part.format(port=port) for part in self.command]

    @property
    def is_peer(self) -> bool:
        return not self.name.startswith(("Retort", "Flask,", "limit"))

    def versions(self) -> dict[str, str]:
        """:raises PackageNotFoundError: if one is not installed."""
        return {package: version(package) for package in self.packages}

    def missing(self) -> str | None:
        """The package that could not be installed, if there is one."""
        try:
            self.versions()
        except PackageNotFoundError as error:
            return str(error.name)
        return None


def granian(interface: str, target: str) -> tuple[str, ...]:
    options = ("--interface", interface, "--workers", "1", "--port", "{port}", "--no-log")
    threads = ("--blocking-threads", "4") if interface == "wsgi" else ()
    return (f"{BIN}/granian", *options, *threads, target)


def gunicorn(*options: str) -> tuple[str, ...]:
    common = ("--workers", "1", "--bind", "127.0.0.1:{port}", "--log-level", "error")
    return (f"{BIN}/gunicorn", *common, *options, "flask_app:app")


def uvicorn(target: str) -> tuple[str, ...]:
    quiet = ("--no-access-log", "--log-level", "error")
    return (f"{BIN}/uvicorn", "--workers", "1", "--port", "{port}", *quiet, target)


GRANIAN_WSGI_FLASK = granian("wsgi", "flask_app:app")

ROWS = (
    Row(FLASK_GUNICORN, ("Flask", "Werkzeug", "gunicorn"), gunicorn("--worker-class", "sync")),
    Row(
        "Flask, gunicorn gthread 4",
        ("Flask", "Werkzeug", "gunicorn"),
        gunicorn("--worker-class", "gthread", "--threads", "4"),
    ),
    Row(FLASK, ("Flask", "Werkzeug", "granian"), GRANIAN_WSGI_FLASK),
    Row(
        RETORT,
        ("retort-web", "Werkzeug", "granian"),
        (PYTHON, "-m", "retort", "-m", "granian", *GRANIAN_WSGI_FLASK[1:]),
    ),
    Row(
        RETORT_RUN,
        ("retort-web", "Werkzeug", "granian"),
        (f"{BIN}/retort", "run", "--port", "{port}", "flask_app:app"),
    ),
    Row("Quart, Granian ASGI", ("Quart", "granian"), granian("asgi", "quart_app:app")),
    Row("FastAPI, uvicorn", ("fastapi", "pydantic", "uvicorn"), uvicorn("fastapi_app:app")),
    Row("Starlette, uvicorn", ("starlette", "uvicorn"), uvicorn("starlette_app:app")),
    Row("Litestar, uvicorn", ("litestar", "uvicorn"), uvicorn("litestar_app:app")),
    Row(
        "BlackSheep, Granian ASGI",
        ("blacksheep", "granian"),
        granian("asgi", "blacksheep_app:app"),
    ),
    Row("BlackSheep, uvicorn", ("blacksheep", "uvicorn"), uvicorn("blacksheep_app:app")),
    Row("Falcon, Granian WSGI", ("falcon", "granian"), granian("wsgi", "falcon_app:app")),
    Row("Bottle, Granian WSGI", ("bottle", "granian"), granian("wsgi", "bottle_app:app")),
    Row("Django, Granian WSGI", ("Django", "granian"), granian("wsgi", "django_app:app")),
    Row(
        "Sanic, own server",
        ("sanic",),
        (
            f"{BIN}/sanic",
            "sanic_app:app",
            "--single-process",
            "--no-access-logs",
            "--no-motd",
            "--port",
            "{port}",
        ),
    ),
    Row(
        "Emmett55, own server",
        ("Emmett55", "granian"),
        (
            f"{BIN}/emmett55",
            "--app",
            "emmett55_app:app",
            "serve",
            "--port",
            "{port}",
            "--no-access-log",
        ),
    ),
    Row(
        "Robyn, own server",
        ("robyn",),
        (PYTHON, "robyn_app.py", "--log-level", "ERROR", "{port}"),
    ),
    Row(
        "socketify, own server",
        ("socketify",),
        (PYTHON, "socketify_app.py", "{port}"),
        lacks={"upload": "reads no multipart forms"},
        is_python_server_program=False,
    ),
    Row(RAW_WSGI, ("granian",), granian("wsgi", "limit_wsgi:app")),
    Row("limit: raw RSGI, Granian", ("granian",), granian("rsgi", "limit_rsgi:app")),
)


def without_threads(command: tuple[str, ...]) -> list[str]:
    """A command for Granian that leaves the number of threads to its default."""
    place = command.index("--blocking-threads")
    return [*command[:place], *command[place + 2 :]]


def chosen(words: list[str]) -> list[Row]:
    """The rows whose names hold one of ``words``, in any case; all of them without words."""
    wanted = [word.strip().lower() for word in words]
    return [row for row in ROWS if not wanted or any(w in row.name.lower() for w in wanted)]


def environment(database: Path, programs: Path) -> dict[str, str]:
    """What servers find in ``os.environ``: the same for all of them."""
    return {
        **os.environ,
        "BENCHMARK_DATABASE": str(database),
        "PYTHONPATH": str(programs),
        "PYTHONUNBUFFERED": "1",
        "APP_JINJA_EXTENSION": ".html",  # BlackSheep's templates end in .jinja otherwise
    }
