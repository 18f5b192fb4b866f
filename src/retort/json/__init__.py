"""JSON functions of the current app: ``app.json``, or plain JSON without an app.

`provider.py` converts values to JSON; `tag.py` is for session cookies.
Documented on Flask's "API" page, under "JSON Support".
"""

from __future__ import annotations

import json as _json
from typing import IO, TYPE_CHECKING, Any, AnyStr

from ..globals import current_app, current_app_context
from .provider import DefaultJSONProvider, JSONProvider, decode

if TYPE_CHECKING:
    from ..http.response import Response

__all__ = ["dump", "dumps", "jsonify", "load", "loads"]


def _current_provider() -> JSONProvider | None:
    context = current_app_context.get(None)
    return None if context is None else context.app.json


def dumps(obj: Any, **kwargs: Any) -> str:
    """Write a value as JSON.

    :param kwargs: options of :func:`json.dumps`; they override the app's own.
    :raises TypeError: if the value, or something in it, cannot be written.
    """
    context = current_app_context.get(None)
    if context is not None:
        return context.app.json.dumps(obj, **kwargs)
    return _json.dumps(obj, **{"default": DefaultJSONProvider.default, **kwargs})


def dump(obj: Any, fp: IO[str], **kwargs: Any) -> None:
    """Write a value as JSON to a file opened for text.

    :param kwargs: as for :func:`dumps`.
    :raises TypeError: if the value, or something in it, cannot be written.
    """
    provider = _current_provider()
    if provider is not None:
        provider.dump(obj, fp, **kwargs)
    else:
        _json.dump(obj, fp, **{"default": DefaultJSONProvider.default, **kwargs})


def loads(s: str | bytes, **kwargs: Any) -> Any:
    """Read a value from JSON.

    :param s: the JSON; bytes are UTF-8, UTF-16 or UTF-32.
    :param kwargs: options of :func:`json.loads`.
    :raises ValueError: if it is not JSON, or has more than 1,000 levels of arrays and objects.
    """
    context = current_app_context.get(None)
    if context is not None:
        return context.app.json.loads(s, **kwargs)
    return decode(s, **kwargs)


def load(fp: IO[AnyStr], **kwargs: Any) -> Any:
    """Read a value from a file of JSON.

    :param kwargs: as for :func:`loads`.
    :raises ValueError: if it is not JSON, or has more than 1,000 levels of arrays and objects.
    """
    provider = _current_provider()
    if provider is not None:
        return provider.load(fp, **kwargs)
    return decode(fp.read(), **kwargs)


def jsonify(*args: Any, **kwargs: Any) -> Response:
    """Make a JSON response: of one value, a list of several, or an object of keyword arguments.

    :raises TypeError: if values and keyword arguments are mixed.
    :raises RuntimeError: if no app context is active.
    """
    return current_app.json.response(*args, **kwargs)
