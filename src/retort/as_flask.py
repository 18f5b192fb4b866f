"""Make ``import flask`` and every ``flask.<module>`` find Retort, in this process.

`install` puts one finder in front of ``sys.meta_path``. Two tables say what it finds:
`WHOLE` names the modules of ours that *are* Flask's module of that name, so that a name
replaced in one is replaced in the other; `COMPOSED` names, for every other module of Flask,
where each of its names lives here. Nothing is imported before ``import flask``.

This file imports nothing of Retort's: it knows the rest by name. What the names do is told
where they live.
"""

from __future__ import annotations

import importlib
import importlib.abc
import importlib.machinery
import importlib.metadata
import sys
import types
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

FLASK_VERSION = "3.1.3"
"""The release of Flask that Retort stands in for."""


class AliasError(RuntimeError):
    """The real Flask was imported before `install`; the message says by whom."""


WHOLE = {
    "flask.cli": "retort.cli",
    "flask.config": "retort.config",
    "flask.globals": "retort.globals",
    "flask.helpers": "retort.helpers",
    "flask.json": "retort.json",
    "flask.json.provider": "retort.json.provider",
    "flask.json.tag": "retort.json.tag",
    "flask.logging": "retort.logging",
    "flask.sessions": "retort.sessions",
    "flask.signals": "retort.signals",
    "flask.templating": "retort.templating",
    "flask.testing": "retort.testing",
    "flask.typing": "retort.typing",
    "flask.views": "retort.views",
}

# For each module of Flask: where its names live. "a=b" is b there, called a in Flask.
COMPOSED: Mapping[str, Mapping[str, str]] = {
    "flask": {
        "retort.app": "Flask",
        "retort.blueprint": "Blueprint",
        "retort.config": "Config",
        "retort.context": (
            "after_this_request copy_current_request_context has_app_context has_request_context"
        ),
        "retort.globals": "current_app g request session",
        "retort.helpers": (
            "abort flash get_flashed_messages get_template_attribute make_response"
            " redirect send_file send_from_directory stream_with_context url_for"
        ),
        "retort.http.request": "Request",
        "retort.http.response": "Response",
        "retort.json": "jsonify",
        "retort.signals": (
            "appcontext_popped appcontext_pushed appcontext_tearing_down"
            " before_render_template got_request_exception message_flashed"
            " request_finished request_started request_tearing_down template_rendered"
        ),
        "retort.templating": (
            "render_template render_template_string stream_template stream_template_string"
        ),
    },
    "flask.app": {
        "retort.app": "Flask",
        "retort.setup": "App",
        "retort.context": "AppContext RequestContext",
        "retort.globals": "_cv_app _cv_request current_app g request request_ctx session",
        "retort.helpers": "get_debug_flag get_flashed_messages send_from_directory",
        "retort.http.request": "Request",
        "retort.http.response": "Response",
        "retort.sessions": "SecureCookieSessionInterface SessionInterface",
        "retort.signals": (
            "appcontext_tearing_down got_request_exception"
            " request_finished request_started request_tearing_down"
        ),
        "retort.templating": "Environment",
        "werkzeug.datastructures": "Headers ImmutableDict",
        "werkzeug.exceptions": "BadRequestKeyError HTTPException InternalServerError",
        "werkzeug.routing": ("BuildError MapAdapter RequestRedirect RoutingException Rule"),
        "werkzeug.serving": "is_running_from_reloader",
        "werkzeug.wrappers": "BaseResponse=Response",
        "werkzeug.wsgi": "get_host",
    },
    "flask.blueprints": {
        "retort.blueprint": "Blueprint BlueprintSetupState SansioBlueprint=Blueprint",
        "retort.cli": "AppGroup",
        "retort.globals": "current_app",
        "retort.helpers": "send_from_directory",
    },
    "flask.ctx": {
        "retort.context": (
            "AppContext RequestContext _AppCtxGlobals after_this_request"
            " copy_current_request_context has_app_context has_request_context"
        ),
        "retort.globals": "_cv_app _cv_request",
        "retort.signals": "appcontext_popped appcontext_pushed",
        "werkzeug.exceptions": "HTTPException",
    },
    "flask.debughelpers": {
        "retort.errors": (
            "DebugFilesKeyError=FileFieldError FormDataRoutingRedirect=RoutingRedirectError"
        ),
    },
    "flask.sansio": {},
    "flask.sansio.app": {
        "retort.blueprint": "T_template_filter T_template_global T_template_test",
        "retort.config": "Config ConfigAttribute",
        "retort.context": "_AppCtxGlobals",
        "retort.helpers": "get_debug_flag",
        "retort.json.provider": "DefaultJSONProvider JSONProvider",
        "retort.logging": "create_logger",
        "retort.scaffold": "Scaffold T_teardown _endpoint_from_view_func setupmethod",
        "retort.setup": "App T_shell_context_processor find_package",
        "retort.templating": "DispatchingJinjaLoader Environment",
        "werkzeug.exceptions": "Aborter BadRequest BadRequestKeyError",
        "werkzeug.routing": "BuildError Map Rule",
        "werkzeug.sansio.response": "Response",
        "werkzeug.utils": "cached_property",
    },
    "flask.sansio.blueprints": {
        "retort.blueprint": (
            "Blueprint BlueprintSetupState T_template_filter T_template_global T_template_test"
        ),
        "retort.scaffold": (
            "Scaffold T_after_request T_before_request T_error_handler T_teardown"
            " T_template_context_processor T_url_defaults T_url_value_preprocessor"
            " _endpoint_from_view_func setupmethod"
        ),
    },
    "flask.sansio.scaffold": {
        "retort.helpers": "get_root_path",
        "retort.scaffold": (
            "F Scaffold T_after_request T_before_request T_error_handler T_route T_teardown"
            " T_template_context_processor T_url_defaults T_url_value_preprocessor"
            " _endpoint_from_view_func setupmethod"
        ),
        "retort.setup": "find_package",
        "werkzeug.exceptions": "HTTPException default_exceptions",
        "werkzeug.utils": "cached_property",
    },
    "flask.wrappers": {
        "retort.globals": "current_app",
        "retort.http.request": "Request",
        "retort.http.response": "Response",
        "werkzeug.exceptions": "BadRequest HTTPException",
        "werkzeug.wrappers": "RequestBase=Request ResponseBase=Response",
    },
}

