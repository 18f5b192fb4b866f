from retort.json.provider import DefaultJSONProvider, JSONProvider
from retort.json.provider import _default as _default

__all__ = [
    "DefaultJSONProvider",
    "JSONProvider",
]
