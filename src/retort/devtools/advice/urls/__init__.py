"""Advice on addresses: 404, and ``url_for``."""

from .building import cannot_build
from .no_route import no_such_route, route_diff

__all__ = ["cannot_build", "no_such_route", "route_diff"]
