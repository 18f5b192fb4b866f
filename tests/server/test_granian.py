"""What we rely on in Granian, much of it private: each release is tried before it is allowed.

The class of its watcher of a request cannot be imported. `test_http2.py` fails without ``done``.
"""

import ast
from importlib.metadata import version
from pathlib import Path

import granian._granian
import granian.http

import retort


def test_the_private_names_are_there():
    used = {"ASGIWorker", "CallbackScheduler", "SocketHolder", "WorkerSignal"}

    assert used <= set(dir(granian._granian))
    assert {"serve_mtr", "serve_mtr_uds"} <= set(dir(granian._granian.ASGIWorker))
    assert {"receive", "send"} <= set(dir(granian._granian.ASGIHTTPProtocol))
    assert {"receive", "send"} <= set(dir(granian._granian.ASGIWebsocketProtocol))
    assert {"add_cb", "set"} <= set(dir(granian._granian.WorkerSignal))
    assert "_schedule_fn" in dir(granian._granian.CallbackScheduler)


def test_the_settings_have_the_fields_that_are_set():
    assert {"header_read_timeout", "max_buffer_size"} <= fields_of(granian.http.HTTP1Settings)
    assert "max_headers_size" in fields_of(granian.http.HTTP2Settings)


def fields_of(settings):
    return set(settings.__dataclass_fields__)


def test_only_the_minor_release_that_was_tried_is_installed():
    assert version("granian").startswith("2.8.")


def test_one_module_imports_granian():
    package = Path(retort.__file__).parent
    importing = {
        str(file.relative_to(package))
        for file in package.rglob("*.py")
        if "granian" in imported_by(ast.parse(file.read_text()))
    }

    # The script's only finds out whether it is installed.
    assert importing == {"server/protocol/granian.py", "server/script.py"}


def imported_by(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module.partition(".")[0]
