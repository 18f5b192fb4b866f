"""Programs that do not load."""

import importlib
import sys

import pytest

from retort.devtools.advice import advise


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
