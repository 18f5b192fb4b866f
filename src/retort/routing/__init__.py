"""URL rules: Werkzeug's map, tables compiled from it, and the look-up in them."""

from .build import build_path
from .compile import Tables
from .match import Match, look_up
from .route_options import MediaTypes, RouteOptions, options_of
from .url_map import UrlMap

__all__ = [
    "Match",
    "MediaTypes",
    "RouteOptions",
    "Tables",
    "UrlMap",
    "build_path",
    "look_up",
    "options_of",
]
