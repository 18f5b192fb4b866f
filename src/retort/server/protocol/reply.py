"""``start_response`` of PEP 3333, which validates the status and header fields of a response."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...globals import current_app, request
from .response_head import Head, InvalidResponse, make_head

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import OptExcInfo

Headers = list[tuple[str, str]]


class Reply:
    """PEP 3333's ``start_response``: validates and stores its arguments.

    :param method: the request's method.
    :ivar head: the validated status and fields; ``None`` before the first call.
    """

    __slots__ = ("head", "is_sent", "method", "written")

    def __init__(self, method: str) -> None:
        self.method = method
        self.head: Head | None = None
        self.written: list[bytes] = []
        self.is_sent = False

    def __call__(
        self, status: str, headers: Headers, exc_info: OptExcInfo | None = None
    ) -> Callable[[bytes], object]:
        if exc_info is not None and self.is_sent and exc_info[1] is not None:
            raise exc_info[1]
        if exc_info is None and self.head is not None:
            raise AssertionError(
                "start_response was called a second time without exc_info (PEP 3333)."
            )
        try:
            self.head = make_head(status, headers, self.method)
        except InvalidResponse as error:
            raise InvalidResponse(
                f"The response of {_current_view()} cannot be sent: {error}."
            ) from None
        return self.written.append


def _current_view() -> str:
    """The name of the current request's view, for a message."""
    endpoint = request.endpoint if request else None
    if endpoint is None:
        return "the application"
    view: Any = current_app.view_functions.get(endpoint)
    name = getattr(view, "__qualname__", type(view).__qualname__)
    return f"the view {view.__module__}.{name} (endpoint {endpoint!r})"
