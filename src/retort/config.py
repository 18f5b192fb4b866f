"""The configuration: a dictionary with loaders for files, objects and the environment.

`App.default_config` in `setup.py` defines the keys and their defaults. `PLAN_KEYS` are those that
the request plans depend on. Documented on Flask's "Configuration Handling" page.
"""

from __future__ import annotations

import errno
import json
import os
import types
from functools import wraps
from typing import IO, TYPE_CHECKING, Any, Generic, TypeVar, cast, overload

from werkzeug.utils import import_string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from typing_extensions import Self

    from .registries import Changes
    from .setup import App

F = TypeVar("F", bound="Callable[..., Any]")
T = TypeVar("T")

#: The keys that request plans depend on. A change of another key is not recorded, so that a
#: program may write to it on each request.
PLAN_KEYS = frozenset(
    {
        "ACCEPT_PARTIAL_PUT",
        "APPLICATION_ROOT",
        "AUTOMATIC_ETAGS",
        "DEBUG",
        "DESCRIBE_EMPTY_RESPONSES",
        "FORM_FROM_GET_BODY",
        "FRAME_ANCESTORS",
        "LIMIT_URLENCODED_FORMS",
        "MAX_CONTENT_LENGTH",
        "MAX_COOKIE_SIZE",
        "MAX_FORM_MEMORY_SIZE",
        "MAX_FORM_PARTS",
        "METHOD_OVERRIDE",
        "OPENAPI_DOCS_URL",
        "OPENAPI_URL",
        "PERMANENT_SESSION_LIFETIME",
        "PREFERRED_URL_SCHEME",
        "PROPAGATE_EXCEPTIONS",
        "REDIRECT_AFTER_UNSAFE",
        "REFERRER_POLICY",
        "SECRET_KEY",
        "SECRET_KEY_FALLBACKS",
        "SEND_FILE_MAX_AGE_DEFAULT",
        "SEND_SECURITY_HEADERS",
        "SERVER_NAME",
        "STRICT_TRANSPORT_SECURITY",
        "TESTING",
        "TRAP_BAD_REQUEST_ERRORS",
        "TRAP_HTTP_EXCEPTIONS",
        "TRUSTED_HOSTS",
        "USE_X_SENDFILE",
        "X_CONTENT_TYPE_OPTIONS",
    }
)
#: Prefixes of further such keys.
PLAN_KEY_PREFIXES = ("CROSS_ORIGIN_", "REFUSE_", "SESSION_", "WEBSOCKET_")

_NO_SUCH_FILE = frozenset({errno.ENOENT, errno.EISDIR, errno.ENOTDIR})


def is_plan_key(key: object) -> bool:
    """Whether request plans depend on the value of a key."""
    return key in PLAN_KEYS or (isinstance(key, str) and key.startswith(PLAN_KEY_PREFIXES))


def _signed_as(method: Callable[..., Any]) -> Callable[[F], F]:
    """Copy the signature of the overridden method."""
    return cast("Callable[[F], F]", wraps(method))


class ConfigAttribute(Generic[T]):
    """A descriptor for an attribute that is stored in ``app.config``.

    :param name: the key in ``app.config``.
    :param get_converter: converts the stored value when it is read.
    """

    def __init__(self, name: str, get_converter: Callable[[Any], T] | None = None) -> None:
        self.__name__ = name
        self.get_converter = get_converter

    @overload
    def __get__(self, obj: None, owner: None) -> ConfigAttribute[T]: ...

    @overload
    def __get__(self, obj: App, owner: type[App]) -> T: ...

    def __get__(self, obj: App | None, owner: type[App] | None = None) -> T | ConfigAttribute[T]:
        if obj is None:
            return self
        stored: T = obj.config[self.__name__]
        return stored if self.get_converter is None else self.get_converter(stored)

    def __set__(self, obj: App, value: Any) -> None:
        obj.config[self.__name__] = value


