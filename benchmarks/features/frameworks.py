"""The frameworks, and how each program is served: by the command that its documentation names.

What is served for one group of rows only, such as async views, may have a command of its own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

from ..rows import Row

BIN = Path(sys.executable).parent
PROGRAMS = Path(__file__).with_name("programs")

Command = tuple[str, ...]


@dataclass(frozen=True)
class Framework:
    """One column.

    :param packages: the framework first, then its server; their versions are stored.
    :param commands: by purpose: "default" serves the program of the features, "async" its async
        views, if not the default does; "reload" with two workers; "debug", "flask" and
        "extension" without which the feature does not exist.
    """

    name: str
    packages: tuple[str, ...]
    commands: dict[str, Command]
    debug_environ: dict[str, str] = field(default_factory=dict)

    def row(self, purpose: str) -> Row | None:
        command = self.commands.get(purpose)
        if command is None and purpose == "async":
            command = self.commands["default"]
        return command and Row(f"{self.name}, {purpose}", self.packages, command)


def gunicorn(target: str, workers: int = 4) -> Command:
    options = ("-w", str(workers), "--bind", "127.0.0.1:{port}", "--log-level", "error")
    return (f"{BIN}/gunicorn", *options, target)


def uvicorn(target: str, *options: str) -> Command:
    return (f"{BIN}/uvicorn", "--port", "{port}", "--log-level", "error", *options, target)


def hypercorn(target: str, *options: str) -> Command:
    return (f"{BIN}/hypercorn", "--bind", "127.0.0.1:{port}", *options, target)


def retort(target: str, *options: str) -> Command:
    return (f"{BIN}/retort", "run", "--port", "{port}", *options, target)


RETORT = Framework(
    "Retort",
    ("retort-web", "granian"),
    {
        "default": retort("on_retort:app"),
        "reload": retort("on_retort:app", "--workers", "2"),
        "debug": retort("on_retort:app", "--debug"),
        "flask": retort("flask_program:app"),
        "extension": retort("extension_program:app"),
    },
)
ON_RETORT = Framework(
    "Flask on Retort",
    ("retort-web", "granian"),
    {
        "default": retort("on_flask:app"),
        "reload": retort("on_flask:app", "--workers", "2"),
        "debug": retort("on_flask:app", "--debug"),
        "flask": retort("flask_program:app"),
        "extension": retort("extension_program:app"),
    },
)
FLASK = Framework(
    "Flask",
    ("Flask", "gunicorn"),
    {
        "default": gunicorn("on_flask:app"),
        "reload": gunicorn("on_flask:app", 2),
        "debug": (f"{BIN}/flask", "--app", "on_flask", "run", "--debug", "--port", "{port}"),
        "flask": gunicorn("flask_program:app"),
        "extension": gunicorn("extension_program:app"),
    },
)
QUART = Framework(
    "Quart",
    ("Quart", "Hypercorn"),
    {
        "default": hypercorn("on_quart:app"),
        "reload": hypercorn("on_quart:app", "--workers", "2"),
        "debug": (f"{BIN}/quart", "--app", "on_quart", "--debug", "run", "--port", "{port}"),
        "flask": hypercorn("quart_program:app"),
        "extension": hypercorn("quart_extension_program:app"),
    },
)
FASTAPI = Framework(
    "FastAPI",
    ("fastapi", "uvicorn"),
    {
        "default": uvicorn("on_fastapi:app"),
        "reload": uvicorn("on_fastapi:app", "--workers", "2"),
        "debug": uvicorn("on_fastapi:app"),
    },
    {"DEBUG": "1"},
)
LITESTAR = Framework(
    "Litestar",
    ("litestar", "uvicorn"),
    {
        "default": uvicorn("on_litestar:app"),
        "reload": uvicorn("on_litestar:app", "--workers", "2"),
        "debug": uvicorn("on_litestar:app"),
    },
    {"DEBUG": "1"},
)
DJANGO = Framework(
    "Django",
    ("Django", "gunicorn", "uvicorn"),
    {
        "default": gunicorn("on_django:app"),
        "async": uvicorn("on_django:asgi"),
        "reload": gunicorn("on_django:app", 2),
        "debug": gunicorn("on_django:app", 1),
    },
    {"DEBUG": "1"},
)
FRAMEWORKS = (RETORT, ON_RETORT, FLASK, QUART, FASTAPI, LITESTAR, DJANGO)
