"""Walk the public names of what `import flask` finds, and say what each looks like.

Nothing here knows which framework it walks: test_names.py compares two walks. A name's look
is its kind, the parameters it is called with, and for a class its bases and members.
"""

import importlib
import importlib.metadata
import inspect
import pkgutil
import types
import typing
import warnings

MODULES = """
    flask flask.app flask.blueprints flask.cli flask.config flask.ctx flask.debughelpers
    flask.globals flask.helpers flask.json flask.json.provider flask.json.tag flask.logging
    flask.sansio.app flask.sansio.blueprints flask.sansio.scaffold flask.sessions flask.signals
    flask.templating flask.testing flask.typing flask.views flask.wrappers
""".split()

# Methods that Python calls: a class has them or not, and programs count on it.
CALLED_BY_PYTHON = {"__call__", "__enter__", "__exit__", "__iter__", "__contains__"}

FRAMEWORKS = {"flask", "retort"}

SIMPLE = (str, bytes, int, float, bool, type(None))


def walk():
    """Every public name of every module: its look."""
    return {
        "modules": {name: _module(importlib.import_module(name)) for name in MODULES},
        "objects": {what: _names_of(value) for what, value in _objects().items()},
        "packages": _packages(),
    }


def look_up(names):
    """Whether each dotted name exists: "module:name" or "module:Class.name"."""
    return {name: _exists(name) for name in names}


def objects_lack(names):
    """For each kind of live object: those of its ``names`` that it does not have."""
    objects = _objects()
    return {
        what: [name for name in wanted if not _has(objects[what], name)]
        for what, wanted in names.items()
    }


def _has(value, name):
    try:
        return hasattr(value, name)
    except Exception:  # it is there, and cannot be read outside of a request
        return True


def versions():
    """What the framework says its version is, and the warning for asking the old way."""
    flask = importlib.import_module("flask")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asked = flask.__version__
    return {
        "__version__": asked,
        "warnings": [warning.category.__name__ for warning in caught],
        "metadata": importlib.metadata.version("flask"),
        "distribution": importlib.metadata.distribution("flask").metadata["Name"],
    }


def _exists(name):
    try:
        return pkgutil.resolve_name(name) is not None
    except (ImportError, AttributeError):
        return False


def _packages():
    """The modules there are to import, without those that run something."""
    flask = importlib.import_module("flask")
    found = [module.name for module in pkgutil.walk_packages(flask.__path__, "flask.")]
    return sorted(name for name in found if not name.endswith("__main__"))


def _module(module):
    return {
        name: _look(getattr(module, name))
        for name in dir(module)
        if not name.startswith("_") and not _is_of_python(getattr(module, name))
    }


def _is_of_python(value):
    """Whether it is Python's own: what a module imports for itself, and type variables."""
    if isinstance(value, types.ModuleType):
        return value.__name__.partition(".")[0] not in FRAMEWORKS
    if isinstance(value, typing.TypeVar):
        return True
    home = getattr(value, "__module__", None) or ""
    return home.partition(".")[0] in PYTHONS or type(value).__module__ == "__future__"


PYTHONS = {
    *("__future__", "_collections_abc", "_contextvars", "_hashlib", "_io", "_thread"),
    *("_weakref", "abc", "ast", "base64", "builtins", "collections", "contextlib", "contextvars"),
    *("dataclasses", "datetime", "decimal", "errno", "functools", "gettext", "hashlib"),
    *("importlib", "inspect", "io", "itertools", "json", "logging", "mimetypes", "ntpath"),
    *("operator", "os", "pathlib", "pkgutil", "platform", "posixpath", "re", "socket", "ssl"),
    *("string", "sys", "threading", "time", "traceback", "types", "typing", "typing_extensions"),
    *("urllib", "uuid", "warnings", "weakref", "zlib"),
}


def _look(value):
    if inspect.isclass(value):
        return _class(value)
    if isinstance(value, types.ModuleType):
        return {"kind": "module"}
    if "LocalProxy" in {kind.__name__ for kind in type(value).__mro__}:
        return {"kind": "proxy"}
    if callable(value) and not _is_a_type_alias(value):
        return {"kind": "function", "parameters": _parameters(value)}
    return {"kind": "value", "value": _simple(value)}


def _is_a_type_alias(value):
    return typing.get_origin(value) is not None


def _class(value):
    return {
        "kind": "class",
        "bases": sorted(base.__name__ for base in value.__mro__ if not _is_of_framework(base)),
        "parameters": _parameters(value),
        "members": {
            name: _member(value, name)
            for name in dir(value)
            if not name.startswith("_") or name in CALLED_BY_PYTHON
        },
    }


def _is_of_framework(cls):
    return cls.__module__.partition(".")[0] in FRAMEWORKS


def _member(cls, name):
    """A member is called or read; how the class brings that about is its own business."""
    raw = inspect.getattr_static(cls, name)
    is_routine = inspect.isroutine(raw) and callable(raw)  # not an attribute made when read
    if isinstance(raw, (staticmethod, classmethod)) or is_routine:
        return {"kind": "method", "parameters": _parameters(getattr(cls, name))}
    value = getattr(cls, name)
    if inspect.isclass(value):
        return {"kind": "attribute", "value": f"class {value.__name__}"}
    if isinstance(raw, property) or hasattr(type(raw), "__get__"):
        return {"kind": "attribute"}
    return {"kind": "attribute", "value": _simple(raw)}


def _parameters(function):
    try:
        signature = inspect.signature(function)
    except (ValueError, TypeError):
        return None
    return [
        [parameter.name, parameter.kind.name, _default(parameter.default)]
        for parameter in signature.parameters.values()
    ]


def _default(value):
    return "required" if value is inspect.Parameter.empty else _simple(value)


def _simple(value):
    """Its text if that says all there is; a sentinel's address and the like say nothing."""
    if isinstance(value, SIMPLE):
        return repr(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        texts = [_simple(item) for item in value]
        return [
            type(value).__name__,
            *(sorted(texts) if isinstance(value, (set, frozenset)) else texts),
        ]
    if inspect.isclass(value):
        return f"class {value.__name__}"
    return "something"


def _objects():
    """Live objects, for the names that `dir` of a class does not show."""
    import flask
    from flask import cli, ctx, sessions, testing

    app = flask.Flask("walked")
    app.secret_key = "key"
    return {
        "app": app,
        "blueprint": flask.Blueprint("walked", "walked"),
        "app.config": app.config,
        "app.json": app.json,
        "app.jinja_env": app.jinja_env,
        "app context": app.app_context(),
        "request context": app.test_request_context("/"),
        "request": app.test_request_context("/").request,
        "response": app.response_class(),
        "session": sessions.SecureCookieSession(),
        "null session": sessions.NullSession(),
        "g": ctx._AppCtxGlobals(),
        "client": app.test_client(),
        "runner": app.test_cli_runner(),
        "environ builder": testing.EnvironBuilder(app),
        "script info": cli.ScriptInfo(),
        "flask group": cli.FlaskGroup(),
    }


def _names_of(value):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return sorted(name for name in dir(value) if not name.startswith("_"))