# What `import flask` imports along. Tracers wait for these by name, to patch what is in them.
ALONG = (
    "flask.app",
    "flask.blueprints",
    "flask.config",
    "flask.ctx",
    "flask.globals",
    "flask.helpers",
    "flask.json",
    "flask.json.provider",
    "flask.json.tag",
    "flask.logging",
    "flask.sansio.app",
    "flask.sansio.blueprints",
    "flask.sansio.scaffold",
    "flask.sessions",
    "flask.signals",
    "flask.templating",
    "flask.typing",
    "flask.wrappers",
)

# Modules that contain others, as `import a.b` must know.
PACKAGES = frozenset({"flask", "flask.sansio"})


def install() -> None:
    """Let ``import flask`` find Retort from now on; a second call does nothing.

    :raises AliasError: if the real Flask was imported before.

    ``importlib.metadata.version("flask")`` answers `FLASK_VERSION` where no Flask 3 is
    installed. Put ``import retort.as_flask; retort.as_flask.install()`` at the top of a
    program that is started by something else than ``retort`` or ``python -m retort``.
    """
    if is_installed():
        return
    real = sys.modules.get("flask")
    if real is not None and not isinstance(real, AliasModule):
        raise AliasError(_too_late(real))
    sys.meta_path.insert(0, _FINDER)


def install_ahead() -> None:
    """`install`, if this process has been started to run Retort; nothing in any other.

    For tools that load others before the command itself begins, as ``opentelemetry-instrument``
    does: it calls this by the entry point in ``pyproject.toml``.
    """
    if _command_of(sys.orig_argv) == "retort":
        install()


def _command_of(words: Sequence[str]) -> str | None:
    """The script or module in a command line of Python's, without folder and suffix."""
    rest = iter(words[1:])
    for word in rest:
        if word == "-m":
            return next(rest, "").partition(".")[0]
        if word in ("-X", "-W"):  # with a word of their own
            next(rest, None)
        elif not word.startswith("-"):
            return word.replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    return None


def is_installed() -> bool:
    """Whether ``import flask`` finds Retort in this process."""
    return _FINDER in sys.meta_path


