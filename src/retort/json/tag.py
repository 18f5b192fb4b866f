"""JSON that preserves Python types which JSON lacks: tuples, bytes, dates and others.

A value of such a type is written as an object with one key that names the type, so
``(1, 2)`` is ``{" t": [1, 2]}``. The wire format is Flask's, so either can read the
other's session cookies. `signing.py` signs them.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from markupsafe import Markup
from werkzeug.http import http_date, parse_date

from . import dumps, loads


class JSONTag:
    """The representation of one type in a :class:`TaggedJSONSerializer`.

    :param serializer: the serializer that uses the tag; for nested values.
    """

    __slots__ = ("serializer",)

    key: str = ""
    """The name of the type on the wire. Without one, values are written but not marked."""

    def __init__(self, serializer: TaggedJSONSerializer) -> None:
        self.serializer = serializer

    def check(self, value: Any) -> bool:
        """Whether this tag is the one for ``value``."""
        raise NotImplementedError(f"{type(self).__qualname__} has to define check().")

    def to_json(self, value: Any) -> Any:
        """The JSON representation of ``value``."""
        raise NotImplementedError(f"{type(self).__qualname__} has to define to_json().")

    def to_python(self, value: Any) -> Any:
        """The inverse of :meth:`to_json`."""
        raise NotImplementedError(f"{type(self).__qualname__} has to define to_python().")

    def tag(self, value: Any) -> dict[str, Any]:
        """``value`` as JSON, marked with :attr:`key`."""
        return {self.key: self.to_json(value)}


class _TypeTag(JSONTag):
    """A tag for the values of one Python type."""

    __slots__ = ()
    python_type: ClassVar[type]

    def check(self, value: Any) -> bool:
        return isinstance(value, self.python_type)


class _UnmarkedTag(_TypeTag):
    """A tag for a JSON type whose values may contain other types."""

    __slots__ = ()

    def tag(self, value: Any) -> Any:
        return self.to_json(value)


class TagDict(JSONTag):
    """A dict whose only key looks like a tag: ``__`` is appended to the key."""

    __slots__ = ()
    key = " di"

    def check(self, value: Any) -> bool:
        if not isinstance(value, dict) or len(value) != 1:
            return False
        (key,) = value
        return key in self.serializer.tags

    def to_json(self, value: Any) -> Any:
        ((key, inner),) = value.items()
        return {f"{key}__": self.serializer.tag(inner)}

    def to_python(self, value: Any) -> Any:
        ((key, inner),) = value.items()
        return {key[: -len("__")]: inner}


class PassDict(_UnmarkedTag):
    """Any other dict."""

    __slots__ = ()
    python_type = dict

    def to_json(self, value: Any) -> Any:
        tag = self.serializer.tag
        return {key: tag(inner) for key, inner in value.items()}


class TagTuple(_TypeTag):
    """A tuple."""

    __slots__ = ()
    key = " t"
    python_type = tuple

    def to_json(self, value: Any) -> Any:
        return [self.serializer.tag(item) for item in value]

    def to_python(self, value: Any) -> Any:
        return tuple(value)


class PassList(_UnmarkedTag):
    """A list."""

    __slots__ = ()
    python_type = list

    def to_json(self, value: Any) -> Any:
        return [self.serializer.tag(item) for item in value]


class TagBytes(_TypeTag):
    """Bytes, in base64 (RFC 4648 §4)."""

    __slots__ = ()
    key = " b"
    python_type = bytes

    def to_json(self, value: Any) -> Any:
        return b64encode(value).decode("ascii")

    def to_python(self, value: Any) -> Any:
        return b64decode(value)


class TagMarkup(JSONTag):
    """An object with ``__html__()``; read as :class:`markupsafe.Markup`."""

    __slots__ = ()
    key = " m"

    def check(self, value: Any) -> bool:
        return callable(getattr(value, "__html__", None))

    def to_json(self, value: Any) -> Any:
        return str(value.__html__())

    def to_python(self, value: Any) -> Any:
        return Markup(value)


class TagUUID(_TypeTag):
    """A UUID, as 32 hexadecimal digits."""

    __slots__ = ()
    key = " u"
    python_type = UUID

    def to_json(self, value: Any) -> Any:
        return value.hex

    def to_python(self, value: Any) -> Any:
        return UUID(value)


class TagDateTime(_TypeTag):
    """A point in time, as an HTTP date (RFC 9110 §5.6.7): whole seconds; read as UTC."""

    __slots__ = ()
    key = " d"
    python_type = datetime

    def to_json(self, value: Any) -> Any:
        return http_date(value)

    def to_python(self, value: Any) -> Any:
        return parse_date(value)


class TaggedJSONSerializer:
    """Compact JSON that preserves the types of :attr:`default_tags`.

    More types can be added with :meth:`register`. It has the methods ``dumps`` and
    ``loads`` that itsdangerous requires.
    """

    __slots__ = ("_default_order", "order", "tags")

    default_tags: ClassVar[list[type[JSONTag]]] = [
        TagDict,
        PassDict,
        TagTuple,
        PassList,
        TagBytes,
        TagMarkup,
        TagUUID,
        TagDateTime,
    ]
    """The initial tags of a serializer."""

    def __init__(self) -> None:
        self.tags: dict[str, JSONTag] = {}
        self.order: list[JSONTag] = []
        for tag_class in self.default_tags:
            self.register(tag_class)
        has_default_tags = type(self) is TaggedJSONSerializer and self.default_tags == _DEFAULT_TAGS
        self._default_order = self.order.copy() if has_default_tags else None

    def register(
        self,
        tag_class: type[JSONTag],
        force: bool = False,
        index: int | None = None,
    ) -> None:
        """Add a tag.

        :param tag_class: the tag's class.
        :param force: replace another tag with the same key.
        :param index: its position in the order in which tags are tried; by default the last.
        :raises KeyError: if another tag has its key, and ``force`` is false.
        """
        tag = tag_class(self)
        if tag.key:
            if tag.key in self.tags and not force:
                raise KeyError(
                    f"The tag key {tag.key!r} of {tag_class.__name__} is taken by"
                    f" {type(self.tags[tag.key]).__name__}. Choose another key, or pass"
                    " force=True to replace that tag."
                )
            self.tags[tag.key] = tag
        self.order.insert(len(self.order) if index is None else index, tag)

    def tag(self, value: Any) -> Any:
        """``value`` with types that JSON lacks replaced by tagged objects."""
        for tag in self.order:
            if tag.check(value):
                return tag.tag(value)
        return value

    def untag(self, value: dict[str, Any]) -> Any:
        """The Python value of a tagged object; another object is returned unchanged."""
        if len(value) != 1:
            return value
        ((key, inner),) = value.items()
        tag = self.tags.get(key)
        return value if tag is None else tag.to_python(inner)

    def _untag_scan(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._untag_scan(item) for item in value]
        if isinstance(value, dict):
            return self.untag({key: self._untag_scan(inner) for key, inner in value.items()})
        return value

    def dumps(self, value: Any) -> str:
        """Write ``value`` as compact JSON.

        :raises TypeError: if it contains a type that has no tag and JSON does not support.
        """
        tagged = value if self._leaves_alone(value) else self.tag(value)
        return dumps(tagged, separators=(",", ":"))

    def loads(self, value: str) -> Any:
        """Read the output of :meth:`dumps`.

        :raises ValueError: if it is not JSON. A tagged object with an invalid value raises
            the exception of its type.
        """
        read = loads(value)
        return read if self._leaves_alone(read) else self._untag_scan(read)

    def _leaves_alone(self, value: Any) -> bool:
        """Whether ``value`` is a dict that no tag changes.

        PERF: most sessions are, so :meth:`tag` and :meth:`untag` are not called.
        """
        return (
            type(value) is dict
            and _JSON_SCALARS.issuperset(map(type, value.values()))
            and self.tags.keys().isdisjoint(value)
            and self.order == self._default_order  # these do not change scalars
        )


_JSON_SCALARS = frozenset({str, int, float, bool, type(None)})
_DEFAULT_TAGS = TaggedJSONSerializer.default_tags.copy()
