"""A framework's program while it is served, as probes use it."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import TYPE_CHECKING

from ..server import DoesNotServe, Server
from . import wire
from .frameworks import BIN, PROGRAMS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .frameworks import Framework


class Site:
    """:param folder: an empty folder; the programs are copied into it."""

    def __init__(self, framework: Framework, folder: Path) -> None:
        self.framework, self.folder = framework, folder
        shutil.copytree(PROGRAMS, folder, dirs_exist_ok=True)
        self.write_version("first")
        for name in ("flask_program.py", "extension_program.py"):
            self._rename_imports(name)

    def _rename_imports(self, name: str) -> None:
        """For Quart: the same program with its import renamed, and nothing else changed."""
        text = (
            (self.folder / name)
            .read_text()
            .replace("from flask import Flask", "from quart import Quart")
        )
        text = text.replace("Flask(__name__)", "Quart(__name__)")
        (self.folder / f"quart_{name.removeprefix('flask_')}").write_text(text)

    def write_version(self, version: str) -> None:
        (self.folder / "version.txt").write_text(version)

    @contextlib.contextmanager
    def served(self, purpose: str) -> Iterator[Server]:
        """Serve the program until the end of the block.

        :raises DoesNotServe: if there is no such command, or the program does not start.
        """
        row = self.framework.row(purpose)
        if row is None:
            raise DoesNotServe("no such program")
        extra = self.framework.debug_environ if purpose == "debug" else {}
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        environ = {**os.environ, **extra, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"}
        server = Server(row, self.folder, environ, self.folder / f"{purpose}.log")
        try:
            server.start()
            yield server
        finally:
            server.end()


class Visit:
    """A running program; what a probe gets."""

    def __init__(self, site: Site, server: Server) -> None:
        self.site, self.server, self.port = site, server, server.port

    def send(
        self, target: str, method: str = "GET", body: bytes | None = None, **headers: str
    ) -> wire.Reply:
        """:param headers: with ``_`` for ``-``."""
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        return wire.send(self.port, target, method, body, fields)

    def post(self, target: str, form: str, method: str = "POST", **headers: str) -> wire.Reply:
        """Send a form as browsers do without a file."""
        kind = wire.URLENCODED["Content-Type"]
        return self.send(target, method, form.encode(), Content_Type=kind, **headers)
