"""The import system's finder and loader for the modules of Flask."""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import os
import sys
import types
import warnings
from typing import TYPE_CHECKING, Any

from .distribution import FlaskDistribution, is_flask_3_installed
from .names import take_flask_names
from .tables import ALONG, COMPOSED, FLASK_VERSION, HOMES, HOMES_OF_NAMES, PACKAGES, WHOLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_FOLDER = os.path.dirname(os.path.dirname(__file__))
_MAIN = "flask.__main__"


class AliasModule(types.ModuleType):
    """A module of Flask composed of Retort's names; each is fetched when first read."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name}, as Retort provides it.")
        self.__dict__["_origin_of"] = origins(name)

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [own for own in self._origin_of if not own.startswith("_")]
        if name == "__version__" and self.__name__ == "flask":
            return _deprecated_version()
        origin = self._origin_of.get(name)
        if origin is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = fetch(*origin)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._origin_of})


class Finder(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Finds and loads the modules in the tables, and the distribution ``flask``."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in COMPOSED or fullname in WHOLE or fullname == _MAIN:
            return self._spec(fullname)
        parent = fullname.rpartition(".")[0]
        if parent in WHOLE:
            # Otherwise Python would search the package's folder and load the file a second time.
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None

    def _spec(self, fullname: str) -> importlib.machinery.ModuleSpec:
        file = _file_of(fullname)
        spec = importlib.machinery.ModuleSpec(
            fullname, self, origin=file, is_package=fullname in PACKAGES
        )
        # The module needs a `__file__`: programs find Flask's folder by it, and Python the source
        # of its classes.
        spec.has_location = file is not None
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        if spec.name in COMPOSED:
            return AliasModule(spec.name)
        if spec.name not in WHOLE:
            return None
        # The complete module of Retort, so that import hooks of tools read and patch it directly.
        # The import system sets `__spec__`; `exec_module` restores it.
        module = importlib.import_module(WHOLE[spec.name])
        spec.loader_state = module.__spec__
        return module

    def exec_module(self, module: types.ModuleType) -> None:
        spec = module.__spec__
        assert spec is not None
        name = spec.name
        if name == _MAIN:
            exec(self.get_code(name), module.__dict__)
            return
        if name in WHOLE:
            module.__spec__ = spec.loader_state
        else:
            _forget_fetched(module)
        take_flask_names(module, name)
        if name == "flask":
            for child in ALONG:
                importlib.import_module(child)

    def get_source(self, fullname: str) -> str | None:
        """The source of ``flask.__main__``, for ``python -m flask``; ``None`` for other modules."""
        return "from retort.cli import main\nmain()\n" if fullname == _MAIN else None

    def get_code(self, fullname: str) -> types.CodeType:
        source = self.get_source(fullname)
        if source is None:
            raise ImportError(f"{fullname} has no code of its own.", name=fullname)
        return self.source_to_code(source, fullname)

    def is_package(self, fullname: str) -> bool:
        return fullname in PACKAGES

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context | None = None
    ) -> Iterator[importlib.metadata.Distribution]:
        """Retort under the name of Flask, unless a Flask 3 is installed."""
        wanted = getattr(context, "name", None)
        if wanted is not None and wanted.lower() != "flask":
            return
        if not is_flask_3_installed(self, context):
            yield FlaskDistribution()


def position_in_meta_path() -> int:
    """The index of the finder: before Python's first finder.

    Import hooks of agents are at the front, and only run if no finder before them finds Flask.
    """
    standard = (
        importlib.machinery.BuiltinImporter,
        importlib.machinery.FrozenImporter,
        importlib.machinery.PathFinder,
    )
    places = (at for at, finder in enumerate(sys.meta_path) if finder in standard)
    return next(places, 0)


def origins(module: str) -> dict[str, tuple[str, str | None]]:
    """For each name in ``module`` of Flask: Retort's module, and the name there (None: itself)."""
    found: dict[str, tuple[str, str | None]] = {}
    for source, names in COMPOSED[module].items():
        for entry in names.split():
            name, _, there = entry.partition("=")
            found[name] = (source, there or name)
    for child in (*COMPOSED, *WHOLE):
        parent, _, name = child.rpartition(".")
        if parent == module:
            found[name] = (child, None)
    return found


def fetch(module: str, name: str | None) -> Any:
    """The value of ``name`` in ``module``, or the module itself."""
    found = importlib.import_module(module)
    return found if name is None else getattr(found, name)


def _file_of(fullname: str) -> str | None:
    """The ``__file__`` of a composed module: that of the corresponding module of Retort."""
    if fullname in WHOLE:
        return None  # Retort's module has its own
    if fullname in ("flask", _MAIN):
        return os.path.join(_FOLDER, "__init__.py" if fullname == "flask" else "__main__.py")
    candidates = [ours for ours, home in HOMES.items() if home == fullname]
    candidates += [ours for ours, homes in HOMES_OF_NAMES.items() if fullname in homes.values()]
    if not candidates:
        return None
    return os.path.join(_FOLDER, *candidates[0].split(".")[1:]) + ".py"


def _forget_fetched(module: types.ModuleType) -> None:
    """Fetch every name again at the next access, for ``importlib.reload``."""
    for name in origins(module.__name__):
        module.__dict__.pop(name, None)


def _deprecated_version() -> str:
    warnings.warn(
        "flask.__version__ is deprecated since Flask 3.1; use"
        " importlib.metadata.version('flask'), or test for the feature you need.",
        DeprecationWarning,
        stacklevel=3,
    )
    return FLASK_VERSION
