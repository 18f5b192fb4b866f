"""JSON providers, which write and read the JSON of an app. ``app.json`` can be replaced.

The functions of `retort.json`, ``jsonify``, ``request.json``, the session cookie, the
``tojson`` filter and the test client all use the provider.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
import weakref
from contextlib import suppress
from datetime import date
from enum import Enum
from functools import cache, lru_cache, partial
from json.encoder import (  # type: ignore[attr-defined]
    c_make_encoder,
    encode_basestring,
    encode_basestring_ascii,
)
from operator import attrgetter
from typing import IO, TYPE_CHECKING, Any, AnyStr

from werkzeug.http import http_date

from .depth import MAX_DEPTH, TOO_DEEP, depth_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

    from ..app import Flask
    from ..http.response import Response
    from ..registries import Changes
    from ..setup import App

_COMPACT = {"separators": (",", ":")}
_INDENTED = {"indent": 2}


class JSONProvider:
    """The interface of a JSON library. Subclasses define :meth:`dumps` and :meth:`loads`.

    :param app: its app; referenced weakly.
    """

    def __init__(self, app: App) -> None:
        self._app: Flask = weakref.proxy(app)

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write a value as JSON.

        :param kwargs: options of the library.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has to define dumps().")

    def dump(self, obj: Any, fp: IO[str], **kwargs: Any) -> None:
        """Write a value as JSON to a file opened for text.

        :param kwargs: options of the library.
        """
        fp.write(self.dumps(obj, **kwargs))

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read a value from JSON.

        :param kwargs: options of the library.
        """
        raise NotImplementedError(f"{type(self).__qualname__} has to define loads().")

    def load(self, fp: IO[AnyStr], **kwargs: Any) -> Any:
        """Read a value from a file of JSON.

        :param kwargs: options of the library.
        """
        return self.loads(fp.read(), **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The response of ``jsonify``: one value, a list of several, or an object.

        :raises TypeError: if values and keyword arguments are mixed.
        """
        body = self.dumps(self._prepare_response_obj(args, kwargs))
        return self._app.response_class(body, mimetype="application/json")

    def _prepare_response_obj(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if args and kwargs:
            raise TypeError(
                "jsonify() and app.json.response() take either args or kwargs, not both."
                " To send an object with all of them, pass one dict."
            )
        if kwargs:
            return kwargs
        if len(args) > 1:
            return args
        return args[0] if args else None


@cache
def _decimal() -> type[Decimal]:
    from decimal import Decimal  # not earlier: few programs use it

    return Decimal


def _default(o: Any) -> Any:
    """Convert a value that the ``json`` module does not support."""
    if isinstance(o, date):
        return http_date(o)
    if isinstance(o, (_decimal(), uuid.UUID)):
        return str(o)
    if dataclasses.is_dataclass(o) and not isinstance(o, type):
        return dataclasses.asdict(o)
    if hasattr(o, "__html__"):
        return str(o.__html__())
    if isinstance(o, Enum):
        return o.value
    if hasattr(o, "__struct_fields__") or hasattr(o, "__attrs_attrs__"):
        return _msgspec_to_builtins()(o, enc_hook=_default)  # a model of pydantic inside
    if hasattr(o, "__pydantic_validator__") and hasattr(o, "model_dump"):
        return o.model_dump(mode="json")
    raise TypeError(
        f"Object of type {type(o).__name__} is not JSON serializable. Convert it first,"
        " or in `app.json.default`."
    )


class DefaultJSONProvider(JSONProvider):
    """JSON by Python's ``json`` module, with a few more types.

    A date or time becomes an HTTP date (RFC 9110 §5.6.7), ``Decimal`` and ``UUID`` a string, a
    dataclass an object, and what has ``__html__()`` its markup. Objects of msgspec, attrs and
    pydantic become objects, and members of an ``Enum`` their values; Flask raises an error for
    them. All attributes can be set, on ``app.json`` or in a subclass, at any time.
    """

    default: Callable[[Any], Any] = staticmethod(_default)
    """Called with a value that ``json`` does not support; returns one that it does."""

    ensure_ascii = True
    """Write characters outside ASCII as ``\\uXXXX``."""

    sort_keys = True
    """Write objects in the order of their keys; these must then be of one type."""

    compact: bool | None = None
    """Write responses without spaces and line breaks; ``None``: unless in debug mode."""

    mimetype = "application/json"
    """The ``Content-Type`` of responses."""

    def dumps(self, obj: Any, **kwargs: Any) -> str:
        """Write a value as JSON.

        :param kwargs: options of :func:`json.dumps`; they override the attributes.
        :raises TypeError: if the value, or something in it, cannot be written.
        """
        if not kwargs or kwargs == _COMPACT:
            return self._encoder(bool(kwargs))(obj)
        options = {
            "default": self.default,
            "ensure_ascii": self.ensure_ascii,
            "sort_keys": self.sort_keys,
        }
        return json.dumps(obj, **{**options, **kwargs})

    def app_changes(self) -> Changes | None:
        """The application's record of changes, where changes of attributes are noted."""
        try:
            return self._app.registry_changes
        except ReferenceError:
            return None

    def compact_encoder(self) -> Callable[[Any], str]:
        """The function with which :meth:`dumps` writes JSON without spaces."""
        return self._encoder(is_compact=True)

    def _encoder(self, is_compact: bool) -> Callable[[Any], str]:
        try:
            return _kept_encoder(self.default, self.ensure_ascii, self.sort_keys, is_compact)
        except TypeError:  # `default` is not hashable
            return _make_encoder(self.default, self.ensure_ascii, self.sort_keys, is_compact)

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Read a value from JSON.

        :param kwargs: options of :func:`json.loads`.
        :raises ValueError: if it is not JSON, or has more than 1,000 levels of arrays and
            objects. CPython 3.10 and 3.11 may read a few less, see
            :func:`sys.setrecursionlimit`.
        """
        return decode(s, **kwargs)

    def response(self, *args: Any, **kwargs: Any) -> Response:
        """The response of ``jsonify``: one value, a list of several, or an object.

        :raises TypeError: if values and keyword arguments are mixed, or cannot be written.

        Ends with a line break. Indented in debug mode, see :attr:`compact`.
        """
        app = self._app
        obj = args[0] if len(args) == 1 and not kwargs else self._prepare_response_obj(args, kwargs)
        compact = self.compact
        if compact is None:
            compact = not app.debug
        text = self.dumps(obj, **(_COMPACT if compact else _INDENTED)) + "\n"
        return app.response_class(text, mimetype=self.mimetype)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        self._note_change()

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        self._note_change()

    def _note_change(self) -> None:
        """Invalidate the application's plans, which may contain `writer_of` this provider."""
        with suppress(AttributeError, ReferenceError):  # it is being constructed, or was deleted
            self._app.registry_changes.note()


_methods_of = attrgetter(
    *("response", "dumps", "_encoder", "_prepare_response_obj", "__init__", "__getattribute__")
)
_METHODS = _methods_of(DefaultJSONProvider)


_attributes_of = attrgetter("default", "ensure_ascii", "sort_keys", "compact", "mimetype")


def state_of_class() -> tuple[Any, ...]:
    """The attributes of `DefaultJSONProvider` that `writer_of` depends on."""
    return _methods_of(DefaultJSONProvider), _attributes_of(DefaultJSONProvider)


def writer_of(provider: JSONProvider, app: App) -> Callable[[Any], str] | None:
    """The function that writes the text of ``provider.response(value)``, without its line break.

    ``None`` if there is no such function: a method of the provider is overridden, or its changes
    are not recorded.
    """
    if (
        type(provider) is not DefaultJSONProvider
        or _methods_of(DefaultJSONProvider) != _METHODS
        or not provider.__dict__.keys().isdisjoint({"response", "dumps"})
        or provider.app_changes() is not app.registry_changes
    ):
        return None
    compact = provider.compact
    if compact is None:
        compact = not app.debug
    if compact:
        return provider.compact_encoder()
    return partial(provider.dumps, **_INDENTED)


def decode(s: Any, **kwargs: Any) -> Any:
    """``json.loads``, but text nested too deeply for the stack of a thread is an error.

    :raises ValueError: if it is not JSON, or nested too deeply.
    """
    depth = depth_of(s, _MSGSPEC_DEPTH) if isinstance(s, (str, bytes, bytearray)) else 0
    if depth > MAX_DEPTH:
        raise ValueError(TOO_DEEP)
    if depth <= _MSGSPEC_DEPTH and not kwargs and type(s) in (str, bytes):
        try:
            return _msgspec_loads()(s)
        except (ValueError, RecursionError):
            pass  # the standard library accepts more, such as NaN, and has better messages
    try:
        return json.loads(s, **kwargs)
    except RecursionError:
        raise ValueError(TOO_DEEP) from None


# Msgspec uses some 450 bytes of the stack for each level, Python's own decoder 130. The smallest
# stack of a thread that is supported is 256 KiB.
_MSGSPEC_DEPTH = 400


@cache
def _msgspec_loads() -> Callable[[Any], Any]:
    """Msgspec's decoder, imported at its first use."""
    import msgspec

    return msgspec.json.Decoder().decode


@cache
def _msgspec_to_builtins() -> Callable[..., Any]:
    """Msgspec's conversion of its objects to JSON values."""
    import msgspec

    return msgspec.to_builtins


def _make_encoder(
    default: Callable[[Any], Any], ensure_ascii: bool, sort_keys: bool, is_compact: bool
) -> Callable[[Any], str]:
    """``json.dumps`` with these options. An encoder has no state, so threads may share it."""
    standard = json.JSONEncoder(
        default=default,
        ensure_ascii=ensure_ascii,
        sort_keys=sort_keys,
        separators=_COMPACT["separators"] if is_compact else None,
    )
    if c_make_encoder is None:  # a Python without the C encoder
        return standard.encode
    # PERF: `JSONEncoder.encode` creates one for every value.
    pieces_of = c_make_encoder(
        None,  # no check for circular references: they raise a RecursionError
        default,
        encode_basestring_ascii if ensure_ascii else encode_basestring,
        None,
        standard.key_separator,
        standard.item_separator,
        sort_keys,
        False,
        True,
    )

    def encode(obj: Any) -> str:
        try:
            return "".join(pieces_of(obj, 0))
        except RecursionError:
            return standard.encode(obj)  # raises an error with a better message

    return encode


# PERF: json.dumps() creates an encoder in every call with an option.
_kept_encoder = lru_cache(maxsize=64)(_make_encoder)
