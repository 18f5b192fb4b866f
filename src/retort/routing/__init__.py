"""URL rules: Werkzeug's map, tables compiled from it, and the look-up in them."""

from .build import build_path
from .compile import Tables
from .match import Match, find_plan, look_up_page, look_up_variable, match_request
from .route_options import (
    NO_OPTIONS,
    MediaTypes,
    RouteOptions,
    WebSocketOptions,
    options_of,
    take_on_disconnect,
)
from .url_map import UrlMap
from .urls import build_url

__all__ = [
    "NO_OPTIONS",
    "Match",
    "MediaTypes",
    "RouteOptions",
    "Tables",
    "UrlMap",
    "WebSocketOptions",
    "build_path",
    "build_url",
    "find_plan",
    "look_up_page",
    "look_up_variable",
    "match_request",
    "options_of",
    "take_on_disconnect",
]
