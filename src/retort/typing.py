"""Type aliases for the arguments and return values of views, hooks and handlers.

Names and meaning are those of ``flask.typing``.
"""

from __future__ import annotations

import typing as t
from collections.abc import (
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)

if t.TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication
    from werkzeug.datastructures import Headers
    from werkzeug.sansio.response import Response

    class _Dataclass(t.Protocol):
        __dataclass_fields__: t.ClassVar[dict[str, t.Any]]

    class _Struct(t.Protocol):  # of msgspec
        __struct_fields__: t.ClassVar[tuple[str, ...]]

    class _AttrsInstance(t.Protocol):
        __attrs_attrs__: t.ClassVar[t.Any]

    class _PydanticModel(t.Protocol):
        __pydantic_validator__: t.ClassVar[t.Any]


# A return value of a view without status and headers.
ResponseValue = t.Union[
    "Response",
    str,
    bytes,
    "list[t.Any]",
    Mapping[str, t.Any],
    Iterator[str],
    Iterator[bytes],
    AsyncIterable[str],
    AsyncIterable[bytes],
]

HeaderValue = t.Union[str, "list[str]", "tuple[str, ...]"]

HeadersValue = t.Union[
    "Headers",
    Mapping[str, HeaderValue],
    Sequence[tuple[str, HeaderValue]],
]

# All return values of a view: the value, with a status, headers, or both.
ResponseReturnValue = t.Union[
    ResponseValue,
    tuple[ResponseValue, HeadersValue],
    tuple[ResponseValue, int],
    tuple[ResponseValue, int, HeadersValue],
    "WSGIApplication",
]

# An object with fields, which a view may return whose return annotation names its class.
DeclaredValue = t.Union["_Dataclass", "_Struct", "_AttrsInstance", "_PydanticModel"]
DeclaredReturnValue = t.Union[
    DeclaredValue,
    tuple[DeclaredValue, HeadersValue],
    tuple[DeclaredValue, int],
    tuple[DeclaredValue, int, HeadersValue],
]

ResponseClass = t.TypeVar("ResponseClass", bound="Response")

AppOrBlueprintKey = t.Optional[str]  # the application itself is None

AfterRequestCallable = t.Union[
    Callable[[ResponseClass], ResponseClass],
    Callable[[ResponseClass], Awaitable[ResponseClass]],
]
AfterWebSocketCallable = t.Union[
    Callable[[t.Optional[t.Any]], t.Optional[t.Any]],
    Callable[[t.Optional[t.Any]], Awaitable[t.Optional[t.Any]]],
]
BeforeFirstRequestCallable = t.Union[Callable[[], None], Callable[[], Awaitable[None]]]
BeforeRequestCallable = t.Union[
    Callable[[], t.Optional[ResponseReturnValue]],
    Callable[[], Awaitable[t.Optional[ResponseReturnValue]]],
]
ShellContextProcessorCallable = Callable[[], dict[str, t.Any]]
TeardownCallable = t.Union[
    Callable[[t.Optional[BaseException]], None],
    Callable[[t.Optional[BaseException]], Awaitable[None]],
]
TemplateContextProcessorCallable = t.Union[
    Callable[[], dict[str, t.Any]],
    Callable[[], Awaitable[dict[str, t.Any]]],
]
TemplateFilterCallable = Callable[..., t.Any]
TemplateGlobalCallable = Callable[..., t.Any]
TemplateTestCallable = Callable[..., bool]
URLDefaultCallable = Callable[[str, dict[str, t.Any]], None]
URLValuePreprocessorCallable = Callable[[t.Optional[str], t.Optional[dict[str, t.Any]]], None]

# The parameter is Any: a handler declares the exception class it handles, and callables are
# contravariant in their parameters.
ErrorHandlerCallable = t.Union[
    Callable[[t.Any], ResponseReturnValue],
    Callable[[t.Any], Awaitable[ResponseReturnValue]],
]

RouteCallable = t.Union[
    Callable[..., t.Union[ResponseReturnValue, DeclaredReturnValue]],
    Callable[..., Awaitable[t.Union[ResponseReturnValue, DeclaredReturnValue]]],
]

# The view of a WebSocket. A return value refuses a handshake that is not accepted yet.
WebSocketCallable = t.Union[
    Callable[..., t.Optional[ResponseReturnValue]],
    Callable[..., Awaitable[t.Optional[ResponseReturnValue]]],
]
# Quart's, under other names.
ServingCallable = t.Union[Callable[[], None], Callable[[], Awaitable[None]]]
ServingGenerator = t.Union[Callable[[], AsyncIterator[t.Any]], Callable[[], Iterator[t.Any]]]

# Aliases of Retort's own code.
ViewArgs = dict[str, t.Any]
Body = Iterable[bytes]
