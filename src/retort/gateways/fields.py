"""Convert the header fields of an ASGI scope to entries of the environ of PEP 3333."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Clients choose the field names, so the cache is limited.
_MAX_CACHED_NAMES = 512
_MAX_CACHED_NAME_LENGTH = 64


class FieldNames:
    """A cache of the names that fields have in an environ."""

    def __init__(self) -> None:
        self.names = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}

    # PERF: this runs for every request.
    def entries(self, fields: list[tuple[bytes, bytes]]) -> WSGIEnvironment:
        """A new environ with the fields; names in lower case, values decoded as latin-1."""
        names = self.names
        try:
            environ: WSGIEnvironment = {
                names[name]: value.decode("latin-1") for name, value in fields
            }
        except KeyError:
            return self.read_fields(fields)
        return environ if len(environ) == len(fields) else self.read_fields(fields)

    def read_fields(self, fields: list[tuple[bytes, bytes]]) -> WSGIEnvironment:
        """Convert fields with uncached or repeated names.

        A name with an underscore would be mistaken for one with a hyphen (``X_Forwarded_For``), so
        the field is dropped, as in nginx.
        """
        environ: WSGIEnvironment = {}
        for name, raw_value in fields:
            if b"_" in name:
                continue
            value = raw_value.decode("latin-1")
            key = self.names.get(name) or self.add_name(name)
            if key not in environ:
                environ[key] = value
            elif key == "HTTP_COOKIE":  # RFC 9113 §8.2.3
                environ[key] += f"; {value}"
            elif key != "CONTENT_TYPE":  # RFC 9110 §5.3; not a list, so the first one is used
                environ[key] += f", {value}"
        return environ

    def add_name(self, name: bytes) -> str:
        key = f"HTTP_{name.decode('latin-1').upper().replace('-', '_')}"
        if len(self.names) < _MAX_CACHED_NAMES and len(name) <= _MAX_CACHED_NAME_LENGTH:
            self.names[name] = key
        return key
