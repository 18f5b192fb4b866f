"""What an application replaces of Retort's methods and attributes, for ``retort routes --plan``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..lifecycle.overrides import ATTRIBUTES, METHODS
from ..registries import is_recorded
from .places import is_ours, name_of, place_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ..app import Flask

LIVE = "read for each request"
# Levels of containers that record their changes; 2 for dictionaries of lists.
_LEVELS_OF_CONTAINERS = {
    "view_functions": 1,
    "before_request_funcs": 2,
    "after_request_funcs": 2,
    "teardown_request_funcs": 2,
    "before_websocket_funcs": 2,
    "after_websocket_funcs": 2,
    "teardown_websocket_funcs": 2,
    "teardown_appcontext_funcs": 1,
    "url_value_preprocessors": 2,
    "url_default_functions": 2,
}


def replaced_methods(app: Flask) -> Iterator[tuple[str, str, str, str]]:
    """The methods that the application replaces: what they do, by whom, and where."""
    for point in METHODS:
        if point.name in vars(app):
            value, by = vars(app)[point.name], "app.__dict__"
        else:
            kind = next(kind for kind in type(app).__mro__ if point.name in vars(kind))
            value, by = vars(kind)[point.name], f"class {name_of(kind)}"
            if is_ours(kind):
                if is_ours(value):
                    continue
                by += ", patched"
        yield point.name, point.use, by, place_of(value)


def replaced_attributes(app: Flask) -> Iterator[tuple[str, str, str, str]]:
    """The attributes that the application replaces."""
    for point in ATTRIBUTES:
        value = getattr(app, point.name)
        if isinstance(value, bool):
            continue
        by = "app.__dict__"
        if point.name not in vars(app):
            by = f"class {name_of(next(c for c in type(app).__mro__ if point.name in vars(c)))}"
        levels = _LEVELS_OF_CONTAINERS.get(point.name, 0)
        kind = value if isinstance(value, type) else type(value)
        if levels:
            if not is_recorded(value, app.registry_changes, levels=levels):
                yield point.name, f"{point.use}: plain container, {LIVE}", by, ""
        elif not is_ours(kind):
            yield point.name, f"{point.use}: {name_of(kind)}", by, place_of(kind)
