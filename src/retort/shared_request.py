"""Close the uploads of a request when the last of several contexts with this request has ended.

`context.py` shares a request when it copies a context. Without copies, it closes the request
itself.
"""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Closable(Protocol):
    """A request."""

    def close(self) -> None:
        """Close the uploads."""


class SharedRequest:
    """The contexts that have a request. A context ends when it is popped or no longer referenced.

    The garbage collector may end a context in any thread, at any time. So there is no lock, and
    each change of the set is one operation.
    """

    def __init__(self, request: Closable) -> None:
        self._request = request
        self._contexts: set[object] = set()

    def join(self, context: object) -> Callable[[], object]:
        """Add a context.

        :returns: a function that ends it; only the first call has an effect. It closes the
            request if all contexts have ended.
        """
        key = object()
        self._contexts.add(key)
        return weakref.finalize(context, self._leave, key)

    def _leave(self, key: object) -> None:
        self._contexts.discard(key)
        if not self._contexts:
            self._request.close()