class AliasModule(types.ModuleType):
    """A module of Flask put together from ours; each name is fetched when first asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(name, f"{name}, as Retort provides it.")
        self.__dict__["_origin_of"] = _origins(name)

    def __getattr__(self, name: str) -> Any:
        if name == "__all__":
            return [own for own in self._origin_of if not own.startswith("_")]
        if name == "__version__" and self.__name__ == "flask":
            return _version_asked()
        origin = self._origin_of.get(name)
        if origin is None:
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        value = _fetch(*origin)
        setattr(self, name, value)
        return value

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._origin_of})


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds and loads what the tables name, and the distribution called ``flask``."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: types.ModuleType | None = None,
    ) -> importlib.machinery.ModuleSpec | None:
        if fullname in COMPOSED or fullname in WHOLE:
            return self._spec(fullname)
        parent = fullname.rpartition(".")[0]
        if parent in WHOLE:
            # Python would go on to look in our folder, and load our file a second time.
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)
        return None

    def _spec(self, fullname: str) -> importlib.machinery.ModuleSpec:
        spec = importlib.machinery.ModuleSpec(
            fullname, self, origin=__file__, is_package=fullname in PACKAGES
        )
        # Gives the module a `__file__`, which programs read to find Flask's folder.
        spec.has_location = fullname in COMPOSED
        return spec

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType | None:
        return AliasModule(spec.name) if spec.name in COMPOSED else None

    def exec_module(self, module: types.ModuleType) -> None:
        name = module.__name__
        if name in WHOLE:
            # The import system takes from `sys.modules` what is there afterwards.
            sys.modules[name] = importlib.import_module(WHOLE[name])
        else:
            _forget_fetched(module)
        if name == "flask":
            for child in ALONG:
                importlib.import_module(child)

    def find_distributions(
        self, context: importlib.metadata.DistributionFinder.Context | None = None
    ) -> Iterator[importlib.metadata.Distribution]:
        """Retort under the name of Flask, unless a Flask 3 is installed."""
        wanted = getattr(context, "name", None)
        if wanted is not None and wanted.lower() != "flask":
            return
        if not _flask_3_is_installed(context):
            yield _FlaskDistribution()


class _FlaskDistribution(importlib.metadata.Distribution):
    """What ``importlib.metadata`` knows of Flask while Retort stands in for it."""

    def read_text(self, filename: str) -> str | None:
        if filename != "METADATA":
            return None
        return (
            f"Metadata-Version: 2.1\nName: Flask\nVersion: {FLASK_VERSION}\n"
            "Summary: Retort, under the name of Flask.\n"
        )

    def locate_file(self, path: Any) -> Path:
        from pathlib import Path

        return Path(__file__).parent.parent.joinpath(path)


_FINDER = _Finder()


def _origins(module: str) -> dict[str, tuple[str, str | None]]:
    """For each name in ``module`` of Flask: our module, and the name there (None: itself)."""
    origins: dict[str, tuple[str, str | None]] = {}
    for source, names in COMPOSED[module].items():
        for entry in names.split():
            name, _, there = entry.partition("=")
            origins[name] = (source, there or name)
    for child in (*COMPOSED, *WHOLE):
        parent, _, name = child.rpartition(".")
        if parent == module:
            origins[name] = (child, None)
    return origins


def _fetch(module: str, name: str | None) -> Any:
    found = importlib.import_module(module)
    return found if name is None else getattr(found, name)


def _forget_fetched(module: types.ModuleType) -> None:
    """Fetch every name afresh from now on: what `importlib.reload` is called for."""
    for name in _origins(module.__name__):
        module.__dict__.pop(name, None)


def _version_asked() -> str:
    warnings.warn(
        "flask.__version__ is deprecated since Flask 3.1; ask"
        " importlib.metadata.version('flask'), or test for the feature you need.",
        DeprecationWarning,
        stacklevel=3,
    )
    return FLASK_VERSION


def _flask_3_is_installed(
    context: importlib.metadata.DistributionFinder.Context | None,
) -> bool:
    asked = importlib.metadata.DistributionFinder.Context(
        name="flask", path=getattr(context, "path", sys.path)
    )
    return any(found.version.startswith("3.") for found in _others(asked))


def _others(
    context: importlib.metadata.DistributionFinder.Context,
) -> Iterable[importlib.metadata.Distribution]:
    """What the other finders know."""
    for finder in sys.meta_path:
        find = getattr(finder, "find_distributions", None)
        if finder is not _FINDER and find is not None:
            yield from find(context)


def _too_late(real: types.ModuleType) -> str:
    """The message of `AliasError`."""
    place = getattr(real, "__file__", None) or "an unknown place"
    importer = _importer_of(real)
    by = f" by {importer}" if importer else ""
    return (
        f"The real Flask ({place}) was already imported{by}, so `import flask` cannot find"
        " Retort any more. Put `import retort.as_flask; retort.as_flask.install()` at the"
        " very top of the program, above every other import, or start it with"
        " `retort run` or `python -m retort`."
    )


def _importer_of(real: types.ModuleType) -> str | None:
    """The first module that holds Flask or something of it, with its file."""
    for name, module in list(sys.modules.items()):
        if name == "flask" or name.startswith("flask."):
            continue
        for value in list(getattr(module, "__dict__", {}).values()):
            if value is real or _is_of_flask(value):
                file = getattr(module, "__file__", None)
                return f"{name} ({file})" if file else name
    return None


def _is_of_flask(value: object) -> bool:
    """Whether ``value`` is a class or function defined in Flask."""
    if not isinstance(value, (type, types.FunctionType)):
        return False
    home = str(value.__module__)
    return home == "flask" or home.startswith("flask.")
