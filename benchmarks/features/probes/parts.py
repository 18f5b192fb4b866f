"""What belongs to a framework besides serving requests; found in what is installed."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path
from typing import TYPE_CHECKING

from ..frameworks import BIN

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..site import Site

    Finding = tuple[bool, str]

SERVERS = {"granian", "uvicorn", "hypercorn", "gunicorn", "waitress", "daphne"}
FLASK_CLIENT = "from on_flask import app; print(app.test_client().get('/hello').text)"
IN_PROCESS = {
    "Retort": "from on_retort import app; print(app.test_client().get('/hello').text)",
    "Flask on Retort": FLASK_CLIENT,
    "Flask": FLASK_CLIENT,
    "Quart": "import asyncio; from on_quart import app; c = app.test_client();"
    "r = asyncio.run(c.get('/hello')); print(asyncio.run(r.get_data(as_text=True)))",
    "FastAPI": "from fastapi.testclient import TestClient; from on_fastapi import app;"
    "print(TestClient(app).get('/hello').text)",
    "Litestar": "from litestar.testing import TestClient; from on_litestar import app;"
    "print(TestClient(app).get('/hello').text)",
    "Django": "import on_django; from django.test import Client;"
    "print(Client(SERVER_NAME='localhost').get('/hello').content.decode())",
}
CHECKS = {
    "Retort": [f"{BIN}/retort", "check", "--deploy", "on_retort:app"],
    "Flask on Retort": [f"{BIN}/retort", "check", "--deploy", "on_flask:app"],
    "Django": [
        *(sys.executable, "-c"),
        (
            "import on_django; from django.core.management import call_command;"
            "call_command('check', deploy=True, fail_level='WARNING')"
        ),
    ],
}


def required(package: str) -> set[str]:
    """The packages that are installed with one, without extras."""
    lines = [line for line in requires(package) or [] if "extra ==" not in line]
    return {re.split(r"[^\w.-]", line)[0].lower() for line in lines}


def with_all_required(package: str) -> set[str]:
    known, found = set(), required(package)
    while found - known:
        (name, *_) = found - known
        known.add(name)
        try:
            found |= required(name)
        except PackageNotFoundError:
            continue
    return known


def run(site: Site, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=site.folder, capture_output=True, text=True, timeout=120, check=False
    )


def has_server(site: Site) -> Finding:
    found = SERVERS & with_all_required(site.framework.packages[0])
    return bool(found), ", ".join(sorted(found)) or "none"


def is_typed(site: Site) -> Finding:
    files = distribution(site.framework.packages[0]).files or []
    if site.framework.packages[0] == "retort-web":  # installed as a checkout, which lists no files
        import retort

        return Path(retort.__file__).with_name("py.typed").exists(), "py.typed"
    found = [str(file) for file in files if file.name == "py.typed"]
    return bool(found), ", ".join(found) or "no py.typed"


def test_client(site: Site) -> Finding:
    alias = ["-m", "retort"] if site.framework.name == "Flask on Retort" else []
    done = run(site, [sys.executable, *alias, "-c", IN_PROCESS[site.framework.name]])
    lines = done.stdout.split() or done.stderr.splitlines()[-1:]
    return done.stdout.strip().strip('"') == "hello", lines[-1] if lines else ""


def deploy_check(site: Site) -> Finding:
    """The program has a cookie that is sent over plain HTTP as well."""
    command = CHECKS.get(site.framework.name)
    if command is None:
        return False, "no such command"
    done = run(site, command)
    text = " ".join((done.stdout + done.stderr).split())
    name = "SESSION_COOKIE_SECURE"
    return name in text, f"names {name}" if name in text else text[-100:]


@cache
def parts_of_django(folder: Path) -> dict[str, str]:
    done = subprocess.run(
        [sys.executable, "django_parts.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


def part_of_django(name: str) -> Callable[[Site], Finding]:
    def probe(site: Site) -> Finding:
        if site.framework.name != "Django":
            return False, "no such part"
        found = parts_of_django(site.folder)[name]
        return found == "True", found

    return probe
