"""Containers that record their changes, so that plans composed from them can be invalidated.

Everything that is registered on an application is in public dictionaries and lists, which programs
and extensions also change directly. Each change of one gives `Changes` a new number, and a plan
(`lifecycle/plan.py`) is valid while the number is the one that was read before it was composed.

A plain list or dictionary that a program assigns into a container keeps its identity and records
nothing. Its functions are read for each request; where that is not possible, plans are composed for
each request (`lifecycle/compose.py`).
"""

from __future__ import annotations

import itertools
import threading
import typing as t
from collections import defaultdict
from functools import wraps

from .globals import current_request_context

if t.TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .lifecycle.plan import Plans

C = t.TypeVar("C")
K = t.TypeVar("K")
V = t.TypeVar("V")

_numbers = itertools.count(1)


class Changes:
    """The number of the last change. Numbers are unique, but not ordered."""

    __slots__ = ("_lock", "number", "plans")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.number = next(_numbers)
        #: The plans composed since the last change; ``None``: none.
        self.plans: Plans | None = None

    def note(self) -> None:
        """Record a change; called after it.

        A request that changes a registration continues with the new ones. Other requests in
        progress continue with the registrations from their start.
        """
        with self._lock:
            self.number = next(_numbers)
            self.plans = None
        context = current_request_context.get(None)
        if context is not None and context.app.registry_changes is self:
            context.renew_plans()

    def keep(self, plans: Plans, number: int) -> bool:
        """Store plans for the next requests, unless there was a change after ``number``.

        :returns: whether they are stored.
        """
        with self._lock:
            if self.number != number:
                return False
            self.plans = plans
            return True


def _recording(*names: str) -> Callable[[type[C]], type[C]]:
    """Make the named methods of a class record a change, also if they raise."""

    def decorate(kind: type[C]) -> type[C]:
        for name in names:
            setattr(kind, name, _record_after(getattr(kind, name)))
        return kind

    return decorate


def _record_after(method: Callable[..., t.Any]) -> Callable[..., t.Any]:
    @wraps(method)
    def recorded(self: t.Any, *args: t.Any, **kwargs: t.Any) -> t.Any:
        try:
            return method(self, *args, **kwargs)
        finally:
            self.changes.note()

    return recorded


_LIST_CHANGES = (
    *("__setitem__", "__delitem__", "__iadd__", "__imul__", "append", "clear", "extend"),
    *("insert", "pop", "remove", "reverse", "sort"),
)
_DICT_CHANGES = (
    *("__setitem__", "__delitem__", "__ior__", "clear", "pop", "popitem", "setdefault"),
    "update",
)


@_recording(*_LIST_CHANGES)
class RecordedList(list[V]):
    """A list that records its changes; copies and pickles of it are plain lists."""

    def __init__(self, changes: Changes, items: Iterable[V] = ()) -> None:
        super().__init__(items)
        self.changes = changes

    def __reduce__(self) -> tuple[t.Any, ...]:
        return list, (list(self),)


@_recording(*_DICT_CHANGES)
class RecordedDict(dict[K, V]):
    """A dictionary that records its changes; copies and pickles of it are plain dictionaries."""

    def __init__(self, changes: Changes) -> None:
        super().__init__()
        self.changes = changes

    def __reduce__(self) -> tuple[t.Any, ...]:
        return dict, (dict(self),)


@_recording(*_DICT_CHANGES)
class RecordedDefaultDict(defaultdict[K, V]):
    """A ``defaultdict`` that records its changes; copies and pickles of it are plain.

    :param make_value: creates the value of a missing key, which should also record its changes.
    :param plain_factory: the ``default_factory`` of copies.
    """

    def __init__(
        self,
        changes: Changes,
        make_value: Callable[[Changes], V],
        plain_factory: Callable[[], t.Any],
    ) -> None:
        super().__init__(lambda: make_value(changes))
        self.changes = changes
        self.plain_factory = plain_factory

    def __missing__(self, key: K) -> V:
        if self.default_factory is None:
            raise KeyError(key)
        # `setdefault`: another thread may have added a value in the meantime.
        return self.setdefault(key, self.default_factory())

    def __copy__(self) -> t.Any:
        return defaultdict(self.plain_factory, self)

    copy = __copy__

    # The methods of `defaultdict` call the constructor with the arguments of `defaultdict`.
    def __or__(self, other: t.Any) -> t.Any:
        return self.copy() | other

    def __ror__(self, other: t.Any) -> t.Any:
        return other | self.copy()

    def __reduce__(self) -> tuple[t.Any, ...]:
        return defaultdict, (self.plain_factory, dict(self))


class InstanceDict(dict[str, t.Any]):
    """The ``__dict__`` of an object; writing an entry directly records a change.

    :param names: the recorded names. `setattr` does not call these methods.
    """

    def __init__(self, changes: Changes, names: frozenset[str], items: dict[str, t.Any]) -> None:
        super().__init__(items)
        self._changes = changes
        self._names = names

    def __setitem__(self, name: str, value: t.Any) -> None:
        super().__setitem__(name, value)
        if name in self._names:
            self._changes.note()

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        if name in self._names:
            self._changes.note()

    def update(self, *args: t.Any, **kwargs: t.Any) -> None:
        super().update(*args, **kwargs)
        self._changes.note()

    def __ior__(self, other: t.Any) -> t.Any:  # type: ignore[misc]
        self.update(other)
        return self

    def setdefault(self, name: str, default: t.Any = None) -> t.Any:
        if name not in self:
            self[name] = default
        return self[name]

    def pop(self, name: str, *default: t.Any) -> t.Any:
        value = super().pop(name, *default)
        if name in self._names:
            self._changes.note()
        return value

    def __reduce__(self) -> tuple[t.Any, ...]:
        return dict, (dict(self),)


def lists_by_scope(changes: Changes) -> dict[t.Any, list[t.Any]]:
    """A ``defaultdict`` of lists that records every change."""
    return RecordedDefaultDict(changes, RecordedList, list)


def handlers_by_scope(changes: Changes) -> dict[t.Any, dict[t.Any, dict[t.Any, t.Any]]]:
    """Error handlers by scope, code and class; records every change."""
    return RecordedDefaultDict(changes, _handlers_by_code, _plain_handlers_by_code)


def _handlers_by_code(changes: Changes) -> RecordedDefaultDict[t.Any, t.Any]:
    return RecordedDefaultDict(changes, RecordedDict, dict)


def _plain_handlers_by_code() -> defaultdict[t.Any, t.Any]:
    return defaultdict(dict)


def is_recorded(container: t.Any, changes: Changes | None = None, *, levels: int = 1) -> bool:
    """Whether each change of a container is recorded.

    :param changes: where changes must be recorded; ``None``: in any ``Changes``.
    :param levels: how many levels of containers are examined: 1 for the container itself, 2 for
        lists by scope, 3 for error handlers by scope, code and class.
    """
    recorded_in = getattr(container, "changes", None)
    if not isinstance(recorded_in, Changes) or changes not in (None, recorded_in):
        return False
    return levels == 1 or all(
        is_recorded(value, changes, levels=levels - 1)
        for value in list(container.values())  # other threads may add one in the meantime
    )
