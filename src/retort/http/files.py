"""Answer with a small file of a folder, as Werkzeug answered with it the last time.

Werkzeug decides whether there is such a file, and writes its header fields. They are kept and
sent again, with the file as it is now, until its time or size is another one.
"""

from __future__ import annotations

import mimetypes
import os
import stat
import time
import typing as t
from functools import lru_cache

import werkzeug.utils
from werkzeug.http import http_date
from werkzeug.security import safe_join

from ..bounded import BoundedCache
from ..fast import IS_FAST
from .response import Response

# Larger ones are sent piece by piece.
_MOST_BYTES = 128 * 1024
_MOST_FILES = 1024

# A request with one of these may be answered with less than the whole file.
_CONDITIONS = frozenset(
    {
        *("HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH", "HTTP_IF_MODIFIED_SINCE"),
        *("HTTP_IF_UNMODIFIED_SINCE", "HTTP_RANGE", "HTTP_IF_RANGE"),
    }
)
# Regular files do not block; for what has taken the place of one, nobody is to wait.
_OPEN_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def send_from(directory: t.Any, path: t.Any, settings: dict[str, t.Any]) -> Response:
    """What Werkzeug's ``send_from_directory`` answers.

    :param settings: its other arguments; without any that change how one file is sent.
    :raises werkzeug.exceptions.NotFound: if there is no such file in the folder.
    """
    if not _is_ordinary(directory, path, settings):
        return _send(directory, path, settings)
    key = (settings["_root_path"], directory, path)
    known = _known.get(key)
    response = None if known is None else known.send_again(settings)
    if response is None:
        response = _send(directory, path, settings)
        _remember(key, settings, response)
    return response


def _send(directory: t.Any, path: t.Any, settings: dict[str, t.Any]) -> Response:
    return t.cast("Response", werkzeug.utils.send_from_directory(directory, path, **settings))


def _is_ordinary(directory: t.Any, path: t.Any, settings: dict[str, t.Any]) -> bool:
    environ = settings["environ"]
    return (
        IS_FAST
        and environ["REQUEST_METHOD"] == "GET"
        and environ.keys().isdisjoint(_CONDITIONS)
        and type(path) is str
        and type(directory) is str
        and settings["response_class"] is Response
        and not settings["use_x_sendfile"]
        and _senders() == _SENDERS
    )


def _senders() -> tuple[t.Any, ...]:
    """What a tool may have put something else in place of."""
    return (
        werkzeug.utils.send_from_directory,
        werkzeug.utils.send_file,
        werkzeug.utils.wrap_file,  # type: ignore[attr-defined]
    )


_SENDERS = _senders()
_GUESS_TYPE = mimetypes.guess_type

# Media type and encoding of the content, as `mimetypes` tells them.
Kind = tuple[str | None, str | None]


class KnownFile(t.NamedTuple):
    """What was answered with a file, and of what that depends."""

    path: str
    mtime: float
    size: int
    kind: Kind
    ending: str | None  # where that alone tells the kind
    max_age: int | None
    fields: list[tuple[str, str]]
    places: dict[str, int]  # of the fields that tell a time

    def send_again(self, settings: dict[str, t.Any]) -> Response | None:
        """The same answer with the file as it is; ``None`` if something has changed."""
        if not self.is_still_of_its_kind():
            return None
        if _max_age_of(self.path, settings) != self.max_age:
            return None
        content = self.read()
        if content is None:
            return None
        fields = self.fields.copy()
        now = time.time()
        fields[self.places["Date"]] = ("Date", _date(int(now)))
        if self.max_age is not None:
            fields[self.places["Expires"]] = ("Expires", _date(int(now + self.max_age)))
        return Response.with_file(content, fields, settings["environ"])

    def is_still_of_its_kind(self) -> bool:
        """Whether Werkzeug would guess the same type; another may have been registered."""
        if self.ending is not None and _type_by(self.ending) == self.kind[0]:
            return True
        return mimetypes.guess_type(os.path.basename(self.path)) == self.kind

    def read(self) -> bytes | None:
        try:
            file = os.open(self.path, _OPEN_FLAGS)
        except OSError:
            return None
        try:
            now = os.fstat(file)
            if (now.st_mtime, now.st_size) != (self.mtime, self.size):
                return None
            content = os.read(file, self.size) if stat.S_ISREG(now.st_mode) else b""
        finally:
            os.close(file)
        return content if len(content) == self.size else None


_known: BoundedCache[tuple[str, str, str], KnownFile] = BoundedCache(_MOST_FILES)


def _remember(key: tuple[str, str, str], settings: dict[str, t.Any], response: Response) -> None:
    if response.status_code != 200 or (response.content_length or 0) > _MOST_BYTES:
        return
    root, directory, name = key
    path = os.path.join(root, safe_join(directory, name) or "")
    fields = list(response.headers)
    places = {name: place for place, (name, _) in enumerate(fields)}
    now = os.stat(path)
    max_age = _max_age_of(path, settings)
    is_of_this_file = (
        response.content_length == now.st_size
        and response.headers.get("ETag", "").startswith(f'"{now.st_mtime}-{now.st_size}-')
        and "Date" in places
        and ("Expires" in places) is (max_age is not None)
    )
    if not is_of_this_file:
        return
    base = os.path.basename(path)
    kind = mimetypes.guess_type(base)
    ending = _telling_ending(base, kind)
    file = KnownFile(path, now.st_mtime, now.st_size, kind, ending, max_age, fields, places)
    _known.keep(key, file)


def _telling_ending(name: str, kind: Kind) -> str | None:
    """The ending of a file's name, if its kind is what the tables have for that ending."""
    ending = os.path.splitext(name)[1]
    is_telling = (
        kind[0] is not None
        and ending == ending.lower()
        and ":" not in name  # it could be taken for a URL
        and kind == (_type_by(ending), None)
    )
    return ending if is_telling else None


# PERF: `guess_type` takes the name for a URL, and that apart.
def _type_by(ending: str) -> str | None:
    """What ``guess_type`` gives for a name that ends so; ``None`` if there is more to it."""
    if (
        mimetypes.guess_type is not _GUESS_TYPE
        or ending in mimetypes.suffix_map
        or ending in mimetypes.encodings_map
    ):
        return None
    return mimetypes.types_map.get(ending)


def _max_age_of(path: str, settings: dict[str, t.Any]) -> int | None:
    max_age = settings["max_age"]
    seconds: int | None = max_age(path) if callable(max_age) else max_age
    return seconds


@lru_cache(maxsize=8)
def _date(second: int) -> str:
    return http_date(second)
