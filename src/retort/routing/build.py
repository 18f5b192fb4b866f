"""Build the path for an endpoint that has one ordinary rule.

``None`` means "not known here", never "there is no such URL": the caller then asks Werkzeug,
which chooses among several rules, writes whole URLs and says what is missing.
"""

from __future__ import annotations

import typing as t

if t.TYPE_CHECKING:
    from .url_map import UrlMap


def build_path(url_map: UrlMap, endpoint: str, values: dict[str, t.Any]) -> str | None:
    """The path and query for ``values``, for an application mounted at the root.

    :param values: the arguments of the rule; what it does not have becomes the query.
    """
    if url_map._remap:
        url_map.update()
    rules = url_map._rules_by_endpoint.get(endpoint)
    if rules is None or len(rules) != 1 or any(value is None for value in values.values()):
        return None
    rule = rules[0]
    if (
        rule.websocket
        or rule.host
        or rule.subdomain != url_map.default_subdomain
        or url_map.host_matching
        or not rule.suitable_for(values)
    ):
        return None
    built = rule.build(values, append_unknown=True)
    if built is None:
        return None
    return "/" + built[1].lstrip("/")
