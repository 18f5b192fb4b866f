"""Responses for objects that a view returns and names in its return annotation.

Flask raises ``TypeError`` for them. `run.convert` calls this module where it would raise it, so
that annotations are not read for other values.
"""

from __future__ import annotations

import types
import typing as t
from inspect import unwrap
from weakref import WeakKeyDictionary

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ..app import Flask
    from ..context import RequestContext
    from ..http import Response

# Attributes of classes whose objects have declared fields; msgspec or pydantic encodes them.
_FIELDS = frozenset(
    {"__struct_fields__", "__dataclass_fields__", "__attrs_attrs__", "__pydantic_validator__"}
)


def respond_declared(app: Flask, context: RequestContext | None, value: object) -> Response | None:
    """The JSON response for an object whose class the view declares to return.

    :returns: ``None`` if the view does not declare it.
    """
    cls = type(value)
    if context is None or all(not hasattr(cls, name) for name in _FIELDS):
        return None
    view = app.view_functions.get(context.request.endpoint or "")
    if view is None or not issubclass(cls, returned_classes(function_of(view, context))):
        return None
    return app.response_class(_encode(value), mimetype="application/json")


def _encode(value: t.Any) -> str | bytes:
    if hasattr(type(value), "__pydantic_validator__") and hasattr(value, "model_dump_json"):
        return t.cast("str", value.model_dump_json())
    import msgspec  # slow to import; most programs return no such objects

    return msgspec.json.encode(value, enc_hook=_model_data)


def _model_data(value: t.Any) -> t.Any:
    """A model of pydantic inside of an object that msgspec encodes."""
    if hasattr(type(value), "__pydantic_validator__") and hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    raise TypeError(
        f"Object of type {type(value).__name__} is not JSON serializable. Convert it before the"
        " view returns the object that has it."
    )


def function_of(view: t.Any, context: RequestContext) -> Callable[..., t.Any]:
    """The function that a view calls for the method of a request, without its decorators."""
    method = context.request.method
    cls = getattr(view, "view_class", None)
    if cls is not None:
        view = _method_of(cls, method) or cls.dispatch_request
    views = getattr(view, "views_by_method", {})
    if method == "HEAD" and method not in views:
        method = "GET"
    function: Callable[..., t.Any] = unwrap(views.get(method, view))
    return function


def _method_of(cls: t.Any, method: str) -> Callable[..., t.Any] | None:
    function = getattr(cls, method.lower(), None)
    if function is None and method == "HEAD":
        function = getattr(cls, "get", None)
    return t.cast("Callable[..., t.Any] | None", function)


_known: WeakKeyDictionary[t.Any, tuple[type, ...]] = WeakKeyDictionary()


def returned_classes(function: t.Any) -> tuple[type, ...]:
    """The classes in the return annotation of a function."""
    classes = _known.get(function)
    if classes is None:
        classes = _known[function] = tuple(_classes_in(return_annotation(function)))
    return classes


def return_annotation(function: t.Any) -> t.Any:
    """The evaluated return annotation; ``None`` without one, or if it cannot be evaluated."""
    try:
        annotation = getattr(function, "__annotations__", {}).get("return")
        if isinstance(annotation, str):
            return eval(annotation, getattr(function, "__globals__", {}))
    except Exception:  # a name that only type checkers know
        return None
    return annotation


def _classes_in(annotation: t.Any) -> Iterator[type]:
    origin = t.get_origin(annotation)
    if origin in (t.Union, types.UnionType, tuple):
        for each in t.get_args(annotation):
            yield from _classes_in(each)
    elif hasattr(annotation, "__metadata__"):
        yield from _classes_in(annotation.__origin__)
    elif isinstance(origin or annotation, type):
        yield origin or annotation
