"""Build the path for an endpoint that has one ordinary rule.

``None`` means that the path is not compiled, not that the URL does not exist: the caller then calls
Werkzeug, which selects among several rules, builds external URLs and reports missing values.
"""

from __future__ import annotations

import typing as t

from werkzeug.routing import BaseConverter, Rule, UnicodeConverter
from werkzeug.routing.converters import NumberConverter

from .converters import IntegerConverter

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from ..app import Flask
    from ..context import RequestContext
    from .url_map import UrlMap


# The compiled path of a rule: the rule; the text before its first variable; and for each variable
# its name, whether it accepts unescaped text, and the text after it. If the text before is `None`,
# `Rule.build` is called. PERF: a plain tuple is the fastest to unpack.
Path = tuple[Rule, str | None, list[tuple[str, bool, str]]]


def build_path(
    context: RequestContext, app: Flask, endpoint: str, values: dict[str, t.Any]
) -> str | None:
    """The path and query of an endpoint in a request, without the functions for URL defaults.

    :param app: the application whose endpoint it is.
    :param values: the arguments of the rule; others become the query.
    """
    url_map = context.plans.url_map
    if (
        url_map is None
        or context.match is None  # matched by host or subdomain
        or context.app is not app
        or context.made_url_adapter is not None  # which may be another one
        or context.environ.get("SCRIPT_NAME")
    ):
        return None
    path = (url_map.paths or url_map.compile_paths()).get(endpoint)
    if path is None:
        return None
    rule, written, variables = path
    if written is not None and len(values) == len(variables):
        for name, takes_text, behind in variables:
            value: t.Any = values.get(name)
            kind = type(value)
            if kind is str:
                # Letters and digits need no escaping.
                if not (takes_text and value.isalnum() and value.isascii()):
                    break
            elif kind is int:
                value = str(value)
            else:
                break
            written += value + behind
        else:
            return written
    if not values.keys() >= rule.arguments or any(value is None for value in values.values()):
        return None
    built = rule.build(values, append_unknown=True)
    if built is None:
        return None
    return "/" + built[1].lstrip("/")


def find_paths(url_map: UrlMap) -> Iterator[tuple[str, Path]]:
    """The compiled path of each endpoint that has one rule, valid for every host."""
    if url_map.host_matching:
        return
    for endpoint, rules in url_map._rules_by_endpoint.items():
        (rule, *others) = rules
        is_alone = not (others or rule.websocket or rule.host or rule.defaults)
        if rule.subdomain != url_map.default_subdomain:
            continue
        if str(endpoint).startswith("."):
            continue  # relative to a blueprint for `url_for`
        if is_alone and type(rule).suitable_for is Rule.suitable_for:
            yield endpoint, _compile_path(rule)


def _compile_path(rule: Rule) -> Path:
    """Build the path of the rule with sample values, and split it at these values."""
    samples = {name: str(10**20 + number) for number, name in enumerate(rule.arguments)}
    built = rule.build(samples) if _is_standard(rule) else None
    path = "/" + built[1].lstrip("/") if built else ""
    if built is None or any(path.count(sample) != 1 for sample in samples.values()):
        return rule, None, []
    variables: list[tuple[str, bool, str]] = []
    for name in sorted(samples, key=lambda name: path.index(samples[name]), reverse=True):
        path, behind = path.split(samples[name])
        takes_text = type(rule._converters[name]) is UnicodeConverter
        variables.insert(0, (name, takes_text, behind))
    return rule, path, variables


def _is_standard(rule: Rule) -> bool:
    return type(rule).build is _BUILD and all(map(_writes_plain_values, rule._converters.values()))


def _writes_plain_values(converter: BaseConverter) -> bool:
    """Whether the converter writes integers, or letters and digits, unchanged into a URL."""
    to_url = getattr(converter.to_url, "__func__", None)
    if type(converter) is IntegerConverter:
        return to_url is _NUMBER_TO_URL and not converter.fixed_digits
    return type(converter) is UnicodeConverter and to_url is _TO_URL


_BUILD = Rule.build
_TO_URL = BaseConverter.to_url
_NUMBER_TO_URL = NumberConverter.to_url
