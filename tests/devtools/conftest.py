"""A program with a mistake in it: what is advised, and what the diff makes of it.

For the tests of `advice`, of the notes and of the warnings.
"""

import gc
import importlib
import sys
import textwrap
import threading
import types

import pytest
import werkzeug.test

import retort
from retort.devtools.advice import advise
from retort.gateways.wsgi import PRESERVE_CONTEXT
from retort.lifecycle.errors import ON_PLAIN_ERROR


class Mistake:
    """A program in its own folder, as ``program.py``.

    ``errors`` are those of its last request, ``advice`` is the advice on the first.
    """

    def __init__(self, folder, apply_diff):
        self.folder = folder
        self.apply_diff = apply_diff
        self.app = None
        self.errors = []
        self.advice = None

    def write(self, name, text):
        """A file of the program; its text may be indented as the test is."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text).lstrip("\n"), encoding="utf-8")
        return path

    def load(self):
        """The application as the file has it now, without Python's cache of compiled files."""
        file = self.folder / "program.py"
        module = types.ModuleType("program")
        module.__file__ = str(file)
        sys.modules["program"] = module
        exec(compile(file.read_bytes(), str(file), "exec"), vars(module))
        self.app = module.app
        self.app.debug = True
        return self.app

    def ask(self, method, path, **options):
        """The answer of the program as it stands now; ``None`` for an exception."""
        app = self.load()
        contexts, self.errors, self.advice = [], [], None
        keys = {
            PRESERVE_CONTEXT: contexts.append,
            ON_PLAIN_ERROR: lambda app, error: self.errors.append(error),
        }

        def watched(environ, start_response):  # each request, those after redirects too
            return app({**environ, **keys}, start_response)

        answer = None
        try:
            answer = werkzeug.test.Client(watched).open(
                path, method=method, buffered=True, **options
            )
        except Exception as error:
            self.errors.append(error)
        if self.errors:
            self.advice = advise(self.errors[0], app, contexts[-1].request)
        return answer

    def advised(self, method, path, **options):
        """What is advised on the error of a request."""
        self.ask(method, path, **options)
        assert self.errors, "nothing went wrong"
        assert self.advice is not None, f"no advice on {self.errors[0]!r}"
        return self.advice

    def apply(self, diff):
        """Apply a diff to the files."""
        self.apply_diff(self.folder, diff)

    def mended(self, method, path, **options):
        """The answer of the program after the diff of the last advice was applied."""
        self.apply(self.advice.diff)
        answer = self.ask(method, path, **options)
        assert not self.errors, f"{self.errors[0]!r} after the change"
        return answer


@pytest.fixture
def mistake(tmp_path, monkeypatch, apply_diff):
    """A program with a mistake, to be written: `mistake.write("program.py", ...)`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setitem(sys.modules, "flask", retort)
    monkeypatch.setitem(sys.modules, "program", types.ModuleType("program"))
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)  # `watch` replaces it
    return Mistake(tmp_path, apply_diff)


class Broken:
    """Files of a program, and the advice on the exception of its import."""

    def __init__(self, mistake):
        self.mistake = mistake
        self.error = None

    def write(self, **files):
        """Write files; ``shop__views`` is the file ``shop/views.py``."""
        for name, text in files.items():
            self.mistake.write(f"{name.replace('__', '/', 1)}.py", text)

    def load(self, module):
        """Import a module, without what an earlier import left."""
        importlib.invalidate_caches()
        folder = str(self.mistake.folder)
        for name, loaded in [*sys.modules.items()]:
            if (getattr(loaded, "__file__", None) or "").startswith(folder):
                del sys.modules[name]
        sys.modules.pop(module, None)
        return importlib.import_module(module)

    def advice(self, module="program", **files):
        """The advice on the exception of an import."""
        self.write(**files)
        try:
            self.load(module)
        except Exception as error:
            self.error = error
            return advise(error, None, None)
        pytest.fail("the program has loaded")

    def apply(self, advice):
        assert advice.diff, advice
        self.mistake.apply(advice.diff)

    def text(self, name):
        return (self.mistake.folder / f"{name.replace('__', '/', 1)}.py").read_text(
            encoding="utf-8"
        )


@pytest.fixture
def broken(mistake, monkeypatch):
    """A program that does not load: `broken.advice(program="import yaml")`."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    modules = set(sys.modules)
    yield Broken(mistake)
    for name in set(sys.modules) - modules:
        if (getattr(sys.modules[name], "__file__", None) or "").startswith(str(mistake.folder)):
            del sys.modules[name]


@pytest.fixture
def collected(mistake):
    """Coroutines that were not awaited are collected while their warning is ignored."""
    yield
    mistake.errors.clear()
    gc.collect()
