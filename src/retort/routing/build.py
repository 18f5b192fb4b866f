"""Build the path for an endpoint that has one ordinary rule.

``None`` means "not known here", never "there is no such URL": the caller then asks Werkzeug,
which chooses among several rules, writes whole URLs and says what is missing.
"""

from __future__ import annotations

import typing as t

from werkzeug.routing import BaseConverter, Rule, UnicodeConverter
from werkzeug.routing.converters import NumberConverter

from .converters import IntegerConverter

if t.TYPE_CHECKING:
    from collections.abc import Iterator

    from .url_map import UrlMap


# How the paths of a rule are written: the rule; what is before its first variable; and each
# variable, whether it takes a text as it stands, and what comes behind it. Without a start only
# the rule itself knows. PERF: a plain tuple is taken apart most quickly.
Path = tuple[Rule, str | None, list[tuple[str, bool, str]]]


def build_path(url_map: UrlMap, endpoint: str, values: dict[str, t.Any]) -> str | None:
    """The path and query for ``values``, for an application mounted at the root.

    :param values: the arguments of the rule; what it does not have becomes the query.
    """
    path = (url_map.paths or url_map.compile_paths()).get(endpoint)
    if path is None:
        return None
    rule, written, variables = path
    if written is not None and len(values) == len(variables):
        for name, takes_text, behind in variables:
            value: t.Any = values.get(name)
            kind = type(value)
            if kind is int:
                value = str(value)
            elif (
                kind is not str
                or not takes_text
                or not value.isalnum()  # the path has it as it stands
                or not value.isascii()
            ):
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
    """How to write the paths of each endpoint that has one rule, for every host."""
    if url_map.host_matching:
        return
    for endpoint, rules in url_map._rules_by_endpoint.items():
        (rule, *others) = rules
        is_alone = not (others or rule.websocket or rule.host or rule.defaults)
        if rule.subdomain != url_map.default_subdomain:
            continue
        if str(endpoint).startswith("."):
            continue  # `url_for` takes it for one of a blueprint
        if is_alone and type(rule).suitable_for is Rule.suitable_for:
            yield endpoint, _compile_path(rule)


def _compile_path(rule: Rule) -> Path:
    """Ask the rule for the path of samples, and note where they come to stand."""
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
    """Whether a number, or a text of letters and digits, goes into a URL as it stands."""
    to_url = getattr(converter.to_url, "__func__", None)
    if type(converter) is IntegerConverter:
        return to_url is _NUMBER_TO_URL and not converter.fixed_digits
    return type(converter) is UnicodeConverter and to_url is _TO_URL


_BUILD = Rule.build
_TO_URL = BaseConverter.to_url
_NUMBER_TO_URL = NumberConverter.to_url