class Config(dict[str, Any]):
    """The settings of an app: a dictionary with loaders. Keys in capitals are settings.

    :param root_path: the base folder of relative file names.
    :param defaults: the initial content.

    The config of an application records changes of the keys in :data:`PLAN_KEYS`; copies of it do
    not. Changes inside a list or dictionary value are not recorded; its content has to be read for
    each request.
    """

    #: Where changes are recorded; ``None``: they are not.
    changes: Changes | None = None

    def __init__(
        self,
        root_path: str | os.PathLike[str],
        defaults: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(defaults or {})
        self.root_path = root_path

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {super().__repr__()}>"

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "changes"}

    def _note(self, keys: Iterable[object]) -> None:
        """Record a change if request plans depend on one of the keys."""
        if self.changes is not None and any(map(is_plan_key, keys)):
            self.changes.note()

    @_signed_as(dict.__setitem__)
    def __setitem__(self, key: str, value: Any) -> None:
        super().__setitem__(key, value)
        self._note((key,))

    @_signed_as(dict.__delitem__)
    def __delitem__(self, key: str) -> None:
        super().__delitem__(key)
        self._note((key,))

    @_signed_as(dict.__ior__)
    def __ior__(self, other: Any) -> Self:  # type: ignore[override]  # of several signatures
        given = dict(other)
        super().update(given)
        self._note(given)
        return self

    @_signed_as(dict.clear)
    def clear(self) -> None:
        super().clear()
        self._note(PLAN_KEYS)

    @_signed_as(dict.pop)
    def pop(self, key: str, *default: Any) -> Any:
        value = super().pop(key, *default)
        self._note((key,))
        return value

    @_signed_as(dict.popitem)
    def popitem(self) -> tuple[str, Any]:
        key, value = super().popitem()
        self._note((key,))
        return key, value

    @_signed_as(dict.setdefault)
    def setdefault(self, key: str, default: Any = None) -> Any:
        value = super().setdefault(key, default)
        self._note((key,))
        return value

    @_signed_as(dict.update)
    def update(self, *args: Any, **kwargs: Any) -> None:
        given = dict(*args, **kwargs)  # the argument may be an iterator
        super().update(given)
        self._note(given)

    def from_envvar(self, variable_name: str, silent: bool = False) -> bool:
        """Load the Python file whose name is in an environment variable.

        :param variable_name: the variable.
        :param silent: treat a missing variable or file as empty.
        :returns: whether a file was loaded.
        :raises RuntimeError: if the variable is not set, or empty.
        :raises OSError: if the file cannot be read.
        """
        filename = os.environ.get(variable_name)
        if filename:
            return self.from_pyfile(filename, silent=silent)
        if silent:
            return False
        raise RuntimeError(
            f"The environment variable {variable_name!r} is not set, so there is no"
            " configuration file to load. Set it to the file's path, as in"
            f" `export {variable_name}=/path/to/settings.cfg`, or pass silent=True"
            " if the file is optional."
        )

    def from_prefixed_env(
        self, prefix: str = "FLASK", *, loads: Callable[[str], Any] = json.loads
    ) -> bool:
        """Load the environment variables whose names start with ``prefix`` and ``_``.

        :param prefix: the part before the first underscore.
        :param loads: parses a value; if it raises, the value is the text itself.
        :returns: ``True``.
        :raises TypeError: if ``A__B`` is set and ``A`` is not a dict.

        ``FLASK_A__B=1`` sets ``config["A"]["B"] = 1``, and creates the dict ``A`` if needed.
        """
        start = f"{prefix}_"
        for variable in sorted(os.environ):
            if variable.startswith(start):
                value = _read_value(os.environ[variable], loads)
                self._set_nested(variable, variable[len(start) :].split("__"), value)
        return True

    def _set_nested(self, variable: str, keys: list[str], value: Any) -> None:
        target: dict[str, Any] = self
        for depth, key in enumerate(keys[:-1], start=1):
            target = target.setdefault(key, {})
            if not isinstance(target, dict):
                parent = "__".join(keys[:depth])
                # The value may be a secret, so the message has only its type.
                raise TypeError(
                    f"The environment variable {variable!r} sets a key inside {parent!r},"
                    f" but {parent!r} is a value of type {type(target).__name__}, not a"
                    f" dict. Remove one of the two, or write {parent!r} as a JSON object."
                )
        target[keys[-1]] = value
        self._note(keys[:1])  # `target` may be a dict without recording

    def from_pyfile(self, filename: str | os.PathLike[str], silent: bool = False) -> bool:
        """Run a Python file and load its names in capitals.

        :param filename: the file; relative to ``root_path``. Any suffix is allowed.
        :param silent: treat a missing file as empty.
        :returns: whether a file was loaded.
        :raises OSError: if the file cannot be read.

        Exceptions of the file's code are passed on, also with ``silent``.
        """
        path = os.path.join(self.root_path, filename)
        try:
            with open(path, "rb") as file:
                source = file.read()
        except OSError as error:
            return self._unreadable(error, silent)
        module = types.ModuleType("config")
        module.__file__ = path
        exec(compile(source, path, "exec", dont_inherit=True), module.__dict__)
        self.from_object(module)
        return True

    def from_object(self, obj: object | str) -> None:
        """Load the attributes in capitals of a module, a class or an object.

        :param obj: the object, or its import name such as ``"shop.settings.Production"``.
        :raises ImportError: if the import name cannot be imported.

        For a dict, use :meth:`from_mapping`.
        """
        source = import_string(obj) if isinstance(obj, str) else obj
        for name in dir(source):
            if name.isupper():
                self[name] = getattr(source, name)

    def from_file(
        self,
        filename: str | os.PathLike[str],
        load: Callable[[IO[Any]], Mapping[str, Any]],
        silent: bool = False,
        text: bool = True,
    ) -> bool:
        """Load a file by a reader such as ``json.load`` or ``tomllib.load``.

        :param filename: the file; relative to ``root_path``.
        :param load: called with the open file; returns a mapping.
        :param silent: treat a missing file as empty.
        :param text: open the file as text; ``tomllib`` requires bytes.
        :returns: whether a file was loaded.
        :raises OSError: if the file cannot be read.

        Exceptions of ``load`` are passed on, also with ``silent``.
        """
        path = os.path.join(self.root_path, filename)
        try:
            file: IO[Any] = open(path, "r" if text else "rb")  # noqa: SIM115 - see below
        except OSError as error:
            return self._unreadable(error, silent)
        with file:  # so that an OSError of `load` is not treated as a missing file
            settings = load(file)
        return self.from_mapping(settings)

    def _unreadable(self, error: OSError, silent: bool) -> bool:
        if silent and error.errno in _NO_SUCH_FILE:
            return False
        hint = f"relative names start from {os.fspath(self.root_path)!r}"
        if error.errno in _NO_SUCH_FILE:
            hint += "; put the file there, or pass silent=True if it may be missing"
        error.strerror = f"Unable to load configuration file ({error.strerror}): {hint}"
        raise error

    def from_mapping(self, mapping: Mapping[str, Any] | None = None, **kwargs: Any) -> bool:
        """Load the keys in capitals of a mapping and of the keyword arguments.

        :param mapping: a mapping; its other keys are ignored.
        :param kwargs: further settings; they override ``mapping``.
        :returns: ``True``.
        """
        given: dict[str, Any] = dict(mapping or {}, **kwargs)
        self.update(_settings(given.items()))
        return True

    def get_namespace(
        self, namespace: str, lowercase: bool = True, trim_namespace: bool = True
    ) -> dict[str, Any]:
        """The settings whose keys start with ``namespace``, as a new dict.

        :param namespace: the start, such as ``"MAIL_"``.
        :param lowercase: convert the keys to lower case.
        :param trim_namespace: remove ``namespace`` from the keys.
        """
        found = {}
        for key, value in self.items():
            if str(key).startswith(namespace):
                name = key[len(namespace) :] if trim_namespace else key
                found[name.lower() if lowercase else name] = value
        return found


def _read_value(text: str, loads: Callable[[str], Any]) -> Any:
    try:
        return loads(text)
    except Exception:  # any exception of loads() means that the text is not in its format
        return text


def _settings(items: Iterable[tuple[object, Any]]) -> dict[str, Any]:
    """The items that are settings; a file may have others, or keys that are numbers."""
    return {key: value for key, value in items if isinstance(key, str) and key.isupper()}
